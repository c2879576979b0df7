with

issues as (select * from {{ ref('stg_jira__issues') }}),

keys as (select * from {{ ref('int_jira_issue_keys__united') }}),

changes as (select * from {{ ref('stg_jira__changes') }}),

-- A changelog page names its issue by id or by key.
final as (

    select
        changes.jira_change_id,
        coalesce(issues.jira_issue_id, keys.jira_issue_id) as jira_issue_id,

        changes.field,
        changes.from_text,
        changes.to_text,

        changes.change_count,

        changes.created_at

    from changes
    left join issues on changes.jira_issue_id = issues.jira_issue_id
    left join keys on changes.jira_issue_key = keys.jira_issue_key
    where coalesce(issues.jira_issue_id, keys.jira_issue_id) is not null

)

select * from final
