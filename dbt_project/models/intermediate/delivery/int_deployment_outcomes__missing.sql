with

deployments as (select * from {{ ref('stg_github__deployments') }}),

statuses as (select * from {{ ref('stg_github__deployment_statuses') }}),

change_requests as (select * from {{ ref('stg_change_records__change_requests') }}),

endpoint_changes as (select * from {{ ref('stg_sagemaker__endpoint_changes') }}),

inference_services as (select * from {{ ref('stg_kserve__inference_services') }}),

-- GitHub's names are the same in upper and lower case.
identifiers as (

    select
        * replace (
            case when source = 'github' then lower(identifier_value) else identifier_value end as identifier_value
        )

    from {{ source('catalog', 'identifiers') }}

),

-- An endpoint or a service has many events on its way: those of one that never arrived anywhere are one attempt.
attempts as (

    select
        'github' as source, -- noqa: RF04
        'deployment statuses' as missing_records,
        'environment' as own_kind,
        lower(deployments.repository || ':' || deployments.environment_name) as own_name,
        'repository' as shared_kind,
        lower(deployments.repository) as shared_name,
        deployments.environment,
        deployments.created_at as requested_at

    from deployments
    anti join statuses on deployments.github_deployment_id = statuses.github_deployment_id

    union all

    select
        'change_records' as source, -- noqa: RF04
        'close codes' as missing_records,
        'configuration_item' as own_kind,
        configuration_item as own_name,
        cast(null as varchar) as shared_kind,
        cast(null as varchar) as shared_name,
        environment,
        coalesce(ended_at, created_at) as requested_at

    from change_requests
    where is_outcome_missing and version_name is not null

    union all

    select
        'sagemaker' as source, -- noqa: RF04
        'state changes to IN_SERVICE or FAILED' as missing_records,
        'endpoint' as own_kind,
        endpoint_name as own_name,
        cast(null as varchar) as shared_kind,
        cast(null as varchar) as shared_name,
        any_value(environment) as environment,
        max(occurred_at) as requested_at

    from endpoint_changes
    group by endpoint_name
    having
        not bool_or(status in ('IN_SERVICE', 'FAILED', 'ROLLING_BACK'))
        and bool_or(status in ('CREATING', 'UPDATING'))

    union all

    select
        'kserve' as source, -- noqa: RF04
        'conditions' as missing_records,
        'inference_service' as own_kind,
        inference_service as own_name,
        cast(null as varchar) as shared_kind,
        cast(null as varchar) as shared_name,
        any_value(environment) as environment,
        max(changed_at) as requested_at

    from inference_services
    group by inference_service
    having not bool_or(is_ready or is_failed)

),

final as (

    select
        coalesce(own.member_id, shared.member_id, 'unmapped') as model_id,

        cast(attempts.requested_at as date) as requested_date,

        attempts.source,
        attempts.missing_records,

        count(*) as attempt_count

    from attempts
    left join identifiers as own
        on
            attempts.source = own.source
            and attempts.own_kind = own.identifier_kind
            and attempts.own_name = own.identifier_value
            and {{ as_of('own', 'cast(attempts.requested_at as date)') }}
    left join identifiers as shared
        on
            attempts.source = shared.source
            and attempts.shared_kind = shared.identifier_kind
            and attempts.shared_name = shared.identifier_value
            and {{ as_of('shared', 'cast(attempts.requested_at as date)') }}
    where
        {{ mapped_environment('attempts.environment', 'attempts.own_kind', 'own.member_id') }} = 'prod'
        and attempts.requested_at is not null
    group by all

)

select * from final
