{{ config(materialized='view') }}

with

reduced as (

    select *
    from {{ ref('int_satisfaction__reduced') }}
    where period = 'day' and model_id <> 'unmapped'

),

daily as (select * from {{ ref('mart_satisfaction_daily') }}),

final as (

    select
        model_id,

        period_start_date as event_date,

        measure,
        case when measure in ('trust', 'thumbs', 'ticket_csat') then 'proportion' else 'mean' end as metric,

        observation_count as unit_count,
        normalised_sum as x_sum,
        normalised_square_sum as x_square_sum,
        cast(null as double) as d_sum

    from reduced
    where covered_day_count > 0 and normalised_sum is not null

    union all

    -- A rate of people is a ratio of sums over days.
    select
        model_id,
        event_date,
        'tickets_per_1000_active_users' as measure,
        'ratio' as metric,
        1 as unit_count,
        1000.0 * ticket_count as x_sum,
        1000000.0 * ticket_count * ticket_count as x_square_sum,
        cast(active_user_count as double) as d_sum

    from daily
    where ticket_count is not null and active_user_count is not null

)

select * from final
