{%- set grades = [('measured', 'measured'), ('declared', 'claimed')] %}

with

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

estimated as (select * from {{ ref('int_business_value__estimated') }}),

streams as (select * from {{ ref('int_value_streams__graded') }}),

scorecard as (

    select * from {{ ref('mart_scorecard') }}
    where kpi_id = 'business_value' and period = 'month'

),

shares as (select * from {{ source('catalog', 'project_members') }}),

finance as (select * from {{ ref('mart_project_finance_monthly') }}),

costs as (select * from {{ ref('fct_model_cost_daily') }}),

books as (

    select count(*) > 0 as has_export
    from {{ source('ledger', 'coverage') }}
    where source = 'finance'

),

months as (

    select
        cast(date_trunc('month', event_date) as date) as month_date,
        max(event_date) as as_of,
        cast(count(*) as bigint) as day_count,
        count(*) = day(last_day(max(event_date))) as is_whole
    from days
    group by all

),

spine as (

    select
        models.model_id,
        models.model_name,
        months.*
    from models
    cross join months

),

evidence as (

    select
        model_id,
        cast(date_trunc('month', event_date) as date) as month_date,
        string_agg(distinct experiment_id, ', ' order by experiment_id) filter (where is_counted) as experiment_ids,
        cast(count(distinct event_date) filter (where grade <> 'declared' and not is_counted) as bigint)
            as unmeasured_day_count,
        max(gap_reason) filter (where grade = 'declared') as claim_gap_reason
    from streams
    group by all

),

-- A sum of which one part is unknown is unknown.
summed as (

    select
        shares.member_id as model_id,
        finance.month_date,
        {% for side in ['actual', 'planned'] -%}
        {% for flow, sign in [('benefit', 1), ('capital', -1), ('operating', -1)] -%}
        case
            when count(finance.{{ side }}_{{ flow }}_usd) = count(*)
                then
                    sum(
                        {{ sign }} * shares.share * cast(finance.{{ side }}_{{ flow }}_usd as double)
                        order by shares.project_id
                    )
        end as {{ side }}_{{ flow }}_usd,
        {% endfor -%}
        {% endfor -%}
        bool_or(finance.basis is null) as is_unplanned,
        bool_or(finance.basis in ('planned', 'partly_actual') and finance.actual_benefit_usd is null) as is_open
    from shares
    inner join finance on shares.project_id = finance.project_id
    group by all

),

billed as (

    select
        model_id,
        cast(date_trunc('month', event_date) as date) as month_date,
        cast(sum(effective_cost_usd) as double) as bill_usd
    from costs
    group by all

),

{% for grade, name in grades -%}
{{ name }}_days as (

    select * from estimated
    where period = 'day' and grade = '{{ grade }}'

),

{% endfor -%}
final as (

    select
        spine.*,
        coalesce(evidence.unmeasured_day_count, 0) as unmeasured_day_count,
        evidence.experiment_ids,
        summed.model_id is not null as has_project,
        coalesce(summed.is_unplanned or summed.is_open, false) as is_pending,

        claimed.value_usd as claimed_usd,
        measured.value_usd as measured_usd,
        measured.value_ci_low_usd as measured_ci_low_usd,
        measured.value_ci_high_usd as measured_ci_high_usd,
        summed.actual_benefit_usd as actual_usd,
        summed.planned_benefit_usd as planned_usd,

        case
            when claimed.value_usd is null
                then coalesce(evidence.claim_gap_reason, 'the catalog declares no unmeasured value')
        end as claimed_gap_reason,
        case when measured.value_usd is null then coalesce(scorecard.gap_reason, 'not measured') end
            as measured_gap_reason,
        case
            when summed.actual_benefit_usd is not null then null
            when not books.has_export then 'no finance export is loaded'
            when summed.model_id is null then 'no project of the model in this month'
            when summed.is_unplanned then 'no plan was approved by then'
            when summed.is_open then 'finance has not closed the month'
            else 'a flow is in a currency without an exchange rate for its day'
        end as actual_gap_reason,
        case
            when summed.planned_benefit_usd is not null then null
            when not books.has_export then 'no finance export is loaded'
            when summed.model_id is null then 'no project of the model in this month'
            when summed.is_unplanned then 'no plan was approved by then'
            else 'a flow is in a currency without an exchange rate for its day'
        end as planned_gap_reason,

        summed.actual_capital_usd as investment_usd,
        summed.actual_operating_usd as running_usd,
        billed.bill_usd,

        -- Days without value add nothing: the newest sum holds on.
        claimed_so_far.cumulative_value_usd as claimed_to_date_usd,
        measured_so_far.cumulative_value_usd as measured_to_date_usd,
        measured_so_far.cumulative_value_ci_low_usd as measured_to_date_ci_low_usd,
        measured_so_far.cumulative_value_ci_high_usd as measured_to_date_ci_high_usd

    from spine
    cross join books
    {% for grade, name in grades -%}
    left join estimated as {{ name }}
        on
            spine.model_id = {{ name }}.model_id
            and spine.month_date = {{ name }}.period_start_date
            and {{ name }}.period = 'month'
            and {{ name }}.grade = '{{ grade }}'
    asof left join {{ name }}_days as {{ name }}_so_far
        on
            spine.model_id = {{ name }}_so_far.model_id
            and spine.as_of >= {{ name }}_so_far.period_start_date
    {% endfor -%}
    left join evidence
        on
            spine.model_id = evidence.model_id
            and spine.month_date = evidence.month_date
    left join scorecard
        on
            spine.model_id = scorecard.model_id
            and spine.month_date = scorecard.period_start_date
    left join summed
        on
            spine.model_id = summed.model_id
            and spine.month_date = summed.month_date
    left join billed
        on
            spine.model_id = billed.model_id
            and spine.month_date = billed.month_date

)

select * from final
