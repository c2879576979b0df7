with

source as (

    {{ delivered('incident_io', 'incidents') }}

),

newest as (

    select *
    from source
    qualify row_number() over (
        partition by incident_id
        order by coalesce(updated_at, created_at) desc, delivered_at desc nulls last, _content_id asc, _row desc
    ) = 1

),

renamed as (

    select
        incident_id as incident_io_incident_id,

        reference,
        title,
        url,
        mode,
        status,
        status_category,
        {{ incident_severity('severity_name') }} as severity,
        catalog_entries,
        field_options,
        incident_type,
        linked_records,

        created_at,
        updated_at,
        reported_at,
        accepted_at,
        impact_started_at,
        fixed_at,
        resolved_at,
        closed_at

    from newest

)

select * from renamed
