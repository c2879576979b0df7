with

source as (

    {{ delivered('sagemaker', 'endpoint_changes') }}

),

distinct_events as (

    select *
    from source
    qualify row_number() over (
        partition by event_id
        order by occurred_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        event_id as sagemaker_event_id,

        endpoint_name,
        endpoint_config_name,
        status,
        variants,
        {{ deployment_environment(
            "coalesce(environment, endpoint_name)", 'false', "coalesce(lower(environment), 'prod')"
        ) }} as environment,

        occurred_at

    from distinct_events

)

select * from renamed
