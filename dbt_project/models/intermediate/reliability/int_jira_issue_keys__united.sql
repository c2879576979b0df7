with

issues as (select * from {{ ref('stg_jira__issues') }}),

changes as (select * from {{ ref('stg_jira__changes') }}),

delivered as (

    select
        jira_issue_id,
        unnest(from_json(jira_issue_keys, '["VARCHAR"]')) as jira_issue_key

    from issues

),

-- A move to another project gives the issue a new key; the old one still leads to it, and others keep quoting it.
moves as (

    select
        coalesce(issues.jira_issue_id, delivered.jira_issue_id) as jira_issue_id,
        unnest([changes.from_text, changes.to_text]) as jira_issue_key

    from changes
    left join issues on changes.jira_issue_id = issues.jira_issue_id
    left join delivered on changes.jira_issue_key = delivered.jira_issue_key
    where lower(changes.field) = 'key'

),

final as (

    select
        jira_issue_id,
        jira_issue_key

    from delivered

    union

    select
        jira_issue_id,
        jira_issue_key

    from moves
    where jira_issue_id is not null and jira_issue_key is not null

)

select * from final
