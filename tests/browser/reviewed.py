"""The answers that reviews are written from, for a company that nobody had to build, with names that are hostile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from pipelines.scorecard.reviews.queries import QUERIES

Answers = dict[str, list[dict[str, Any]]]

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> | *b* [l](javascript:1) `c`"
MODELS = {"model-0": "Alpha", "model-1": HOSTILE}
KPIS = ["throughput", "cost_per_prediction", "mttr", "business_value", "satisfaction", "drift_rate", "npv"]
STATUSES = ["on_target", "at_risk", "off_target", "no_target", "no_data"]
DAY, MOMENT = date(2026, 2, 17), datetime(2026, 2, 17, 9, 30)  # noqa: DTZ001 - as marts have it


def answers(queries: Mapping[str, str], values: Mapping[str, object]) -> dict[str, pa.Table]:
    """Replaces the published marts: the same few rows for whatever period is asked for."""
    rows = _rows()
    return {name: pa.Table.from_pylist(rows[name]) for name in queries}


def _rows() -> Answers:
    rows = _kpis() | _events() | _decisions()
    assert rows.keys() - {"known"} == QUERIES.keys()
    return rows


def _kpis() -> Answers:
    """What is measured, and how it moved."""
    each = [(model, kpi, place) for model in MODELS for place, kpi in enumerate(KPIS)]
    return {
        "known": [{"first_day": date(2026, 1, 1), "last_day": date(2026, 3, 1)}],
        "models": [{"model_id": i, "model_name": name} for i, name in MODELS.items()],
        "kpis": [
            {"kpi_id": kpi, "kpi_name": f"{kpi} <b>", "kpi_group": "ROI",
             "unit": "share of the best score" if kpi in ("satisfaction", "drift_rate") else "USD a month"}
            for kpi in KPIS
        ],
        "cells": [
            {"model_id": model, "kpi_id": kpi, "value": None if place % 5 == 4 else 0.5 + place, "ci_low": 0.4,
             "ci_high": 0.6, "target": None if place % 5 == 3 else 0.7, "status": STATUSES[place % 5],
             "trend": "steady", "gap_reason": HOSTILE, "objective": HOSTILE, "as_of": DAY}
            for model, kpi, place in each
        ],
        "changes": [
            {"model_id": model, "kpi_id": kpi, "basis": "days", "value": 0.5, "previous_value": 0.4, "change": 0.1,
             "change_relative": 0.25, "change_ci_low": 0.05, "change_ci_high": 0.15,
             "movement": [None, "improved", "worsened", "steady"][place % 4]}
            for model, kpi, place in each
        ],
        "history": [{"model_id": m, "kpi_id": k, "trail": [None, 1.0, 3.0, 2.0]} for m, k, _ in each],
        "months": [
            {"kpi_id": kpi, "period_start_date": date(2026, 2, 1), "value": 1.0, "target": 2.0, "status": "off_target",
             "baseline": 1.5}
            for kpi in KPIS
        ],
    }  # fmt: skip


def _events() -> Answers:
    """What happened, and what followed."""
    return {
        "alerts": [
            {"alert_id": f"a-{kind}-{model}", "model_id": model, "alert_kind": kind, "subject_id": subject,
             "severity": "page", "owner": HOSTILE, "opened_at": MOMENT, "closed_at": None, "evidence": HOSTILE,
             "recommended_action": HOSTILE, "acknowledged_by": "a@b.example", "acknowledgement_note": HOSTILE,
             "is_opened": True, "is_closed": False}
            for model in MODELS
            for kind, subject in [("kpi_off_target", "mttr"), ("slo_burn", "latency"), ("guardrail", HOSTILE)]
        ],
        "incidents": [
            {"incident_id": HOSTILE, "model_id": model, "severity": "P1", "title": HOSTILE, "started_at": MOMENT,
             "resolved_at": None, "resolve_seconds": None, "age_seconds": 7_200.0, "is_reopened": True}
            for model in MODELS
        ],
        "budgets": [
            {"model_id": model, "slo": "latency", "slo_target_rate": 0.95, "budget_spent_28d": spent, "burn_3d": spent}
            for model, spent in zip(MODELS, (0.5, 1.5), strict=True)
        ],
        "annotations": [
            {"model_id": model, "kind": kind, "title": HOSTILE, "starts_at": MOMENT, "ends_at": None, "event_date": DAY}
            for model in MODELS
            for kind in ("release", "incident", "campaign", "holiday")
        ],
        "impacts": [
            {"model_id": "model-1", "event_date": DAY, "event_kind": "release", "title": HOSTILE, "measure": "csat",
             "before_value": 0.8, "after_value": 0.6, "change": -0.2, "change_ci_low": -0.3, "change_ci_high": -0.1,
             "has_overlapping_events": False}
        ],
        "variance": [
            {"model_id": model, "month_date": date(2026, 2, 1), "is_whole": True, "previous_cost_usd": 10.0,
             "volume_effect_usd": 1.0, "mix_effect_usd": -3.0, "price_effect_usd": 0.0, "compute_cost_usd": 8.0,
             "previous_prediction_count": 100, "prediction_count": 110}
            for model in MODELS
        ],
    }  # fmt: skip


def _decisions() -> Answers:
    """What is to be decided, and what it rests on."""
    return {
        "decisions": [
            {"decision_id": f"model-1:{severity}", "decision_name": HOSTILE, "subject_name": HOSTILE,
             "severity": severity, "opened_date": DAY, "due_date": DAY, "is_overdue": True, "as_of": DAY,
             "owner_role": "ai_program_lead", "owner": HOSTILE, "sign_off_roles": "sre,data_steward",
             "evidence": HOSTILE, "options": HOSTILE, "alert_count": 2}
            for severity in ("critical", "failed", "waiting")
        ],
        "gates": [
            {"model_id": "model-1", "gate_id": "g", "gate_name": HOSTILE, "due_date": DAY, "criterion_count": 3,
             "passed_count": 1, "failed_count": 1, "failed": HOSTILE, "waiting": HOSTILE}
        ],
        "criteria": [
            {"gate_name": HOSTILE, "due_date": DAY, "statement": HOSTILE, "status": status, "evidence": HOSTILE,
             "sign_off_role": None}
            for status in ("passed", "failed", "waiting_for_person", "not_due")
        ],
        "experiments": [
            {"model_id": "model-1", "experiment_name": HOSTILE, "hypothesis": HOSTILE, "metric_name": HOSTILE,
             "variation_id": "on", "status": "finished", "evidence_grade": "randomised", "start_date": DAY,
             "end_date": DAY, "lift_relative": 0.1, "lift_relative_ci_low": 0.05, "lift_relative_ci_high": 0.15,
             "direction": "better", "decision": HOSTILE, "is_finished": True}
        ],
        "value": [
            {"model_id": model, "event_date": date(2026, 2, day), "evidence_grade": "randomised",
             "cumulative_value_usd": 10.0 * day, "cumulative_value_ci_low_usd": 8.0 * day,
             "cumulative_value_ci_high_usd": 12.0 * day}
            for model in MODELS
            for day in range(1, 20)
        ],
        "projects": [
            {"project_id": "p", "project_name": HOSTILE, "sponsor": HOSTILE, "month_date": date(2026, 2, 1),
             "as_of": date(2026, 2, 28), "basis": "actual", "planned_npv_to_date_usd": -5.0, "npv_to_date_usd": -4.0,
             "planned_npv_usd": 9.0, "npv_usd": 12.0, "payback_months": None, "npv_positive_rate": 0.7,
             "gap_reason": None}
        ],
        "notes": [
            {"model_id": "model-1", "event_date": DAY, "note_kind": "interview", "author_role": HOSTILE, "theme": None,
             "sentiment": None, "title": HOSTILE, "text": HOSTILE}
        ],
    }  # fmt: skip
