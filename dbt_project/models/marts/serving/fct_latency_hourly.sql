{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('event_date') }}"
) }}

with

logged as (

    select * from {{ ref('stg_serving_logs__latency_hourly') }}
    where {{ in_worklist('event_date') }}

),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

final as (

    select
        {{ serving_model_id() }} as model_id,

        logged.hour_at,
        logged.event_date,

        logged.model_version,
        logged.endpoint,
        logged.environment,
        logged.region,
        logged.instance_type,
        logged.measure,

        logged.bucket,
        cast(sum(logged.request_count) as bigint) as request_count

    from logged
    {{ serving_model_joins() }}
    group by all

)

select * from final
