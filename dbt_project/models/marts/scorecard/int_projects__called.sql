with

projects as (select * from {{ source('catalog', 'projects') }}),

states as (select * from {{ ref('int_project_states__dated') }}),

estimates as (select * from {{ ref('int_project_finance__estimated') }}),

months as (select * from {{ ref('mart_project_finance_monthly') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

known as (

    select
        states.project_id,
        states.known_from_date,
        states.known_to_date,
        estimates.npv_usd,
        estimates.payback_months,
        count(*) filter (where coalesce(estimates.npv_usd >= 0, true)) over (
            partition by states.project_id order by states.known_from_date desc
        ) as better_count
    from states
    left join estimates
        on
            states.project_id = estimates.project_id
            and states.known_from_date = estimates.known_from_date

),

valued as (

    select
        project_id,
        arg_max(npv_usd, known_from_date) as npv_usd,
        arg_min(npv_usd, known_from_date) as approved_npv_usd,
        arg_min(payback_months, known_from_date) as approved_payback_months,
        arg_max(payback_months, known_from_date) as payback_months,
        -- The run of states with an NPV below 0 that lasts until now.
        min(known_from_date) filter (where better_count = 0) as negative_from_date
    from known
    group by project_id

),

recovered as (

    select
        project_id,
        arg_max(cumulative_usd, month_date) as cumulative_usd,
        max(month_date) as month_date
    from months
    where basis = 'actual'
    group by project_id

),

called as (

    select
        projects.project_id,
        projects.sponsor as owner,
        valued.* exclude (project_id),
        recovered.cumulative_usd,
        recovered.month_date,
        projects.start_date + to_months(cast(ceil(valued.approved_payback_months) as integer)) as payback_date,
        newest.as_of_date
    from projects
    inner join valued on projects.project_id = valued.project_id
    left join recovered on projects.project_id = recovered.project_id
    cross join newest

),

final as (

    select
        'project:' || project_id as decision_id,
        case when negative_from_date is not null then 'negative_npv' else 'missed_payback' end as cause,
        project_id,
        owner,
        coalesce(negative_from_date, cast(payback_date as date)) as opened_date,
        'failed' as severity,
        'NPV ' || {{ number_text('npv_usd') }} || ' USD (as approved '
        || {{ number_text('approved_npv_usd') }} || ' USD), payback '
        || case when payback_months is null then 'never' else {{ number_text('payback_months') }} || ' months' end
        || coalesce(
            ', cumulative cash flow ' || {{ number_text('cumulative_usd') }} || ' USD at the end of '
            || strftime(month_date, '%B %Y'), ''
        ) as evidence
    from called
    where
        negative_from_date is not null
        or (payback_date <= as_of_date and cumulative_usd < 0 and month_date >= payback_date - interval 1 month)

)

select * from final
