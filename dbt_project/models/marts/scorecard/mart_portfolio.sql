{%- set dollars = ['value', 'full_cost', 'avoidable_cost', 'investment', 'net'] %}
{%- set numbers = [
    'value_low_usd', 'value_high_usd', 'net_low_usd', 'net_high_usd', 'effect', 'effect_ci_low', 'effect_ci_high',
    'breakeven_effect', 'detectable_effect', 'required_unit_count', 'required_day_count',
] %}

with

decided as (select * from {{ ref('int_portfolio_verdicts__decided') }}),

-- Each sentence once, for the texts below.
stated as (

    select
        *,
        {% for name in dollars -%}
        case when {{ name }}_usd is not null then {{ number_text(name ~ '_usd') }} || ' USD' end as {{ name }}_text,
        {% endfor -%}
        {% for name in numbers -%}
        case when {{ name }} is not null then {{ number_text(name) }} end as {{ name }}_text,
        {% endfor -%}
        strftime(first_date, '%-d %b %Y') || ' to ' || strftime(last_date, '%-d %b %Y') as window_text,
        '(now ' || effect_text || coalesce(', 95 %: ' || effect_ci_low_text || ' to ' || effect_ci_high_text, '') || ')'
            as effect_now_text
    from decided

),

final as (

    select
        model_id,

        first_date,
        last_date,

        model_name,
        verdict,
        case
            when month_count is null then 'No whole month of data yet.'
            when full_cost_usd is null
                then
                    'The full cost is unknown: '
                    || coalesce(project_gap_reason, 'no charge on the cloud bill belongs to the model') || '.'
            else
                case evidence_grade
                    when 'none' then 'No value is measured, recorded by finance or claimed'
                    when 'measured'
                        then
                            'Measured value ' || value_text
                            || coalesce(' (95 %: ' || value_low_usd_text || ' to ' || value_high_usd_text || ')', '')
                    when 'actual'
                        then
                            'Value recorded by finance ' || value_text || ', not measured (bounds: '
                            || value_low_usd_text || ' to ' || value_high_usd_text || ')'
                    else
                        'Claimed value ' || value_text || ', not measured (bounds: ' || value_low_usd_text || ' to '
                        || value_high_usd_text || ')'
                end
                || ', full cost ' || full_cost_text
                || coalesce(', net ' || net_text || ' (' || net_low_usd_text || ' to ' || net_high_usd_text || ')', '')
                || ', ' || window_text
                || case
                    when evidence_grade = 'measured' and actual_usd is not null
                        then '; finance recorded ' || {{ number_text('actual_usd') }} || ' USD'
                    else ''
                end || '.'
                || coalesce(' Breached: ' || breaches || '.', '')
        end as verdict_reason,
        case
            when verdict is null
                then 'A whole month, a cloud bill of the model, and an approved plan of each of its projects.'
            when verdict = 'retire'
                then 'A value of at least ' || avoidable_cost_text || ', which is what retiring it saves.'
            when verdict = 'scale'
                then
                    'A value with a lower end below ' || full_cost_text
                    || coalesce(', an effect below ' || breakeven_effect_text || ' per unit ' || effect_now_text, '')
                    || '; or a breach of an SLO, a guardrail, drift or accuracy.'
            when verdict = 'fix' and net_high_usd < 0
                then
                    'Scale once the lower end of its value is above ' || full_cost_text
                    || '; retire once the upper end, now ' || value_high_usd_text || ', is below '
                    || avoidable_cost_text || ', which is what retiring it saves. Of the cost, ' || investment_text
                    || ' is investment already made.'
            when verdict = 'fix' then 'Nothing breached any more: scale.'
            when evidence_grade in ('actual', 'none')
                then 'A measured value: run an experiment and declare it for a value stream of the model.'
            when breakeven_effect is null
                then 'A narrower interval: more users in the experiments of its value streams.'
            else
                'An experiment that shows whether the effect is above ' || breakeven_effect_text
                || ' per unit, which pays the full cost '
                || case evidence_grade when 'measured' then effect_now_text else '(claimed: ' || effect_text || ')' end
                || coalesce(
                    ': ' || required_unit_count_text || ' users, ' || required_day_count_text
                    || ' days at the traffic of the last one'
                    || coalesce('; 28 days find a difference of ' || detectable_effect_text, '') || '.',
                    '. Its size is unknown: no randomised experiment is a baseline of the metric.'
                )
        end as would_change,
        evidence_grade,
        case when evidence_grade = 'measured' then method end as evidence_method,
        interval_kind,
        case when evidence_grade = 'measured' then experiment_ids end as experiment_ids,
        slo_state,
        guardrail_state,
        drift_state,
        accuracy_state,
        breaches,

        is_breached,

        value_usd,
        value_low_usd,
        value_high_usd,
        full_cost_usd,
        avoidable_cost_usd,
        net_usd,
        net_low_usd,
        net_high_usd,
        measured_usd,
        actual_usd,
        claimed_usd,

        compute_cost_usd,
        other_bill_usd,
        project_running_usd,
        investment_usd,
        prediction_count,
        {{ ratio('compute_cost_usd', 'prediction_count') }} as unit_cost_usd,
        reached_volume,
        unit_value_usd,
        effect,
        effect_ci_low,
        effect_ci_high,
        breakeven_effect,
        detectable_effect,
        required_unit_count,
        required_day_count,
        month_count,
        day_count,
        billed_day_count

    from stated

)

select * from final
