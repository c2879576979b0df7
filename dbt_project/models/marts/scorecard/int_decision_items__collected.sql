with

alerts as (

    select * from {{ ref('mart_alerts') }}
    where status = 'open'

),

measures as (

    select distinct
        model_id,
        guardrail_id,
        measure
    from {{ ref('mart_guardrails') }}

),

subjects as (select * from {{ ref('decision_subjects') }}),

projects as (select * from {{ ref('int_projects__called') }}),

gates as (select * from {{ ref('int_gates__called') }}),

experiments as (select * from {{ ref('mart_experiments') }}),

budgets as (

    select
        model_id,
        slo,
        arg_max(budget_spent_28d, hour_at) as budget_spent_28d,
        arg_max(burn_3d, hour_at) as burn_3d
    from {{ ref('mart_slo_burn') }}
    group by model_id, slo

),

caused as (

    select
        alerts.*,
        budgets.slo,
        budgets.budget_spent_28d,
        budgets.burn_3d,
        case alerts.alert_kind
            when 'kpi_off_target' then alerts.subject_id
            when 'guardrail' then measures.measure
            else alerts.alert_kind
        end as subject
    from alerts
    left join measures
        on
            alerts.model_id = measures.model_id
            and alerts.subject_id = measures.guardrail_id
            and alerts.alert_kind = 'guardrail'
    left join budgets
        on
            alerts.model_id = budgets.model_id
            and alerts.subject_id = budgets.slo
            and alerts.alert_kind = 'slo_burn'

),

of_alerts as (

    select
        case
            when caused.alert_kind in ('source_stale', 'source_rejected') then 'source:' || caused.subject_id
            when caused.alert_kind = 'experiment_invalid' then 'experiment:' || caused.subject_id
            else caused.model_id || ':' || subjects.cause
        end as decision_id,
        subjects.cause,
        caused.model_id,
        case when subjects.cause = 'data' then caused.subject_id end as source_id,
        case when caused.alert_kind = 'experiment_invalid' then caused.subject_id end as experiment_id,
        caused.alert_id,
        caused.owner,
        cast(caused.opened_at as date) as opened_date,
        case caused.severity when 'page' then 'critical' else 'failed' end as severity,
        coalesce(
            'Error budget of ' || caused.slo || ' ' || {{ number_text('100 * caused.budget_spent_28d') }}
            || ' % spent in 28 days, burn rate ' || {{ number_text('caused.burn_3d') }} || ' over 3 days',
            caused.latest_evidence
        ) as evidence,
        caused.recommended_action
    from caused
    inner join subjects on caused.subject = subjects.subject

),

of_gates as (

    select
        decision_id,
        cause,
        model_id,
        gate_ids,
        sign_off_roles,
        owner_role,
        opened_date,
        newest_date,
        severity,
        evidence,
        item_count
    from gates

),

of_projects as (

    select
        decision_id,
        cause,
        project_id,
        owner,
        opened_date,
        severity,
        evidence
    from projects

),

-- An invalid one is an alert; one that may be stopped at any time calls as soon as it has found something.
of_experiments as (

    select
        'experiment:' || experiment_id as decision_id,
        'finished_experiment' as cause,
        model_id,
        experiment_id,
        coalesce(end_date, start_date) as opened_date,
        'waiting' as severity,
        metric_name || ': lift ' || {{ number_text('100 * lift_relative') }} || ' %'
        || case
            when lift_relative_ci_low is null then ''
            else
                ' (95 %: ' || {{ number_text('100 * lift_relative_ci_low') }} || ' to '
                || {{ number_text('100 * lift_relative_ci_high') }} || ' %)'
        end
        || case
            when experiment_unit_count is null then ''
            else ', ' || {{ number_text('experiment_unit_count') }} || ' units'
        end
        || '. ' || decision as evidence
    from experiments
    where
        is_primary
        and not is_control
        and lift_absolute is not null
        and (
            status in ('finished', 'underpowered')
            or (status = 'running' and is_sequential and direction in ('better', 'worse'))
        )

),

final as (

    select * from of_alerts
    union all by name
    select * from of_gates
    union all by name
    select * from of_experiments
    union all by name
    select * from of_projects

)

select * from final
