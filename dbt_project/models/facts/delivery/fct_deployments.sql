{#- Long: each step looks along the same lines of deployments, and none but the last is of use. -#}
with

reports as (

    select
        *,
        {{ number_order('report_id') }} as report_order

    from {{ ref('int_deployment_reports__sequenced') }}

),

version_names as (select * from {{ ref('int_version_names__registered') }}),

-- The serving system knows the time best, if it reports soon enough to mean the same deployment.
beginnings as (

    select
        *,
        min(reported_at) over (partition by line_id, interval_number) as first_reported_at

    from reports
    where report_role = 'deployment'

),

moments as (

    select
        line_id,
        interval_number,
        source as moment_source,
        moment_kind,
        reported_at as deployed_at

    from beginnings
    where reported_at <= first_reported_at + interval {{ var('deployment_link_hours') }} hour
    qualify row_number() over (
        partition by line_id, interval_number order by is_serving_system desc, reported_at asc, report_order asc
    ) = 1

),

-- Where no registry calls the version anything, people's name for it is shown rather than a system's number.
intervals as (

    select
        line_id,
        interval_number,
        version_key,
        min_by(report_id, struct_pack(at := reported_at, id := report_order)) as deployment_id,
        min_by(model_id, struct_pack(at := reported_at, id := report_order)) as model_id,
        min_by(version, struct_pack(numbered := is_serving_system, at := reported_at, id := report_order))
            as version, -- noqa: RF04
        string_agg(distinct source, '+' order by source) as source, -- noqa: RF04
        min_by(url, struct_pack(at := reported_at, id := report_order)) as url,
        bool_or(is_rollback_stated) as is_rollback_stated,
        min(committed_at) as committed_at,
        count(*) as report_count

    from beginnings
    group by all

),

redeploys as (

    select
        line_id,
        interval_number,
        count(*) as redeploy_count

    from reports
    where report_role = 'redeploy' and is_first_report
    group by all

),

canaries as (

    select
        line_id,
        version_key,
        min(reported_at) as canary_started_at

    from reports
    where report_role = 'canary'
    group by all

),

registered as (

    select
        intervals.*,
        moments.moment_source,
        moments.moment_kind,
        moments.deployed_at,
        version_names.registered_source,
        version_names.registered_at,
        min(intervals.interval_number) over (partition by intervals.line_id, intervals.version_key)
            as first_interval_number

    from intervals
    inner join moments
        on intervals.line_id = moments.line_id and intervals.interval_number = moments.interval_number
    left join version_names
        on intervals.model_id = version_names.model_id and intervals.version_key = version_names.version_key

),

neighboured as (

    select
        *,
        first_interval_number < interval_number as is_return,
        lag(version) over line as previous_version,
        lag(first_interval_number) over line as previous_first_interval_number,
        lag(registered_at) over line as previous_registered_at,
        lead(deployed_at) over line as replaced_at

    from registered
    window line as (partition by line_id order by interval_number)

),

-- GitHub leaves production deployments active, so that a rollback shows only in its version: one that served before the
-- present one did, or one that never served but is older in the registry.
evaluated as (

    select
        *,
        previous_version is not null and (
            is_rollback_stated
            or case
                when is_return then first_interval_number < previous_first_interval_number
                else coalesce(registered_at < previous_registered_at, false)
            end
        )
        or (previous_version is null and is_rollback_stated) as is_rollback

    from neighboured

),

kinds as (

    select
        *,
        case
            when is_rollback then 'rollback'
            when is_return then 'roll_forward'
            else 'release'
        end as deployment_kind,
        lead(is_rollback, 1, false) over (partition by line_id order by interval_number) as is_rolled_back

    from evaluated

),

led as (

    select
        kinds.*,
        coalesce(canaries.canary_started_at < kinds.deployed_at, false) as is_canaried,
        least(kinds.deployed_at, coalesce(canaries.canary_started_at, kinds.deployed_at)) as first_served_at

    from kinds
    left join canaries
        on
            kinds.deployment_kind = 'release'
            and kinds.line_id = canaries.line_id
            and kinds.version_key = canaries.version_key

),

final as (

    select
        led.deployment_id,
        led.model_id,
        led.line_id,

        cast(led.deployed_at as date) as deployed_date,

        led.version,
        led.version_key,
        led.previous_version,
        led.deployment_kind,
        led.source,
        led.moment_source,
        led.moment_kind,
        coalesce(led.registered_source, case when led.committed_at is not null then 'commit' end) as registered_source,
        led.url,

        led.is_rollback,
        led.is_rolled_back,
        led.is_canaried,

        coalesce(led.registered_at, led.committed_at) as registered_at,
        led.first_served_at,
        led.deployed_at,
        led.replaced_at,

        led.report_count,
        coalesce(redeploys.redeploy_count, 0) as redeploy_count,
        case
            when led.deployment_kind = 'release'
                then {{ seconds_between('coalesce(led.registered_at, led.committed_at)', 'led.first_served_at') }}
        end as lead_seconds

    from led
    left join redeploys on led.line_id = redeploys.line_id and led.interval_number = redeploys.interval_number

)

select * from final
