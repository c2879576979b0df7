with

source as (

    {{ delivered('jira', 'issues') }}

),

-- An export may leave out the custom fields, or their names: then what an earlier one said of them holds.
newest as (

    select * replace (first_value(impact_started_at ignore nulls) over newest_first as impact_started_at)

    from source
    window
        newest_first as (
            partition by coalesce(issue_id, issue_key)
            order by
                coalesce(updated_at, created_at) desc,
                delivered_at desc nulls last,
                resolved_at desc nulls last,
                _content_id asc,
                _row desc
            rows between unbounded preceding and unbounded following
        )
    qualify row_number() over newest_first = 1

),

renamed as (

    select
        coalesce(issue_id, issue_key) as jira_issue_id,
        issue_key as jira_issue_key,
        duplicate_of_key as duplicate_of_jira_issue_key,

        project_key as jira_project_key,
        issue_type,
        summary as title,
        url,
        status,
        resolution,
        {{ incident_severity('priority_name') }} as severity,
        components,
        labels,
        pagerduty_incident_ids as linked_pagerduty_incident_ids,

        -- Jira Service Management puts the name of the system in front: '[System] Incident'.
        coalesce(regexp_matches(lower(issue_type), '^(\[system\] )?(major )?incident$'), false) as is_incident,
        coalesce(lower(resolution) = 'duplicate', false) as is_duplicate,

        impact_started_at,
        created_at,
        updated_at,
        resolved_at

    from newest

)

select * from renamed
