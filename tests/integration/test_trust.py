"""What was planted of satisfaction and trust is found again: counts and sums exactly, effects within their error."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from tests.integration.conftest import Company

COUNTS = (
    "response_count", "unscored_response_count", "unfinished_response_count", "preview_response_count",
    "spam_response_count", "late_response_count", "duplicate_response_count", "promoter_count", "passive_count",
    "detractor_count",
)  # fmt: skip
NPS_COUNTS = COUNTS[-3:]


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["feedback"]
    return planted


def planted_scores(truth: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(row["model_id"], row["measure"], row["date"]): row for row in truth["scores"]}


def test_every_score_and_all_that_does_not_count_is_counted_as_planted(company: Company, truth: dict[str, Any]) -> None:
    planted = planted_scores(truth)
    found = company.rows(
        "select model_id, measure, event_date::varchar, observation_count, "
        f"{', '.join(COUNTS[1:])}, round(score * observation_count), is_covered "
        "from mart_satisfaction_measures_daily where measure not in ('trust', 'ticket_csat')"
    )
    assert {row[:3] for row in found} >= planted.keys()
    for row in found:
        expected = planted.get(row[:3], {})
        # Only a Net Promoter question has promoters.
        missing = {name: None for name in NPS_COUNTS if row[1] != "nps"}
        assert row[3:13] == tuple(missing.get(name, expected.get(name, 0)) for name in COUNTS), row
        assert (row[13] or 0) == (expected.get("score_sum", 0) if row[0] != "unmapped" or row[1] == "thumbs" else 0), (
            row
        )
        assert row[14] is True


def test_the_mess_is_really_there(truth: dict[str, Any]) -> None:
    for name in COUNTS:
        assert sum(row.get(name, 0) for row in truth["scores"]) > 0, name
    assert any(row["measure"] == "unmapped" for row in truth["scores"])


def test_overrides_are_those_planted_also_the_ones_of_the_next_day(company: Company, truth: dict[str, Any]) -> None:
    planted = {(r["model_id"], r["date"]): (r["overridable_count"], r["overridden_count"]) for r in truth["decisions"]}
    found = company.rows(
        "select model_id, event_date::varchar, overridable_count, overridden_count from mart_satisfaction_daily "
        "where overridable_count is not null"
    )
    assert {row[:2]: row[2:] for row in found} == planted
    assert sum(r["duplicate_decision_count"] for r in truth["decisions"]) > 0


def test_triages_override_rate_falls_as_planted(company: Company, truth: dict[str, Any]) -> None:
    """Each week's share lies where the planted law puts it: the mean deviation over the weeks is that of chance."""
    law = truth["override_law"]["triage"]
    start = date.fromisoformat(company.truth["start"])
    weeks: defaultdict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for day, asked, overruled in company.rows(
        "select event_date, overridable_count, overridden_count from mart_satisfaction_daily where model_id = 'triage'"
    ):
        age = (day - start).days
        rate = law["first"] + (law["last"] - law["first"]) * min(age, law["days"]) / law["days"]
        week = weeks[age // 7]
        week[0] += overruled - rate * asked
        week[1] += rate * (1 - rate) * asked
    # The last day's overnight overrides are not delivered yet.
    scores = [deviation / variance**0.5 for deviation, variance, _ in weeks.values()]
    assert max(map(abs, scores)) < 4
    assert abs(sum(scores)) / len(scores) ** 0.5 < 3.5


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


def test_tickets_are_those_planted_less_merged_and_deleted_ones(company: Company, truth: dict[str, Any]) -> None:
    planted = {
        (row["model_id"], row["date"]): row.get("ticket_count", 0)
        for row in truth["tickets"]
        if row["model_id"] != "unmapped"
    }
    found = company.rows(
        "select model_id, event_date::varchar, ticket_count, active_user_count, tickets_per_1000_active_users "
        "from mart_satisfaction_daily where ticket_count is not null"
    )
    assert {row[:2]: row[2] for row in found if row[2]} == {key: count for key, count in planted.items() if count}
    for _, _, tickets, active, rate in found:
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
    assert gaps == [("the catalog declares no primary measure of satisfaction",)]


def test_the_release_that_hurt_and_the_one_that_mended_show_their_true_effect(
    company: Company, truth: dict[str, Any]
) -> None:
    start = date.fromisoformat(company.truth["start"])
    for planted in truth["release_effects"]:
        ((change, low, high, before, after),) = company.rows(
            "select change, change_ci_low, change_ci_high, before_observation_count, after_observation_count "
            "from mart_event_impact where model_id = ? and measure = ? and event_kind = 'release' and event_date = ?",
            planted["model_id"],
            planted["measure"],
            start + timedelta(days=planted["age"]),
        )
        # Four intervals of 95 %: one that misses is no news, a change four errors off would be.
        assert abs(change - planted["effect"]) < 4 * (high - low) / 3.92
        assert not low < 0 < high
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


def test_every_release_incident_and_campaign_is_an_annotation(company: Company, truth: dict[str, Any]) -> None:
    planted = {(row["model_id"], row["kind"], row["title"], row["start"]) for row in truth["annotations"]}
    found = company.rows(
        "select model_id, kind, title, event_date::varchar from mart_annotations where source = 'campaigns'"
    )
    assert set(found) == planted
    assert len(found) == len(planted)
    assert company.rows("select count(*) from mart_annotations where kind = 'incident'") == company.rows(
        "select count(*) from mart_incidents"
    )
    releases = company.rows("select model_id, event_date from mart_annotations where kind = 'release'")
    start = date.fromisoformat(company.truth["start"])
    assert {start + timedelta(days=age) for age in (9, 30, 51)} == {d for m, d in releases if m == "support-assistant"}


def test_tickets_follow_incidents(company: Company) -> None:
    found = company.rows(
        "select lag_days, correlation, day_count from mart_satisfaction_correlation where model_id = 'recommender' "
        "and measure = 'tickets_per_1000_active_users' and factor = 'incident_count' order by lag_days"
    )
    assert [row[0] for row in found] == list(range(15))
    assert max(found, key=lambda row: row[1] or -1)[0] in (0, 1)
    assert all(row[2] == 60 - row[0] for row in found)


def test_notes_and_comments_stand_beside_the_numbers_without_markup(company: Company, truth: dict[str, Any]) -> None:
    found = company.rows(
        "select model_id, event_date::varchar, note_kind, theme, sentiment from mart_notes where source = 'notes'"
    )
    planted = [
        tuple(note[name] for name in ("model_id", "date", "kind", "theme", "sentiment")) for note in truth["notes"]
    ]
    assert sorted(found) == sorted(planted)
    comments = {row[0] for row in company.rows("select distinct text from mart_notes where note_kind = 'comment'")}
    assert comments == {
        "Saves me time \U0001f389",
        "Drafts are too long & formal.",
        "It invents order numbers, I check every one.",
        'He said "fine", so do I',
    }
