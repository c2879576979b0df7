{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

latency as (

    select * from {{ ref('fct_latency_hourly') }}
    where environment = 'prod' and {{ in_days_to_rebuild('event_date') }}

),

slas as (select * from {{ source('catalog', 'slas') }}),

final as (

    {{ latency_measures(['model_id', 'event_date', 'hour_at']) }}

)

select * from final -- noqa: AM04
