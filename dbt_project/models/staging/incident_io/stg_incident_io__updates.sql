with

source as (

    {{ delivered('incident_io', 'updates') }}

),

distinct_updates as (

    select *
    from source
    qualify row_number() over (
        partition by update_id
        order by created_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        update_id as incident_io_update_id,
        incident_id as incident_io_incident_id,
        merged_into_incident_id as merged_into_incident_io_incident_id,

        status,
        status_category,

        by_user as is_by_person,

        created_at

    from distinct_updates

)

select * from renamed
