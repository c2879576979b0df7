with

source as (

    {{ delivered('sagemaker', 'endpoint_configs') }}

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

        endpoint_config_name,
        variants,

        occurred_at

    from distinct_events

)

select * from renamed
