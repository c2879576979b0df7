with

source as (

    {{ delivered('jira', 'issues') }}

),

incident_types as (select * from {{ source('catalog', 'incident_types') }}),

-- An export may leave out the id: another one gives it by the key.
identified as (

    select
        *,
        coalesce(issue_id, max(issue_id) over (partition by issue_key), issue_key) as known_issue_id

    from source

),

-- An export may leave out the custom fields, or their names: then what an earlier one said of them holds.
newest as (

    select
        * replace (
            first_value(impact_started_at ignore nulls) over newest_first as impact_started_at,
            max(change_count) over newest_first as change_count,
            max(held_change_count) over newest_first as held_change_count
        ),
        list_sort(list_distinct(list(issue_key) over newest_first)) as issue_keys,
        bool_or(resolution is not null or resolved_at is not null) over newest_first as was_resolved

    from identified
    window
        newest_first as (
            partition by known_issue_id
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
        known_issue_id as jira_issue_id,
        issue_key as jira_issue_key,
        to_json(issue_keys) as jira_issue_keys,
        duplicate_of_key as duplicate_of_jira_issue_key,

        project_key as jira_project_key,
        issue_type,
        summary as title,
        -- `self` is the API's address; the issue's page is in another field, unless a gateway hides the site.
        case
            when url not like 'https://api.atlassian.com/%'
                then regexp_replace(url, '/rest/api/.*$', '/browse/' || issue_key)
        end as url,
        status,
        status_category,
        resolution,
        {{ incident_severity('priority_name') }} as severity,
        components,
        labels,
        linked_records,

        -- Jira Service Management puts the name of the system in front: '[System] Incident'.
        coalesce(
            lower(issue_type) in (select issue_type from incident_types)
            or regexp_replace(lower(issue_type), '^(\[[^\]]+\] )?(major )?', '')
            in (select issue_type from incident_types),
            false
        ) as is_incident,
        coalesce(regexp_full_match(lower(resolution), '{{ var('duplicate_resolutions') }}'), false) as is_duplicate,
        -- On an issue that is open again the resolution may have been left behind.
        coalesce(
            regexp_full_match(lower(resolution), '{{ var('dismissing_resolutions') }}')
            and coalesce(status_category, 'done') = 'done',
            false
        ) as is_dismissed,
        was_resolved,

        change_count,
        held_change_count,

        impact_started_at,
        created_at,
        updated_at,
        status_category_changed_at,
        resolved_at

    from newest

)

select * from renamed
