with

deployments as (select * from {{ ref('fct_deployments') }}),

incidents as (

    select *
    from {{ ref('fct_incidents') }}
    where model_id <> 'unmapped'

),

incidents_known as (select max(known_until_at) as known_until_at from {{ ref('int_incident_sources__covered') }}),

watched as (

    select
        *,
        least(
            deployed_at + interval {{ var('change_failure_hours') }} hour,
            coalesce(replaced_at, deployed_at + interval {{ var('change_failure_hours') }} hour)
        ) as change_failure_until_at

    from deployments

),

-- The window is open at its start: what began before the version went live, or with it, is not its doing.
blamed as (

    select
        watched.deployment_id,
        count(*) as incident_count,
        min_by(incidents.incident_id, struct_pack(at := incidents.started_at, id := incidents.incident_id))
            as incident_id

    from watched
    inner join incidents
        on
            watched.model_id = incidents.model_id
            and watched.deployed_at < incidents.started_at
            and watched.change_failure_until_at >= incidents.started_at
    group by watched.deployment_id

),

final as (

    select
        watched.deployment_id,
        watched.model_id,
        blamed.incident_id,

        watched.deployed_date,

        watched.version,
        watched.previous_version,
        watched.deployment_kind,
        watched.source,
        watched.moment_source,
        watched.moment_kind,
        watched.registered_source,
        watched.url,

        watched.is_rollback,
        watched.is_rolled_back,
        watched.is_canaried,
        case
            when watched.is_rolled_back or blamed.incident_id is not null then true
            when
                watched.model_id <> 'unmapped' and incidents_known.known_until_at >= watched.change_failure_until_at
                then false
        end as is_change_failure,
        watched.lead_seconds < 0 as is_lead_negative,

        watched.registered_at,
        watched.first_served_at,
        watched.deployed_at,
        watched.replaced_at,
        watched.change_failure_until_at,

        watched.report_count,
        watched.redeploy_count,
        coalesce(blamed.incident_count, 0) as incident_count,
        cast(watched.lead_seconds as double) as lead_seconds

    from watched
    cross join incidents_known
    left join blamed on watched.deployment_id = blamed.deployment_id

)

select * from final
