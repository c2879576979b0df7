with

issues as (select * from {{ ref('stg_jira__issues') }}),

changes as (select * from {{ ref('int_jira_changes__attributed') }}),

changelogs as (select * from {{ ref('int_jira_changelogs__counted') }}),

records as (select * from {{ ref('int_jira_incidents__mapped') }}),

-- No changelog says when an issue was filed.
opened as (

    select
        record_id,
        'filed' as event_kind,
        null as detail,
        'open' as effect,
        false as is_acknowledgement,
        true as is_about_state,
        false as is_logged,
        null as is_by_person,
        created_at as event_at

    from records

),

-- What the workflow calls a status is the site's own; its category is one of three.
categories as (

    select
        status,
        arg_max(
            status_category, (coalesce(updated_at, created_at), {{ number_order('jira_issue_id') }})
        ) as status_category

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
assessed_issues as (

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

moved as (

    select
        changes.*,
        was_in.status_category as from_category,
        now_in.status_category as to_category,
        was_in.status_category = 'done' and now_in.status_category <> 'done' as is_taken_back

    from changes
    left join categories as was_in on changes.from_text = was_in.status and changes.field = 'status'
    left join categories as now_in on changes.to_text = now_in.status and changes.field = 'status'

),

moved_to_done as (

    select distinct jira_issue_id
    from moved
    where to_category = 'done'

),

followed as (

    select
        *,
        coalesce(
            bool_or(is_taken_back) over (
                partition by jira_issue_id order by created_at rows between unbounded preceding and 1 preceding
            ),
            false
        ) as was_taken_back

    from moved

),

-- Jira is resolved when a resolution is set where there was none, and reopened when it is cleared. Where it is used,
-- the workflow's statuses say nothing of it, but for an issue that is moved out of done: many workflows leave the
-- resolution on it, and from then on its status decides. The first move of the status is the acknowledgement; in
-- a changelog that lacks entries, the first move is unknown.
changed as (

    select
        changes.jira_issue_id as record_id,
        changes.field as event_kind,
        coalesce(changes.from_text, 'none') || ' → ' || coalesce(changes.to_text, 'none') as detail,
        case
            when changes.field = 'resolution' and changes.to_text is null then 'open'
            when changes.field = 'resolution' and changes.from_text is null then 'close'
            when changes.field <> 'status' then null
            when assessed_issues.is_by_resolution and not (changes.is_taken_back or changes.was_taken_back) then null
            when changes.to_category = 'done' then 'close'
            when changes.to_category is not null or changes.from_category = 'done' then 'open'
        end as effect,
        changes.field = 'status' and not assessed_issues.is_cut as is_acknowledgement,
        changes.field = 'status'
        or (changes.field = 'resolution' and (changes.from_text is null or changes.to_text is null)) as is_about_state,
        true as is_logged,
        true as is_by_person,
        changes.created_at as event_at

    from followed as changes
    inner join assessed_issues on changes.jira_issue_id = assessed_issues.jira_issue_id

),

snapshots as (

    select
        assessed_issues.jira_issue_id as record_id,
        case when resolved_at is not null or (is_done and not is_by_resolution) then 'resolve' end as event_kind,
        null as detail,
        case when resolved_at is not null or (is_done and not is_by_resolution) then 'close' else 'open' end as effect,
        false as is_acknowledgement,
        true as is_about_state,
        false as is_logged,
        true as is_by_person,
        case
            when resolved_at is not null then resolved_at
            -- Where nothing says since when it is done: at the latest since it was last touched.
            when is_done and not is_by_resolution
                then coalesce(status_category_changed_at, if(moved_to_done.jira_issue_id is null, updated_at, null))
            else updated_at
        end as event_at

    from assessed_issues
    left join moved_to_done on assessed_issues.jira_issue_id = moved_to_done.jira_issue_id

),

united as (

    select * from opened
    union all
    select * from changed
    union all
    select * from snapshots

)

select * from united
