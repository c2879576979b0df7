"""What the workforce cost and returned: value reconciled, and the portfolio, over the sample company."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from math import hypot
from typing import Any

import pytest

from tests.integration.conftest import Company


def recorded(company: Company, names: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """What finance was planted to record of categories, by model and month, by the models' shares of the projects."""
    shares = {row["project_id"]: row["shares"] for row in company.truth["finance"]["values"]}
    found: dict[tuple[str, str], float] = defaultdict(float)
    for row in company.truth["finance"]["actual"]:
        if row["category"] in names:
            for model, share in shares.get(row["project_id"], {}).items():
                found[model, row["month"]] += float(share) * float(row["amount_usd"])
    return found


def test_what_finance_recorded_of_a_model_is_what_was_planted(company: Company) -> None:
    benefits, cost = recorded(company, ("savings", "revenue")), recorded(company, ("cloud", "labelling", "monitoring"))
    rows = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), actual_usd, running_usd from mart_value_reconciliation "
        "where actual_gap_reason is null order by all"
    )
    assert {month for _, month, *_ in rows} == set(company.truth["finance"]["closed_months"])
    assert sum(benefit > 0 for _, _, benefit, _ in rows) == 8
    for model, month, benefit, running in rows:
        assert benefit == pytest.approx(benefits[model, month]), (model, month)
        assert running == pytest.approx(-cost[model, month]), (model, month)


def test_what_is_measured_is_the_business_value_of_the_scorecard(company: Company) -> None:
    ((compared, wrong),) = company.rows(
        "select count(*), count(*) filter (where measured_usd is distinct from numerator "
        "or abs(measured_ci_low_usd - ci_low * denominator) > 0.01 or measured_gap_reason is distinct from gap_reason) "
        "from mart_value_reconciliation as r join mart_scorecard as s on r.model_id = s.model_id "
        "and r.month_date = s.period_start_date and s.period = 'month' and s.kpi_id = 'business_value'"
    )
    assert (compared, wrong) == (18, 0)


def test_february_measures_more_than_finance_recorded_and_less_than_twice_of_it(company: Company) -> None:
    ((measured, low, high, actual, claimed, difference),) = company.rows(
        "select measured_usd, measured_ci_low_usd, measured_ci_high_usd, actual_usd, claimed_usd, difference_usd "
        "from mart_portfolio_monthly where month_date = date '2026-02-01'"
    )
    models = company.rows(
        "select measured_usd, measured_ci_low_usd, actual_usd, claimed_usd, is_measured_above_actual, "
        "is_claimed_unmeasured, model_id from mart_value_reconciliation where month_date = date '2026-02-01'"
    )
    assert measured == pytest.approx(sum(row[0] or 0 for row in models))
    assert measured - low == pytest.approx(hypot(*(row[0] - row[1] for row in models if row[0] is not None)))
    assert (actual, claimed) == (
        pytest.approx(sum(row[2] for row in models)), pytest.approx(sum(row[3] or 0 for row in models)),
    )  # fmt: skip
    assert actual < measured < 2 * actual and low < measured < high and difference == pytest.approx(measured - actual)
    assert {row[6] for row in models if row[5]} == {"support-assistant"}
    # The writing licence books its benefit in its seventh month.
    assert {row[6] for row in models if row[4]} == {"writing-assistant"}


def test_a_month_in_progress_is_not_compared(company: Company) -> None:
    assert company.rows(
        "select distinct measured_to_actual_ratio, actual_to_planned_ratio, difference_usd, actual_usd, "
        "difference_gap_reason from mart_value_reconciliation where month_date = date '2026-03-01'"
    ) == [(None, None, None, None, "the data do not cover the whole month")]


def test_the_bill_and_the_npv_of_the_portfolio_are_those_of_their_marts(company: Company) -> None:
    for (total, bill), (npv, projects, negative) in zip(
        company.rows(
            "select bill_usd, (select sum(effective_cost_usd)::double from mart_cost_allocation_daily "
            "where date_trunc('month', event_date) = month_date) from mart_portfolio_monthly order by month_date"
        ),
        company.rows(
            "select npv_usd, project_count, negative_project_count from mart_portfolio_monthly order by month_date"
        ),
        strict=True,
    ):
        assert total == pytest.approx(bill)
        assert (projects, negative) == (7, 2) and npv > 0
    truth = sum(float(row["npv_usd"]) for row in company.truth["finance"]["values"] if row["as_of"] == "2026-03-01")
    assert npv == pytest.approx(truth)


