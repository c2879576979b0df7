{% set counts = [
    'observation_count', 'promoter_count', 'passive_count', 'detractor_count', 'unscored_response_count',
    'unfinished_response_count', 'preview_response_count', 'spam_response_count', 'late_response_count',
    'duplicate_response_count',
] %}
{% set sums = counts + ['score_sum', 'score_square_sum'] %}
{% set trailing = 'range between interval 27 day preceding and current row' %}

with

scores as (select * from {{ ref('int_scores__united') }}),

periods as (

    {% for period in ['day', 'week', 'month', 'quarter'] %}
    select
        model_id,
        measure,
        '{{ period }}' as period,
        cast(date_trunc('{{ period }}', event_date) as date) as period_start_date,
        max(worst_score) as worst_score,
        max(best_score) as best_score,
        max(last_observation_at) as last_observation_at,
        {% for sum in sums -%}
        sum({{ sum }}) as {{ sum }},
        {% endfor -%}
        count(*) filter (where is_covered) as covered_day_count
    from scores
    group by all

    union all
    {% endfor %}
    select
        model_id,
        measure,
        'trailing_28d' as period,
        event_date - 27 as period_start_date,
        worst_score,
        best_score,
        max(last_observation_at) over trailing_days as last_observation_at,
        {% for sum in sums -%}
        sum({{ sum }}) over trailing_days as {{ sum }},
        {% endfor -%}
        count(*) filter (where is_covered) over trailing_days as covered_day_count
    from scores
    window trailing_days as (partition by model_id, measure order by event_date {{ trailing }})

),

final as (

    select
        model_id,

        period_start_date,

        measure,
        period,

        last_observation_at,

        worst_score,
        best_score,
        covered_day_count,
        {% for count in counts -%}
        cast({{ count }} as bigint) as {{ count }},
        {% endfor -%}
        cast(score_sum as double) as score_sum,
        cast(score_square_sum as double) as score_square_sum,
        {{ ratio('score_sum - observation_count * worst_score', 'best_score - worst_score') }} as normalised_sum,
        {{ ratio(
            'score_square_sum - 2 * worst_score * score_sum + observation_count * worst_score * worst_score',
            '(best_score - worst_score) * (best_score - worst_score)'
        ) }} as normalised_square_sum

    from periods

)

select * from final
