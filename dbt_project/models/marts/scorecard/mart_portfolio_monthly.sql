{%- set bounds = [('ci_low', '-'), ('ci_high', '+')] %}

with

members as (select * from {{ ref('mart_value_reconciliation') }}),

costs as (select * from {{ ref('fct_model_cost_daily') }}),

states as (select * from {{ ref('int_project_states__dated') }}),

estimates as (select * from {{ ref('int_project_finance__estimated') }}),

-- One experiment measures one model, so that the errors of two models are independent: their squares add.
summed as (

    select
        month_date,
        any_value(as_of) as as_of,
        any_value(is_whole) as is_whole,
        count(*) as model_count,
        count(measured_usd) as measured_model_count,
        count(*) filter (where is_claimed_unmeasured) as claimed_model_count,
        count(*) filter (where is_actual_unmeasured) as actual_unmeasured_model_count,
        sum(claimed_usd order by model_id) as claimed_usd,
        sum(measured_usd order by model_id) as measured_usd,
        {% for name in ['actual', 'planned', 'investment', 'running'] -%}
        case
            when count(*) filter (where has_project and {{ name }}_usd is null) = 0
                then sum({{ name }}_usd order by model_id)
        end as {{ name }}_usd,
        {% endfor -%}
        {% for name in ['claimed', 'measured', 'actual', 'planned', 'investment', 'running'] -%}
        sum({{ name }}_to_date_usd order by model_id) as {{ name }}_to_date_usd,
        {% endfor -%}
        {% for name in ['measured', 'measured_to_date'] -%}
        {% for bound, sign in bounds -%}
        case
            when count({{ name }}_{{ bound }}_usd) = count({{ name }}_usd)
                then
                    sum({{ name }}_usd order by model_id)
                    {{ sign }} sqrt(sum(({{ name }}_{{ bound }}_usd - {{ name }}_usd) ** 2 order by model_id))
        end as {{ name }}_{{ bound }}_usd,
        {% endfor -%}
        {% endfor -%}
        sum(difference_usd order by model_id) as difference_compared_usd,
        sum(measured_usd order by model_id) filter (where actual_usd is null) as measured_unrecorded_usd,
        sum(actual_usd order by model_id) filter (where measured_usd is null) as actual_unmeasured_usd
    from members
    group by month_date

),

billed as (

    select
        cast(date_trunc('month', event_date) as date) as month_date,
        cast(sum(effective_cost_usd) as double) as bill_usd,
        cast(coalesce(sum(effective_cost_usd) filter (where model_id = 'unallocated'), 0) as double)
            as bill_unallocated_usd,
        cast(coalesce(sum(effective_cost_usd) filter (where model_id = 'unused_commitment'), 0) as double)
            as bill_unused_usd
    from costs
    group by all

),

valued as (

    select
        summed.month_date,
        count(*) as project_count,
        count(*) filter (where estimates.npv_usd < 0) as negative_project_count,
        -- A sum of which one part is unknown is unknown.
        case when count(estimates.npv_usd) = count(*) then sum(estimates.npv_usd order by states.project_id) end
            as npv_usd
    from summed
    inner join states
        on
            summed.as_of >= states.known_from_date
            and (states.known_to_date is null or summed.as_of < states.known_to_date)
    left join estimates
        on
            states.project_id = estimates.project_id
            and states.known_from_date = estimates.known_from_date
    group by summed.month_date

),

final as (

    select
        summed.month_date,
        summed.as_of,

        summed.is_whole,

        summed.investment_usd,
        summed.running_usd,
        billed.bill_usd,
        billed.bill_unallocated_usd,
        billed.bill_unused_usd,

        summed.claimed_usd,
        {% for name in ['measured', 'measured_ci_low', 'measured_ci_high', 'actual', 'planned'] -%}
        summed.{{ name }}_usd,
        {% endfor -%}

        case when summed.is_whole then summed.measured_usd - summed.actual_usd end as difference_usd,
        summed.difference_compared_usd,
        case when summed.is_whole then summed.measured_unrecorded_usd end as measured_unrecorded_usd,
        case when summed.is_whole then summed.actual_unmeasured_usd end as actual_unmeasured_usd,
        case
            when not summed.is_whole then 'the data do not cover the whole month'
            when summed.measured_usd is null then 'no model is measured'
            when summed.actual_usd is null then 'finance has no actuals of the month for every project'
        end as difference_gap_reason,

        {% for name in ['investment', 'running', 'claimed', 'measured'] -%}
        summed.{{ name }}_to_date_usd,
        {% endfor -%}
        summed.measured_to_date_ci_low_usd,
        summed.measured_to_date_ci_high_usd,
        summed.actual_to_date_usd,
        summed.planned_to_date_usd,
        sum(billed.bill_usd) over (order by summed.month_date) as bill_to_date_usd,

        valued.npv_usd,
        coalesce(valued.project_count, 0) as project_count,
        coalesce(valued.negative_project_count, 0) as negative_project_count,
        summed.model_count,
        summed.measured_model_count,
        summed.claimed_model_count,
        summed.actual_unmeasured_model_count

    from summed
    left join billed on summed.month_date = billed.month_date
    left join valued on summed.month_date = valued.month_date

)

select * from final
