"""What each figure of the page must say: its file as SQL over the published marts.

How file and SQL are compared is in `test_page_numbers`.
"""

from __future__ import annotations

MODELS = "(select distinct model_id, model_name as model from mart_scorecard)"
# The window of the page as it opens: the thirteen weeks up to the end of the newest whole month.
WINDOW = (
    "(select max(as_of) as last_day, max(as_of) - 90 as first_day from mart_scorecard "
    "where period = 'month' and period_start_date = (select max(period_start_date) from mart_scorecard "
    "where period = 'month' and as_of = last_day(period_start_date)))"
)
TARGETS = (
    "(select model_id, kpi_id, period_start_date as month, target from mart_scorecard where period = 'month')"
)  # fmt: skip


DAY_ONE = "(select min(period_start_date) from mart_scorecard where period = 'day' and numerator is not null)"


def rolled(kpi: str, days: int, *, own: bool) -> str:
    """A KPI by day, its sums of several days divided once, beside the month's target; `own` adds the single day."""
    return f"""
        select day, model, {"own, " if own else ""}rolling, target from (
            select period_start_date as day, model_id, model, numerator / nullif(denominator, 0) as own,
                sum(numerator) filter (denominator is not null) over w
                / nullif(sum(denominator) filter (numerator is not null) over w, 0) as rolling
            from mart_scorecard inner join {MODELS} using (model_id)
            where period = 'day' and kpi_id = '{kpi}'
            window w as (partition by model_id order by period_start_date rows {days - 1} preceding)
            qualify count(numerator / nullif(denominator, 0)) over (partition by model_id) > 0
        ) as days
        left join {TARGETS} as targets on targets.model_id = days.model_id and targets.kpi_id = '{kpi}'
            and targets.month = date_trunc('month', day)
        inner join {WINDOW} as shown on day between greatest(first_day, {DAY_ONE}) and last_day
    """


def by_day(mart: str, columns: str, where: str) -> str:
    """Columns of a daily mart over the window."""
    return (
        f"select event_date, model, {columns} from {mart} inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on event_date between first_day and last_day where {where}"
    )


def kpi_by_day(mart: str, kpi: str, columns: str, where: str) -> str:
    """The same of a KPI that its own mart has rolled already, with the month's target."""
    target = (
        f"(select target from {TARGETS} as t where t.model_id = m.model_id and t.kpi_id = '{kpi}' "
        "and t.month = date_trunc('month', event_date))"
    )
    return by_day(f"{mart} as m", f"{columns}, {target}", where)


VERSION_VALUE = (
    "case when is_too_small then 'too few labels'::union(word varchar, value double) "
    "else value::union(word varchar, value double) end"
)
WEEK = "date_trunc('week', event_date)::date"
IN_WEEKS = f"inner join {WINDOW} on week between first_day - 6 and last_day"
COSTS = f"""
    select week, instance_type, sum(cost), sum(predictions), sum(cost) / nullif(sum(predictions), 0) from (
        select {WEEK} as week, instance_type, compute_cost_usd as cost, prediction_count as predictions
        from mart_cost_per_prediction_daily
    ) {IN_WEEKS} group by all having
"""
PROJECTS = "(select project_id, any_value(project_name) as project from mart_project_finance_monthly group by 1)"
INCIDENTS = (
    f"(select *, started_at::date as began from mart_incidents inner join {MODELS} using (model_id) "
    f"inner join {WINDOW} on started_at::date between first_day and last_day)"
)

GRADE = (
    "case evidence_grade when 'randomised' then 'A/B test' when 'quasi_experiment' then 'quasi-experiment' "
    "when 'declared' then 'unverified claim' else evidence_grade end"
)
EXPERIMENTS = (
    "select experiment_name, model, metric_name || if(is_primary, '', ' (secondary)'), variation_id, lift_relative, "
    f"lift_relative_ci_low, lift_relative_ci_high, {GRADE}, method, status, decision "
    f"from mart_experiments inner join {MODELS} using (model_id) where not is_control"
)

