-- The curve is summed in SQL and NPV worked out in Python: in the last month of a horizon they are the same number, and
-- where there is no NPV there is no curve.
with

ends as (

    select
        project_id,
        npv_to_date_usd,
        npv_usd

    from {{ ref('mart_project_finance_monthly') }}
    qualify row_number() over (partition by project_id order by month_date desc) = 1

)

select *
from ends
where
    (npv_to_date_usd is null) <> (npv_usd is null)
    or abs(npv_to_date_usd - npv_usd) > 0.000001 * greatest(1, abs(npv_usd))
