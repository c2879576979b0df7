"""The page's tables over a company that nobody had to build: every table filled, as large as asked, or none."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any

import pyarrow as pa

from pipelines.kpis import KPIS

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
START = date(2026, 1, 1)
IDS = [kpi.kpi_id for kpi in KPIS]
SHARES = {kpi.kpi_id for kpi in KPIS if kpi.is_share}
SPARSE = {kpi.kpi_id for kpi in KPIS if not kpi.has_single_days}
"""KPIs of which a single day says nothing."""
OWN_DAYS = {kpi.kpi_id for kpi in KPIS if not kpi.is_rolled_from_days}
"""KPIs with days in tables of their own."""
Row = dict[str, Any]


def company(names: list[str], days: int = 60) -> dict[str, pa.Table]:
    """Every table of `datasets.DATASETS` for models of these names over `days`; without names, KPIs alone."""
    made = _Company(names, days)
    tables: dict[str, list[Row]] = {name: list(getattr(made, name)()) for name in made.TABLES}
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}


class _Company:
    """The tables' rows, a method each; numbers are as noisy as real ones, so that they pack no better."""

    TABLES = (
        "kpis", "models", "days", "weeks", "cells", "hours", "latency", "costs", "variance", "incidents", "repairs",
        "adoption", "funnel", "retention", "alerts", "gates", "coverage", "versions", "annotations", "deployments",
        "cadence", "worth", "experiments", "finance", "projects", "scenarios", "cohorts", "drift", "shifts", "retrains",
        "satisfaction", "impacts", "notes", "sources", "guardrails", "budgets", "fairness", "correlations",
        "spending", "reconciliation", "portfolio", "decisions", "scores",
    )  # fmt: skip

    def __init__(self, names: list[str], days: int) -> None:
        self.names = {f"model-{i}": name for i, name in enumerate(names)}
        self.dated = [START + timedelta(days=i) for i in range(days)]
        self.end = self.dated[-1]
        self.months = _starts(self.dated, lambda day: day.replace(day=1))
        self.mondays = _starts(self.dated, lambda day: day - timedelta(days=day.weekday()))
        self.quarters = _starts(self.dated, lambda day: day.replace(month=1 + 3 * ((day.month - 1) // 3), day=1))
        self.random = random.Random(7)  # noqa: S311 - noise, no secret

    def about(self, value: float, spread: float = 0.1) -> float:
        return value * (1 + self.random.uniform(-spread, spread))

    def share(self, value: float, of: int) -> float:
        """A share of a whole number of people or decisions."""
        return round(self.about(value * of)) / of

    def quantile(self, value: float) -> float:
        """A quantile of a histogram with buckets 1 % wide."""
        return float(value * 1.01 ** self.random.randrange(-5, 6))

    def each(self, *lists: Any) -> Iterator[tuple[Any, ...]]:
        """(model, …) for every model and every member of the lists."""
        for model in self.names:
            yield from ((model, *members) for members in product(*lists))

    def kpis(self) -> Iterator[Row]:
        yield from (kpi.model_dump() for kpi in KPIS)

    def models(self) -> Iterator[Row]:
        for i, (model, name) in enumerate(self.names.items()):
            yield {"model_id": model, "model_name": name, "model_kind": "decision_system",
                   "model_description": "Decides.", "owner": "owner@acme.example",
                   "business_unit": f"unit {i % 4}", "team_id": f"team-{i % 3}"}  # fmt: skip

    def days(self) -> Iterator[Row]:
        for model in self.names:
            served = [round(self.about(40_000, 0.3)) for _ in self.dated]
            for kpi in IDS:
                summed: list[tuple[float, float]] = []
                for day, predictions in zip(self.dated, served, strict=True):
                    numerator, denominator = {
                        "throughput": (predictions, 24.0),
                        "deployment_cadence": (float(self.random.random() < 0.05), 1 / 30),
                        "cost_per_prediction": (self.about(400), predictions),
                        "mttr": (self.about(4), 1.0) if self.random.random() < 0.2 else (0.0, 0.0),
                        "business_value": (self.about(1000), 1 / 30),
                        "npv": (90_000 + 10 * (day.month - 1), 1.0),
                        "drift_rate": (float(self.random.random() < 0.1), 1.0),
                        "feature_adoption": (round(self.about(700)), 1400.0),
                    }.get(kpi, (round(self.about(800)), 1000.0))
                    summed.append((numerator, denominator))
                    rolled = [sum(sums) for sums in zip(*summed[-28:], strict=True)]
                    yield {
                        "kpi_id": kpi, "model_id": model, "day": day,
                        "value": numerator / denominator if denominator and kpi not in SPARSE | OWN_DAYS else None,
                        "rolling_value": rolled[0] / rolled[1] if rolled[1] and kpi not in OWN_DAYS else None,
                    }  # fmt: skip

    def weeks(self) -> Iterator[Row]:
        for model, week, kpi in self.each(self.mondays, IDS):
            yield {"kpi_id": kpi, "model_id": model, "week": week, "value": self.about(0.8 if kpi in SHARES else 120.0)}

    def cells(self) -> Iterator[Row]:
        periods = {"week": self.mondays[-13:], "month": self.months, "quarter": self.quarters}
        for period, starts in periods.items():
            before: dict[tuple[str, str], float] = {}
            for model, start, kpi in self.each(starts, IDS):
                value = self.about(0.8 if kpi in SHARES else 120.0)
                change = value / before[model, kpi] - 1 if (model, kpi) in before else None
                before[model, kpi] = value
                yield {
                    "model_id": model, "kpi_id": kpi, "period": period, "start": start,
                    "as_of": next((later - timedelta(days=1) for later in starts if later > start), self.end),
                    "value": value, "numerator": 30 * value, "denominator": 30.0, "sample_size": 900,
                    "change_relative": change,
                    "ci_low": value * 0.9 if kpi in SHARES else None,
                    "ci_high": value * 1.1 if kpi in SHARES else None, "target": 0.75 if kpi in SHARES else 110.0,
                    "at_risk": None, "baseline": None, "status": self.random.choice(["on_target", "off_target"]),
                    "trend": "improving", "gap_reason": None, "source_freshness": "logs: 1 March", "objective": None,
                    "is_whole": start != starts[-1],
                    "target_basis": "P1 3 h of 2 h (1 incident)" if kpi == "mttr" else None,
                }  # fmt: skip

    def hours(self) -> Iterator[Row]:
        first = _at(self.end) - timedelta(days=13)
        for model, hour in self.each(range(14 * 24)):
            value = round(self.about(2000 * (1.2 + math.sin(hour / 24 * 2 * math.pi))))
            yield {"model_id": model, "hour": first + timedelta(hours=hour), "predictions_per_hour": float(value),
                   "predictions_per_hour_24h": self.about(2400, 0.05), "predictions_per_hour_p95_28d": 4600.0,
                   "is_spike": value > 4600}  # fmt: skip

    def latency(self) -> Iterator[Row]:
        for model, day in self.each(self.dated):
            yield {"model_id": model, "day": day, "latency_p50_ms": self.quantile(40),
                   "latency_p95_ms": self.quantile(90), "latency_p99_ms": self.quantile(140),
                   "latency_target_ms": 120.0}  # fmt: skip

    def costs(self) -> Iterator[Row]:
        for model, week, instance in self.each(self.mondays, ["ml.g5.2xlarge", "c7g.4xlarge", HOSTILE]):
            yield {"model_id": model, "week": week, "instance_type": instance, "compute_cost_usd": self.about(900),
                   "prediction_count": round(self.about(90_000))}  # fmt: skip

    def variance(self) -> Iterator[Row]:
        for model, month in self.each(self.months[1:]):
            yield {"model_id": model, "month": month, "is_whole": True, "previous_cost_usd": 4000.0,
                   "volume_effect_usd": 300.0, "mix_effect_usd": -500.0, "price_effect_usd": 40.0,
                   "compute_cost_usd": 3840.0}  # fmt: skip

    def incidents(self) -> Iterator[Row]:
        for model, day in self.each(self.dated[::5]):
            began = _at(day) + timedelta(hours=self.random.randrange(24))
            yield {"model_id": model, "title": f"{HOSTILE} is slow", "severity": "P2",
                   "started_at": began, "resolve_hours": self.about(5),
                   "is_open": day == self.dated[0], "url": "https://acme.pagerduty.example/incidents/1"}  # fmt: skip

    def repairs(self) -> Iterator[Row]:
        for model, month, severity in self.each(self.months, ["P1", "P2", "P3"]):
            yield {"model_id": model, "month": month, "severity": severity, "resolve_hours": self.about(20),
                   "resolved_count": 5, "target_hours": 6.0 if severity != "P3" else None,
                   "status": "on_target" if severity != "P3" else None}  # fmt: skip

    def adoption(self) -> Iterator[Row]:
        for model, day in self.each(self.dated):
            yield {"model_id": model, "day": day, "adoption_1d_rate": self.share(0.2, 1400),
                   "adoption_28d_rate": self.share(0.5, 1400)}  # fmt: skip

    def funnel(self) -> Iterator[Row]:
        for model, number in self.each(range(1, 6)):
            stage = ["eligible", "exposed", "onboarded", "first_use", "retained"][number - 1]
            yield {"model_id": model, "feature_id": f"widget {HOSTILE}", "stage": stage, "stage_number": number,
                   "user_count": 1000 // number, "conversion_rate": None if number == 1 else 0.8}  # fmt: skip

    def retention(self) -> Iterator[Row]:
        for model, cohort, week in self.each(range(len(self.mondays)), range(13)):
            if cohort + week < len(self.mondays):
                yield {"model_id": model, "feature_id": "widget", "cohort": self.mondays[cohort], "week_number": week,
                       "cohort_user_count": 40, "retention_rate": self.share(0.6, 40)}  # fmt: skip

    def alerts(self) -> Iterator[Row]:
        for (model,) in self.each():
            yield {"alert_id": f"a-{model}", "model_id": model, "alert_kind": "kpi", "subject_id": "mttr",
                   "severity": "page", "status": "open", "owner": None, "opened_at": _at(self.end), "closed_at": None,
                   "evidence": HOSTILE, "recommended_action": "human review"}  # fmt: skip

    def gates(self) -> Iterator[Row]:
        for model, number in self.each(range(1, 5)):
            yield {"model_id": model, "gate_id": "launch", "gate_name": "Launch", "criterion_number": number,
                   "statement": HOSTILE, "due_date": self.end, "status": ["passed", "failed"][number % 2],
                   "evidence": None}  # fmt: skip

    def coverage(self) -> Iterator[Row]:
        for model, kpi in self.each(IDS):
            yield {"model_id": model, "kpi_id": kpi, "steps_done": 7, "roadmap_stage": "measure",
                   "next_step": "Deliver the file."}  # fmt: skip

    def versions(self) -> Iterator[Row]:
        half = len(self.dated) // 2
        for model, number, kpi in self.each([0, 1], IDS):
            yield {"model_id": model, "model_version": f"v{number + 1}", "kpi_id": kpi,
                   "first_served_date": self.dated[half * number],
                   "last_served_date": self.dated[half * (number + 1) - 1], "value": self.about(0.8),
                   "previous_value": self.about(0.8) if number else None,
                   "is_too_small": False, "is_previous_too_small": False, "served_day_count": half,
                   "prediction_count": 90_000}  # fmt: skip

    def annotations(self) -> Iterator[Row]:
        for model, day in self.each(self.dated[9::20]):
            yield {"model_id": model, "day": day, "kind": "release", "title": HOSTILE, "note": None,
                   "source": "serving_logs", "url": None}  # fmt: skip

    def deployments(self) -> Iterator[Row]:
        for model, day in self.each(self.dated[5::15]):
            kind = self.random.choice(["release", "rollback", "roll_forward"])
            yield {"model_id": model, "day": day, "version": HOSTILE, "previous_version": "v1", "deployment_kind": kind,
                   "is_rollback": kind == "rollback", "is_change_failure": None, "lead_hours": 30.0}  # fmt: skip

    def cadence(self) -> Iterator[Row]:
        for model, month in self.each(self.months):
            yield {"model_id": model, "month": month, "deployment_count": 2, "rollback_count": 1,
                   "change_evaluated_count": 2, "change_failure_count": 1, "lead_known_count": 1,
                   "median_lead_hours": self.about(30), "p90_lead_hours": self.about(50)}  # fmt: skip

    def worth(self) -> Iterator[Row]:
        for model, day in self.each(range(len(self.dated))):
            total = 1000.0 * day + self.about(100)
            yield {"model_id": model, "day": self.dated[day], "evidence_grade": "quasi_experiment",
                   "cumulative_value_usd": total, "cumulative_value_ci_low_usd": total * 0.8,
                   "cumulative_value_ci_high_usd": total * 1.2}  # fmt: skip

    def experiments(self) -> Iterator[Row]:
        for model, status in self.each(["invalid", "finished"]):
            lift = 9.0 if model == "model-1" and status == "invalid" else 0.1
            yield {"model_id": model, "experiment_id": f"e-{model}-{status}", "experiment_name": f"{HOSTILE} {model}",
                   "hypothesis": HOSTILE, "decided": "Rolled out." if status == "finished" else None,
                   "start_date": self.dated[0], "end_date": self.dated[-1], "metric_name": "m", "variation_id": "on",
                   "status": status, "evidence_grade": "randomised",
                   "method": "Welch", "is_primary": True,
                   "lift_relative": lift, "lift_relative_ci_low": lift / 2, "lift_relative_ci_high": lift * 1.5,
                   "direction": "better",
                   "decision": "Found to be better."}  # fmt: skip

    def finance(self) -> Iterator[Row]:
        for model, month in self.each(range(36)):
            yield {"project_id": f"p-{model}", "project_name": f"Project {self.names[model]}",
                   "month": date(2026 + month // 12, 1 + month % 12, 1), "basis": "actual" if month < 2 else "planned",
                   "npv_to_date_usd": self.about(3000.0 * month) - 50_000,
                   "planned_npv_to_date_usd": 3000.0 * month - 50_000}  # fmt: skip

    def projects(self) -> Iterator[Row]:
        for (model,) in self.each():
            yield {"project_id": f"p-{model}", "project_name": f"Project {self.names[model]}", "model_ids": model,
                   "sponsor": "sponsor@acme.example", "as_of": self.end, "npv_usd": 50_000.0, "irr": 0.4,
                   "payback_months": 14.2, "discounted_payback_months": None, "discount_rate": 0.1,
                   "gap_reason": None}  # fmt: skip

    def scenarios(self) -> Iterator[Row]:
        rows: list[tuple[str, str, float | None, float | None, float | None]] = [
            ("scenario", "base", 50_000.0, None, None), ("scenario", "downside", -10_000.0, None, None),
            ("scenario", "upside", 90_000.0, None, None), ("input", "uplift", None, -10_000.0, 90_000.0),
            ("input", "category:cloud", None, 60_000.0, 40_000.0),
        ]  # fmt: skip
        for model, (kind, name, npv, low, high) in self.each(rows):
            yield {"project_id": f"p-{model}", "project_name": f"Project {self.names[model]}", "kind": kind,
                   "name": name, "npv_usd": npv, "low_npv_usd": low, "high_npv_usd": high,
                   "npv_swing_usd": None if low is None or high is None else abs(high - low),
                   "npv_positive_rate": 0.7 if name == "base" else None, "draw_count": 1000}  # fmt: skip

    def cohorts(self) -> Iterator[Row]:
        for model, cohort, week in self.each([("all", "all"), ("site", "north"), ("site", HOSTILE)], self.mondays):
            score = self.about(0.85, 0.05)
            yield {"model_id": model, "cohort_attribute": cohort[0], "cohort_value": cohort[1], "week": week,
                   "is_mature": week < self.mondays[-2], "is_too_small": False, "measure": "accuracy", "score": score,
                   "score_ci_low": score - 0.02, "score_ci_high": score + 0.02, "labelled_count": 400}  # fmt: skip

    def scores(self) -> Iterator[Row]:
        for period, starts in {"week": self.mondays[-13:], "month": self.months, "quarter": self.quarters}.items():
            for model, start, cohort in self.each(starts, [("all", "all"), ("site", "north"), ("site", HOSTILE)]):
                score = 0.6 if cohort[1] == "north" else self.about(0.85, 0.05)
                yield {"model_id": model, "period": period, "start": start, "cohort_attribute": cohort[0],
                       "cohort_value": cohort[1], "is_mature": start != starts[-1], "measure": "accuracy",
                       "score": score, "score_ci_low": score - 0.02, "score_ci_high": score + 0.02,
                       "labelled_count": 400}  # fmt: skip

    def drift(self) -> Iterator[Row]:
        for model, feature, week in self.each(["age", "amount", HOSTILE], self.mondays):
            yield {"model_id": model, "feature": feature, "signal": "data", "week": week, "tested_count": 7,
                   "drifted_count": 2 if self.random.random() < 0.1 else 0, "psi": self.about(0.1)}  # fmt: skip

    def shifts(self) -> Iterator[Row]:
        windows = list(enumerate(dict.fromkeys([*self.months, *self.mondays[-13:]])))
        for model, (rank, day), number in self.each(windows, range(10)):
            yield {"model_id": model, "feature": f"feature {rank}", "at": _at(max(day, START)), "psi": 0.01 * rank,
                   "reach": 0.1 * rank, "bin_name": f"to {10 * number}", "bin_number": number,
                   "reference_share_rate": 0.1, "window_share_rate": self.about(0.1)}  # fmt: skip

    def retrains(self) -> Iterator[Row]:
        for (model,) in self.each():
            yield {"model_id": model, "raised_at": _at(self.end), "closed_at": None, "reason": "drift",
                   "model_version": "v1", "closing_version": None, "worst_feature": HOSTILE, "is_open": True,
                   "drifted_window_count": 3, "tested_window_count": 4, "max_psi": 0.4}  # fmt: skip

    def satisfaction(self) -> Iterator[Row]:
        for model, day in self.each(self.dated):
            yield {"model_id": model, "day": day, "primary_measure": "trust", "satisfaction": self.share(0.8, 56),
                   "satisfaction_28d": self.share(0.8, 1568), "satisfaction_28d_ci_low": 0.7,
                   "satisfaction_28d_ci_high": 0.9, "override_rate": self.share(0.2, 200),
                   "override_28d_rate": self.share(0.2, 5600)}  # fmt: skip

    def impacts(self) -> Iterator[Row]:
        for model, day in self.each(self.dated[20::20]):
            yield {"model_id": model, "day": day, "event_kind": "release", "title": HOSTILE, "measure": "trust",
                   "change": self.about(0.1), "change_ci_low": -0.1, "change_ci_high": 0.3,
                   "has_overlapping_events": False}  # fmt: skip

    def notes(self) -> Iterator[Row]:
        for model, day in self.each(self.dated[-10:]):
            yield {"model_id": model, "day": day, "author_role": "user", "sentiment": "mixed", "title": None,
                   "text": HOSTILE}  # fmt: skip

    def sources(self) -> Iterator[Row]:
        for title in ["PagerDuty", "Serving logs"] if self.names else []:
            yield {"title": title, "newest_date": self.end, "fresh_hours": 48, "is_behind": False,
                   "kpi_names": "throughput"}  # fmt: skip

    def guardrails(self) -> Iterator[Row]:
        for i, (model,) in enumerate(self.each()):
            yield {"model_id": model, "guardrail_id": "recall-floor", "start": self.months[-1], "is_breached": i == 0,
                   "evidence": HOSTILE, "action": "human_review"}  # fmt: skip

    def budgets(self) -> Iterator[Row]:
        for model, slo, day in self.each(["availability", "latency"], self.dated):
            yield {"model_id": model, "slo": slo, "day": day, "budget_spent": self.about(0.7), "goal": 0.99}

    def fairness(self) -> Iterator[Row]:
        for model, group in self.each(["under_35", "over_65"]):
            yield {"model_id": model, "month": self.months[-1], "cohort_attribute": "age_band", "cohort_value": group,
                   "recall": self.about(0.7), "recall_low": 0.5, "recall_high": 0.9, "positive_count": 80,
                   "difference": -0.1 if group == "over_65" else 0.0, "selection_rate": 0.04,
                   "selection_ratio": 1.0}  # fmt: skip

    def correlations(self) -> Iterator[Row]:
        for model, lag in self.each(range(8)):
            yield {"model_id": model, "measure": "trust", "factor": "incident_count", "lag_days": lag,
                   "correlation": self.about(-0.3), "ci_low": -0.6, "ci_high": 0.1}  # fmt: skip

    def spending(self) -> Iterator[Row]:
        for month in self.months if self.names else []:
            yield {"month": month, "as_of": self.end, "is_whole": True, "investment_usd": 9000.0,
                   "running_usd": self.about(20_000), "bill_usd": 31_000.0, "bill_unallocated_usd": 900.0,
                   "bill_unused_usd": 500.0, "investment_to_date_usd": 90_000.0, "running_to_date_usd": 40_000.0,
                   "measured_usd": 330_000.0, "measured_ci_low_usd": 280_000.0, "measured_ci_high_usd": 380_000.0,
                   "actual_usd": 31_000.0, "planned_usd": 30_000.0, "claimed_usd": 37_000.0, "claimed_model_count": 1,
                   "difference_usd": 299_000.0, "difference_compared_usd": 99_000.0,
                   "measured_unrecorded_usd": 200_000.0, "difference_gap_reason": None, "npv_usd": 330_000.0,
                   "project_count": 7, "negative_project_count": 2}  # fmt: skip

    def reconciliation(self) -> Iterator[Row]:
        for model, month in self.each(self.months):
            yield {"model_id": model, "month": month, "measured_usd": self.about(9000), "measured_ci_low_usd": 7000.0,
                   "measured_ci_high_usd": 11_000.0, "measured_gap_reason": None, "actual_usd": 3000.0,
                   "claimed_usd": 500.0, "planned_usd": 4000.0, "measured_to_actual_ratio": 3.0,
                   "difference_usd": 6000.0, "is_measured_above_actual": True, "is_measured_below_actual": False,
                   "is_claimed_unmeasured": False, "is_actual_unmeasured": False,
                   "is_measured_unrecorded": False}  # fmt: skip

    def portfolio(self) -> Iterator[Row]:
        for i, (model,) in enumerate(self.each()):
            yield {"model_id": model, "first_date": self.dated[0], "last_date": self.end,
                   "verdict": ["scale", "fix", "retire", "experiment"][i % 4], "verdict_reason": HOSTILE,
                   "would_change": "An experiment of 900 users.", "evidence_grade": "measured",
                   "breaches": "recall is below its guardrail" if i % 4 == 1 else None, "is_breached": i % 4 == 1,
                   "value_usd": 9000.0, "value_low_usd": 7000.0, "value_high_usd": 11_000.0, "full_cost_usd": 5000.0,
                   "avoidable_cost_usd": 3000.0, "net_usd": 4000.0, "compute_cost_usd": 2000.0}  # fmt: skip

    def decisions(self) -> Iterator[Row]:
        for (model,) in self.each():
            yield {"model_id": model, "model_ids": model, "subject_name": self.names[model],
                   "decision_name": "Retrain or roll back", "severity": "critical", "owner": "owner@acme.example",
                   "sign_off_roles": "model owner", "evidence": HOSTILE, "options": "retrain; roll back",
                   "opened_date": self.dated[-5], "due_date": self.dated[-2], "is_overdue": True,
                   "alert_count": 3}  # fmt: skip


def _starts(dated: list[date], start: Callable[[date], date]) -> list[date]:
    return list(dict.fromkeys(start(day) for day in dated))


def _at(day: date) -> datetime:
    return datetime.combine(day, time())
