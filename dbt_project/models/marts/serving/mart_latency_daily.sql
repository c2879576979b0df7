{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

{% set keys = ['model_id', 'event_date'] %}

with

latency as (

    select * from {{ ref('fct_latency_hourly') }}
    where environment = 'prod' and {{ in_days_to_rebuild('event_date') }}

),

slas as (select * from {{ source('catalog', 'slas') }}),

quantiles as (

    {{ histogram_quantiles('latency', keys, 'latency') }}

),

first_token as (

    {{ histogram_quantiles('latency', keys, 'ttft') }}

),

within_target as (

    {{ histogram_within_target('latency', keys) }}

),

final as (

    select
        quantiles.model_id,
        quantiles.event_date,
        quantiles.latency_request_count,
        within_target.latency_good_count,
        quantiles.latency_request_count - within_target.latency_good_count as latency_bad_count,
        first_token.ttft_request_count,
        quantiles.latency_p50_ms,
        quantiles.latency_p95_ms,
        quantiles.latency_p99_ms,
        first_token.ttft_p50_ms,
        first_token.ttft_p95_ms,
        first_token.ttft_p99_ms,
        within_target.latency_target_ms,
        {{ ratio('within_target.latency_good_count', 'quantiles.latency_request_count') }} as latency_good_rate

    from quantiles
    left join first_token
        on {{ same_keys('quantiles', 'first_token', keys) }}
    left join within_target
        on {{ same_keys('quantiles', 'within_target', keys) }}

)

select * from final
