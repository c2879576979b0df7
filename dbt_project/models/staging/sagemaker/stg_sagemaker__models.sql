with

distinct_events as (

    {{ delivered_events('sagemaker', 'models') }}

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
