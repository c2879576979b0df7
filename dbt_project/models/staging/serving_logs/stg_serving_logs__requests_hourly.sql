with

requests_hourly as (select * from {{ source('serving_logs', 'requests_hourly') }}),

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
        traffic,
        error_class,

        request_count,
        prediction_count,
        input_tokens,
        output_tokens,
        cached_input_tokens,
        busy_ms

    from requests_hourly

)

select * from final
