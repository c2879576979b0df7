with

source as (

    {{ delivered('github', 'deployments') }}

),

newest as (

    select *
    from source
    qualify row_number() over (
        partition by deployment_id
        order by coalesce(updated_at, created_at) desc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

marked as (

    select
        *,
        coalesce(
            regexp_matches(lower(concat_ws(' ', environment, task)), '(^|[^a-z])canary($|[^a-z])')
            or {{ json_property('payload', "'canary'") }} = 'true', false
        ) as is_canary

    from newest

),

renamed as (

    select
        deployment_id as github_deployment_id,

        repository,
        environment as environment_name,
        -- A canary takes its part of production's traffic, whatever its environment is called.
        {{ deployment_environment(
            'environment', 'is_production', "case when is_canary then 'prod' else lower(environment) end"
        ) }} as environment,
        coalesce(
            {{ json_property('payload', "'version'") }},
            {{ json_property('payload', "'model_version'") }},
            case when not starts_with(coalesce(sha, ''), ref) then {{ version_of_ref('ref') }} end
        ) as version_name,
        sha as commit_sha,
        url,

        coalesce(
            regexp_matches(lower(task), 'roll[-_ ]?back|revert')
            or {{ json_property('payload', "'rollback'") }} = 'true', false
        ) as is_rollback_stated,
        is_canary,

        created_at

    from marked

)

select * from renamed
