with

issues as (select * from {{ ref('stg_jira__issues') }}),

changes as (select * from {{ ref('int_jira_changes__attributed') }}),

delivered as (

    select
        jira_issue_id,
        max(change_count) as change_count,
        count(distinct jira_change_id) as held_change_count

    from changes
    group by jira_issue_id

),

-- An entry may change nothing that is shown: a page is believed about how many it holds.
final as (

    select
        issues.jira_issue_id,
        issues.jira_issue_key,

        issues.is_incident,

        greatest(issues.change_count, delivered.change_count) as change_count,
        coalesce(greatest(issues.held_change_count, delivered.held_change_count), 0) as held_change_count

    from issues
    left join delivered on issues.jira_issue_id = delivered.jira_issue_id

)

select
    *,
    coalesce(change_count > held_change_count, false) as is_cut
from final
