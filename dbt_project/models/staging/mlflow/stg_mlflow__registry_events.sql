with

source as (

    {{ delivered('mlflow', 'registry_events') }}

),

distinct_events as (

    select *
    from source
    qualify row_number() over (
        partition by delivery_id
        order by occurred_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        delivery_id as mlflow_delivery_id,

        event_type,
        model_name,
        version,
        alias,
        tags,

        occurred_at

    from distinct_events

)

select * from renamed