FIGURES = {
    "Model throughput by day": rolled("throughput", 7, own=True),
    "Compute cost per prediction by day": rolled("cost_per_prediction", 7, own=True),
    "Business value by day": rolled("business_value", 28, own=True),
    "Accuracy by day": rolled("accuracy", 28, own=True),
    "Deployment cadence by day": rolled("deployment_cadence", 28, own=False),
    "Mean time to resolve by day": rolled("mttr", 28, own=False),
    "Drift rate by day": rolled("drift_rate", 28, own=False),
    "Feature adoption by day": kpi_by_day(
        "mart_feature_adoption_daily",
        "feature_adoption",
        "adoption_1d_rate, adoption_28d_rate",
        "feature_id = 'all' and is_covered and adoption_28d_rate is not null",
    ),
    "Satisfaction and trust by day": kpi_by_day(
        "mart_satisfaction_daily",
        "satisfaction",
        "satisfaction, satisfaction_28d, satisfaction_28d_ci_low, satisfaction_28d_ci_high",
        "satisfaction_28d is not null",
    ),
    "Hour by hour, the last fourteen days": (
        f"select strftime(hour_at, '%Y-%m-%d %H:%M'), model, predictions_per_hour, predictions_per_hour_24h, "
        f"predictions_per_hour_p95_28d, case when is_spike then predictions_per_hour end "
        f"from mart_throughput_hourly inner join {MODELS} using (model_id) where is_covered "
        "and event_date > (select max(event_date) from mart_throughput_hourly) - 14"
    ),
    "Latency": by_day(
        "mart_latency_daily", "latency_p50_ms, latency_p95_ms, latency_p99_ms, latency_target_ms", "true"
    ),
    "Override rate by day": by_day(
        "mart_satisfaction_daily", "override_rate, override_28d_rate", "override_28d_rate is not null"
    ),
    "Cumulative value": by_day(
        "mart_business_value_daily",
        f"cumulative_value_usd, cumulative_value_ci_low_usd, cumulative_value_ci_high_usd, {GRADE}",
        "value_usd is not null",
    ),
    "Release calendar": (
        "select deployed_date, model, version, replace(deployment_kind, '_', ' '), lead_seconds / 3600, "
        "case when is_change_failure is null then 'too early to say' when is_change_failure then 'yes' else 'no' end "
        f"from mart_deployments inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on deployed_date between first_day and last_day"
    ),
    "Lead time": (
        "select strftime(month_date, '%Y-%m'), model, median_lead_hours, p90_lead_hours, lead_known_count "
        f"from mart_deployment_cadence_monthly inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on month_date = date_trunc('month', last_day) where lead_known_count > 0"
    ),
    "Rollbacks and failed changes": (
        "select month, part, share, n from (select strftime(month_date, '%Y-%m') as month, "
        "'rolled back to an earlier version' as part, "
        "sum(rollback_count) / sum(deployment_count) as share, sum(deployment_count) as n "
        f"from mart_deployment_cadence_monthly semi join {MODELS} using (model_id) group by 1 union all "
        "select strftime(month_date, '%Y-%m'), 'followed by an incident, or rolled back', "
        "sum(change_failure_count) / nullif(sum(change_evaluated_count), 0), sum(change_evaluated_count) "
        f"from mart_deployment_cadence_monthly semi join {MODELS} using (model_id) group by 1) "
        f"inner join {WINDOW} on month <= strftime(last_day, '%Y-%m') where n > 0"
    ),
    "Cost per prediction by instance type": f"{COSTS} sum(cost) > 0 and sum(predictions) > 0",
    "Compute cost by instance type": f"{COSTS} sum(cost) > 0",
    "Incidents by model and week": (
        f"select model, week, count(incident_id) from {MODELS} cross join (select unnest(generate_series("
        f"date_trunc('week', greatest(first_day, {DAY_ONE}))::date, last_day, interval 7 days))::date as week "
        f"from {WINDOW} "
        ") as weeks "
        f"left join (select incident_id, model, date_trunc('week', began)::date as week from {INCIDENTS}) "
        "using (model, week) group by all"
    ),
    "When incidents begin": (
        "select weekday, hour, count(incident_id) from (select unnest(generate_series(0, 23)) as hour) "
        "cross join (select unnest(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']) as weekday) "
        "left join (select incident_id, strftime(started_at, '%a') as weekday, hour(started_at) as hour "
        f"from {INCIDENTS}) using (weekday, hour) group by all"
    ),
    "Time to resolve by severity": (
        "select strftime(month_date, '%Y-%m') as month, severity, "
        "sum(resolve_seconds) / 3600 / sum(resolved_count), "
        "if(count(target_hours) = count(*), sum(target_hours * resolved_count) / sum(resolved_count), null), "
        "sum(resolved_count) from mart_mttr_monthly "
        f"semi join {MODELS} using (model_id) inner join {WINDOW} on month_date <= last_day "
        "where severity <> 'all' and resolved_count > 0 group by all"
    ),
    "Time to resolve against target": (
        "select model, strftime(month_date, '%Y-%m'), severity, mean_resolve_hours, target_hours, resolved_count, "
        f"replace(status, '_', ' ') from mart_mttr_monthly inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on month_date = date_trunc('month', last_day) where severity <> 'all' "
        "and resolved_count > 0"
    ),
    "Incidents": (
        "select if(is_open, 'open', 'resolved'), model, severity, title, strftime(started_at, '%Y-%m-%d %H:%M'), "
        f"resolve_seconds / 3600 from {INCIDENTS}"
    ),
    "Discounted cash flow, cumulated": (
        "select strftime(month_date, '%Y-%m'), project_name, npv_to_date_usd, planned_npv_to_date_usd, "
        "replace(basis, '_', ' ') from mart_project_finance_monthly where npv_to_date_usd is not null"
    ),
    "Scenarios": (
        "select project, any_value(npv_usd) filter (name = 'downside'), any_value(npv_usd) filter (name = 'base'), "
        "any_value(npv_usd) filter (name = 'upside'), any_value(npv_positive_rate) filter (name = 'base') "
        "from mart_project_scenarios "
        f"inner join {PROJECTS} using (project_id) where kind = 'scenario' group by all"
    ),
    "Projects": (
        "select project_name, sponsor, npv_usd, irr, payback_months, discounted_payback_months, gap_reason "
        "from mart_project_finance_monthly qualify row_number() over (partition by project_id "
        "order by as_of desc, month_date) = 1"
    ),
    "NPV sensitivity": (
        "select project, replace(replace(name, 'category:', ''), '_', ' '), low_npv_usd, base, high_npv_usd "
        f"from mart_project_scenarios inner join {PROJECTS} using (project_id) inner join (select project_id, npv_usd "
        "as base from mart_project_scenarios where kind = 'scenario' and name = 'base') using (project_id) "
        "where kind = 'input' and npv_swing_usd is not null"
    ),
    "By cohort": (
        "select model, if(cohort_attribute = 'all', 'All users', cohort_attribute || ': ' || cohort_value), "
        "replace(measure, '_', ' '), score, score_ci_low, score_ci_high, labelled_count, "
        f"if(is_mature, 'mature', 'still coming in') from mart_accuracy_by_cohort inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on period_start_date = date_trunc('month', last_day) "
        "where period = 'month' and score is not null and not is_too_small"
    ),
    "By cohort and week": (
        "select week, model, if(cohort_attribute = 'all', 'All users', cohort_attribute || ': ' || cohort_value), "
        "replace(measure, '_', ' '), score, score_ci_low, score_ci_high, labelled_count, "
        "if(is_mature, 'mature', 'still coming in') from (select *, week_date as week from mart_accuracy_weekly) "
        f"inner join {MODELS} using (model_id) {IN_WEEKS} "
        "where is_declared_source and score is not null and not is_too_small"
    ),
    "Primary-metric results": f"{EXPERIMENTS} and is_primary and lift_relative is not null",
    "Every metric of every experiment": EXPERIMENTS,
    "Drift by feature and week": (
        "from (select model, feature, week, count_if(is_drifted) as drifted, count(is_drifted) as tested, "
        "max(psi) filter (is_drifted is not null) as psi from (select *, "
        "date_trunc('week', window_start_at)::date as week from mart_drift_windows) "
        f"inner join {MODELS} using (model_id) {IN_WEEKS} group by all) "
        "qualify sum(drifted) over (partition by model, feature) > 0"
    ),
    "Retraining recommendations": (
        "select if(is_open, 'open', 'closed'), model, model_version, raised_at::date, reason, drifted_window_count, "
        "tested_window_count, worst_feature, max_psi, closing_version, closed_at::date "
        f"from mart_retrain_triggers inner join {MODELS} using (model_id)"
    ),
    "Most-drifted feature": (
        "unpivot (select model, feature, window_start_at::date as day, bin_name, reference_share_rate as reference, "
        f'window_share_rate as "window" from mart_drift_histograms inner join {MODELS} using (model_id) '
        f"semi join (select w.* from mart_drift_windows as w inner join {WINDOW} "
        "on date_trunc('month', window_start_at) = date_trunc('month', last_day) where status = 'evaluable' "
        "qualify row_number() over (partition by model_id order by psi / psi_threshold desc, window_start_at, feature) "
        '= 1) using (model_id, window_start_at, feature)) on reference, "window"'
    ),
    "From eligible to retained": (
        "select model, feature_id, replace(stage, '_', ' '), user_count, conversion_rate from mart_adoption_funnel "
        f"inner join {MODELS} using (model_id) where user_count is not null "
        "qualify as_of_date = max(as_of_date) over (partition by feature_id)"
    ),
    "Cohort retention": (
        "select model, feature_id, week, week_number, retention_rate, cohort_user_count from (select *, "
        f"cohort_week_date as week from mart_retention_weekly) inner join {MODELS} using (model_id) {IN_WEEKS} "
        "where retention_rate is not null"
    ),
    "Before and after events": (
        "select event_date, model, strftime(event_date, '%-d %b') || ', ' || replace(event_kind, '_', ' ') || ': ' || "
        "title || ' (' || model || ')', measure, change, change_ci_low, change_ci_high, "
        "if(has_overlapping_events, 'other events fall into the same days', 'no other event near') "
        f"from mart_event_impact inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on event_date between first_day and last_day "
        "semi join mart_satisfaction_daily as asked on asked.model_id = mart_event_impact.model_id "
        "and asked.event_date = mart_event_impact.event_date and asked.primary_measure = mart_event_impact.measure "
        "where is_complete and change_ci_low is not null"
    ),
    "What people say": (
        "select event_date, model, sentiment, author_role, concat_ws(': ', title, text) from (from mart_notes qualify "
        "row_number() over (partition by model_id, note_kind order by event_date desc, note_id) <= 25) "
        f"inner join {MODELS} using (model_id) inner join {WINDOW} on event_date between first_day and last_day"
    ),
    "What moved the compute cost": (
        "with month as (select max(month_date) as month from mart_cost_variance_monthly where is_whole), "
        'sums as (select sum(previous_cost_usd) as "Before", sum(volume_effect_usd) as "Volume", '
        'sum(mix_effect_usd) as "Mix", sum(price_effect_usd) as "Price", sum(compute_cost_usd) as "After" '
        f"from mart_cost_variance_monthly semi join {MODELS} using (model_id) where month_date = (from month)) "
        "select strftime(month, '%Y-%m'), step, amount from (unpivot (select columns(*)::double from sums) "
        "on columns(*) into name step value amount) cross join month"
    ),
    "Value by evidence": (
        "select model, strftime(month_date, '%Y-%m'), measured_usd, measured_ci_low_usd, measured_ci_high_usd, "
        "actual_usd, claimed_usd, planned_usd, measured_to_actual_ratio, difference_usd, "
        "coalesce(nullif(concat_ws('; ', "
        "if(is_measured_above_actual, 'measured is more than twice what finance recorded', null), "
        "if(is_measured_below_actual, 'measured is less than half of what finance recorded', null), "
        "if(is_claimed_unmeasured, 'claimed, not measured', null), "
        "if(is_actual_unmeasured, 'recorded, not measured', null), "
        "if(is_measured_unrecorded, 'measured, and no project records it', null)), ''), measured_gap_reason) "
        f"from mart_value_reconciliation inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on month_date = date_trunc('month', last_day)"
    ),
    "Portfolio": (
        "select model, verdict, value_usd, value_low_usd, value_high_usd, full_cost_usd, net_usd, evidence_grade, "
        f"breaches, would_change from mart_portfolio inner join {MODELS} using (model_id)"
    ),
    "Open decisions": (
        "select severity, subject_name, decision_name, evidence, options, owner, "
        "replace(replace(replace(sign_off_roles, '_', ' '), ',', ', '), 'sre', 'SRE'), due_date, "
        "opened_date, alert_count from mart_decisions"
    ),
    "By team": (
        "with cells as (select model_id, count_if(status = 'on_target') as met, count_if(status = 'at_risk') as risk, "
        f"count_if(status = 'off_target') as missed from mart_scorecard inner join {WINDOW} "
        "on period_start_date = date_trunc('month', last_day) where period = 'month' group by all), "
        "open as (select model_id, count_if(status <> 'closed') as alerts from mart_alerts group by all) "
        "select coalesce(team_id, 'no team'), count(*), sum(met), sum(risk), sum(missed), coalesce(sum(alerts), 0), "
        "if(count(value_usd) = count(*), sum(value_usd), null), "
        "if(count(full_cost_usd) = count(*), sum(full_cost_usd), null), "
        "if(count(net_usd) = count(*), sum(net_usd), null) from mart_models inner join cells using (model_id) "
        "inner join mart_portfolio using (model_id) left join open using (model_id) group by 1"
    ),
    "Guardrails": (
        "select if(is_breached, 'crossed', 'held'), model, replace(guardrail_id, '-', ' '), period_start_date, "
        f"evidence, replace(action, '_', ' ') from mart_guardrails inner join {MODELS} using (model_id) "
        "qualify row_number() over (partition by model_id, guardrail_id order by period_start_date desc) = 1"
    ),
    "Error budget spent": (
        "select event_date, model, slo, arg_max(budget_spent_28d, hour_at), any_value(slo_target_rate) "
        f"from mart_slo_burn inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on event_date between first_day and last_day where budget_spent_28d is not null "
        "group by all"
    ),
    "Recall by group": (
        "select model, replace(cohort_attribute, '_', ' ') || ': ' || replace(cohort_value, '_', ' '), "
        "strftime(month_date, '%Y-%m'), recall_rate, recall_low, recall_high, positive_count, "
        "equal_opportunity_difference, selection_rate, selection_rate_ratio "
        f"from mart_fairness_monthly inner join {MODELS} using (model_id) where not is_too_small "
        "and month_date = (select max(month_date) from mart_fairness_monthly where recall_rate is not null)"
    ),
    "What happened": (
        "select event_date, replace(kind, '_', ' '), model, title, note, source "
        f"from mart_annotations inner join {MODELS} using (model_id) "
        f"inner join {WINDOW} on event_date between first_day and last_day"
    ),
    "Satisfaction after incidents and releases": (
        "select model, measure, replace(factor, '_count', 's'), lag_days, correlation, ci_low, ci_high "
        f"from mart_satisfaction_correlation as m inner join {MODELS} using (model_id) where lag_days <= 7 and measure "
        "in (select primary_measure from mart_satisfaction_daily as asked where asked.model_id = m.model_id)"
    ),
    "Open alerts": (
        "select severity, model, coalesce(kpi_name, subject_id), opened_at::date, latest_evidence, recommended_action, "
        "coalesce(owner, 'nobody') || if(status = 'acknowledged', ' (acknowledged)', '') "
        f"from mart_alerts inner join {MODELS} using (model_id) left join mart_kpis on kpi_id = subject_id "
        "where status <> 'closed'"
    ),
    "Criteria due": (
        "select replace(status, '_', ' '), model, gate_name, due_date, statement, evidence "
        f"from mart_decision_gates inner join {MODELS} using (model_id) where status <> 'not_due'"
    ),
    "What to connect next": (
        "select model, kpi_name, roadmap_stage, has_objective::int + has_owner::int + is_source_connected::int + "
        "is_identifier_mapped::int + is_measured::int + is_fresh::int + has_baseline::int + has_target::int, next_step "
        f"from mart_instrumentation_coverage inner join {MODELS} using (model_id) where next_step is not null"
    ),
    "Versions side by side": (
        "select model, model_version, first_served_date, last_served_date, "
        + ", ".join(f"any_value({VERSION_VALUE}) filter (kpi_number = {number})" for number in range(1, 11))
        + f" from mart_model_versions inner join {MODELS} using (model_id) group by all"
    ),
}
NEWEST = {"Before and after events": 20}
"""Figures that show only some of the newest."""
