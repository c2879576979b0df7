with

source as (select * from {{ source('kserve', 'inference_services') }}),

distinct_states as (

    select *
    from source
    qualify row_number() over (
        partition by inference_service, resource_version
        order by changed_at asc, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        inference_service,
        resource_version,
        {{ deployment_environment("coalesce(environment, inference_service)", 'false', "'prod'") }} as environment,
        revision,
        -- A storage path ends in the version: gs://models/triage/v2, or models:/triage/2.
        coalesce(version_label, nullif(regexp_extract(storage_uri, '/(v?[0-9][^/]*)/*$', 1), ''), revision)
            as version_name,

        is_ready,
        is_failed,

        changed_at,

        traffic_percent

    from distinct_states

)

select * from renamed
