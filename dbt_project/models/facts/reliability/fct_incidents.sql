{#- Long: each step says one thing of the same incidents, and none but the last is of use. -#}
with

linked as (

    select *
    from {{ ref('int_incidents__linked') }}
    where incident_id is not null

),

intervals as (select * from {{ ref('int_incident_intervals__replayed') }}),

events as (

    select *
    from {{ ref('int_incident_events__united') }}
    where is_about_state

),

covered as (select * from {{ ref('int_incident_sources__covered') }}),

-- Merged and suppressed records do not contribute times.
counted as (

    select *
    from linked
    where record_role in ('authoritative', 'linked')

),

records as (

    select
        incident_id,
        max(case when record_role = 'authoritative' then record_source end) as authoritative_source,
        list(record_source) as record_sources,
        min(case when record_source = 'pagerduty' then record_key end) as pagerduty_incident_id,
        min(case when record_source = 'jira' then record_key end) as jira_issue_key,
        -- The worst: P0 comes before P5 in the alphabet, and both before unset.
        coalesce(
            min(case when record_role = 'authoritative' and severity <> 'unset' then severity end), min(severity)
        ) as severity,
        min(impact_started_at) as impact_started_at,
        min(created_at) as created_at,
        count(*) as record_count

    from counted
    group by incident_id

),

-- Its own record names the incident and its model; where the catalog does not map that one, another may.
labels as (

    select
        incident_id,
        model_id,
        first_value(title) over own_record_first as title,
        first_value(url) over own_record_first as url

    from counted
    window
        own_record_first as (
            partition by incident_id order by record_key = incident_id desc, created_at asc, record_key asc
        )
    qualify row_number() over (
        partition by incident_id
        order by model_id = 'unmapped' asc, record_key = incident_id desc, created_at asc, record_key asc
    ) = 1

),

merged as (

    select
        incident_id,
        count(*) as merged_record_count

    from linked
    where record_role in ('merged', 'suppressed')
    group by incident_id

),

intervals_and_next as (

    select
        *,
        lead(opened_at) over (partition by incident_id order by episode_number) as reopened_at

    from intervals

),

courses as (

    select
        incident_id,
        bool_or(closed_at is null) as is_open,
        bool_or(is_auto_closed and reopened_at is null) as is_auto_resolved,
        min(opened_at) as opened_at,
        min(closed_at) as first_closed_at,
        max(closed_at) as last_closed_at,
        count(*) - 1 as reopen_count,
        coalesce(sum({{ seconds_between('closed_at', 'reopened_at') }}), 0) as closed_between_seconds

    from intervals_and_next
    group by incident_id

),

acknowledged as (

    select
        counted.incident_id,
        bool_or(events.is_logged) and not bool_or(counted.is_log_cut) as has_whole_log,
        min(case when events.is_acknowledgement then events.event_at end) as acknowledged_at

    from counted
    inner join events on counted.record_source = events.record_source and counted.record_id = events.record_id
    where counted.record_role = 'authoritative'
    group by counted.incident_id

),

timed as (

    select
        records.incident_id,
        labels.model_id,
        records.pagerduty_incident_id,
        records.jira_issue_key,

        records.severity,
        array_to_string(
            list_filter(
                {{ sources_of_incidents() }}, lambda source: list_contains(records.record_sources, source)
            ),
            '+'
        ) as source, -- noqa: RF04
        records.authoritative_source as resolution_source,
        labels.title,
        labels.url,

        courses.is_open,
        courses.is_auto_resolved and not courses.is_open as is_auto_resolved,
        acknowledged.has_whole_log,

        records.impact_started_at,
        least(records.created_at, courses.opened_at) as detected_at,
        courses.first_closed_at,
        -- The clocks of two systems differ: an acknowledgement is not before the detection.
        case
            when acknowledged.acknowledged_at < least(records.created_at, courses.opened_at)
                then least(records.created_at, courses.opened_at)
            when courses.first_closed_at is null or acknowledged.acknowledged_at < courses.first_closed_at
                then acknowledged.acknowledged_at
        end as acknowledged_at,
        case when not courses.is_open then courses.last_closed_at end as resolved_at,
        covered.known_until_at,

        courses.reopen_count,
        records.record_count,
        coalesce(merged.merged_record_count, 0) as merged_record_count,
        courses.closed_between_seconds

    from records
    inner join labels on records.incident_id = labels.incident_id
    inner join courses on records.incident_id = courses.incident_id
    inner join acknowledged on records.incident_id = acknowledged.incident_id
    inner join covered on records.authoritative_source = covered.record_source
    left join merged on records.incident_id = merged.incident_id

),

started as (

    select
        *,
        least(detected_at, coalesce(impact_started_at, detected_at)) as started_at,
        -- An incident resolved without an acknowledgement counts as acknowledged when it was first closed; without a
        -- whole log, the time is unknown.
        case when has_whole_log then coalesce(acknowledged_at, first_closed_at) end as acknowledged_or_closed_at

    from timed

),

final as (

    select
        incident_id,
        model_id,
        pagerduty_incident_id,
        jira_issue_key,

        cast(detected_at as date) as detected_date,
        cast(resolved_at as date) as resolved_date,

        severity,
        source,
        resolution_source,
        title,
        url,

        is_open,
        reopen_count > 0 as is_reopened,
        acknowledged_at is not null as is_acknowledged,
        is_auto_resolved,

        started_at,
        detected_at,
        acknowledged_at,
        resolved_at,
        known_until_at,

        record_count,
        merged_record_count,
        reopen_count,

        case when impact_started_at is not null then {{ seconds_between('started_at', 'detected_at') }} end
            as detect_seconds,
        {{ seconds_between('detected_at', 'acknowledged_or_closed_at') }} as acknowledge_seconds,
        {{ seconds_between('acknowledged_or_closed_at', 'resolved_at') }} as repair_seconds,
        {{ seconds_between('started_at', 'resolved_at') }} as resolve_seconds,
        cast(closed_between_seconds as decimal(18, 3)) as closed_between_seconds,
        case when is_open then {{ seconds_between('started_at', 'known_until_at') }} end as age_seconds

    from started

)

select * from final
