with

joined as (select * from {{ ref('int_portfolio_values__joined') }}),

health as (select * from {{ ref('int_portfolio_health__evaluated') }}),

planned as (select * from {{ ref('int_portfolio_experiments__estimated') }}),

-- What nobody measured is worth something between nothing and the most that anybody states.
valued as (

    select
        *,
        case
            when month_count is null then 'none'
            when measured_usd is not null then 'measured'
            when actual_usd <> 0 then 'actual'
            when claimed_usd is not null then 'claimed'
            else 'none'
        end as evidence_grade,
        case evidence_grade
            when 'measured' then measured_usd
            when 'actual' then actual_usd
            when 'claimed' then claimed_usd
        end as value_usd,
        case evidence_grade
            when 'measured' then measured_ci_low_usd
            when 'none' then null
            else least(0, coalesce(actual_usd, 0), coalesce(claimed_usd, 0))
        end as value_low_usd,
        case evidence_grade
            when 'measured' then measured_ci_high_usd
            when 'none' then null
            else greatest(actual_usd, claimed_usd)
        end as value_high_usd,
        case
            when evidence_grade = 'none' then null
            when evidence_grade <> 'measured' then 'bounds'
            when measured_ci_low_usd is not null then 'confidence'
        end as interval_kind,
        compute_cost_usd + other_bill_usd + project_running_usd as avoidable_cost_usd,
        avoidable_cost_usd + investment_usd as full_cost_usd
    from joined

),

final as (

    select
        valued.*,
        health.* exclude (model_id),
        planned.* exclude (model_id),
        valued.value_usd - valued.full_cost_usd as net_usd,
        valued.value_low_usd - valued.full_cost_usd as net_low_usd,
        valued.value_high_usd - valued.full_cost_usd as net_high_usd,
        {{ ratio('valued.full_cost_usd', 'valued.reached_volume * valued.unit_value_usd') }} as breakeven_effect,
        {{ verdict(
            'valued.value_low_usd', 'valued.value_high_usd', 'valued.full_cost_usd', 'valued.avoidable_cost_usd',
            'health.is_breached'
        ) }} as verdict
    from valued
    inner join health on valued.model_id = health.model_id
    left join planned on valued.model_id = planned.model_id

)

select * from final
