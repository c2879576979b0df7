with

deployments as (select * from {{ ref('fct_deployments') }}),

incidents as (

    select *
    from {{ ref('fct_incidents') }}
    where model_id <> 'unmapped'

),

incidents_known as (select max(known_until_at) as known_until_at from {{ ref('int_incident_sources__covered') }}),

failure_windows as (

    select
        *,
        least(
            deployed_at + interval {{ var('change_failure_hours') }} hour,
            coalesce(replaced_at, deployed_at + interval {{ var('change_failure_hours') }} hour)
        ) as change_failure_until_at

    from deployments

),

-- The window is open at its start: what began before the version went live, or with it, is not its doing.
incidents_in_window as (

    select
        failure_windows.deployment_id,
        count(*) as incident_count,
        min_by(incidents.incident_id, struct_pack(at := incidents.started_at, id := incidents.incident_id))
            as incident_id

    from failure_windows
    inner join incidents
        on
            failure_windows.model_id = incidents.model_id
            and failure_windows.deployed_at < incidents.started_at
            and failure_windows.change_failure_until_at >= incidents.started_at
    group by failure_windows.deployment_id

),

final as (

    select
        failure_windows.deployment_id,
        failure_windows.model_id,
        incidents_in_window.incident_id,

        failure_windows.deployed_date,

        failure_windows.version,
        failure_windows.previous_version,
        failure_windows.deployment_kind,
        failure_windows.source,
        failure_windows.moment_source,
        failure_windows.moment_kind,
        failure_windows.registered_source,
        failure_windows.url,

        failure_windows.is_rollback,
        failure_windows.is_rolled_back,
        failure_windows.is_canaried,
        case
            when failure_windows.is_rolled_back or incidents_in_window.incident_id is not null then true
            when
                failure_windows.model_id <> 'unmapped'
                and incidents_known.known_until_at >= failure_windows.change_failure_until_at
                then false
        end as is_change_failure,
        failure_windows.lead_seconds < 0 as is_lead_negative,

        failure_windows.registered_at,
        failure_windows.first_served_at,
        failure_windows.deployed_at,
        failure_windows.replaced_at,
        failure_windows.change_failure_until_at,

        failure_windows.report_count,
        failure_windows.redeploy_count,
        coalesce(incidents_in_window.incident_count, 0) as incident_count,
        cast(failure_windows.lead_seconds as double) as lead_seconds

    from failure_windows
    cross join incidents_known
    left join incidents_in_window on failure_windows.deployment_id = incidents_in_window.deployment_id

)

select * from final
