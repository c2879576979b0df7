with

source as (

    {{ delivered('pagerduty', 'analytics_incidents') }}

),

newest as (

    select *
    from source
    qualify row_number() over (
        partition by incident_id
        order by
            coalesce(updated_at, created_at) desc,
            delivered_at desc nulls last,
            resolved_at desc nulls last,
            _content_id asc,
            _row desc
    ) = 1

),

renamed as (

    select
        incident_id as pagerduty_incident_id,
        service_id as pagerduty_service_id,

        incident_number,
        description as title,
        service_name,
        status,
        urgency,
        {{ incident_severity('priority_name') }} as severity,

        auto_resolved as is_auto_resolved,

        created_at,
        updated_at,
        case
            when resolved_at >= created_at then resolved_at
            else created_at + seconds_to_resolve * interval 1 second
        end as resolved_at,
        created_at + seconds_to_first_ack * interval 1 second as first_acknowledged_at

    from newest

)

select * from renamed
