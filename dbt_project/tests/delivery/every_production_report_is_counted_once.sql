-- A report that fell between two roles is a deployment that nobody sees; one in two of them is counted twice.
with

reports as (

    select count(*) as report_count
    from {{ ref('int_deployment_reports__united') }}
    where environment = 'prod' and (not is_succeeded or coalesce(traffic_percent > 0, true))

),

beginnings as (select coalesce(sum(report_count), 0) as report_count from {{ ref('fct_deployments') }}),

others as (

    select count(*) as report_count
    from {{ ref('int_deployment_reports__sequenced') }}
    where report_role <> 'deployment'

)

select
    reports.report_count,
    beginnings.report_count as deployment_report_count,
    others.report_count as other_report_count
from reports
cross join beginnings
cross join others
where reports.report_count <> beginnings.report_count + others.report_count
