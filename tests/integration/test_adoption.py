"""How the adoption marts hang together; what was planted of users, test_planted finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Company
from tests.integration.planted.adoption import FEATURES

features = pytest.mark.parametrize("feature", sorted(FEATURES))


def planted(company: Company, feature: str) -> dict[str, Any]:
    truth: dict[str, Any] = company.truth["analytics"]["features"][feature]
    return truth


@features
def test_a_model_with_one_feature_is_as_adopted_as_the_feature(company: Company, feature: str) -> None:
    measures = "event_date, active_user_count, active_28d_user_count, target_user_count, adoption_28d_rate"
    table = "mart_feature_adoption_daily"
    assert company.rows(f"select {measures} from {table} where feature_id = ? order by 1", feature) == company.rows(
        f"select {measures} from {table} where feature_id = 'all' and model_id = ? order by 1", FEATURES[feature]
    )


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


def test_the_day_on_which_nothing_happened_is_zero_and_not_null(company: Company) -> None:
    assert company.rows(
        "select is_covered, active_user_count, active_28d_user_count > 0 from mart_feature_adoption_daily "
        "where feature_id = 'writer' and event_date = date '2026-01-18'"
    ) == [(True, 0, True)]
