with

incidents as (select * from {{ ref('stg_pagerduty__incidents') }}),

analytics as (select * from {{ ref('stg_pagerduty__analytics_incidents') }}),

log_entries as (select * from {{ ref('stg_pagerduty__log_entries') }}),

records as (select * from {{ ref('int_pagerduty_incidents__mapped') }}),

-- What a log entry does to the state. A trigger or an acknowledgement after a resolution reopens too. Notes,
-- escalations and notifications do nothing.
logged as (

    select
        pagerduty_incident_id as record_id,
        regexp_replace(entry_type, '_log_entry$', '') as event_kind,
        nullif(channel_type, 'auto') as detail,
        case
            when entry_type = 'resolve_log_entry' then 'close'
            when
                entry_type in (
                    'trigger_log_entry',
                    'acknowledge_log_entry',
                    'unacknowledge_log_entry',
                    'reopen_log_entry'
                )
                then 'open'
        end as effect,
        entry_type = 'acknowledge_log_entry' as is_acknowledgement,
        true as is_logged,
        agent_type like 'user%' and coalesce(channel_type <> 'timeout', true) as is_by_person,
        created_at as event_at

    from log_entries

),

-- What the newest snapshot says by itself, for where the log has gaps or was not exported. A log that is whole
-- has said it before, and saying it twice does nothing.
opened as (

    select
        record_id,
        'trigger' as event_kind,
        null as detail,
        'open' as effect,
        false as is_acknowledgement,
        false as is_logged,
        null as is_by_person,
        created_at as event_at

    from records

),

snapshots as (

    select
        pagerduty_incident_id as record_id,
        case status when 'resolved' then 'resolve' when 'acknowledged' then 'acknowledge' else 'trigger' end
            as event_kind,
        null as detail,
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

acknowledged as (

    select record_id
    from logged
    where is_acknowledgement

),

analytics_acknowledged as (

    select
        pagerduty_incident_id as record_id,
        null as event_kind,
        null as detail,
        'open' as effect,
        true as is_acknowledgement,
        true as is_logged,
        true as is_by_person,
        first_acknowledged_at as event_at

    -- A snapshot of a resolved incident no longer says who acknowledged it.
    from analytics
    anti join acknowledged on analytics.pagerduty_incident_id = acknowledged.record_id

),

analytics_resolved as (

    select
        pagerduty_incident_id as record_id,
        null as event_kind,
        null as detail,
        'close' as effect,
        false as is_acknowledgement,
        true as is_logged,
        not is_auto_resolved as is_by_person,
        resolved_at as event_at

    from analytics_only
    where status = 'resolved'

),

united as (

    select * from opened
    union all
    select * from logged
    union all
    select * from snapshots
    union all
    select * from analytics_acknowledged
    union all
    select * from analytics_resolved

)

select
    *,
    effect is not null as is_about_state
from united
