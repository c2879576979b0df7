with

source as (

    {{ delivered('mlflow', 'model_versions') }}

),

newest as (

    select *
    from source
    qualify row_number() over (
        partition by model_name, version
        order by coalesce(updated_at, registered_at) desc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        run_id as mlflow_run_id,

        model_name,
        version,
        status,
        artifact_uri,
        aliases,
        tags,

        coalesce(is_deleted, false) as is_deleted,
        coalesce(upper(status) = 'READY', true) as is_ready,

        registered_at,
        updated_at

    from newest

)

select * from renamed
