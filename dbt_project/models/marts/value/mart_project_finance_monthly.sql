with

months as (select * from {{ ref('int_project_months__known') }}),

estimates as (select * from {{ ref('int_project_finance__estimated') }}),

projects as (select * from {{ source('catalog', 'projects') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

project_months as (

    select
        project_id,
        name as project_name,
        sponsor,
        cast(unnest(generate_series(
            start_date, start_date + to_months(cast(horizon_months - 1 as integer)), interval 1 month
        )) as date) as month_date

    from projects

),

spine as (

    select
        project_months.*,
        least(last_day(project_months.month_date), newest.as_of_date) as as_of

    from project_months
    cross join newest

),

-- A project that one flow cannot be converted of is worth an unknown amount, not the amount of the others.
known as (

    select
        *,
        sum(used_unconverted_count) over (partition by project_id, known_from_date) > 0 as is_unconverted,
        sum(budget_line_count) over (partition by project_id, known_from_date) > 0
        and budgeted_unconverted_count = 0 as has_budget,
        sum(planned_unconverted_count) over (partition by project_id, known_from_date) > 0 as is_plan_unconverted,
        sum(used_usd) over running as cumulative_usd,
        sum(cast(used_usd as double) / power(1 + annual_discount, month_index / 12)) over running as npv_to_date_usd,
        sum(
            cast(planned_capital_usd + planned_operating_usd + planned_benefit_usd as double)
            / power(1 + annual_discount, month_index / 12)
        ) over running as planned_npv_to_date_usd

    from months
    window running as (partition by project_id, known_from_date order by month_index asc)

),

final as (

    select
        spine.project_id,

        spine.month_date,
        spine.as_of,

        spine.project_name,
        spine.sponsor,
        case
            when known.is_cost_closed and known.is_benefit_closed then 'actual'
            when known.is_cost_closed or known.is_benefit_closed then 'partly_actual'
            when known.project_id is not null then 'planned'
        end as basis,
        case
            when known.project_id is null then 'no plan was approved by then'
            when known.is_unconverted then 'a flow is in a currency without an exchange rate for its day'
            when known.annual_discount is null then 'no discount rate was declared by then'
        end as gap_reason,

        cast(date_diff('month', projects.start_date, spine.month_date) as bigint) as month_index,
        case when known.planned_unconverted_count = 0 then known.planned_capital_usd end as planned_capital_usd,
        case when known.planned_unconverted_count = 0 then known.planned_operating_usd end as planned_operating_usd,
        case when known.planned_unconverted_count = 0 then known.planned_benefit_usd end as planned_benefit_usd,
        case when known.is_cost_closed and known.actual_unconverted_count = 0 then known.actual_capital_usd end
            as actual_capital_usd,
        case when known.is_cost_closed and known.actual_unconverted_count = 0 then known.actual_operating_usd end
            as actual_operating_usd,
        case when known.is_benefit_closed and known.actual_unconverted_count = 0 then known.actual_benefit_usd end
            as actual_benefit_usd,
        case when known.used_unconverted_count = 0 then known.used_capital_usd end as used_capital_usd,
        case when known.used_unconverted_count = 0 then known.used_operating_usd end as used_operating_usd,
        case when known.used_unconverted_count = 0 then known.used_benefit_usd end as used_benefit_usd,
        case when known.used_unconverted_count = 0 then known.used_usd end as used_usd,
        case when known.has_budget then -known.budgeted_capital_usd end as capital_budget_usd,
        case when known.has_budget then -known.budgeted_operating_usd end as operating_budget_usd,
        case
            when known.is_cost_closed and known.has_budget and known.actual_unconverted_count = 0
                then cast(known.actual_capital_usd - known.budgeted_capital_usd as decimal(38, 12))
        end as capital_budget_variance_usd,
        case
            when known.is_cost_closed and known.has_budget and known.actual_unconverted_count = 0
                then cast(known.actual_operating_usd - known.budgeted_operating_usd as decimal(38, 12))
        end as operating_budget_variance_usd,
        case when not known.is_unconverted then cast(known.cumulative_usd as decimal(38, 12)) end as cumulative_usd,
        case when not known.is_unconverted then known.npv_to_date_usd end as npv_to_date_usd,
        case when not known.is_plan_unconverted then known.planned_npv_to_date_usd end as planned_npv_to_date_usd,
        estimates.npv_usd,
        known.annual_discount as discount_rate,
        estimates.irr,
        estimates.irr_count,
        estimates.payback_months,
        estimates.discounted_payback_months

    from spine
    inner join projects on spine.project_id = projects.project_id
    left join known
        on
            spine.project_id = known.project_id
            and spine.month_date = known.month_date
            and spine.as_of >= known.known_from_date
            and (known.known_to_date is null or spine.as_of < known.known_to_date)
    left join estimates
        on
            known.project_id = estimates.project_id
            and known.known_from_date = estimates.known_from_date

)

select * from final
