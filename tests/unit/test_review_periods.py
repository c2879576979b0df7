"""The periods of reviews, and the shelf they are on."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.catalog.domains.company import Cadence
from pipelines.catalog.load import load_catalog
from pipelines.scorecard.reviews import shelf
from pipelines.scorecard.reviews.facts import Facts
from pipelines.scorecard.reviews.periods import Period
from pipelines.settings import SAMPLE_CATALOG


@pytest.mark.parametrize(
    ("cadence", "day", "key", "first", "last"),
    [
        ("weekly", "2026-03-01", "2026-W09", "2026-02-23", "2026-03-01"),
        ("weekly", "2026-02-28", "2026-W08", "2026-02-16", "2026-02-22"),
        ("weekly", "2027-01-04", "2026-W53", "2026-12-28", "2027-01-03"),
        ("monthly", "2026-03-30", "2026-02", "2026-02-01", "2026-02-28"),
        ("monthly", "2026-01-31", "2026-01", "2026-01-01", "2026-01-31"),
        ("quarterly", "2026-03-30", "2025-Q4", "2025-10-01", "2025-12-31"),
        ("quarterly", "2026-06-30", "2026-Q2", "2026-04-01", "2026-06-30"),
    ],
)
def test_the_last_whole_period_is_over_on_the_day(cadence: Cadence, day: str, key: str, first: str, last: str) -> None:
    found = Period.last_whole(cadence, date.fromisoformat(day))
    assert (found.key, str(found.start), str(found.end)) == (key, first, last)
    assert found.after.before == found


def test_the_shelf_lists_reviews_newest_first_and_nothing_else() -> None:
    files = [
        "weekly-2026-W08.html",
        "weekly-2026-W09-fraud.html",
        "weekly-2026-W09.html",
        "launch-2026-02-triage.html",
        "quarterly-2026-Q1.html",
        "index.html",
        ".weekly-2026-W09.html.new",
        "weekly-2026-W09.md",
    ]
    page = shelf.index(files, "Acme <b>", {"fraud": "Fraud & Co"})
    order = [
        page.index(text)
        for text in (
            "Week 9 of 2026, 23",
            "Week 9 of 2026, 23 February to 1 March 2026: Fraud &amp; Co",
            "Week 8",
            "Q1 2026",
            "as of February 2026: triage",
        )
    ]
    assert order == sorted(order)
    assert page.count("<li>") == 5
    assert "Acme &lt;b&gt;" in page
    assert "No review has been written yet" in shelf.index([], "Acme", {})


def test_the_page_is_given_each_review_with_its_period_and_whom_it_is_of() -> None:
    assert shelf.links(
        ["quarterly-2026-Q1.html", "launch-2026-02-triage.html", "index.html", "weekly-2026-W08.md"]
    ) == [
        {
            "href": "reviews/quarterly-2026-Q1.html",
            "title": "Quarterly business impact, Q1 2026",
            "kind": "quarterly",
            "period": "quarter",
            "start": "2026-01-01",
            "of": None,
        },
        {
            "href": "reviews/launch-2026-02-triage.html",
            "title": "After a launch, as of February 2026",
            "kind": "launch",
            "period": "month",
            "start": "2026-02-01",
            "of": "triage",
        },
    ]


def test_a_file_is_called_after_its_period_and_team() -> None:
    week = Period("weekly", date(2026, 2, 16))
    assert shelf.stem(week) == "weekly-2026-W08"
    assert shelf.stem(week, team="fraud-operations") == "weekly-2026-W08-fraud-operations"
    assert shelf.stem(Period("monthly", date(2026, 2, 1)), model="triage") == "launch-2026-02-triage"


@pytest.mark.parametrize(
    ("cadence", "last_day", "unit", "said"),
    [
        ("monthly", "2026-03-31", "USD a month", ""),
        ("monthly", "2026-03-01", "USD a month", ", run rate"),
        ("weekly", "2026-03-31", "deployments per month", ", run rate"),
        ("monthly", "2026-03-01", "predictions per hour", ""),
    ],
)
def test_an_amount_a_month_of_less_than_a_month_is_a_run_rate(
    cadence: Cadence, last_day: str, unit: str, said: str
) -> None:
    facts = Facts(
        Period.holding(cadence, date(2026, 3, 1)), date.fromisoformat(last_day), load_catalog(SAMPLE_CATALOG), {}
    )
    assert facts.scaled(unit) == said
