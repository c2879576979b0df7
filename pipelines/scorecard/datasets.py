"""What the page reads: one query over the published marts for each of its tables.

The queries choose and shape; what a number means was settled in the mart. Their columns are what `page.js` asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DATASETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kpis": "from mart_kpis order by kpi_number",
        "models": (
            "select model_id, model_name, model_kind, business_unit, arg_max(team_id, as_of) as team_id "
            "from mart_scorecard group by all order by model_name, model_id"
        ),
        "days": (
            "select kpi_id, model_id, period_start_date as day, numerator, denominator "
            "from mart_scorecard where period = 'day' and numerator is not null and denominator is not null "
            "order by kpi_id, model_id, day"
        ),
        "cells": (
            "select model_id, kpi_id, period, period_start_date as start, as_of, value, numerator, denominator, "
            "sample_size, ci_low, ci_high, target, at_risk, baseline, status, trend, gap_reason, source_freshness, "
            "objective from mart_scorecard where period <> 'day' "
            "qualify period <> 'week' or as_of > max(as_of) over () - 92 "
            "order by period, start, model_id, kpi_id"
        ),
        "hours": (
            "select model_id, hour_at as hour, predictions_per_hour, predictions_per_hour_24h, is_spike "
            "from mart_throughput_hourly qualify event_date > max(event_date) over () - 14 order by model_id, hour"
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
            "select model_id, incident_id, title, severity, started_at, detected_at, resolved_at, "
            "resolve_seconds / 3600 as resolve_hours, is_open, url from mart_incidents order by started_at, incident_id"
        ),
        "repairs": (
            "select model_id, month_date as month, severity, resolve_seconds / 3600 as resolve_hours, resolved_count, "
            "median_resolve_hours, p90_resolve_hours from mart_mttr_monthly where severity <> 'all' order by all"
        ),
        "adoption": (
            "select model_id, feature_id, event_date as day, adoption_1d_rate, adoption_28d_rate "
            "from mart_feature_adoption_daily where is_covered order by all"
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
        "coverage": (
            "select model_id, kpi_id, has_objective, has_owner, is_source_connected, is_identifier_mapped, "
            "is_measured, is_fresh, has_baseline, has_target, roadmap_stage, next_step "
            "from mart_instrumentation_coverage "
            "order by model_id, kpi_number"
        ),
        "versions": (
            "select model_id, model_version, kpi_id, first_served_date, last_served_date, value, previous_value, "
            "served_day_count, prediction_count from mart_model_versions "
            "order by model_id, first_served_date, kpi_number"
        ),
    }
)
