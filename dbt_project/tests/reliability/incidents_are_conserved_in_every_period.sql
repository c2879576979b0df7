-- Every resolved incident counts once at each grain, and under its severity as under all.
with

incidents as (

    select
        count(*) as incident_count,
        count(*) filter (where not is_open) as resolved_count,
        coalesce(sum(resolve_seconds), 0) as resolve_seconds

    from {{ ref('fct_incidents') }}

),

monthly as (

    select
        case severity when 'all' then 'months' else 'months by severity' end as grain,
        coalesce(sum(incident_count), 0) as incident_count,
        coalesce(sum(resolved_count), 0) as resolved_count,
        coalesce(sum(resolve_seconds), 0) as resolve_seconds

    from {{ ref('mart_mttr_monthly') }}
    group by all

),

summed as (

    select
        period as grain,
        cast(null as bigint) as incident_count,
        coalesce(sum(sample_size), 0) as resolved_count,
        coalesce(sum(numerator), 0) * 3600 as resolve_seconds

    from {{ ref('int_mttr__summed') }}
    group by period

),

compared as (

    select * from monthly
    union all
    select * from summed

)

select
    compared.*,
    incidents.*

from compared
cross join incidents
where
    compared.incident_count <> incidents.incident_count
    or compared.resolved_count <> incidents.resolved_count
    or abs(compared.resolve_seconds - incidents.resolve_seconds) > 0.001
