with

incidents as (select * from {{ ref('fct_incidents') }}),

records as (

    select * from {{ ref('int_incidents__linked') }}
    where incident_id is not null

),

log_entries as (select * from {{ ref('stg_pagerduty__log_entries') }}),

changes as (select * from {{ ref('int_jira_changes__attributed') }}),

events as (select * from {{ ref('int_incident_events__united') }}),

impacts as (

    select
        incident_id,
        null as record_source,
        null as record_key,
        'impact_start' as event_kind,
        null as detail,
        cast(null as boolean) as is_by_person,
        started_at as event_at

    from incidents
    where started_at < detected_at

),

filed as (

    select
        incident_id,
        record_source,
        record_key,
        'filed' as event_kind,
        null as detail,
        cast(null as boolean) as is_by_person,
        created_at as event_at

    from records
    where record_source = 'jira'

),

logged as (

    select
        records.incident_id,
        records.record_source,
        records.record_key,
        regexp_replace(log_entries.entry_type, '_log_entry$', '') as event_kind,
        nullif(log_entries.channel_type, 'auto') as detail,
        log_entries.agent_type like 'user%' and coalesce(log_entries.channel_type <> 'timeout', true) as is_by_person,
        log_entries.created_at as event_at

    from records
    inner join log_entries
        on records.record_source = 'pagerduty' and records.record_id = log_entries.pagerduty_incident_id

),

changed as (

    select
        records.incident_id,
        records.record_source,
        records.record_key,
        changes.field as event_kind,
        coalesce(changes.from_text, 'none') || ' → ' || coalesce(changes.to_text, 'none') as detail,
        true as is_by_person,
        changes.created_at as event_at

    from records
    inner join changes on records.record_source = 'jira' and records.record_id = changes.jira_issue_id

),

-- Where no log was exported, the newest snapshot tells when it was opened, taken up and closed.
snapshots as (

    select
        records.incident_id,
        records.record_source,
        records.record_key,
        case
            when events.is_acknowledgement then 'acknowledge'
            when events.effect = 'close' then 'resolve'
            else 'trigger'
        end as event_kind,
        null as detail,
        events.is_by_person,
        events.event_at

    from records
    inner join events
        on records.record_source = events.record_source and records.record_id = events.record_id
    where not (records.record_source = 'jira' and events.effect = 'open')
    qualify not bool_or(events.is_logged) over (partition by events.record_source, events.record_id)

),

united as (

    select * from impacts
    union all
    select * from filed
    union all
    select * from logged
    union all
    select * from changed
    union all
    select * from snapshots

),

final as (

    select
        united.incident_id,
        incidents.model_id,

        united.record_source,
        united.record_key,
        united.event_kind,
        united.detail,

        united.is_by_person,

        united.event_at,

        row_number() over (
            partition by united.incident_id
            order by
                united.event_at asc,
                united.event_kind in ('impact_start', 'filed', 'trigger') desc, -- before what they set off
                united.record_source asc nulls first,
                united.record_key asc,
                united.event_kind asc,
                united.detail asc
        ) as event_number

    from united
    inner join incidents on united.incident_id = incidents.incident_id

)

select * from final
