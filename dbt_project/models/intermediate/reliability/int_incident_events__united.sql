with

records as (select * from {{ ref('int_incident_records__united') }}),

incidents as (select * from {{ ref('stg_pagerduty__incidents') }}),

analytics as (select * from {{ ref('stg_pagerduty__analytics_incidents') }}),

log_entries as (select * from {{ ref('stg_pagerduty__log_entries') }}),

issues as (select * from {{ ref('stg_jira__issues') }}),

changes as (select * from {{ ref('int_jira_changes__attributed') }}),

changelogs as (select * from {{ ref('int_jira_changelogs__counted') }}),

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

-- What the workflow calls a status is the site's own; its category is one of three.
categories as (

    select
        status,
        arg_max(status_category, updated_at) as status_category

    from issues
    where status_category is not null
    group by status

),

resolved_issues as (

    select jira_issue_id
    from issues
    where was_resolved

    union

    select jira_issue_id
    from changes
    where field = 'resolution'

),

-- Many projects never set a resolution: there the category of the status says that it is done.
judged_issues as (

    select
        issues.jira_issue_id,
        issues.status_category = 'done' as is_done,
        resolved_issues.jira_issue_id is not null as is_by_resolution,
        changelogs.is_cut,
        issues.status_category_changed_at,
        issues.updated_at,
        issues.resolved_at

    from issues
    inner join changelogs on issues.jira_issue_id = changelogs.jira_issue_id
    left join resolved_issues on issues.jira_issue_id = resolved_issues.jira_issue_id

),

-- Jira is resolved when a resolution is set where there was none, and reopened when it is cleared; where it is used,
-- the workflow's statuses say nothing of it. The first move of the status is when somebody took it up; a changelog
-- that lacks entries cannot tell which was the first.
changed as (

    select
        'jira' as record_source,
        changes.jira_issue_id as record_id,
        case
            when changes.field = 'resolution' and changes.to_text is null then 'open'
            when changes.field = 'resolution' then 'close'
            when judged_issues.is_by_resolution then null
            when now_in.status_category = 'done' then 'close'
            when now_in.status_category is not null or was_in.status_category = 'done' then 'open'
        end as effect,
        changes.field = 'status' and not judged_issues.is_cut as is_acknowledgement,
        true as is_logged,
        true as is_by_person,
        changes.created_at as event_at

    from changes
    inner join judged_issues on changes.jira_issue_id = judged_issues.jira_issue_id
    left join categories as was_in on changes.from_text = was_in.status and changes.field = 'status'
    left join categories as now_in on changes.to_text = now_in.status and changes.field = 'status'
    where
        changes.field = 'status'
        or (changes.field = 'resolution' and (changes.from_text is null or changes.to_text is null))

),

jira_snapshots as (

    select
        'jira' as record_source,
        jira_issue_id as record_id,
        case when resolved_at is not null or (is_done and not is_by_resolution) then 'close' else 'open' end as effect,
        false as is_acknowledgement,
        false as is_logged,
        true as is_by_person,
        case
            when resolved_at is not null then resolved_at
            when is_done and not is_by_resolution then status_category_changed_at
            else updated_at
        end as event_at

    from judged_issues

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