def verdict(row: dict[str, Any], volume: float = 1, unit_cost: float = 1, unit_value: float = 1) -> str | None:
    """The rule of docs/portfolio.md, once more: what the mart must say, and what it would say otherwise."""
    if row["full_cost_usd"] is None:
        return None
    avoidable = row["avoidable_cost_usd"] + row["compute_cost_usd"] * (volume * unit_cost - 1)
    full = avoidable + row["investment_usd"]
    if row["value_low_usd"] is None or row["value_high_usd"] is None:
        return "experiment"
    low, high = (row[end] * volume * unit_value for end in ("value_low_usd", "value_high_usd"))
    if high < avoidable:
        return "retire"
    if high < full:
        return "fix"
    if low <= full:
        return "experiment"
    return "fix" if row["is_breached"] else "scale"


@pytest.fixture(scope="module")
def portfolio(company: Company) -> dict[str, dict[str, Any]]:
    found = company.marts.sql("from mart_portfolio").to_arrow_table().to_pylist()
    return {row["model_id"]: row for row in found}


def test_each_model_has_the_verdict_that_its_evidence_calls_for(portfolio: dict[str, dict[str, Any]]) -> None:
    assert {model: row["verdict"] for model, row in portfolio.items()} == {
        "fraud-detector": "fix", "recommender": "scale", "route-optimiser": "fix", "support-assistant": "experiment",
        "triage": "fix", "writing-assistant": "fix",
    }  # fmt: skip
    assert all(row["verdict"] == verdict(row) for row in portfolio.values())
    assert "Drift rate" in portfolio["route-optimiser"]["breaches"]
    assert "availability" in portfolio["fraud-detector"]["breaches"]
    assert portfolio["writing-assistant"]["breaches"] is None
    claimed = portfolio["support-assistant"]
    assert (claimed["evidence_grade"], claimed["interval_kind"], claimed["value_low_usd"]) == ("claimed", "bounds", 0)


def test_the_factors_of_a_value_and_the_parts_of_a_cost_make_it(portfolio: dict[str, dict[str, Any]]) -> None:
    assert portfolio
    for model, row in portfolio.items():
        parts = ("compute_cost_usd", "other_bill_usd", "project_running_usd", "investment_usd")
        assert row["full_cost_usd"] == pytest.approx(sum(row[part] for part in parts)), model
        volume, unit_value = row["reached_volume"], row["unit_value_usd"]
        assert row["value_usd"] == pytest.approx(volume * unit_value * row["effect"]), model
        assert row["full_cost_usd"] == pytest.approx(volume * unit_value * row["breakeven_effect"]), model
        if row["interval_kind"] == "confidence":
            for end in ("low", "high"):
                value = volume * unit_value * row[f"effect_ci_{end}"]
                assert row[f"value_{end}_usd"] == pytest.approx(value), model


def test_the_window_is_the_whole_months_and_its_value_and_bill_are_theirs(
    company: Company, portfolio: dict[str, dict[str, Any]]
) -> None:
    months = company.rows(
        "select model_id, sum(measured_usd), sum(claimed_usd), sum(actual_usd), sum(bill_usd) "
        "from mart_value_reconciliation where is_whole group by all"
    )
    assert months
    for model, measured, claimed, actual, bill in months:
        row = portfolio[model]
        assert (row["first_date"], row["last_date"], row["month_count"]) == (date(2026, 1, 1), date(2026, 2, 28), 2)
        for name, total in (("measured_usd", measured), ("claimed_usd", claimed), ("actual_usd", actual)):
            assert row[name] == (total if total is None else pytest.approx(total)), (model, name)
        assert row["compute_cost_usd"] + row["other_bill_usd"] == pytest.approx(bill)


def test_more_value_and_less_cost_move_a_verdict_one_way_only(portfolio: dict[str, dict[str, Any]]) -> None:
    assert portfolio
    for model, row in portfolio.items():
        well = {**row, "is_breached": False}
        order = ["retire", "fix", "experiment", "scale"]
        by_value = [order.index(str(verdict(well, unit_value=2.0**step))) for step in range(-12, 13)]
        by_cost = [order.index(str(verdict(well, unit_cost=2.0**-step))) for step in range(-12, 13)]
        assert by_value == sorted(by_value) and by_cost == sorted(by_cost), model
        assert by_value[0] == 0 and by_value[-1] > 0, model


def test_the_sample_that_decides_is_larger_where_the_effect_is_nearer_to_breaking_even(
    portfolio: dict[str, dict[str, Any]],
) -> None:
    planned = {model: row for model, row in portfolio.items() if row["detectable_effect"] is not None}
    assert set(planned) == {"fraud-detector", "recommender", "writing-assistant"}
    for model, row in planned.items():
        gap = abs(row["effect"] - row["breakeven_effect"])
        assert (row["required_day_count"] <= 28) == (gap >= row["detectable_effect"]), model
