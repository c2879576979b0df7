"""Everything planted in the sample company's analytics is found again by the adoption marts, exactly."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.warehouse.connect import writer
from tests.integration.conftest import Company

FEATURES = {
    "recs-widget": "recommender",
    "triage-dashboard": "triage",
    "support-copilot": "support-assistant",
    "writer": "writing-assistant",
}
features = pytest.mark.parametrize("feature", sorted(FEATURES))


def planted(company: Company, feature: str) -> dict[str, Any]:
    truth: dict[str, Any] = company.truth["analytics"]["features"][feature]
    return truth


@features
def test_distinct_users_and_the_base_are_exact_on_every_day(company: Company, feature: str) -> None:
    truth = planted(company, feature)
    found = company.rows(
        "select event_date::varchar, active_user_count, active_7d_user_count, active_28d_user_count, "
        "target_user_count from mart_feature_adoption_daily where feature_id = ? order by 1",
        feature,
    )
    columns = ("active_1d_user_count", "active_7d_user_count", "active_28d_user_count", "target_user_count")
    assert found == list(zip(truth["dates"], *(truth[column] for column in columns), strict=True))


@features
def test_a_model_with_one_feature_is_as_adopted_as_the_feature(company: Company, feature: str) -> None:
    measures = "event_date, active_user_count, active_28d_user_count, target_user_count, adoption_28d_rate"
    table = "mart_feature_adoption_daily"
    assert company.rows(f"select {measures} from {table} where feature_id = ? order by 1", feature) == company.rows(
        f"select {measures} from {table} where feature_id = 'all' and model_id = ? order by 1", FEATURES[feature]
    )


def test_clinicians_adoption_passes_70_percent_on_the_planted_day(company: Company) -> None:
    day = planted(company, "triage-dashboard")["adoption_28d_passed_70_on"]
    assert company.rows(
        "select min(event_date) from mart_feature_adoption_daily "
        "where feature_id = 'triage-dashboard' and adoption_28d_rate > 0.7"
    ) == [(date.fromisoformat(day),)]
    assert company.rows(
        "select count(*) from mart_feature_adoption_daily where feature_id = 'triage-dashboard' "
        "and event_date >= ? and adoption_28d_rate <= 0.7",
        day,
    ) == [(0,)]


@features
def test_the_funnel_is_exact(company: Company, feature: str) -> None:
    truth = planted(company, feature)["funnel"]
    found = company.rows(
        "select stage, user_count from mart_adoption_funnel where feature_id = ? order by stage_number", feature
    )
    stages = [stage for stage in ("eligible", "exposed", "onboarded", "first_use", "retained") if truth[stage]]
    assert found == [(stage, truth[stage]) for stage in stages]


@features
def test_weekly_retention_is_exact(company: Company, feature: str) -> None:
    found: dict[str, dict[str, int]] = {}
    for cohort, week, users in company.rows(
        "select cohort_week_date::varchar, week_number::varchar, active_user_count "
        "from mart_retention_weekly where feature_id = ? and active_user_count > 0",
        feature,
    ):
        found.setdefault(cohort, {})[week] = users
    assert found == planted(company, feature)["retention"]


@features
def test_the_scorecard_divides_the_days_users_by_the_days_base(company: Company, feature: str) -> None:
    truth = planted(company, feature)
    found = company.rows(
        "select numerator, denominator from mart_scorecard where kpi_id = 'feature_adoption' "
        "and model_id = ? and period = 'day' order by period_start_date",
        FEATURES[feature],
    )
    expected = zip(truth["active_1d_user_count"], truth["target_user_count"], strict=True)
    assert found[: len(truth["dates"])] == [(float(users), float(base)) for users, base in expected]


@pytest.mark.parametrize("source", ["mixpanel", "amplitude", "segment"])
def test_every_delivered_event_is_accounted_for(company: Company, source: str) -> None:
    truth = company.truth["analytics"]
    with writer(company.settings, "a test") as connection:
        delivered, duplicates, counted, rest = connection.execute(
            "select sum(delivered_event_count), sum(duplicate_event_count), sum(counted_event_count), "
            "sum(other_event_count + excluded_event_count + anonymous_event_count) "
            "from intermediate.int_events__accounted where source = ?",
            [source],
        ).fetchone() or (0, 0, 0, 0)
        uses = dict(
            connection.execute(
                "select feature_id, sum(event_count)::bigint from marts.fct_feature_use_daily "
                "where stage = 'qualifying' group by feature_id"
            ).fetchall()
        )
        quarantined = connection.execute("select count(*) from raw.quarantine where source = ?", [source]).fetchone()
    assert (delivered, duplicates) == (truth["sources"][source]["rows"], truth["sources"][source]["duplicates"])
    assert delivered == duplicates + counted + rest
    assert quarantined == (truth["sources"][source]["quarantined"],)
    for feature, planted_truth in truth["features"].items():
        if planted_truth["source"] == source:
            assert uses[feature] == sum(planted_truth["qualifying_event_count"]), feature


def test_the_day_on_which_nothing_happened_is_zero_and_not_null(company: Company) -> None:
    assert company.rows(
        "select is_covered, active_user_count, active_28d_user_count > 0 from mart_feature_adoption_daily "
        "where feature_id = 'writer' and event_date = date '2026-01-18'"
    ) == [(True, 0, True)]
