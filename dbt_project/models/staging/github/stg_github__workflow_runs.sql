with

source as (

    {{ delivered('github', 'workflow_runs') }}

),

newest as (

    select
        *,
        -- GitHub touches a run long after it has ended.
        min(updated_at) filter (where status = 'completed') over (
            partition by run_id, coalesce(run_attempt, 1)
        ) as ended_at
    from source
    qualify row_number() over (
        partition by run_id, coalesce(run_attempt, 1)
        order by
            coalesce(updated_at, created_at) desc,
            -- GitHub counts in seconds: a run may end in the one it was last seen running in.
            (status = 'completed') desc,
            delivered_at desc nulls last,
            _content_id asc,
            _row asc
    ) = 1

),

renamed as (

    select
        run_id as github_run_id,
        coalesce(run_attempt, 1) as run_attempt,

        repository || '/' || workflow as workflow,
        event as trigger_event,
        status,
        conclusion,
        {{ version_of_ref('head_branch') }} as version_name,
        head_sha as commit_sha,
        url,

        committed_at,
        created_at,
        ended_at

    from newest
    where status = 'completed'

)

select * from renamed
