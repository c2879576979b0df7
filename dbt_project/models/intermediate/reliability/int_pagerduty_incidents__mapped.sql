with

incidents as (select * from {{ ref('stg_pagerduty__incidents') }}),

analytics as (select * from {{ ref('stg_pagerduty__analytics_incidents') }}),

alerts as (select * from {{ ref('stg_pagerduty__alerts') }}),

-- PagerDuty can suppress an alert after it has opened an incident: with all its alerts suppressed, it is none.
suppressed as (

    select pagerduty_incident_id

    from alerts
    where pagerduty_incident_id is not null
    group by pagerduty_incident_id
    having bool_and(is_suppressed)

),

known as (

    select
        pagerduty_incident_id,
        merged_into_pagerduty_incident_id,
        pagerduty_service_id,
        linked_records,
        title,
        url,
        severity,
        is_merged,
        impact_started_at,
        created_at

    from incidents

    union all

    select
        analytics.pagerduty_incident_id,
        null as merged_into_pagerduty_incident_id,
        analytics.pagerduty_service_id,
        null as linked_records,
        analytics.title,
        null as url,
        analytics.severity,
        false as is_merged,
        null as impact_started_at,
        analytics.created_at

    from analytics
    anti join incidents on analytics.pagerduty_incident_id = incidents.pagerduty_incident_id

),

final as (

    select
        known.pagerduty_incident_id as record_id,
        known.pagerduty_incident_id as record_key,
        [known.pagerduty_incident_id] as known_keys,
        known.merged_into_pagerduty_incident_id as merged_into_key,
        from_json(known.linked_records, '["VARCHAR"]') as linked_records,
        ['service_id:' || known.pagerduty_service_id] as names,

        known.title,
        known.url,
        known.severity,

        known.is_merged,
        suppressed.pagerduty_incident_id is not null as is_suppressed,
        false as is_log_cut,

        known.impact_started_at,
        known.created_at

    from known
    left join suppressed on known.pagerduty_incident_id = suppressed.pagerduty_incident_id

)

select * from final
