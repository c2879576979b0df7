{{ config(materialized='ephemeral') }}

{%- set window_keys = accuracy_window_keys() %}

with

outcomes as (select * from {{ ref('int_outcomes__windowed') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

scored as (

    select
        {%- for key in window_keys %}
        outcomes.{{ key }},
        {%- endfor %}
        outcomes.score_bin,
        sum(outcomes.score_sum) as score_sum,
        coalesce(
            sum(outcomes.label_count) filter (
                where outcomes.actual_label
                = case quality.task when 'binary' then 'positive' else outcomes.predicted_label end
            ), 0
        ) as happened_count,
        sum(outcomes.label_count) as scored_count

    from outcomes
    inner join quality on outcomes.model_id = quality.member_id
    where outcomes.score_bin is not null and quality.task in ('binary', 'multiclass')
    group by all

),

calibration as (

    select
        {{ window_keys | join(', ') }},
        sum(abs(score_sum - happened_count)) as calibration_error_sum

    from (
        select
            {{ window_keys | join(', ') }},
            {{ score_decile('score_bin') }} as decile,
            sum(score_sum) as score_sum,
            sum(happened_count) as happened_count

        from scored
        group by all
    ) as deciles
    group by all

),

-- Twice each count below, so that half a tie stays a whole number.
placed as (

    select
        *,
        2 * coalesce(sum(scored_count - happened_count) over below, 0) + scored_count - happened_count
            as twice_negatives_below_count,
        2 * coalesce(sum(happened_count) over above, 0) + happened_count as twice_positives_above_count

    from scored
    window
        below as (
            partition by {{ window_keys | join(', ') }} order by score_bin
            rows between unbounded preceding and 1 preceding
        ),
        above as (
            partition by {{ window_keys | join(', ') }} order by score_bin
            rows between 1 following and unbounded following
        )

),

pairs as (

    select
        {{ window_keys | join(', ') }},
        cast(sum(happened_count) as bigint) as happened_count,
        cast(sum(scored_count - happened_count) as bigint) as not_happened_count,
        cast(sum(cast(happened_count as hugeint) * twice_negatives_below_count) as double) / 2 as concordant_sum,
        cast(sum(cast(happened_count as hugeint) * (scored_count - happened_count)) as double) / 2 as tied_sum,
        cast(
            sum(cast(happened_count as hugeint) * twice_negatives_below_count * twice_negatives_below_count) as double
        ) / 4 as squared_negatives_below_sum,
        cast(
            sum(
                cast(scored_count - happened_count as hugeint)
                * twice_positives_above_count * twice_positives_above_count
            ) as double
        ) / 4 as squared_positives_above_sum

    from placed
    group by all

),

final as (

    select
        pairs.*,
        calibration.calibration_error_sum

    from pairs
    inner join calibration on {{ same_keys('pairs', 'calibration', window_keys) }}

)

select * from final
