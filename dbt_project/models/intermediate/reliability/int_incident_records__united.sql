{{ config(materialized='table') }}

with

incidents as (select * from {{ ref('stg_pagerduty__incidents') }}),

analytics as (select * from {{ ref('stg_pagerduty__analytics_incidents') }}),

alerts as (select * from {{ ref('stg_pagerduty__alerts') }}),

issues as (

    select *
    from {{ ref('stg_jira__issues') }}
    where is_incident

),

issue_keys as (

    select
        jira_issue_id,
        list(jira_issue_key order by jira_issue_key) as jira_issue_keys

    from {{ ref('int_jira_issue_keys__united') }}
    group by jira_issue_id

),

identifiers as (

    select *
    from {{ source('catalog', 'identifiers') }}
    where list_contains({{ sources_of_incidents() }}, source)

),

-- PagerDuty can suppress an alert after it has opened an incident: one whose alerts all are is none.
suppressed as (

    select pagerduty_incident_id

    from alerts
    where pagerduty_incident_id is not null
    group by pagerduty_incident_id
    having bool_and(is_suppressed)

),

pagerduty as (

    select
        'pagerduty' as record_source,
        pagerduty_incident_id as record_id,
        pagerduty_incident_id as record_key,
        [pagerduty_incident_id] as known_keys,
        merged_into_pagerduty_incident_id as merged_into_key,
        pagerduty_service_id,
        null as jira_project_key,
        null as components,
        null as labels,
        linked_jira_issue_keys as linked_keys,
        title,
        url,
        severity,
        is_merged,
        false as is_dismissed,
        impact_started_at,
        created_at

    from incidents

    union all

    select
        'pagerduty' as record_source,
        pagerduty_incident_id as record_id,
        pagerduty_incident_id as record_key,
        [pagerduty_incident_id] as known_keys,
        null as merged_into_key,
        pagerduty_service_id,
        null as jira_project_key,
        null as components,
        null as labels,
        null as linked_keys,
        title,
        null as url,
        severity,
        false as is_merged,
        false as is_dismissed,
        null as impact_started_at,
        created_at

    from analytics
    anti join incidents on analytics.pagerduty_incident_id = incidents.pagerduty_incident_id

),

records as (

    select * from pagerduty

    union all

    select
        'jira' as record_source,
        issues.jira_issue_id as record_id,
        issues.jira_issue_key as record_key,
        issue_keys.jira_issue_keys as known_keys,
        issues.duplicate_of_jira_issue_key as merged_into_key,
        null as pagerduty_service_id,
        issues.jira_project_key,
        issues.components,
        issues.labels,
        issues.linked_pagerduty_incident_ids as linked_keys,
        issues.title,
        issues.url,
        issues.severity,
        issues.is_duplicate as is_merged,
        issues.is_dismissed,
        issues.impact_started_at,
        issues.created_at

    from issues
    left join issue_keys on issues.jira_issue_id = issue_keys.jira_issue_id

),

-- The most telling name first: a component says more than a label, and both more than the project.
names as (

    select
        record_source,
        record_id,
        created_at,
        'service_id' as identifier_kind,
        pagerduty_service_id as identifier_value,
        1 as rank

    from records
    where pagerduty_service_id is not null

    union all

    select
        record_source,
        record_id,
        created_at,
        'component' as identifier_kind,
        unnest(from_json(components, '["VARCHAR"]')) as identifier_value,
        2 as rank

    from records

    union all

    select
        record_source,
        record_id,
        created_at,
        'label' as identifier_kind,
        unnest(from_json(labels, '["VARCHAR"]')) as identifier_value,
        3 as rank

    from records

    union all

    select
        record_source,
        record_id,
        created_at,
        'project' as identifier_kind,
        jira_project_key as identifier_value,
        4 as rank

    from records
    where jira_project_key is not null

),

owners as (

    select
        names.record_source,
        names.record_id,
        identifiers.member_id as model_id

    from names
    inner join
        identifiers
        on
            names.record_source = identifiers.source
            and names.identifier_kind = identifiers.identifier_kind
            and names.identifier_value = identifiers.identifier_value
            and (identifiers.valid_from is null or cast(names.created_at as date) >= identifiers.valid_from)
            and (identifiers.valid_to is null or cast(names.created_at as date) < identifiers.valid_to)
    qualify row_number() over (
        partition by names.record_source, names.record_id
        order by names.rank asc, identifiers.member_id asc
    ) = 1

),

final as (

    select
        records.record_source,
        records.record_id,
        records.record_key,
        records.known_keys,
        records.merged_into_key,
        coalesce(owners.model_id, 'unmapped') as model_id,

        records.title,
        records.url,
        records.severity,
        records.linked_keys,

        records.is_merged,
        suppressed.pagerduty_incident_id is not null or records.is_dismissed as is_suppressed,

        records.impact_started_at,
        records.created_at

    from records
    left join owners
        on records.record_source = owners.record_source and records.record_id = owners.record_id
    left join suppressed
        on records.record_source = 'pagerduty' and records.record_id = suppressed.pagerduty_incident_id

)

select * from final
