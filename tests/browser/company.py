"""The page's tables over a company that nobody had to build: a few rows each, or none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
KPIS = ["throughput", "mttr", "business_value", "npv", "accuracy", "drift_rate", "satisfaction", "deployment_cadence"]
START, DAYS = date(2026, 1, 1), 60
DATED = [START + timedelta(days=i) for i in range(DAYS)]
MONTHS = [date(2026, 1, 1), date(2026, 2, 1)]
WEEKS = [date(2026, 1, 5) + timedelta(weeks=i) for i in range(8)]


def company(names: list[str]) -> dict[str, pa.Table]:
    """Every table of `datasets.DATASETS` for models of these names; without names, KPIs alone."""
    ids = [f"model-{i}" for i in range(len(names))]
    tables = {
        "kpis": [_kpi(i, kpi) for i, kpi in enumerate(KPIS, 1)],
        "models": [
            {"model_id": i, "model_name": n, "model_kind": "ml", "business_unit": "unit", "team_id": "team"}
            for i, n in zip(ids, names, strict=True)
        ],
        "days": [
            {"kpi_id": k, "model_id": i, "day": d, "numerator": 3.0 + n, "denominator": 4.0}
            for k in KPIS
            for n, i in enumerate(ids)
            for d in DATED
        ],
        "cells": [
            _cell(i, k, m, 10 * n + p + 1 / 3 + month)
            for n, i in enumerate(ids)
            for p, k in enumerate(KPIS)
            for month, m in enumerate(MONTHS)
        ],
        "annotations": [
            {"model_id": i, "day": DATED[9], "kind": "release", "title": HOSTILE, "note": None} for i in ids
        ],
        "deployments": [
            {"model_id": i, "day": d, "version": HOSTILE, "previous_version": "v1", "deployment_kind": kind,
             "is_rollback": kind == "rollback", "is_change_failure": None, "lead_hours": 30.0}
            for i in ids
            for d, kind in [(DATED[5], "release"), (DATED[20], "rollback")]
        ],
        "cadence": [
            {"model_id": i, "month": m, "deployment_count": 2, "rollback_count": 1, "change_judged_count": 2,
             "change_failure_count": 1, "lead_known_count": 1, "median_lead_hours": 30.0, "p90_lead_hours": 30.0}
            for i in ids
            for m in MONTHS
        ],
        "worth": [
            {"model_id": i, "day": d, "evidence_grade": "quasi_experiment", "cumulative_value_usd": 10.0 * n,
             "cumulative_value_ci_low_usd": 8.0 * n, "cumulative_value_ci_high_usd": 12.0 * n}
            for i in ids
            for n, d in enumerate(DATED)
        ],
        "experiments": [
            {"model_id": i, "experiment_id": f"e-{i}", "experiment_name": f"{HOSTILE} {i}", "metric_name": "m",
             "variation_id": "on", "status": "void", "evidence_grade": "randomised", "method": "Welch",
             "is_primary": True, "lift_relative": 0.1, "lift_relative_ci_low": 0.05, "lift_relative_ci_high": 0.15,
             "direction": "better", "decision": "Void."}
            for i in ids
        ],
        "finance": [
            {"project_id": f"p-{i}", "project_name": f"Project {i}", "model_ids": i, "month": m, "basis": "actual",
             "npv_to_date_usd": -5.0 + n, "planned_npv_to_date_usd": -4.0 + n}
            for i in ids
            for n, m in enumerate(MONTHS)
        ],
        "scenarios": [
            {"project_id": f"p-{i}", "project_name": f"Project {i}", "model_ids": i, "kind": kind, "name": name,
             "npv_usd": npv, "low_npv_usd": low, "high_npv_usd": high, "npv_swing_usd": swing,
             "npv_positive_rate": 0.7}
            for i in ids
            for kind, name, npv, low, high, swing in [
                ("scenario", "base", 5.0, None, None, None), ("scenario", "downside", -1.0, None, None, None),
                ("scenario", "upside", 9.0, None, None, None), ("input", "uplift", None, -1.0, 9.0, 10.0)]
        ],
        "cohorts": [
            {"model_id": i, "cohort_attribute": "site", "cohort_value": HOSTILE, "week": w, "is_mature": True,
             "measure": "accuracy", "score": 0.9, "labelled_count": 100}
            for i in ids
            for w in WEEKS
        ],
        "drift": [
            {"model_id": i, "feature": "age", "signal": "data", "week": w, "tested_count": 7, "drifted_count": 2,
             "psi": 0.3}
            for i in ids
            for w in WEEKS
        ],
        "shifts": [
            {"model_id": i, "feature": "age", "at": datetime(2026, 2, 1), "bin_name": f"to {b}", "bin_number": b,  # noqa: DTZ001 - as marts have it
             "reference_share_rate": 0.5, "window_share_rate": 0.4}
            for i in ids
            for b in range(2)
        ],
        "retrains": [
            {"model_id": i, "raised_at": datetime(2026, 2, 1), "closed_at": None, "reason": "drift",  # noqa: DTZ001
             "model_version": "v1", "closing_version": None, "worst_feature": HOSTILE, "is_open": True,
             "drifted_window_count": 3, "tested_window_count": 4, "max_psi": 0.4}
            for i in ids
        ],
        "satisfaction": [
            {"model_id": i, "day": d, "primary_measure": "trust", "satisfaction": 0.8, "satisfaction_28d": 0.8,
             "satisfaction_28d_ci_low": 0.7, "satisfaction_28d_ci_high": 0.9, "override_rate": 0.2,
             "override_28d_rate": 0.2}
            for i in ids
            for d in DATED
        ],
        "impacts": [
            {"model_id": i, "day": DATED[20], "event_kind": "release", "title": "v2", "measure": "trust",
             "change": 0.1, "change_ci_low": -0.1, "change_ci_high": 0.3, "has_overlapping_events": False}
            for i in ids
        ],
        "alerts": [
            {"alert_id": f"a-{i}", "model_id": i, "alert_kind": "kpi", "subject_id": "mttr", "severity": "page",
             "status": "open", "owner": None, "opened_at": datetime(2026, 2, 1, tzinfo=UTC), "closed_at": None,
             "evidence": HOSTILE, "recommended_action": "human review"}
            for i in ids
        ],
    }  # fmt: skip
    unused = ["hours", "latency", "costs", "variance", "incidents", "repairs", "adoption", "funnel", "retention"]
    unused += ["gates", "coverage", "versions"]
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items()} | {n: pa.table({}) for n in unused}


def _kpi(number: int, kpi_id: str) -> dict[str, Any]:
    return {
        "kpi_number": number, "kpi_id": kpi_id, "kpi_name": kpi_id.replace("_", " "), "kpi_group": "Group",
        "unit": "things", "is_higher_better": True, "numerator_name": "things", "denominator_name": "days",
        "definition": "Things a day.", "definition_version": 1,
    }  # fmt: skip


def _cell(model: str, kpi: str, month: date, value: float) -> dict[str, Any]:
    return {
        "model_id": model, "kpi_id": kpi, "period": "month", "start": month, "as_of": DATED[-1], "value": value,
        "numerator": value, "denominator": 1.0, "sample_size": 9, "ci_low": value - 1, "ci_high": value + 1,
        "target": 12.0, "at_risk": 10.0, "baseline": None, "status": "at_risk", "trend": "improving",
        "gap_reason": None, "source_freshness": "logs: 1 March", "objective": None,
    }  # fmt: skip
