with

source as (

    {{ delivered('jira', 'changes') }}

),

-- The same entry comes inline, by issue and in bulk, and the bulk endpoint may leave out some of its items: an
-- item is known by its field, not by its place.
distinct_changes as (

    select
        *,
        max(change_count) over (partition by change_id) as max_change_count

    from source
    qualify row_number() over (
        partition by change_id, field
        order by
            issue_id asc nulls last,
            issue_key asc nulls last,
            delivered_at desc nulls last,
            _content_id asc,
            item_number asc
    ) = 1

),

renamed as (

    select
        change_id as jira_change_id,
        issue_id as jira_issue_id,
        issue_key as jira_issue_key,

        field,
        from_text,
        to_text,

        max_change_count as change_count,

        created_at

    from distinct_changes

)

select * from renamed
