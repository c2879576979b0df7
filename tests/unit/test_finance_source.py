"""Finance exports through the pipeline's intake: what each format's columns mean, and which rows are set aside."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.sources.finance import BENEFIT_FORMAT, COST_FORMAT
from pipelines.warehouse.advice import UnratedCurrency, unrated_currencies
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.ledger import FileReport

COSTS = """\
Document Number;Line Item;Posting Date;Project;GL Account;Cost Category;Amount;Currency;Debit/Credit;Reversal Of
49001;1;2026-01-12;WBS-1;640200;Cloud;1,250.50;eur;S;
49001;2;2026-01-12;WBS-1;640200;;80;EUR;;
49002;1;2026-02-03;WBS-1;640200;Cloud;1,250.50;EUR;H;49001
49003;1;2026-02-03;WBS-1;640200;Travel;5;EUR;S;
49004;1;2026-02-03;WBS-1;640200;Cloud;five;EUR;H;
49005;1;2026-02-03;WBS-1;640200;Cloud;5;Euro;S;
"""
BENEFITS = """\
Document Number,Posting Date,Project,Benefit Type,Amount,Currency
B1,2026-01-31,WBS-1,Savings,900,USD
B2,2026-01-31,WBS-1,Goodwill,900,USD
"""
PLAN = """\
Project,Plan Version,Approved On,Month,Flow Category,Amount,Low,High,Currency
WBS-1,Budget 2026,2026-01-02,2026-01,Development,1000,,,USD
WBS-1,Budget 2026,2026-01-02,2027-12-15,Savings,100,80,120,USD
WBS-1,Budget 2026,2026-01-02,2026-02,Savings,100,110,120,USD
WBS-1,Budget 2026,2026-01-02,2026-02,Savings,100,80,,USD
WBS-1,Budget 2026,2026-01-02,Q1,Savings,100,,,USD
"""
BUDGET = """\
Project,Budget Version,Approved On,Cost Centre,Cost Category,Month,Amount,Currency
WBS-1,2026,2026-01-02,CC-1,Labelling,2026-03-01,"12,000.00",USD
"""


def taken(settings: Settings, **files: str) -> tuple[list[FileReport], duckdb.DuckDBPyConnection]:
    """What intake says of the files, and the warehouse after its days were replaced."""
    folder = settings.landing_dir / "finance"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    source = all_sources()["finance"]
    reports = take_in(settings, source)
    replace_days(settings, source)
    return reports, duckdb.connect(str(settings.warehouse_file), read_only=True)


def rows(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(sql).fetchall()


def test_a_ledgers_debits_and_credits_become_signs(settings: Settings) -> None:
    (report,), warehouse = taken(settings, costs=COSTS)
    assert (report.format, report.rows_loaded, report.rows_quarantined) == (COST_FORMAT, 3, 3)
    assert rows(
        warehouse,
        "select document_id, line_number, posting_date, category, amount, currency, reversed_document_id "
        "from raw.finance__actual_costs order by all",
    ) == [
        ("49001", 1, date(2026, 1, 12), "cloud", Decimal("1250.5000"), "EUR", None),
        ("49001", 2, date(2026, 1, 12), None, Decimal("80.0000"), "EUR", None),
        ("49002", 1, date(2026, 2, 3), "cloud", Decimal("-1250.5000"), "EUR", "49001"),
    ]
    reasons = [row[0] for row in rows(warehouse, "select reason from raw.quarantine order by row_number")]
    assert reasons == [
        "category is none of development, cloud, monitoring, labelling, other",
        "amount: five is not a DECIMAL(18,4)",
        "currency is no ISO 4217 code",
    ]


def test_a_benefit_is_savings_or_revenue(settings: Settings) -> None:
    (report,), warehouse = taken(settings, benefits=BENEFITS)
    assert (report.format, report.rows_loaded, report.rows_quarantined) == (BENEFIT_FORMAT, 1, 1)
    assert rows(warehouse, "select document_id, line_number, category from raw.finance__actual_benefits") == [
        ("B1", 1, "savings")
    ]


def test_a_plan_stands_on_the_day_it_is_approved_and_its_months_may_be_years_ahead(settings: Settings) -> None:
    (report,), warehouse = taken(settings, plan=PLAN)
    assert (report.rows_loaded, report.rows_quarantined) == (2, 3)
    assert rows(
        warehouse,
        "select _day, month_date, category, amount, low_amount, high_amount from raw.finance__planned_flows order by 2",
    ) == [
        (date(2026, 1, 2), date(2026, 1, 1), "development", 1000, None, None),
        (date(2026, 1, 2), date(2027, 12, 1), "savings", 100, 80, 120),
    ]
    assert rows(warehouse, "select max(day) from ledger.coverage where source = 'finance'") == [(date(2026, 1, 2),)]
    assert rows(warehouse, "select reason from raw.quarantine order by row_number") == [
        ("low is above the amount",),
        ("low and high come together",),
        ("month_date: Q1 is not a DATE",),
    ]


def test_a_budget_is_not_taken_for_a_plan(settings: Settings) -> None:
    (report,), warehouse = taken(settings, budget=BUDGET)
    assert (report.format, report.rows_loaded) == ("Budgets", 1)
    assert rows(warehouse, "select cost_centre, category, month_date, amount from raw.finance__budgets") == [
        ("CC-1", "labelling", date(2026, 3, 1), 12_000)
    ]


@pytest.mark.parametrize(("name", "days"), [("costs", 23), ("costs_2026-02-28", 24)])
def test_an_export_speaks_for_the_days_between_its_lines_and_the_one_it_is_named_by(
    settings: Settings, name: str, days: int
) -> None:
    _, warehouse = taken(settings, **{name: COSTS})
    assert rows(warehouse, "select count(*) from ledger.coverage where source = 'finance'") == [(days,)]


def test_an_export_without_a_line_is_still_known_for_what_it_is(settings: Settings) -> None:
    header = BENEFITS.splitlines()[0] + "\n"
    (report,), warehouse = taken(settings, **{"booked_2026-02-01": header})
    assert (report.format, report.rows_loaded) == (BENEFIT_FORMAT, 0)
    assert rows(warehouse, "select day from ledger.coverage where source = 'finance'") == [(date(2026, 2, 1),)]


def test_amounts_whose_day_no_rate_reaches_are_named(settings: Settings) -> None:
    folder = settings.landing_dir / "fx_rates"
    folder.mkdir()
    rates = "Date,USD,CHF,RUB,\n2026-01-08,1.1,0.93,N/A,\n2022-03-01,1.1,0.93,117.2,\n"
    (folder / "eurofxref-hist.csv").write_text(rates)
    sources = all_sources()
    take_in(settings, sources["fx_rates"])
    replace_days(settings, sources["fx_rates"])
    line = "{},1,{},WBS-1,6400,Cloud,5,{}"
    header = "Document Number,Line Item,Posting Date,Project,GL Account,Cost Category,Amount,Currency"
    days = [
        ("2026-02-12", "EUR"),
        ("2026-01-12", "EUR"),
        ("2026-01-15", "CHF"),
        ("2026-01-16", "CHF"),
        ("2026-01-12", "XAU"),
        ("2026-01-12", "RUB"),
        ("2025-12-30", "USD"),
    ]
    lines = [line.format(number, day, currency) for number, (day, currency) in enumerate(days)]
    _, warehouse = taken(settings, costs="\n".join([header, *lines]))
    warehouse.close()
    assert unrated_currencies(settings, sources) == [
        UnratedCurrency("finance", "CHF", 1, date(2026, 1, 16), date(2026, 1, 16), False, date(2026, 1, 8)),
        UnratedCurrency("finance", "EUR", 1, date(2026, 2, 12), date(2026, 2, 12), False, None),
        UnratedCurrency("finance", "RUB", 1, date(2026, 1, 12), date(2026, 1, 12), True, date(2022, 3, 1)),
        UnratedCurrency("finance", "XAU", 1, date(2026, 1, 12), date(2026, 1, 12), True, None),
    ]
