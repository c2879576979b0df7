with

serving as (

    select *
    from {{ ref('fct_serving_hourly') }}
    where environment = 'prod' and model_id <> 'unmapped' and model_version is not null and request_count > 0

),

daily as (

    select
        model_id,
        event_date,
        model_version,
        string_agg(distinct record_source, '+' order by record_source) as source, -- noqa: RF04
        min(hour_at) as first_hour_at,
        sum(request_count) as request_count

    from serving
    group by all

),

-- The version that serves most of the day: a canary's first hours are no release yet.
foremost as (

    select *

    from daily
    qualify row_number() over (
        partition by model_id, event_date
        order by request_count desc, {{ number_order('model_version') }} desc
    ) = 1

),

followed as (

    select
        *,
        lag(model_version) over (partition by model_id order by event_date) as previous_version

    from foremost

),

final as (

    select
        model_id,

        event_date,

        model_version,
        previous_version,
        source,

        first_hour_at as released_at

    from followed
    where model_version <> previous_version

)

select * from final
