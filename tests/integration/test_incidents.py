"""Open incidents, survival and sums of incidents; what was planted of them, test_planted finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Company


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["incidents"]
    return planted


def test_the_sample_company_has_every_kind_of_trouble(truth: dict[str, Any]) -> None:
    kinds = {incident["kind"] for incident in truth["incidents"]}
    assert kinds == {
        "plain", "linked_from_jira", "reopened", "jira_only", "merged", "no_ack", "linked_from_pagerduty",
        "auto_resolved", "priority_change", "jira_reopened", "unknown_service", "jira_first", "open",
    }  # fmt: skip
    assert truth["merged_pagerduty_ids"]
    assert truth["suppressed_alert_count"] > 0


def test_counts_by_severity_add_up_to_all(company: Company, truth: dict[str, Any]) -> None:
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
