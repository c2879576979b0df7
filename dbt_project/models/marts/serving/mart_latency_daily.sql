{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

latency as (

    select * from {{ ref('fct_latency_hourly') }}
    where environment = 'prod' and {{ in_days_to_rebuild('event_date') }}

),

slas as (select * from {{ source('catalog', 'slas') }}),

measured as (

    {{ latency_measures(['model_id', 'event_date']) }}

),

final as (

    select
        model_id,
        event_date,
        latency_request_count,
        latency_good_count,
        latency_request_count - latency_good_count as latency_bad_count,
        ttft_request_count,
        latency_p50_ms,
        latency_p95_ms,
        latency_p99_ms,
        ttft_p50_ms,
        ttft_p95_ms,
        ttft_p99_ms,
        latency_target_ms,
        {{ ratio('latency_good_count', 'latency_request_count') }} as latency_good_rate

    from measured

)

select * from final
