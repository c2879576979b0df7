-- A future month has the same flow in both curves, plan and actual: they run parallel from the last actual month on.
with

months as (

    select
        project_id,
        month_date,
        basis,
        npv_to_date_usd - lag(npv_to_date_usd) over running as known_usd,
        planned_npv_to_date_usd - lag(planned_npv_to_date_usd) over running as planned_usd

    from {{ ref('mart_project_finance_monthly') }}
    where basis is not null
    window running as (partition by project_id order by month_date asc)
    qualify lag(basis) over running = 'planned'

)

select *
from months
where basis <> 'planned' or abs(known_usd - planned_usd) > 0.000001 * greatest(1, abs(planned_usd))
