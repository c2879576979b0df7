"""What was planted of deployments is found again, exactly, and what only looks like one is not."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pipelines.warehouse.connect import writer
from tests.integration.conftest import Company

WINDOW = timedelta(hours=72)
MEASURES = ("deployment_count", "rollback_count", "redeploy_count", "failed_attempt_count")


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["deployments"]
    return planted


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def test_every_planted_deployment_stands_once_at_its_moment(company: Company, truth: dict[str, Any]) -> None:
    planted = [
        (
            d["model_id"], d["version"], instant(d["deployed_at"]), instant(d["first_served_at"]),
            d["is_rollback"], d["lead_seconds"],
        )
        for d in truth["deployments"]
    ]  # fmt: skip
    found = company.rows(
        "select model_id, version, deployed_at, first_served_at, is_rollback, lead_seconds from mart_deployments "
        "where model_id <> 'unmapped'"
    )
    assert sorted(found) == sorted(planted)
    assert any(d["is_rollback"] for d in truth["deployments"])


def test_every_format_told_of_some_of_them(company: Company) -> None:
    sources = {row[0] for row in company.rows("select distinct source from mart_deployments")}
    assert sources == {"github", "github+sagemaker", "kserve", "change_records"}
    registries = {row[0] for row in company.rows("select distinct registered_source from mart_deployments")}
    assert registries == {"mlflow", "sagemaker", "commit", None}


def test_two_systems_that_report_one_deployment_make_one(company: Company) -> None:
    found = company.rows(
        "select version, source, moment_source, report_count, redeploy_count, is_canaried from mart_deployments "
        "where model_id = 'recommender' order by deployed_at"
    )
    assert found == [
        ("v2", "github+sagemaker", "sagemaker", 2, 0, True),
        ("v3", "github+sagemaker", "sagemaker", 2, 0, False),
    ]


def test_months_hold_the_planted_counts(company: Company, truth: dict[str, Any]) -> None:
    planted = {(row["model_id"], row["month"], row["measure"]): row["count"] for row in truth["months"]}
    assert {measure for _, _, measure in planted} == set(MEASURES)
    found = {
        (row[0], row[1], measure): count
        for row in company.rows(
            f"select model_id, strftime(month_date, '%Y-%m'), {', '.join(MEASURES)} "
            "from mart_deployment_cadence_monthly"
        )
        for measure, count in zip(MEASURES, row[2:], strict=True)
        if count
    }
    assert found == planted


def test_lead_times_of_a_month_are_numpys_median_and_percentile(company: Company, truth: dict[str, Any]) -> None:
    leads: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for d in truth["deployments"]:
        if d["lead_seconds"] is not None:
            leads[d["model_id"], d["deployed_at"][:7]].append(d["lead_seconds"] / 3600)
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), median_lead_hours, p90_lead_hours, lead_known_count "
        "from mart_deployment_cadence_monthly where lead_known_count > 0"
    )
    assert {row[:2] for row in found} == leads.keys()
    assert any(len(values) > 1 for values in leads.values())
    for model_id, month, median, p90, count in found:
        values = leads[model_id, month]
        assert count == len(values)
        assert (median, p90) == pytest.approx((np.median(values), np.percentile(values, 90)), rel=1e-12)


def planted_failures(company: Company) -> dict[tuple[str, datetime], bool | None]:
    """Whether each planted deployment failed, worked out from the planted incidents alone."""
    end = datetime.fromisoformat(company.truth["start"]) + timedelta(days=company.truth["days"])
    begun: defaultdict[str, list[datetime]] = defaultdict(list)
    for incident in company.truth["incidents"]["incidents"]:
        begun[incident["model_id"]].append(instant(incident["started_at"]))
    lines: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for d in company.truth["deployments"]["deployments"]:
        lines[d["model_id"]].append(d)
    failures: dict[tuple[str, datetime], bool | None] = {}
    for model_id, line in lines.items():
        line.sort(key=lambda d: str(d["deployed_at"]))
        for place, d in enumerate(line):
            live = instant(d["deployed_at"])
            after = line[place + 1] if place + 1 < len(line) else None
            until = min(live + WINDOW, instant(after["deployed_at"])) if after else live + WINDOW
            failed = any(live < at <= until for at in begun[model_id]) or bool(after and after["is_rollback"])
            failures[model_id, live] = True if failed else False if until <= end else None
    return failures


def test_change_failures_are_those_that_both_truths_tell(company: Company) -> None:
    planted = planted_failures(company)
    found = company.rows(
        "select model_id, deployed_at, is_change_failure from mart_deployments where model_id <> 'unmapped'"
    )
    assert {(model_id, at): failed for model_id, at, failed in found} == planted
    assert {True, False} <= set(planted.values())


def test_rates_are_shares_of_the_deployments_judged_and_never_above_one(company: Company) -> None:
    failures: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for (model_id, live), failed in planted_failures(company).items():
        if failed is not None:
            failures[model_id, f"{live:%Y-%m}"].append(failed)
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), change_failure_rate, rollback_rate, rollback_count, "
        "deployment_count from mart_deployment_cadence_monthly where model_id <> 'unmapped'"
    )
    for model_id, month, failure_rate, rollback_rate, rollbacks, deployments in found:
        judged = failures[model_id, month]
        assert failure_rate == (sum(judged) / len(judged) if judged else None)
        assert rollback_rate == (rollbacks / deployments if deployments else None)
        assert (rollback_rate or 0) <= 1


def test_the_scorecard_counts_what_the_monthly_mart_counts_and_a_whole_month_is_one(company: Company) -> None:
    assert company.rows(
        "select count(*) from mart_scorecard as s join mart_deployment_cadence_monthly as m "
        "on s.model_id = m.model_id and s.period_start_date = m.month_date "
        "where s.kpi_id = 'deployment_cadence' and s.period = 'month' "
        "and (s.numerator is distinct from m.deployment_count or s.value is distinct from m.deployments_per_month)"
    ) == [(0,)]
    january = company.rows(
        "select model_id, value, numerator, denominator, status from mart_scorecard "
        "where kpi_id = 'deployment_cadence' and period = 'month' and period_start_date = date '2026-01-01'"
    )
    assert len(january) == 6
    for model_id, value, numerator, denominator, status in january:
        assert (value, denominator) == (numerator, 1.0)
        assert (status == "no_target") == (model_id == "writing-assistant")


def test_what_nobody_owns_is_counted_under_unmapped(company: Company) -> None:
    found = company.rows("select source, is_change_failure, url from mart_deployments where model_id = 'unmapped'")
    assert [row[:2] for row in found] == [("github", None)] * 2
    assert all("/meridian/web-shop/" in row[2] for row in found)


def test_bad_rows_are_quarantined_one_by_one(company: Company, truth: dict[str, Any]) -> None:
    with writer(company.settings, "reading the quarantine") as connection:
        found = dict(
            connection.execute(
                "select source, count(*) from raw.quarantine "
                "where source in ('github', 'mlflow', 'sagemaker', 'kserve', 'change_records') group by source"
            ).fetchall()
        )
        unread = connection.execute(
            "select path from ledger.files where source in ('github', 'mlflow', 'sagemaker', 'kserve', "
            "'change_records') and status <> 'loaded'"
        ).fetchall()
    assert found == truth["quarantined"]
    assert unread == []
