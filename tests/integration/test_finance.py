"""What was known of projects when, and their scenarios; NPV, IRR and paybacks as planted, test_planted finds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.integration.conftest import Company


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["finance"]
    return planted


def test_a_new_plan_and_a_new_rate_leave_january_alone(company: Company) -> None:
    january, february = company.rows(
        "select discount_rate, planned_operating_usd, npv_usd from mart_project_finance_monthly "
        "where project_id = 'routes-by-night' and month_date <= date '2026-02-01' order by month_date"
    )
    assert (january[0], january[1]) == (0.08, -3000)
    assert (february[0], february[1]) == (0.11, -3500)
    days = dict(
        company.rows(
            "select period_start_date, value from mart_scorecard where kpi_id = 'npv' and period = 'day' "
            "and model_id = 'route-optimiser'"
        )
    )
    changes = [day for day, before in zip(list(days)[1:], list(days), strict=False) if days[day] != days[before]]
    assert sorted(changes) == [date(2026, 1, 31), date(2026, 2, 10), date(2026, 2, 15), date(2026, 2, 28)]


def test_closed_months_are_used_as_booked_and_open_ones_as_planned(company: Company, truth: dict[str, Any]) -> None:
    assert truth["closed_months"] == ["2026-01", "2026-02"]
    assert company.rows(
        "select basis, min(month_date), bool_and(used_usd = case basis when 'actual' then "
        "actual_capital_usd + actual_operating_usd + actual_benefit_usd else "
        "planned_capital_usd + planned_operating_usd + planned_benefit_usd end) "
        "from mart_project_finance_monthly group by basis order by basis"
    ) == [("actual", date(2026, 1, 1), True), ("planned", date(2026, 3, 1), True)]


def test_budgets_are_compared_with_what_was_booked_in_closed_months_only(company: Company) -> None:
    ((wrong, compared, open_months),) = company.rows(
        "select count(*) filter (where capital_budget_variance_usd <> capital_budget_usd + actual_capital_usd), "
        "count(capital_budget_variance_usd), count(*) filter (where basis = 'planned' "
        "and operating_budget_variance_usd is not null) from mart_project_finance_monthly"
    )
    assert (wrong, open_months) == (0, 0)
    assert compared == 12  # six projects that have begun, two months


def test_scenarios_stand_in_order_and_base_is_the_project(company: Company) -> None:
    found = company.rows(
        "select s.project_id, max(s.npv_usd) filter (where s.name = 'downside'), "
        "max(s.npv_usd) filter (where s.name = 'base'), max(s.npv_usd) filter (where s.name = 'upside'), "
        "any_value(m.npv_usd) from mart_project_scenarios as s join mart_project_finance_monthly as m "
        "on s.project_id = m.project_id and m.as_of = s.as_of where s.kind = 'scenario' group by all"
    )
    assert len(found) == 7
    for project, downside, base, upside, npv in found:
        assert base == pytest.approx(npv, rel=1e-9), project
        if project == "writing-licence":
            assert (downside, upside) == (None, None)
        else:
            assert downside < base < upside, project


def test_a_tornado_has_a_bar_for_each_input_with_base_between_its_ends(company: Company) -> None:
    bars = company.rows(
        "select i.project_id, i.name, i.low_npv_usd, i.high_npv_usd, b.npv_usd from mart_project_scenarios as i "
        "join mart_project_scenarios as b using (project_id) where i.kind = 'input' and b.name = 'base'"
    )
    assert {name for project, name, *_ in bars if project == "ranking-on-inferentia"} == {
        "uplift", "volume", "cost", "discount_rate", "category:cloud", "category:monitoring", "category:savings",
        "category:revenue",
    }  # fmt: skip
    assert all(min(low, high) < base < max(low, high) for _, _, low, high, base in bars)


def test_the_chance_stands_on_the_base_row_and_knows_its_error(company: Company) -> None:
    rows = company.rows(
        "select project_id, name, npv_positive_rate, npv_positive_ci_low, npv_positive_ci_high, draw_count "
        "from mart_project_scenarios where npv_positive_rate is not null"
    )
    assert {row[0] for row in rows} == {
        "ranking-on-inferentia", "fraud-in-real-time", "triage-in-every-ward", "routes-by-night", "support-copilot",
        "shared-feature-store",
    }  # fmt: skip
    assert {(name, draws) for _, name, _, _, _, draws in rows} == {("base", 10_000)}
    for _, _, share, low, high, _ in rows:
        assert low <= share <= high
        assert high - low < 0.02
    assert next(share for project, _, share, *_ in rows if project == "support-copilot") < 0.01
