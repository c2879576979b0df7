"""What the page reads: one query over the published marts for each of its tables.

The queries choose and shape; the marts define what a number means. Their columns are those that the page reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipelines.kpis import KPIS
from pipelines.scorecard.words import roles_sql

IS_ROLLED: Final = f"list_contains({[kpi.kpi_id for kpi in KPIS if kpi.is_rolled_from_days]}, kpi_id)"
RECENT: Final = "(select max(as_of) - 92 from mart_scorecard)"
"""Weeks can be chosen back to this day."""

DATASETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kpis": "select * from mart_kpis order by kpi_number",
        "models": (
            "select model_id, model_name, model_kind, model_description, business_unit, team_id, owner "
            "from mart_models order by model_name, model_id"
        ),
        "days": (
            "with days as (select kpi_id, model_id, period_start_date as day, "
            "case when denominator is not null then numerator end as numerator, "
            "case when numerator is not null then denominator end as denominator, "
            "rolling_days, has_single_days "
            "from mart_scorecard inner join mart_kpis using (kpi_id) where period = 'day') "
            "select kpi_id, model_id, day, "
            f"case when {IS_ROLLED} and has_single_days then numerator / nullif(denominator, 0) end as value, "
            f"case when {IS_ROLLED} then sum(numerator) over rolled / nullif(sum(denominator) over rolled, 0) end "
            "as rolling_value from days window rolled as (partition by model_id, kpi_id order by day "
            "range between to_days(rolling_days - 1) preceding and current row) "
            "qualify numerator is not null or rolling_value is not null order by model_id, kpi_id, day"
        ),
        "weeks": (
            "select kpi_id, model_id, period_start_date as week, value from mart_scorecard "
            "where period = 'week' and value is not null order by model_id, kpi_id, week"
        ),
        "cells": (
            "select s.model_id, s.kpi_id, s.period, s.period_start_date as start, s.as_of, s.value, s.numerator, "
            "s.denominator, c.change_relative, s.sample_size, s.ci_low, s.ci_high, s.target, s.at_risk, s.baseline, "
            "s.target_basis, s.is_whole, s.status, s.trend, s.gap_reason, s.source_freshness, s.objective "
            "from mart_scorecard as s "
            "left join mart_kpi_changes as c using (model_id, kpi_id, period, period_start_date) "
            "where s.period <> 'day' qualify s.period <> 'week' or s.as_of > max(s.as_of) over () - 92 "
            "order by period, start, model_id, kpi_id"
        ),
        "hours": (
            "select model_id, hour_at as hour, predictions_per_hour, predictions_per_hour_24h, "
            "predictions_per_hour_p95_28d, is_spike from mart_throughput_hourly where is_covered "
            "qualify event_date > max(event_date) over () - 14 order by model_id, hour"
        ),
        "latency": (
            "select model_id, event_date as day, latency_p50_ms, latency_p95_ms, latency_p99_ms, latency_target_ms "
            "from mart_latency_daily order by model_id, day"
        ),
        "costs": (
            "select model_id, date_trunc('week', event_date)::date as week, "
            "instance_type, sum(compute_cost_usd) as compute_cost_usd, sum(prediction_count) as prediction_count "
            "from mart_cost_per_prediction_daily group by all order by all"
        ),
        "variance": (
            "select model_id, month_date as month, is_whole, previous_cost_usd, volume_effect_usd, mix_effect_usd, "
            "price_effect_usd, compute_cost_usd from mart_cost_variance_monthly order by all"
        ),
        "incidents": (
            "select model_id, title, severity, started_at, resolve_seconds / 3600 as resolve_hours, is_open, url "
            "from mart_incidents order by model_id, started_at, incident_id"
        ),
        "repairs": (
            "select model_id, month_date as month, severity, resolve_seconds / 3600 as resolve_hours, resolved_count, "
            "target_hours, status "
            "from mart_mttr_monthly where severity <> 'all' order by all"
        ),
        "adoption": (
            "select model_id, event_date as day, adoption_1d_rate, adoption_28d_rate "
            "from mart_feature_adoption_daily where feature_id = 'all' and is_covered order by all"
        ),
        "funnel": (
            "select model_id, feature_id, stage, stage_number, user_count, conversion_rate from mart_adoption_funnel "
            "qualify as_of_date = max(as_of_date) over (partition by feature_id) order by feature_id, stage_number"
        ),
        "retention": (
            "select model_id, feature_id, cohort_week_date as cohort, week_number, cohort_user_count, retention_rate "
            "from mart_retention_weekly order by all"
        ),
        "alerts": (
            "select alert_id, model_id, alert_kind, subject_id, severity, status, owner, opened_at, closed_at, "
            "latest_evidence as evidence, recommended_action from mart_alerts "
            "order by closed_at nulls first, opened_at desc, alert_id"
        ),
        "gates": (
            "select model_id, gate_id, gate_name, criterion_number, statement, due_date, status, evidence "
            "from mart_decision_gates order by model_id, due_date, gate_id, criterion_number"
        ),
        "sources": (
            "select source_title as title, newest_date, fresh_hours, is_behind, kpi_names from mart_sources "
            "order by newest_date, title"
        ),
        "spending": (
            "select month_date as month, as_of, is_whole, investment_usd, running_usd, bill_usd, bill_unallocated_usd, "
            "bill_unused_usd, investment_to_date_usd, running_to_date_usd, measured_usd, measured_ci_low_usd, "
            "measured_ci_high_usd, actual_usd, planned_usd, claimed_usd, claimed_model_count, difference_usd, "
            "difference_compared_usd, measured_unrecorded_usd, difference_gap_reason, npv_usd, project_count, "
            "negative_project_count from mart_portfolio_monthly order by month"
        ),
        "reconciliation": (
            "select model_id, month_date as month, measured_usd, measured_ci_low_usd, measured_ci_high_usd, "
            "measured_gap_reason, actual_usd, claimed_usd, planned_usd, measured_to_actual_ratio, difference_usd, "
            "is_measured_above_actual, is_measured_below_actual, is_claimed_unmeasured, is_actual_unmeasured, "
            "is_measured_unrecorded from mart_value_reconciliation order by model_id, month"
        ),
        "portfolio": (
            "select model_id, first_date, last_date, verdict, verdict_reason, would_change, evidence_grade, breaches, "
            "is_breached, value_usd, value_low_usd, value_high_usd, full_cost_usd, avoidable_cost_usd, net_usd, "
            "compute_cost_usd from mart_portfolio order by model_id"
        ),
        "decisions": (
            "select model_id, model_ids, subject_name, decision_name, severity, owner, "
            f"{roles_sql('sign_off_roles')} as sign_off_roles, evidence, "
            "options, opened_date, due_date, is_overdue, alert_count from mart_decisions order by decision_rank"
        ),
        "guardrails": (
            "select model_id, guardrail_id, period_start_date as start, is_breached, evidence, action "
            "from mart_guardrails qualify row_number() over (partition by model_id, guardrail_id "
            "order by period_start_date desc) = 1 order by model_id, guardrail_id"
        ),
        "budgets": (
            "select model_id, slo, event_date as day, arg_max(budget_spent_28d, hour_at) as budget_spent, "
            "arg_max(slo_target_rate, hour_at) as goal from mart_slo_burn group by all having budget_spent is not null "
            "order by model_id, slo, day"
        ),
        "fairness": (
            "select model_id, month_date as month, cohort_attribute, cohort_value, recall_rate as recall, "
            "recall_low, recall_high, positive_count, equal_opportunity_difference as difference, selection_rate, "
            "selection_rate_ratio as selection_ratio from mart_fairness_monthly where not is_too_small "
            "order by model_id, month, cohort_attribute, cohort_value"
        ),
        "correlations": (
            "select model_id, measure, factor, lag_days, correlation, ci_low, ci_high "
            "from mart_satisfaction_correlation as lags semi join mart_satisfaction_daily as asked "
            "on lags.model_id = asked.model_id and lags.measure = asked.primary_measure "
            "where lag_days <= 7 order by model_id, factor, lag_days"
        ),
        "coverage": (
            "select model_id, kpi_id, has_objective::int + has_owner::int + is_source_connected::int + "
            "is_identifier_mapped::int + is_measured::int + is_fresh::int + has_baseline::int + has_target::int "
            "as steps_done, roadmap_stage, next_step from mart_instrumentation_coverage "
            "order by model_id, kpi_number"
        ),
        "versions": (
            "select model_id, model_version, kpi_id, first_served_date, last_served_date, value, previous_value, "
            "is_too_small, is_previous_too_small, served_day_count, prediction_count from mart_model_versions "
            "order by model_id, first_served_date, kpi_number"
        ),
        "annotations": (
            "select model_id, event_date as day, kind, title, note, source, url from mart_annotations "
            "order by model_id, starts_at, annotation_id"
        ),
        "deployments": (
            "select model_id, deployed_date as day, version, previous_version, deployment_kind, is_rollback, "
            "is_change_failure, lead_seconds / 3600 as lead_hours from mart_deployments order by model_id, deployed_at"
        ),
        "cadence": (
            "select model_id, month_date as month, deployment_count, rollback_count, change_evaluated_count, "
            "change_failure_count, lead_known_count, median_lead_hours, p90_lead_hours "
            "from mart_deployment_cadence_monthly order by model_id, month"
        ),
        "worth": (
            "select model_id, event_date as day, evidence_grade, cumulative_value_usd, cumulative_value_ci_low_usd, "
            "cumulative_value_ci_high_usd from mart_business_value_daily where value_usd is not null "
            "order by model_id, day"
        ),
        "experiments": (
            "select model_id, experiment_id, experiment_name, hypothesis, decided, start_date, end_date, metric_name, "
            "variation_id, status, evidence_grade, method, is_primary, lift_relative, lift_relative_ci_low, "
            "lift_relative_ci_high, direction, decision from mart_experiments where not is_control "
            "order by model_id, start_date, experiment_id, is_primary desc, metric_id, variation_id"
        ),
        "finance": (
            "select project_id, project_name, month_date as month, basis, npv_to_date_usd, planned_npv_to_date_usd "
            "from mart_project_finance_monthly order by project_id, month"
        ),
        "projects": (
            "select project_id, project_name, model_ids, sponsor, as_of, npv_usd, irr, payback_months, "
            "discounted_payback_months, discount_rate, gap_reason from mart_project_finance_monthly "
            "left join (select distinct project_id, model_ids from mart_project_scenarios) using (project_id) "
            "qualify row_number() over (partition by project_id order by as_of desc, month_date) = 1 "
            "order by project_name, project_id"
        ),
        "scenarios": (
            "select project_id, project_name, kind, name, npv_usd, low_npv_usd, high_npv_usd, "
            "npv_swing_usd, npv_positive_rate, draw_count from mart_project_scenarios "
            "order by project_id, kind, npv_swing_usd desc, name"
        ),
        "scores": (
            "select model_id, period, period_start_date as start, cohort_attribute, cohort_value, is_mature, measure, "
            "score, score_ci_low, score_ci_high, labelled_count from mart_accuracy_by_cohort "
            f"where score is not null and not is_too_small and (period <> 'week' or period_start_date > {RECENT}) "
            "order by model_id, period, start, cohort_attribute, cohort_value"
        ),
        "cohorts": (
            "select model_id, cohort_attribute, cohort_value, week_date as week, is_mature, is_too_small, measure, "
            "score, score_ci_low, score_ci_high, labelled_count from mart_accuracy_weekly where is_declared_source "
            "order by model_id, cohort_attribute, cohort_value, week"
        ),
        "drift": (
            "select model_id, feature, signal, date_trunc('week', window_start_at)::date as week, "
            "count(is_drifted) as tested_count, count_if(is_drifted) as drifted_count, "
            "max(psi) filter (is_drifted is not null) as psi from mart_drift_windows group by all order by all"
        ),
        "shifts": (
            "with windows as (select model_id, feature, window_start_at, psi, psi / psi_threshold as reach "
            "from mart_drift_windows where status = 'evaluable'), "
            "worst as (select distinct model_id, feature, window_start_at, psi, reach from (select * from windows "
            "cross join (select unnest(['week', 'month', 'quarter']) as period) "
            f"where period <> 'week' or window_start_at >= {RECENT} "
            "qualify row_number() over (partition by model_id, period, date_trunc(period, window_start_at) "
            "order by reach desc, window_start_at, feature) = 1)) "
            "select model_id, feature, window_start_at as at, psi, reach, bin_name, bin_number, reference_share_rate, "
            "window_share_rate from mart_drift_histograms inner join worst using (model_id, window_start_at, feature) "
            "order by model_id, window_start_at, feature, bin_number"
        ),
        "retrains": (
            "select model_id, raised_at, closed_at, reason, model_version, closing_version, worst_feature, is_open, "
            "drifted_window_count, tested_window_count, max_psi from mart_retrain_triggers "
            "order by is_open desc, raised_at desc, model_id"
        ),
        "satisfaction": (
            "select model_id, event_date as day, primary_measure, satisfaction, satisfaction_28d, "
            "satisfaction_28d_ci_low, satisfaction_28d_ci_high, override_rate, override_28d_rate "
            "from mart_satisfaction_daily where satisfaction_28d is not null or override_28d_rate is not null "
            "order by model_id, day"
        ),
        "impacts": (
            "select model_id, event_date as day, event_kind, title, measure, change, change_ci_low, change_ci_high, "
            "has_overlapping_events from mart_event_impact semi join mart_satisfaction_daily as asked "
            "on asked.model_id = mart_event_impact.model_id and asked.event_date = mart_event_impact.event_date "
            "and asked.primary_measure = mart_event_impact.measure "
            "where is_complete and change_ci_low is not null order by model_id, day, event_id"
        ),
        "notes": (
            "select model_id, event_date as day, author_role, sentiment, title, text from mart_notes "
            "qualify row_number() over (partition by model_id, note_kind order by event_date desc, note_id) <= 25 "
            "order by model_id, day, note_id"
        ),
    }
)
