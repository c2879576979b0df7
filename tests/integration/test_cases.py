"""The four cases that the sample company has: what was done, what was measured, and what was decided.

The effects planted and their intervals are in `planted`; here each case is found whole, and what surrounds it is such
that a reader believes it.
"""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from pipelines.settings import SAMPLE_CATALOG
from tests.integration.conftest import Company

CASES = {
    "recommender": ("recs-ranking", "revenue-per-user", 0.08, 0.12, "Ranking on cheaper machines"),
    "fraud-detector": ("fraud-threshold", "false-alarms-per-payment", -0.30, -0.20, "Adaptive thresholds"),
    "triage": ("triage-waiting", "cases-per-hour", 1.9, 2.1, "Triage at the first six sites"),
    "route-optimiser": ("route-fuel", "fuel-usd", -0.18, -0.12, "Optimised routes at half of the depots"),
}
"""Member → its experiment, the metric of the case, the range its measured effect lies in, and what was done."""


@pytest.mark.parametrize("model", CASES)
def test_each_case_is_done_measured_and_decided(company: Company, model: str) -> None:
    experiment, metric, low, high, done = CASES[model]
    titles = [title for (title,) in company.rows("select title from mart_annotations where model_id = ?", model)]
    assert any(title.startswith(done) for title in titles)
    ((effect, is_invalid),) = company.rows(
        "select lift_relative, is_invalid from mart_experiments "
        "where experiment_id = ? and metric_id = ? and not is_control",
        experiment,
        metric,
    )
    assert low <= effect <= high and not is_invalid
    recorded = yaml.safe_load((SAMPLE_CATALOG / "company.yaml").read_text())["decisions"]
    assert f"experiment:{experiment}" in {one["decision"] for one in recorded}


def test_triage_sees_three_times_the_patients_and_they_wait_a_fifth_less(company: Company) -> None:
    effects = dict(
        company.rows(
            "select metric_id, lift_relative from mart_experiments "
            "where experiment_id = 'triage-waiting' and not is_control"
        )
    )
    assert 1 + effects["cases-per-hour"] == pytest.approx(3, abs=0.1)
    assert effects["waiting-minutes"] == pytest.approx(-0.2, abs=0.03)


def test_the_fuel_saved_is_seen_with_the_doubt_of_twenty_depots(company: Company) -> None:
    ((low, high),) = company.rows(
        "select lift_relative_ci_low, lift_relative_ci_high from mart_experiments "
        "where experiment_id = 'route-fuel' and metric_id = 'fuel-usd' and not is_control"
    )
    assert high < 0
    assert 0.02 < high - low < 0.10


def test_cheaper_machines_lower_the_cost_of_a_prediction_that_moves_every_day(company: Company) -> None:
    costs = company.rows(
        "select period_start_date, value from mart_scorecard "
        "where model_id = 'recommender' and kpi_id = 'cost_per_prediction' and period = 'day'"
    )
    moved = date.fromisoformat(company.truth["billing"]["recommender"]["instance_change_day"])
    before = [cost for day, cost in costs if day < moved]
    after = [cost for day, cost in costs if day >= moved]
    assert (sum(after) / len(after)) / (sum(before) / len(before)) == pytest.approx(0.7, abs=0.03)
    assert len(set(costs)) == len(costs) > 1


def test_what_is_measured_is_within_twice_what_was_planned_and_half_of_it(company: Company) -> None:
    """In the last whole month, of the members with projects that are to earn in it."""
    found = company.rows(
        "select model_id, measured_usd / planned_usd from mart_value_reconciliation "
        "where is_whole and planned_usd > 0 and measured_usd is not null "
        "qualify month_date = max(month_date) over ()"
    )
    assert {model for model, _ in found} == CASES.keys()
    assert [(model, ratio) for model, ratio in found if not 0.5 <= ratio <= 2] == []


def test_two_members_repair_within_their_target_and_few_incidents_are_open(company: Company) -> None:
    statuses = company.rows(
        "select model_id, status from mart_scorecard where kpi_id = 'mttr' and period = 'month' and is_whole "
        "qualify period_start_date = max(period_start_date) over ()"
    )
    assert {model for model, status in statuses if status == "on_target"} >= {"recommender", "route-optimiser"}
    opened = company.rows("select severity, age_seconds / 86400 from mart_incidents where is_open")
    assert 1 <= len(opened) <= 3
    assert all(days < 8 and severity in ("P3", "P4") for severity, days in opened)
