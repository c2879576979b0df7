{%- set group_measures = [
    ('selection_rate_ratio', 'selection_rate', 'selection_low', 'selection_high', 'Selection rate ratio'),
    ('equal_opportunity_difference', 'recall_rate', 'recall_low', 'recall_high', 'Equal-opportunity difference'),
] %}

with

guardrails as (select * from {{ source('catalog', 'guardrails') }}),

models as (select * from {{ ref('dim_models') }}),

scorecard as (

    select * from {{ ref('mart_scorecard') }}
    where is_whole and value is not null

),

fairness as (select * from {{ ref('mart_fairness_monthly') }}),

costs as (select * from {{ ref('fct_model_cost_daily') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

newest as (

    select
        max(day) filter (where list_contains({{ sources_of_predictions() }}, source)) as predicted_date,
        max(day) filter (where list_contains({{ sources_of_bills() }}, source)) as billed_date

    from coverage

),

-- A group is compared with the highest one; if their intervals overlap, the difference may be chance.
compared as (

    {% for measure, rate, low, high, name in group_measures -%}
    select
        model_id,
        month_date,
        cohort_attribute,
        cohort_value,
        '{{ measure }}' as measure,
        '{{ name }}' as measure_name,
        {{ measure }} as value, -- noqa: RF04
        {{ rate }} as group_rate,
        first_value({{ rate }}) over highest as highest_rate,
        first_value(cohort_value) over highest as highest_value,
        {{ high }} < first_value({{ low }}) over highest as is_beyond_chance

    from fairness
    where {{ measure }} is not null
    window
        highest as (
            partition by model_id, month_date, label_source, cohort_attribute
            order by {{ measure }} desc, cohort_value
        )
    {{ 'union all' if not loop.last }}
    {% endfor -%}

),

of_kpis as (

    select
        guardrails.*,
        scorecard.period_start_date,
        scorecard.as_of as until_date,
        scorecard.kpi_name as measure_name,
        scorecard.unit,
        scorecard.value

    from guardrails
    inner join scorecard
        on
            guardrails.member_id = scorecard.model_id
            and guardrails.kpi_id = scorecard.kpi_id
            and guardrails.period = scorecard.period

),

-- The worst group of the attributes it watches decides.
of_groups as (

    select
        guardrails.*,
        compared.month_date as period_start_date,
        last_day(compared.month_date) as until_date,
        compared.measure_name,
        compared.value,
        compared.cohort_attribute,
        compared.cohort_value,
        compared.is_beyond_chance,
        ' (' || replace(compared.cohort_attribute, '_', ' ') || ' ' || replace(compared.cohort_value, '_', ' ') || ': '
        || {{ amount_text('compared.group_rate', "'share'") }}
        || ', ' || replace(compared.highest_value, '_', ' ') || ': '
        || {{ amount_text('compared.highest_rate', "'share'") }}
        || case when compared.is_beyond_chance then ', beyond chance)' else ', within chance)' end as explanation

    from guardrails
    inner join compared
        on
            guardrails.member_id = compared.model_id
            and guardrails.measure = compared.measure
            and coalesce(guardrails.attribute, compared.cohort_attribute) = compared.cohort_attribute
    cross join newest
    where last_day(compared.month_date) <= newest.predicted_date
    qualify
        row_number() over (
            partition by guardrails.member_id, guardrails.guardrail_id, guardrails.valid_from, compared.month_date
            order by compared.value, compared.cohort_attribute, compared.cohort_value
        ) = 1

),

spent as (

    select
        guardrails.*,
        cast(date_trunc(guardrails.period, costs.event_date) as date) as period_start_date,
        {{ compute_cost('costs.effective_cost_usd') }} as compute_cost_usd

    from guardrails
    inner join costs on guardrails.member_id = costs.model_id
    where guardrails.measure = 'compute_cost_usd'
    group by all

),

of_spending as (

    select
        spent.* exclude (compute_cost_usd),
        {{ period_end('spent.period', 'spent.period_start_date') }} as until_date,
        'Compute cost' as measure_name,
        'USD' as unit,
        cast(spent.compute_cost_usd as double) as value -- noqa: RF04

    from spent
    cross join newest
    where
        spent.compute_cost_usd is not null
        and {{ period_end('spent.period', 'spent.period_start_date') }} <= newest.billed_date

),

measured as (

    select * from of_kpis
    union all by name
    select * from of_groups
    union all by name
    select * from of_spending

),

final as (

    select
        measured.member_id as model_id,
        measured.guardrail_id,

        measured.period_start_date,
        cast(measured.until_date + interval 1 day as timestamp) as evaluated_at,

        measured.period,
        models.model_name,
        measured.kind,
        coalesce(measured.kpi_id, measured.measure) as measure,
        measured.measure_name,
        measured.unit,
        measured.cohort_attribute,
        measured.cohort_value,
        measured.action,
        measured.measure_name || ' of ' || {{ period_text('measured.period', 'measured.period_start_date') }} || ': '
        || {{ amount_text('measured.value', 'measured.unit') }}
        || coalesce({{ run_rate_text('measured.unit', 'measured.period') }}, '')
        || coalesce(measured.explanation, '')
        || case when measured.at_least is null then ', at most ' else ', at least ' end
        || {{ amount_text('coalesce(measured.at_least, measured.at_most)', 'measured.unit') }}
        || ' allowed' as evidence,

        coalesce(measured.value < measured.at_least, false)
        or coalesce(measured.value > measured.at_most, false) as is_breached,
        measured.is_beyond_chance,

        measured.value,
        measured.at_least,
        measured.at_most

    from measured
    inner join models on measured.member_id = models.model_id
    where {{ as_of('measured', 'measured.until_date') }}

)

select * from final
