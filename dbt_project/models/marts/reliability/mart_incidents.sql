with

incidents as (select * from {{ ref('fct_incidents') }}),

final as (

    select
        incident_id,
        model_id,
        pagerduty_incident_id,
        jira_issue_key,

        detected_date,
        resolved_date,

        severity,
        source,
        resolution_source,
        title,
        url,

        is_open,
        is_reopened,
        is_acknowledged,
        is_auto_resolved,

        started_at,
        detected_at,
        acknowledged_at,
        resolved_at,
        known_until_at,

        record_count,
        merged_record_count,
        reopen_count,

        cast(detect_seconds as double) as detect_seconds,
        cast(acknowledge_seconds as double) as acknowledge_seconds,
        cast(repair_seconds as double) as repair_seconds,
        cast(resolve_seconds as double) as resolve_seconds,
        cast(closed_between_seconds as double) as closed_between_seconds,
        cast(age_seconds as double) as age_seconds

    from incidents

)

select * from final
