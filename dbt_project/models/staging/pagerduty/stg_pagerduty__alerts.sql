with

source as (

    {{ delivered('pagerduty', 'alerts') }}

),

newest as (

    select *
    from source
    qualify row_number() over (
        partition by alert_id
        order by coalesce(updated_at, created_at) desc, delivered_at desc nulls last, _content_id asc, _row desc
    ) = 1

),

renamed as (

    select
        alert_id as pagerduty_alert_id,
        incident_id as pagerduty_incident_id,
        service_id as pagerduty_service_id,

        status,
        severity as monitor_severity,

        suppressed as is_suppressed,

        created_at

    from newest

)

select * from renamed
