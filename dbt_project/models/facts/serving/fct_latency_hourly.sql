{{ config(materialized='view') }}

with

logged as (

    select * from {{ staged(sources_of_requests(), 'latency_hourly') }}

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
        logged.request_count

    from logged
    {{ serving_model_joins() }}

)

select * from final
