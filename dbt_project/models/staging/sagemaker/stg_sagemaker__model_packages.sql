with

distinct_events as (

    {{ delivered_events('sagemaker', 'model_packages') }}

),

renamed as (

    select
        event_id as sagemaker_event_id,

        model_package_arn,
        model_package_group,
        version,
        approval_status,

        registered_at,
        occurred_at

    from distinct_events

)

select * from renamed
