"""The queries of a review over the published marts, one for each of its tables.

They select and shape; the mart defines every number. `$start` and `$end` are the period's first and last
day, `$period` its grain, `$team` and `$model` the one asked for or null. An alert or a resolution at the midnight that
ends a period belongs to its last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipelines.scorecard.words import roles_sql

KNOWN: Final = "select min(event_date) as first_day, max(event_date) as last_day from mart_business_value_daily"
"""The first and the last day of the calendar: this mart has every day of it."""

_CHOSEN: Final = (
    "with chosen as (select distinct model_id, model_name from mart_scorecard where period = $period "
    "and period_start_date = $start and ($team::varchar is null or team_id = $team) "
    "and ($model::varchar is null or model_id = $model)) "
)

_QUERIES: Final = {
    "models": "select model_id, model_name from chosen order by model_name, model_id",
    "kpis": "select kpi_id, kpi_name, unit, kpi_group from mart_kpis order by kpi_number",
    "decisions": (
        "select decision_id, decision_name, subject_name, severity, opened_date, due_date, is_overdue, as_of, "
        "owner_role, owner, sign_off_roles, evidence, options, alert_count from mart_decisions "
        "where list_has_any(string_split(model_ids, ','), (select coalesce(list(model_id), []) from chosen)) "
        "order by decision_rank"
    ),
    "cells": (
        "select model_id, kpi_id, value, ci_low, ci_high, target, status, trend, gap_reason, objective, as_of "
        "from mart_scorecard semi join chosen using (model_id) where period = $period and period_start_date = $start"
    ),
    "changes": (
        "select model_id, kpi_id, basis, value, previous_value, change, change_relative, change_ci_low, "
        "change_ci_high, movement from mart_kpi_changes semi join chosen using (model_id) "
        "where period = $period and period_start_date = $start "
        "order by movement desc, adjusted_p_value nulls last, model_name, kpi_id"
    ),
    # Weeks for every period, because a company has few quarters.
    "history": (
        "select model_id, kpi_id, list(value order by period_start_date) as trail from ("
        "select model_id, kpi_id, value, period_start_date from mart_scorecard "
        "where period = 'week' and period_start_date <= $end "
        "qualify row_number() over (partition by model_id, kpi_id order by period_start_date desc) <= 13) "
        "semi join chosen using (model_id) group by all"
    ),
    "alerts": (
        "select alert_id, model_id, alert_kind, subject_id, severity, owner, opened_at, closed_at, "
        "case when last_breached_at <= $end + 1 then latest_evidence else opening_evidence end as evidence, "
        "recommended_action, acknowledged_by, acknowledgement_note, "
        "opened_at > $start as is_opened, coalesce(closed_at <= $end + 1, false) as is_closed "
        "from mart_alerts semi join chosen using (model_id) "
        "where opened_at <= $end + 1 and (closed_at is null or closed_at > $start) "
        "order by is_closed, severity, opened_at, alert_id"
    ),
    "incidents": (
        "select incident_id, model_id, severity, title, started_at, resolved_at, resolve_seconds, age_seconds, "
        "is_reopened from mart_incidents semi join chosen using (model_id) "
        "where started_at <= $end + 1 and (resolved_at is null or resolved_at > $start) "
        "order by severity, started_at, incident_id"
    ),
    "budgets": (
        "select model_id, slo, slo_target_rate, budget_spent_28d, burn_3d from mart_slo_burn "
        "semi join chosen using (model_id) where event_date between $start and $end "
        "qualify row_number() over (partition by model_id, slo order by hour_at desc) = 1 "
        "order by budget_spent_28d desc, model_id, slo"
    ),
    "annotations": (
        "select model_id, kind, title, starts_at, ends_at, event_date from mart_annotations "
        "semi join chosen using (model_id) where event_date between $start and $end "
        "order by starts_at, annotation_id, model_id"
    ),
    # Changes of a model's own measure after a release or the like; incidents are too close together to separate.
    "impacts": (
        "select model_id, event_date, event_kind, title, measure, before_value, after_value, change, change_ci_low, "
        "change_ci_high, has_overlapping_events from mart_event_impact as impacts semi join chosen using (model_id) "
        "semi join mart_satisfaction_daily as asked on asked.model_id = impacts.model_id "
        "and asked.event_date = impacts.event_date and asked.primary_measure = impacts.measure "
        "where is_complete and (change_ci_low > 0 or change_ci_high < 0) and event_kind <> 'incident' "
        "and event_date + 13 between $start and $end order by event_date, model_id, event_id, measure"
    ),
    "variance": (
        "select model_id, month_date, is_whole, previous_cost_usd, volume_effect_usd, mix_effect_usd, "
        "price_effect_usd, compute_cost_usd, previous_prediction_count, prediction_count "
        "from mart_cost_variance_monthly "
        "semi join chosen using (model_id) where month_date between $start and $end order by month_date, model_id"
    ),
    "gates": (
        "select model_id, gate_id, gate_name, due_date, count(*) as criterion_count, "
        "count_if(status = 'passed') as passed_count, count_if(status = 'failed') as failed_count, "
        "coalesce(string_agg(statement || coalesce(' (' || evidence || ')', ''), ' ' order by criterion_number) "
        "filter (status = 'failed'), '') as failed, "
        "coalesce(string_agg(statement || ' (' || case when sign_off_role is not null then "
        f"{roles_sql('sign_off_role')} when status = 'waiting_for_data' then 'no data' else 'no target' end || ')', "
        "' ' order by criterion_number) filter (status like 'waiting%'), '') as waiting "
        "from mart_decision_gates semi join chosen using (model_id) where due_date between $start and $horizon "
        "group by all order by due_date, model_id, gate_id"
    ),
    # For one model: the criteria of its launch, and its results since.
    "criteria": (
        "select gate_name, due_date, statement, status, evidence, sign_off_role from mart_decision_gates "
        "where model_id = $model order by due_date, gate_id, criterion_number"
    ),
    "months": (
        "select kpi_id, period_start_date, value, target, status, baseline from mart_scorecard where model_id = $model "
        "and period = 'month' and period_start_date <= $end order by period_start_date"
    ),
    "experiments": (
        "select model_id, experiment_name, hypothesis, metric_name, variation_id, status, evidence_grade, start_date, "
        "end_date, lift_relative, lift_relative_ci_low, lift_relative_ci_high, direction, decision, "
        "coalesce(end_date between $start and $end, false) as is_finished from mart_experiments "
        "semi join chosen using (model_id) where is_primary and not is_control and start_date <= $end "
        "and (end_date is null or end_date >= $start) order by is_finished desc, end_date, experiment_id, variation_id"
    ),
    "value": (
        "select model_id, event_date, evidence_grade, cumulative_value_usd, cumulative_value_ci_low_usd, "
        "cumulative_value_ci_high_usd from mart_business_value_daily semi join chosen using (model_id) "
        "where event_date <= $end and cumulative_value_usd is not null order by model_id, event_date"
    ),
    "projects": (
        "with plans as (select project_id, arg_max(planned_npv_to_date_usd, month_date) as planned_npv_usd "
        "from mart_project_finance_monthly group by project_id) "
        "select project_id, project_name, sponsor, month_date, as_of, basis, "
        "case when month_date <= $end then planned_npv_to_date_usd end as planned_npv_to_date_usd, "
        "case when month_date <= $end then npv_to_date_usd end as npv_to_date_usd, "
        "planned_npv_usd, npv_usd, payback_months, npv_positive_rate, gap_reason "
        "from mart_project_finance_monthly inner join plans using (project_id) inner join ("
        "select project_id, model_ids, npv_positive_rate from mart_project_scenarios "
        "where kind = 'scenario' and name = 'base') using (project_id) "
        "where as_of between $start and $end "
        "and list_has_any(string_split(model_ids, ','), (select coalesce(list(model_id), []) from chosen)) "
        "qualify row_number() over (partition by project_id "
        "order by month_date <= $end desc, as_of = last_day(month_date) desc, "
        "case when month_date <= $end then month_date end desc, month_date) = 1 order by project_name, project_id"
    ),
    "notes": (
        "select model_id, event_date, note_kind, author_role, theme, sentiment, title, text from mart_notes "
        "semi join chosen using (model_id) where event_date between $start and $end "
        "qualify note_kind <> 'comment' or row_number() over (partition by model_id, note_kind "
        "order by normalised_score, event_date desc, note_id) <= 2 order by note_kind = 'comment', event_date, note_id"
    ),
}
QUERIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: _CHOSEN + (f", {query.removeprefix('with ')}" if query.startswith("with ") else query)
        for name, query in _QUERIES.items()
    }
)
