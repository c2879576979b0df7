{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

{% set keys = ['model_id', 'event_date', 'hour_at'] %}

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
        quantiles.*,
        first_token.ttft_request_count,
        first_token.ttft_p50_ms,
        first_token.ttft_p95_ms,
        first_token.ttft_p99_ms,
        within_target.latency_target_ms,
        within_target.latency_good_count

    from quantiles
    left join first_token
        on {{ same_keys('quantiles', 'first_token', keys) }}
    left join within_target
        on {{ same_keys('quantiles', 'within_target', keys) }}

)

select * from final
