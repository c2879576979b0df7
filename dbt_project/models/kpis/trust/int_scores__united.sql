{% set apart = [
    'unscored_response_count', 'unfinished_response_count', 'preview_response_count', 'spam_response_count',
    'late_response_count', 'duplicate_response_count',
] %}
{% set counts = ['observation_count', 'promoter_count', 'passive_count', 'detractor_count'] + apart %}

with

covered as (select * from {{ ref('int_measures__covered') }}),

responses as (select * from {{ ref('fct_survey_responses_daily') }}),

ratings as (select * from {{ ref('fct_ratings_daily') }}),

decisions as (select * from {{ ref('fct_decisions_daily') }}),

tickets as (select * from {{ ref('fct_tickets_daily') }}),

surveyed as (

    select
        model_id,
        measure,
        event_date,
        max(last_response_at) as last_observation_at,
        max(worst_score) as worst_score,
        max(best_score) as best_score,
        sum(response_count) as observation_count,
        sum(promoter_count) as promoter_count,
        sum(passive_count) as passive_count,
        sum(detractor_count) as detractor_count,
        {% for count in apart -%}
        sum({{ count }}) as {{ count }},
        {% endfor -%}
        sum(score_sum) as score_sum,
        sum(score_square_sum) as score_square_sum

    from responses
    group by all

),

united as (

    select * from surveyed

    union all by name

    select
        model_id,
        measure,
        event_date,
        last_response_at as last_observation_at,
        response_count as observation_count,
        withdrawn_response_count as unscored_response_count,
        late_response_count,
        duplicate_response_count,
        score_sum,
        score_square_sum

    from ratings

    union all by name

    -- A decision that a person could override and did not is trust: 1, else 0.
    select
        model_id,
        'trust' as measure,
        event_date,
        last_decision_at as last_observation_at,
        overridable_count as observation_count,
        duplicate_decision_count as duplicate_response_count,
        overridable_count - overridden_count as score_sum,
        overridable_count - overridden_count as score_square_sum

    from decisions

    union all by name

    select
        model_id,
        'ticket_csat' as measure,
        event_date,
        last_ticket_at as last_observation_at,
        good_count + bad_count as observation_count,
        unanswered_count as unscored_response_count,
        good_count as score_sum,
        good_count as score_square_sum

    from tickets

),

-- Days of one measure share a scale, within a member by the catalog's own check, else by nature.
scales as (

    select
        member_id as model_id,
        measure,
        worst_score,
        best_score
    from {{ source('catalog', 'surveys') }}
    group by all

),

final as (

    select
        covered.model_id,

        covered.event_date,

        covered.measure,

        covered.is_covered,

        united.last_observation_at,

        case
            when covered.measure in ('thumbs', 'trust', 'ticket_csat') then 0
            when covered.measure = 'stars' then 1
            else scales.worst_score
        end as worst_score,
        case
            when covered.measure in ('thumbs', 'trust', 'ticket_csat') then 1
            when covered.measure = 'stars' then 5
            else scales.best_score
        end as best_score,
        {% for count in counts -%}
        cast(case when covered.is_covered then coalesce(united.{{ count }}, 0) else united.{{ count }} end as bigint)
            as {{ count }},
        {% endfor -%}
        cast(coalesce(united.score_sum, 0) as decimal(38, 4)) as score_sum,
        cast(coalesce(united.score_square_sum, 0) as decimal(38, 8)) as score_square_sum

    from covered
    left join united
        on
            covered.model_id = united.model_id
            and covered.measure = united.measure
            and covered.event_date = united.event_date
    left join scales on covered.model_id = scales.model_id and covered.measure = scales.measure

)

select * from final
