with

distinct_events as (

    {{ delivered_events('sagemaker', 'endpoint_changes') }}

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
