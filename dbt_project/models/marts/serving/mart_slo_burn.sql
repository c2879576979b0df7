{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_days_to_rebuild('event_date', forward=28) }}"
) }}

with

hours as (

    select * from {{ ref('mart_throughput_hourly') }}
    where {{ in_days_to_rebuild('event_date', back=28, forward=28) }}

),

-- `latency_p95_ms` promises 95 % of requests within it: the other 5 % are the budget.
evaluated as (

    select
        model_id,
        hour_at,
        event_date,
        'availability' as slo,
        available_request_count as good_request_count,
        unavailable_request_count as bad_request_count,
        availability_target_rate as slo_target_rate
    from hours
    where availability_target_rate is not null
    union all
    select
        model_id,
        hour_at,
        event_date,
        'latency' as slo,
        latency_good_count as good_request_count,
        latency_bad_count as bad_request_count,
        0.95e0 as slo_target_rate
    from hours
    where latency_target_ms is not null

),

summed as (

    select
        *,
        sum(bad_request_count) over last_6h as bad_6h,
        sum(good_request_count + bad_request_count) over last_6h as request_6h,
        sum(bad_request_count) over last_3d as bad_3d,
        sum(good_request_count + bad_request_count) over last_3d as request_3d,
        sum(bad_request_count) over last_28d as bad_28d,
        sum(good_request_count + bad_request_count) over last_28d as request_28d

    from evaluated
    window
        last_6h as (
            partition by model_id, slo order by hour_at range between interval 5 hour preceding and current row
        ),
        last_3d as (
            partition by model_id, slo order by hour_at range between interval 71 hour preceding and current row
        ),
        last_28d as (
            partition by model_id, slo order by hour_at range between interval 671 hour preceding and current row
        )

),

burning as (

    select
        *,
        {{ ratio('bad_request_count', '(good_request_count + bad_request_count) * (1 - slo_target_rate)') }}
            as burn_1h,
        {{ ratio('bad_6h', 'request_6h * (1 - slo_target_rate)') }} as burn_6h,
        {{ ratio('bad_3d', 'request_3d * (1 - slo_target_rate)') }} as burn_3d,
        {{ ratio('bad_28d', 'request_28d * (1 - slo_target_rate)') }} as budget_spent_28d

    from summed

),

final as (

    select
        model_id,

        hour_at,
        event_date,

        slo,
        case
            when burn_1h >= {{ var('slo_burn_1h') }} and bad_request_count >= {{ var('slo_bad_requests') }} then 'page'
            when burn_6h >= {{ var('slo_burn_6h') }} and bad_6h >= {{ var('slo_bad_requests') }} then 'page'
            when burn_3d >= {{ var('slo_burn_3d') }} and bad_3d >= {{ var('slo_bad_requests') }} then 'ticket'
        end as severity,

        cast(good_request_count as bigint) as good_request_count,
        cast(bad_request_count as bigint) as bad_request_count,
        cast(slo_target_rate as double) as slo_target_rate,
        burn_1h,
        burn_6h,
        burn_3d,
        budget_spent_28d

    from burning
    where {{ in_days_to_rebuild('event_date', forward=28) }}

)

select * from final
