with

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

changelogs as (select * from {{ ref('int_jira_changelogs__counted') }}),

final as (

    select
        issues.jira_issue_id as record_id,
        issues.jira_issue_key as record_key,
        issue_keys.jira_issue_keys as known_keys,
        issues.duplicate_of_jira_issue_key as merged_into_key,
        from_json(issues.linked_records, '["VARCHAR"]') as linked_records,
        -- A component says more than a label, and both more than the project.
        list_concat(
            list_transform(from_json(issues.components, '["VARCHAR"]'), lambda name: 'component:' || name),
            list_transform(from_json(issues.labels, '["VARCHAR"]'), lambda name: 'label:' || name),
            ['project:' || issues.jira_project_key]
        ) as names,

        issues.title,
        issues.url,
        issues.severity,

        issues.is_duplicate as is_merged,
        issues.is_dismissed as is_suppressed,
        coalesce(changelogs.is_cut, false) as is_log_cut,

        issues.impact_started_at,
        issues.created_at

    from issues
    left join issue_keys on issues.jira_issue_id = issue_keys.jira_issue_id
    left join changelogs on issues.jira_issue_id = changelogs.jira_issue_id

)

select * from final
