with

latency_hourly as (select * from {{ source('serving_logs', 'latency_hourly') }}),

counted as (

    select
        * exclude (request_count, buckets),
        unnest(buckets) as item
    from latency_hourly

),

final as (

    select
        hour_at,
        _day as event_date,

        model_name as logged_name,
        coalesce(model_version, 'unknown') as model_version,
        coalesce(endpoint, 'unknown') as endpoint,
        {{ environment_name('environment') }} as environment,
        coalesce(region, 'unknown') as region,
        coalesce(instance_type, 'unknown') as instance_type,
        measure,

        item['bucket'] as bucket,
        item['request_count'] as request_count

    from counted

)

select * from final
