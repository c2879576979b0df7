with

estimates as (select * from {{ ref('int_project_scenarios__estimated') }}),

projects as (select * from {{ source('catalog', 'projects') }}),

members as (

    select
        project_id,
        string_agg(distinct member_id, ',' order by member_id) as model_ids

    from {{ source('catalog', 'project_members') }}
    group by all

),

newest as (select * from {{ ref('dim_newest_day') }}),

final as (

    select
        estimates.project_id,

        newest.as_of_date as as_of,

        projects.name as project_name,
        members.model_ids,
        estimates.kind,
        estimates.name,

        estimates.npv_usd,
        estimates.irr,
        estimates.irr_count,
        estimates.payback_months,
        estimates.discounted_payback_months,
        estimates.low_input,
        estimates.high_input,
        estimates.low_npv_usd,
        estimates.high_npv_usd,
        abs(estimates.high_npv_usd - estimates.low_npv_usd) as npv_swing_usd,
        estimates.positive_share as npv_positive_rate,
        estimates.positive_share_low as npv_positive_ci_low,
        estimates.positive_share_high as npv_positive_ci_high,
        estimates.npv_p05_usd,
        estimates.npv_median_usd,
        estimates.npv_p95_usd,
        estimates.draw_count

    from estimates
    inner join projects on estimates.project_id = projects.project_id
    left join members on estimates.project_id = members.project_id
    cross join newest

)

select * from final
