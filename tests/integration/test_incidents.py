"""What was planted of incidents is found again, exactly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pipelines.warehouse.connect import writer
from tests.integration.conftest import Company

FACTS = (
    "model_id", "severity", "started_at", "detected_at", "acknowledged_at", "resolved_at", "detect_seconds",
    "resolve_seconds", "closed_between_seconds", "reopen_count", "is_open", "is_auto_resolved",
)  # fmt: skip


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["incidents"]
    return planted


def planted_facts(incident: dict[str, Any]) -> tuple[object, ...]:
    """The incident's planted facts, as a mart would hold them."""
    instants = {"started_at", "detected_at", "acknowledged_at", "resolved_at"}
    return tuple(
        datetime.fromisoformat(value).replace(tzinfo=None) if name in instants and (value := incident[name])
        else incident[name]
        for name in FACTS
    )  # fmt: skip


def key(incident: dict[str, Any]) -> str:
    return str(incident["pagerduty_ids"][0] if incident["pagerduty_ids"] else incident["jira_keys"][0])


def test_every_planted_incident_stands_once_with_its_true_times(company: Company, truth: dict[str, Any]) -> None:
    planted = {key(incident): planted_facts(incident) for incident in truth["incidents"]}
    found = company.rows(f"select incident_id, {', '.join(FACTS)} from mart_incidents")
    assert {row[0]: row[1:] for row in found} == planted
    assert len(found) == len(planted)


def test_the_sample_company_has_every_kind_of_trouble(truth: dict[str, Any]) -> None:
    kinds = {incident["kind"] for incident in truth["incidents"]}
    assert kinds == {
        "plain", "linked_from_jira", "reopened", "jira_only", "merged", "no_ack", "linked_from_pagerduty",
        "auto_resolved", "priority_change", "jira_reopened", "unknown_service", "jira_first", "open",
    }  # fmt: skip
    assert truth["merged_pagerduty_ids"]
    assert truth["suppressed_alert_count"] > 0


def test_an_incident_in_both_systems_names_both_and_says_which_one_it_trusts(
    company: Company, truth: dict[str, Any]
) -> None:
    both = {
        (key(i), i["jira_keys"][0], "pagerduty+jira", "pagerduty")
        for i in truth["incidents"]
        if i["pagerduty_ids"] and i["jira_keys"]
    }
    found = company.rows(
        "select incident_id, jira_issue_key, source, resolution_source from mart_incidents "
        "where pagerduty_incident_id is not null and jira_issue_key is not null"
    )
    assert set(found) == both


def test_merged_and_suppressed_alerts_are_no_incidents(company: Company, truth: dict[str, Any]) -> None:
    ids = {row[0] for row in company.rows("select pagerduty_incident_id from mart_incidents")}
    assert not ids & set(truth["merged_pagerduty_ids"])
    (merged,) = company.rows("select sum(merged_record_count) from mart_incidents")
    assert merged == (len(truth["merged_pagerduty_ids"]),)


def test_mttr_of_each_model_and_month_is_the_planted_one(company: Company, truth: dict[str, Any]) -> None:
    planted = {(row["model_id"], row["month"]): row for row in truth["resolved"]}
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), resolved_count, resolve_seconds, mean_resolve_hours "
        "from mart_mttr_monthly where severity = 'all' and resolved_count > 0"
    )
    assert {row[:2] for row in found} == planted.keys()
    for model_id, month, count, seconds, hours in found:
        expected = planted[model_id, month]
        assert (count, seconds) == (expected["resolved_count"], expected["resolve_seconds"])
        assert hours == pytest.approx(expected["mttr_hours"], rel=1e-12)


def test_counts_by_severity_are_those_planted_and_add_up_to_all(company: Company, truth: dict[str, Any]) -> None:
    planted = {(r["model_id"], r["month"], r["severity"]): r["incident_count"] for r in truth["created"]}
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), severity, incident_count from mart_mttr_monthly "
        "where incident_count > 0 and severity <> 'all'"
    )
    assert {row[:3]: row[3] for row in found} == planted
    assert company.rows(
        "select sum(incident_count) filter (where severity = 'all'), sum(open_count) filter (where severity = 'all') "
        "from mart_mttr_monthly"
    ) == [(len(truth["incidents"]), sum(incident["is_open"] for incident in truth["incidents"]))]


def test_open_incidents_are_counted_and_aged_and_not_in_the_mean(company: Company) -> None:
    assert company.rows(
        "select count(*) from mart_incidents where is_open and (resolve_seconds is not null or age_seconds <= 0)"
    ) == [(0,)]
    assert company.rows("select count(distinct known_until_at) from mart_incidents where is_open") == [(1,)]


def test_the_survival_median_is_scipys(company: Company) -> None:
    stats = pytest.importorskip("scipy.stats")
    found = company.rows(
        "select model_id, month_date, survival_median_resolve_hours from mart_mttr_monthly "
        "where severity = 'all' and incident_count > 0"
    )
    assert any(median is not None for _, _, median in found)
    for model_id, month, median in found:
        began = company.rows(
            "select coalesce(resolve_seconds, age_seconds) / 3600, is_open from mart_incidents "
            "where model_id = ? and date_trunc('month', detected_at) = ?",
            model_id,
            month,
        )
        curve = stats.ecdf(
            stats.CensoredData(
                uncensored=[hours for hours, is_open in began if not is_open],
                right=[hours for hours, is_open in began if is_open],
            )
        ).sf
        steps = list(zip(curve.quantiles, curve.probabilities, strict=True))
        # scipy gives the curve; where it runs level at one half, the median is the middle of that stretch.
        reached = [hours for hours, surviving in steps if surviving <= 0.5 + 1e-9]
        passed = [hours for hours, surviving in steps if surviving < 0.5 - 1e-9]
        expected = (reached[0] + (passed or reached)[0]) / 2 if reached else None
        assert median == (expected if expected is None else pytest.approx(expected, rel=1e-9)), (model_id, month)


def test_the_scorecard_says_the_same_as_the_monthly_mart(company: Company) -> None:
    assert company.rows(
        "select count(*) from mart_scorecard as s join mart_mttr_monthly as m "
        "on s.model_id = m.model_id and s.period_start_date = m.month_date and m.severity = 'all' "
        "where s.kpi_id = 'mttr' and s.period = 'month' and (s.sample_size <> m.resolved_count "
        "or (s.value is null) <> (m.mean_resolve_hours is null) or abs(s.value - m.mean_resolve_hours) > 1e-9)"
    ) == [(0,)]


def test_bad_rows_are_quarantined_one_by_one(company: Company, truth: dict[str, Any]) -> None:
    with writer(company.settings, "reading the quarantine") as connection:
        found = dict(
            connection.execute(
                "select source, count(*) from raw.quarantine where source in ('pagerduty', 'jira') group by source"
            ).fetchall()
        )
    assert found == truth["quarantined"]
