-- The totals of a month are sums of its models, and the bridge from what is measured to what finance recorded closes:
-- measured - measured and not recorded - the compared models' difference + recorded and not measured = actual.
-- Errors of independent experiments partly cancel: a total is no more certain than its least certain model, and no less
-- certain than if all erred together.
{%- set sums = ['claimed', 'measured', 'measured_to_date', 'actual_to_date'] %}

with

members as (

    select
        month_date,
        {% for name in sums -%}
        sum({{ name }}_usd) as {{ name }}_usd,
        {% endfor -%}
        max(measured_usd - measured_ci_low_usd) as widest_reach,
        sum(measured_usd - measured_ci_low_usd) as summed_reach
    from {{ ref('mart_value_reconciliation') }}
    group by month_date

)

select totals.month_date
from {{ ref('mart_portfolio_monthly') }} as totals
full outer join members on totals.month_date = members.month_date
where
    totals.month_date is null
    or members.month_date is null
    {% for name in sums -%}
    or (totals.{{ name }}_usd is null) <> (members.{{ name }}_usd is null)
    or abs(totals.{{ name }}_usd - members.{{ name }}_usd) > 0.01
    {% endfor -%}
    or abs(
        totals.measured_usd - coalesce(totals.measured_unrecorded_usd, 0) - totals.difference_compared_usd
        + coalesce(totals.actual_unmeasured_usd, 0) - totals.actual_usd
    ) > 0.01
    or totals.measured_usd - totals.measured_ci_low_usd < members.widest_reach - 0.01
    or totals.measured_usd - totals.measured_ci_low_usd > members.summed_reach + 0.01
