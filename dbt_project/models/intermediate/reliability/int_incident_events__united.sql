with

records as (select * from {{ ref('int_incident_records__united') }}),

incidents as (select * from {{ ref('stg_pagerduty__incidents') }}),

analytics as (select * from {{ ref('stg_pagerduty__analytics_incidents') }}),

log_entries as (select * from {{ ref('stg_pagerduty__log_entries') }}),

issues as (select * from {{ ref('stg_jira__issues') }}),

changes as (select * from {{ ref('stg_jira__changes') }}),

-- What a log entry does to the state. There is no entry for reopening: a trigger or an acknowledgement after a
-- resolution is one. Notes, escalations and notifications do nothing.
logged as (

    select
        'pagerduty' as record_source,
        pagerduty_incident_id as record_id,
        case when entry_type = 'resolve_log_entry' then 'close' else 'open' end as effect,
        entry_type = 'acknowledge_log_entry' as is_acknowledgement,
        true as is_logged,
        agent_type like 'user%' and coalesce(channel_type <> 'timeout', true) as is_by_person,
        created_at as event_at

    from log_entries
    where
        entry_type in (
            'trigger_log_entry', 'acknowledge_log_entry', 'unacknowledge_log_entry', 'resolve_log_entry'
        )

),

-- What the newest snapshot says by itself, for where the log has gaps or was not exported. A log that is whole
-- has said it before, and saying it twice does nothing.
opened as (

    select
        record_source,
        record_id,
        'open' as effect,
        false as is_acknowledgement,
        false as is_logged,
        null as is_by_person,
        created_at as event_at

    from records

),

pagerduty_snapshots as (

    select
        'pagerduty' as record_source,
        pagerduty_incident_id as record_id,
        case when status = 'resolved' then 'close' else 'open' end as effect,
        status = 'acknowledged' as is_acknowledgement,
        false as is_logged,
        last_status_change_by_type like 'user%' as is_by_person,
        case when status = 'resolved' then coalesce(resolved_at, last_status_change_at) else last_status_change_at end
            as event_at

    from incidents

),

analytics_only as (

    select analytics.*

    from analytics
    anti join incidents on analytics.pagerduty_incident_id = incidents.pagerduty_incident_id

),

analytics_acknowledged as (

    select
        'pagerduty' as record_source,
        pagerduty_incident_id as record_id,
        'open' as effect,
        true as is_acknowledgement,
        true as is_logged,
        true as is_by_person,
        first_acknowledged_at as event_at

    from analytics_only

),

analytics_resolved as (

    select
        'pagerduty' as record_source,
        pagerduty_incident_id as record_id,
        'close' as effect,
        false as is_acknowledgement,
        true as is_logged,
        not is_auto_resolved as is_by_person,
        resolved_at as event_at

    from analytics_only
    where status = 'resolved'

),

-- A changelog page names its issue by id or by key.
changes_of_issues as (

    select
        coalesce(by_id.jira_issue_id, by_key.jira_issue_id) as jira_issue_id,
        changes.field,
        changes.from_text,
        changes.to_text,
        changes.created_at

    from changes
    left join issues as by_id on changes.jira_issue_id = by_id.jira_issue_id
    left join issues as by_key
        on changes.jira_issue_key = by_key.jira_issue_key and by_id.jira_issue_id is null

),

-- Jira is resolved when a resolution is set where there was none, and reopened when it is cleared; the workflow's
-- statuses say nothing of it. The first move of the status is when somebody took it up.
changed as (

    select
        'jira' as record_source,
        jira_issue_id as record_id,
        case
            when field = 'resolution' and to_text is null then 'open'
            when field = 'resolution' then 'close'
        end as effect,
        field = 'status' as is_acknowledgement,
        true as is_logged,
        true as is_by_person,
        created_at as event_at

    from changes_of_issues
    where field = 'status' or (field = 'resolution' and (from_text is null or to_text is null))

),

jira_snapshots as (

    select
        'jira' as record_source,
        jira_issue_id as record_id,
        case when resolved_at is null then 'open' else 'close' end as effect,
        false as is_acknowledgement,
        false as is_logged,
        true as is_by_person,
        coalesce(resolved_at, updated_at) as event_at

    from issues

),

united as (

    select * from opened
    union all
    select * from logged
    union all
    select * from pagerduty_snapshots
    union all
    select * from analytics_acknowledged
    union all
    select * from analytics_resolved
    union all
    select * from changed
    union all
    select * from jira_snapshots

),

final as (

    select
        united.record_source,
        united.record_id,

        united.effect,

        united.is_acknowledgement,
        united.is_logged,
        united.is_by_person,

        united.event_at

    from united
    -- Log entries may come before their incident, and issues of other types have changelogs too.
    semi join records
        on united.record_source = records.record_source and united.record_id = records.record_id
    where united.event_at is not null

)

select * from final
