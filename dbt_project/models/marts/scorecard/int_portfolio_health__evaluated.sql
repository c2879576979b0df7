{%- set parts = ['slo', 'guardrail', 'drift', 'accuracy'] %}

with

models as (select * from {{ ref('dim_models') }}),

burn as (

    select
        model_id,
        slo,
        arg_max(budget_spent_28d, hour_at) as budget_spent_28d
    from {{ ref('mart_slo_burn') }}
    group by model_id, slo

),

guardrails as (

    select * from {{ ref('mart_guardrails') }}
    qualify row_number() over (partition by model_id, guardrail_id order by evaluated_at desc) = 1

),

triggers as (

    select * from {{ ref('mart_retrain_triggers') }}
    where is_open and reason = 'drift'

),

whole_months as (

    select * from {{ ref('mart_scorecard') }}
    where
        period = 'month'
        and kpi_id in ('accuracy', 'drift_rate')
        and is_whole
        and value is not null
    qualify row_number() over (partition by model_id, kpi_id order by period_start_date desc) = 1

),

found as (

    select
        model_id,
        'slo' as part,
        case when budget_spent_28d > 1 then 'breached' when budget_spent_28d is null then 'unknown' else 'ok' end
            as state,
        'error budget of ' || slo || ' ' || {{ number_text('100 * budget_spent_28d') }} || ' % spent in 28 days'
            as evidence
    from burn

    union all

    -- What chance may have done is an alert and not a breach.
    select
        model_id,
        'guardrail' as part,
        case when is_breached and coalesce(is_beyond_chance, true) then 'breached' else 'ok' end as state,
        evidence
    from guardrails

    union all

    select
        model_id,
        'drift' as part,
        'breached' as state,
        'retraining due, ' || evidence as evidence
    from triggers

    union all

    select
        model_id,
        case kpi_id when 'accuracy' then 'accuracy' else 'drift' end as part,
        case status
            when 'on_target' then 'ok'
            when 'at_risk' then 'at_risk'
            when 'off_target' then 'breached'
            else 'unknown'
        end as state,
        kpi_name || ' of ' || strftime(period_start_date, '%B %Y') || ' ' || {{ amount_text('value', 'unit') }}
        || ', target ' || {{ amount_text('target', 'unit') }} as evidence
    from whole_months

),

final as (

    select
        models.model_id,
        {% for part in parts -%}
        -- The worst of them decides.
        case
            when bool_or(found.state = 'breached') filter (where found.part = '{{ part }}') then 'breached'
            when bool_or(found.state = 'at_risk') filter (where found.part = '{{ part }}') then 'at_risk'
            when bool_or(found.state = 'ok') filter (where found.part = '{{ part }}') then 'ok'
            else 'unknown'
        end as {{ part }}_state,
        {% endfor -%}
        string_agg(found.evidence, '; ' order by found.part, found.evidence) filter (where found.state = 'breached')
            as breaches,
        coalesce(bool_or(found.state = 'breached'), false) as is_breached
    from models
    left join found on models.model_id = found.model_id
    group by models.model_id

)

select * from final
