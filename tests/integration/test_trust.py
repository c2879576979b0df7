"""How satisfaction and trust are worked out; the counts and effects planted, test_planted finds."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest

from pipelines.scenario.feedback.comments import COMMENTS
from tests.integration.conftest import Company
from tests.integration.planted.feedback import RESPONSES


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["feedback"]
    return planted


def planted_scores(truth: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(row["model_id"], row["measure"], row["date"]): row for row in truth["scores"]}


def test_the_mess_is_really_there(truth: dict[str, Any]) -> None:
    for name in RESPONSES:
        assert sum(row.get(name, 0) for row in truth["scores"]) > 0, name
    assert any(row["measure"] == "unmapped" for row in truth["scores"])


def test_trust_is_one_less_the_override_rate_with_wilsons_interval(company: Company) -> None:
    confint = pytest.importorskip("statsmodels.stats.proportion").proportion_confint
    found = company.rows(
        "select overridable_28d_count, overridden_28d_count, trust_28d_rate, trust_28d_rate_ci_low, "
        "trust_28d_rate_ci_high from mart_satisfaction_daily where overridable_28d_count > 0"
    )
    assert found
    for asked, overruled, rate, low, high in found:
        assert rate == pytest.approx(1 - overruled / asked, abs=1e-12)
        assert (low, high) == pytest.approx(confint(asked - overruled, asked, method="wilson"), abs=1e-9)


def test_nps_is_promoters_less_detractors_over_28_days(company: Company, truth: dict[str, Any]) -> None:
    stats = pytest.importorskip("scipy.stats")
    planted = planted_scores(truth)
    (day, nps, low, high) = company.rows(
        "select event_date, nps_28d, nps_28d_ci_low, nps_28d_ci_high from mart_satisfaction_daily "
        "where model_id = 'recommender' order by event_date desc limit 1"
    )[0]
    window = [planted.get(("recommender", "nps", str(day - timedelta(days=back))), {}) for back in range(28)]
    up, mid, down = (
        sum(row.get(f"{group}_count", 0) for row in window) for group in ("promoter", "passive", "detractor")
    )
    values = [100.0] * up + [0.0] * mid + [-100.0] * down
    assert nps == pytest.approx(100 * (up - down) / (up + mid + down))
    interval = stats.ttest_1samp(values, 0).confidence_interval()
    assert (low, high) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_tickets_are_set_in_proportion_to_active_users(company: Company) -> None:
    found = company.rows(
        "select ticket_count, active_user_count, tickets_per_1000_active_users from mart_satisfaction_daily "
        "where ticket_count is not null"
    )
    assert found
    for tickets, active, rate in found:
        assert rate == (pytest.approx(1000 * tickets / active) if active else None)


def test_the_scorecard_shows_the_declared_primary_measure(company: Company, truth: dict[str, Any]) -> None:
    sums: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    scales = {"csat": ("support-assistant", 1, 5), "nps": ("recommender", 0, 10), "rating": ("writing-assistant", 1, 5)}
    for row in truth["scores"]:
        if row["measure"] in scales and row["model_id"] == scales[row["measure"]][0]:
            _, worst, best = scales[row["measure"]]
            total = sums[row["model_id"], row["date"][:7]]
            count = row.get("response_count", 0)
            total[0] += (row.get("score_sum", 0) - count * worst) / (best - worst)
            total[1] += count
    for row in truth["decisions"]:
        total = sums[row["model_id"], row["date"][:7]]
        total[0] += row["overridable_count"] - row["overridden_count"]
        total[1] += row["overridable_count"]
    found = company.rows(
        "select model_id, strftime(period_start_date, '%Y-%m'), value, numerator, sample_size, ci_low, ci_high, status "
        "from mart_scorecard where kpi_id = 'satisfaction' and period = 'month' and value is not null"
    )
    assert {row[:2] for row in found} == sums.keys()
    for model, month, value, numerator, n, low, high, status in found:
        expected, count = sums[model, month]
        assert (numerator, n) == (pytest.approx(expected), count)
        assert low < value < high
        assert (status == "no_target") == (model == "writing-assistant")
    gaps = company.rows(
        "select distinct gap_reason from mart_scorecard where kpi_id = 'satisfaction' and model_id = 'route-optimiser'"
    )
    assert gaps == [("not set up: no primary satisfaction measure",)]


def test_the_release_that_hurt_and_the_one_that_mended_stand_out(company: Company, truth: dict[str, Any]) -> None:
    start = date.fromisoformat(company.truth["start"])
    planted = [law for law in truth["release_effects"] if law["effect"] != 0]
    assert len(planted) == 4
    for law in planted:
        ((low, high, before, after),) = company.rows(
            "select change_ci_low, change_ci_high, before_observation_count, after_observation_count "
            "from mart_event_impact where model_id = ? and measure = ? and event_kind = 'release' and event_date = ?",
            law["model_id"],
            law["measure"],
            start + timedelta(days=law["age"]),
        )
        assert (high < 0) if law["effect"] < 0 else (low > 0)
        assert min(before, after) > 30


def test_an_events_change_is_welchs(company: Company, truth: dict[str, Any]) -> None:
    stats = pytest.importorskip("scipy.stats")
    planted = planted_scores(truth)
    found = company.rows(
        "select event_date, change, change_ci_low, change_ci_high, p_value from mart_event_impact "
        "where model_id = 'support-assistant' and measure = 'csat' and event_kind = 'release' order by event_date"
    )
    assert len(found) >= 3
    for day, change, low, high, p_value in found:
        sides = []
        for offsets in (range(-14, 0), range(14)):
            rows = [planted.get(("support-assistant", "csat", str(day + timedelta(days=d))), {}) for d in offsets]
            n, total, squares = (
                sum(row.get(name, 0) for row in rows) for name in ("response_count", "score_sum", "score_square_sum")
            )
            mean = (total / n - 1) / 4
            sides.append((mean, ((squares - total**2 / n) / (n - 1)) ** 0.5 / 4, n))
        (m0, s0, n0), (m1, s1, n1) = sides
        test = stats.ttest_ind_from_stats(m1, s1, n1, m0, s0, n0, equal_var=False)
        assert change == pytest.approx(m1 - m0, abs=1e-12)
        assert p_value == pytest.approx(test.pvalue, rel=1e-6)
        error = (s0**2 / n0 + s1**2 / n1) ** 0.5
        freedom = error**4 / ((s0**2 / n0) ** 2 / (n0 - 1) + (s1**2 / n1) ** 2 / (n1 - 1))
        half = stats.t.ppf(0.975, freedom) * error
        assert (low, high) == pytest.approx((m1 - m0 - half, m1 - m0 + half), abs=1e-9)


def test_every_release_and_incident_is_an_annotation(company: Company) -> None:
    assert company.rows("select count(*) from mart_annotations where kind = 'incident'") == company.rows(
        "select count(*) from mart_incidents"
    )
    releases = company.rows("select model_id, event_date from mart_annotations where kind = 'release'")
    start = date.fromisoformat(company.truth["start"])
    assert {start + timedelta(days=age) for age in (9, 30, 51)} == {d for m, d in releases if m == "support-assistant"}


def test_comments_stand_beside_the_numbers_without_markup(company: Company) -> None:
    comments = {row[0] for row in company.rows("select distinct text from mart_notes where note_kind = 'comment'")}
    written = {said for groups in COMMENTS.values() for group in groups for said in group}
    assert comments <= {re.sub(r"\s*\n\s*", " ", re.sub("<[^>]+>", "", unescape(said))) for said in written}
    assert {
        "Drafts are too long & formal.",
        "It invents order numbers, I check every one.",
        'He said "fine", so do I',
    } <= comments
    assert len(comments) >= 150


def test_comments_are_of_those_who_use_the_member(company: Company) -> None:
    found = company.rows(
        "select distinct model_id, text from mart_notes where note_kind = 'comment' and model_id = 'triage'"
    )
    assert found
    assert {text for _, text in found} <= {said for group in COMMENTS["triage"] for said in group}


def test_tickets_follow_incidents(company: Company) -> None:
    found = company.rows(
        "select lag_days, correlation, day_count from mart_satisfaction_correlation where model_id = 'recommender' "
        "and measure = 'tickets_per_1000_active_users' and factor = 'incident_count' order by lag_days"
    )
    assert [row[0] for row in found] == list(range(15))
    assert max(found, key=lambda row: row[1] or -1)[0] in (0, 1)
    assert all(row[2] == 60 - row[0] for row in found)
