-- Days, weeks, months and quarters each hold every deployment once, those of unmapped names included.
with

deployments as (select count(*) as deployment_count from {{ ref('fct_deployments') }}),

periods as (

    select
        period,
        coalesce(sum(numerator), 0) as deployment_count

    from {{ ref('int_deployment_cadence__summed') }}
    group by period

)

select
    periods.period,
    periods.deployment_count,
    deployments.deployment_count as expected_count
from periods
cross join deployments
where periods.deployment_count <> deployments.deployment_count
