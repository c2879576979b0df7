with

source as (

    {{ delivered('sagemaker', 'models') }}

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

        sagemaker_model_name,
        model_package_arn,

        occurred_at

    from distinct_events

)

select * from renamed
