with

distinct_events as (

    {{ delivered_events('sagemaker', 'endpoint_configs') }}

),

renamed as (

    select
        event_id as sagemaker_event_id,

        endpoint_config_name,
        variants,

        occurred_at

    from distinct_events

)

select * from renamed
