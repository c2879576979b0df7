"""What the workforce cost and returned: value reconciled, and the portfolio, over the sample company."""

from __future__ import annotations

from collections import defaultdict
from math import hypot

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
    assert sum(benefit > 0 for _, _, benefit, _ in rows) == 3
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


def test_february_measures_more_than_ten_times_what_finance_recorded(company: Company) -> None:
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
    assert measured > 10 * actual and low < measured < high and difference == pytest.approx(measured - actual)
    assert {row[6] for row in models if row[5]} == {"support-assistant"} == {row[6] for row in models if not row[4]}


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
