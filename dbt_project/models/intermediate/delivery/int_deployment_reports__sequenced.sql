{{ config(materialized='table') }}

with

reports as (

    select
        *,
        {{ number_order('report_id') }} as report_order

    from {{ ref('int_deployment_reports__united') }}
    where environment = 'prod'

),

live as (

    select *
    from reports
    where is_succeeded and traffic_percent >= 100

),

followed as (

    select
        *,
        lag(version_key) over (partition by line_id order by reported_at asc, report_order asc) as previous_version_key

    from live

),

-- A serving interval: one version in uninterrupted service. Each system reports its beginning once, at its own time; a
-- repeated report is a redeploy.
intervals as (

    select
        * exclude (previous_version_key),
        count(*) filter (where previous_version_key is distinct from version_key) over (
            partition by line_id order by reported_at asc, report_order asc
            rows between unbounded preceding and current row
        ) as interval_number

    from followed

),

numbered as (

    select
        *,
        row_number() over (
            partition by line_id, interval_number, source order by reported_at asc, report_order asc
        ) as report_number

    from intervals

),

in_service as (

    select
        *,
        case when report_number = 1 then 'deployment' else 'redeploy' end as report_role,
        row_number() over (
            partition by line_id, interval_number, report_number order by reported_at asc, report_order asc
        ) = 1 as is_first_report

    from numbered

),

failed as (

    select
        *,
        cast(null as bigint) as interval_number,
        cast(null as bigint) as report_number,
        'failed' as report_role,
        -- Another system's word on the same failure, soon after, is no attempt of its own.
        coalesce(
            lag(source) over by_version = source
            or lag(reported_at) over by_version < reported_at - interval {{ var('deployment_link_hours') }} hour, true
        ) as is_first_report

    from reports
    where not is_succeeded
    window by_version as (partition by line_id, version_key order by reported_at asc, report_order asc)

),

canaries as (

    select
        *,
        cast(null as bigint) as interval_number,
        cast(null as bigint) as report_number,
        'canary' as report_role,
        row_number() over (partition by line_id, version_key order by reported_at asc, report_order asc) = 1
            as is_first_report

    from reports
    where is_succeeded and coalesce(traffic_percent > 0 and traffic_percent < 100, true)

),

united as (

    select * from in_service
    union all by name
    select * from failed
    union all by name
    select * from canaries

),

final as (

    select
        report_id,
        model_id,
        line_id,

        reported_date,

        report_role,
        source,
        deployed_name,
        version,
        version_key,
        url,

        is_first_report,
        is_rollback_stated,
        is_serving_system,

        reported_at,
        moment_kind,
        committed_at,

        traffic_percent,
        interval_number,
        report_number

    from united

)

select * from final
