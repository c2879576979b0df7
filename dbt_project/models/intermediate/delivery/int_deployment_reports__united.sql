{#- Long: a part per source, each read alone. -#}
with

deployments as (select * from {{ ref('stg_github__deployments') }}),

statuses as (select * from {{ ref('stg_github__deployment_statuses') }}),

workflow_runs as (select * from {{ ref('stg_github__workflow_runs') }}),

endpoint_versions as (select * from {{ ref('int_endpoint_versions__resolved') }}),

inference_services as (select * from {{ ref('stg_kserve__inference_services') }}),

change_requests as (select * from {{ ref('stg_change_records__change_requests') }}),

version_names as (select * from {{ ref('int_version_names__registered') }}),

-- GitHub's names are the same in upper and lower case.
identifiers as (

    select
        * replace (
            case when source = 'github' then lower(identifier_value) else identifier_value end as identifier_value
        )

    from {{ source('catalog', 'identifiers') }}

),

-- The first success is when it went live; `inactive` comes after it and takes nothing back. A status may move a
-- deployment to another environment than the one it was made for.
outcomes as (

    select
        deployments.github_deployment_id,
        coalesce(statuses.environment_name, deployments.environment_name) as environment_name,
        min(case when statuses.state = 'success' then statuses.created_at end) as succeeded_at,
        min(case when statuses.state in ('failure', 'error') then statuses.created_at end) as failed_at

    from deployments
    inner join statuses on deployments.github_deployment_id = statuses.github_deployment_id
    group by all

),

placed as (

    select
        outcomes.*,
        outcomes.environment_name <> deployments.environment_name as is_moved,
        case
            when outcomes.environment_name = deployments.environment_name then deployments.environment
            else {{ deployment_environment(
                'outcomes.environment_name', 'deployments.is_canary', 'lower(outcomes.environment_name)'
            ) }}
        end as environment

    from outcomes
    inner join deployments on outcomes.github_deployment_id = deployments.github_deployment_id

),

-- Many states of a service serve the same in the same way: only one that differs from the state before is a report.
inference_states as (

    select
        *,
        concat_ws(':', version_name, revision, cast(traffic_percent as varchar), cast(is_failed as varchar)) as state

    from inference_services
    where is_ready or is_failed

),

followed as (

    select
        *,
        lag(state) over (
            partition by inference_service order by changed_at asc, {{ number_order('resource_version') }} asc
        ) as previous_state

    from inference_states

),

inference_reports as (

    select *
    from followed
    where previous_state is distinct from state

),

-- Each says what it knows; the rest is null.
reports as (

    select
        'github:' || deployments.github_deployment_id
        || case when placed.is_moved then ':' || placed.environment_name else '' end as report_id,
        'github' as source, -- noqa: RF04
        'environment' as own_kind,
        deployments.repository || ':' || placed.environment_name as own_name,
        'repository' as shared_kind,
        deployments.repository as shared_name,
        placed.environment,
        deployments.version_name,
        deployments.commit_sha,
        deployments.url,
        placed.succeeded_at is not null as is_succeeded,
        deployments.is_rollback_stated,
        coalesce(placed.succeeded_at, placed.failed_at) as reported_at,
        -- GitHub knows of no traffic: of a canary's share nobody speaks.
        case when not deployments.is_canary then 100.0 end as traffic_percent

    from deployments
    inner join placed on deployments.github_deployment_id = placed.github_deployment_id
    where coalesce(placed.succeeded_at, placed.failed_at) is not null

    union all by name

    select
        'github:run:' || github_run_id || case when run_attempt > 1 then ':' || run_attempt else '' end as report_id,
        'github' as source, -- noqa: RF04
        'workflow' as own_kind,
        workflow as own_name,
        'prod' as environment,
        version_name,
        commit_sha,
        url,
        conclusion = 'success' as is_succeeded,
        false as is_rollback_stated,
        ended_at as reported_at,
        committed_at,
        100.0 as traffic_percent

    from workflow_runs
    -- What runs before its change is merged tests it, or shows a preview.
    where
        conclusion in ('success', 'failure', 'timed_out', 'startup_failure')
        and coalesce(trigger_event, '')
        not in ('pull_request', 'pull_request_target', 'pull_request_review', 'merge_group')

    union all by name

    select
        'sagemaker:' || sagemaker_event_id || ':' || version_name as report_id,
        'sagemaker' as source, -- noqa: RF04
        'endpoint' as own_kind,
        endpoint_name as own_name,
        environment,
        version_name,
        is_succeeded,
        false as is_rollback_stated,
        occurred_at as reported_at,
        traffic_percent

    from endpoint_versions

    union all by name

    select
        'kserve:' || inference_service || ':' || resource_version as report_id,
        'kserve' as source, -- noqa: RF04
        'inference_service' as own_kind,
        inference_service as own_name,
        environment,
        version_name,
        is_ready as is_succeeded,
        false as is_rollback_stated,
        changed_at as reported_at,
        moment_kind,
        traffic_percent

    from inference_reports

    union all by name

    select
        'change_records:' || change_number as report_id,
        'change_records' as source, -- noqa: RF04
        'configuration_item' as own_kind,
        configuration_item as own_name,
        environment,
        version_name,
        outcome = 'succeeded' as is_succeeded,
        is_rollback_stated,
        ended_at as reported_at,
        100.0 as traffic_percent

    from change_requests
    where version_name is not null and outcome is not null

),

mapped as (

    select
        reports.* replace (
            {{ mapped_environment('reports.environment', 'reports.own_kind', 'own.member_id') }} as environment
        ),
        coalesce(own.member_id, shared.member_id, 'unmapped') as model_id

    from reports
    left join identifiers as own
        on
            reports.source = own.source
            and reports.own_kind = own.identifier_kind
            and case when reports.source = 'github' then lower(reports.own_name) else reports.own_name end
            = own.identifier_value
            and {{ as_of('own', 'cast(reports.reported_at as date)') }}
    left join identifiers as shared
        on
            reports.source = shared.source
            and reports.shared_kind = shared.identifier_kind
            and case when reports.source = 'github' then lower(reports.shared_name) else reports.shared_name end
            = shared.identifier_value
            and {{ as_of('shared', 'cast(reports.reported_at as date)') }}
    -- Most workflows deploy nothing: one that does is named in the catalog.
    where reports.own_kind <> 'workflow' or own.member_id is not null

),

-- A commit may have been registered more than once: the first version made from it is meant that
-- did not fail to register and was not deleted.
commits as (

    select
        model_id,
        commit_sha,
        min_by(
            version, (not is_ready, is_deleted, registered_at, {{ number_order('version') }})
        ) as version -- noqa: RF04

    from version_names
    where commit_sha is not null
    group by model_id, commit_sha

),

versioned as (

    select
        mapped.*,
        -- What a tag calls it; a mere number of the registry says no more than the report does.
        coalesce(
            case when by_name.version <> by_name.registry_version then by_name.version end,
            commits.version,
            mapped.version_name,
            left(mapped.commit_sha, 12),
            'unknown'
        ) as version -- noqa: RF04

    from mapped
    left join version_names as by_name
        on
            mapped.model_id = by_name.model_id
            and {{ version_key('mapped.version_name') }} = by_name.version_key
    left join commits
        on
            mapped.version_name is null
            and mapped.model_id = commits.model_id
            and mapped.commit_sha = commits.commit_sha

),

final as (

    select
        report_id,
        model_id,
        -- What belongs to no model is distinguished by its own name.
        case when model_id = 'unmapped' then source || ':' || own_name else model_id end as line_id,

        cast(reported_at as date) as reported_date,

        source,
        own_name as deployed_name,
        environment,
        coalesce(version_name, version) as version_name,
        version,
        {{ version_key('version') }} as version_key,
        url,

        is_succeeded,
        is_rollback_stated,
        source in ('sagemaker', 'kserve') as is_serving_system,

        reported_at,
        moment_kind,
        committed_at,

        traffic_percent

    from versioned

)

select * from final
