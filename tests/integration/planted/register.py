"""The two registers of planted truth, and what comparisons are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from tests.integration.conftest import Company

Facts = Mapping[Any, Any]
Exact = Callable[[Company], tuple[Facts, Facts]]


@dataclass(frozen=True)
class Interval:
    """A planted number and the interval found for it."""

    name: str
    planted: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds what was planted."""
        return self.low <= self.planted <= self.high


EXACT: dict[str, Exact] = {}
"""Kind of truth → (what was planted, what was found), keyed alike."""
VERDICTS: set[str] = set()
"""The kinds of truth that a statistical test is asked about: it errs at a set rate, so not every seed is equal."""
ESTIMATES: dict[str, Callable[[Company], Iterator[Interval]]] = {}
"""Kind of estimate → its intervals, independent of each other but where its docstring says otherwise."""
RELATIVE = 1e-9
"""Doubles are the same when they differ by no more: sums are added in another order."""


def exact(kind: str, is_verdict: bool = False) -> Callable[[Exact], Exact]:
    """Enter a comparison under the kind of truth that it compares."""

    def entered(compare: Exact) -> Exact:
        EXACT[kind] = compare
        if is_verdict:
            VERDICTS.add(kind)
        return compare

    return entered


def estimate(
    kind: str,
) -> Callable[[Callable[[Company], Iterator[Interval]]], Callable[[Company], Iterator[Interval]]]:
    """Enter intervals under the kind of estimate they belong to."""

    def entered(intervals: Callable[[Company], Iterator[Interval]]) -> Callable[[Company], Iterator[Interval]]:
        ESTIMATES[kind] = intervals
        return intervals

    return entered


def differing(planted: Facts, found: Facts) -> list[str]:
    """The keys with facts that are not the same, each with both."""
    nothing = "nothing"
    return [
        f"{key}: planted {planted.get(key, nothing)}, found {found.get(key, nothing)}"
        for key in {**planted, **found}
        if not same(planted.get(key, nothing), found.get(key, nothing))
    ]


def same(one: Any, other: Any) -> bool:
    """Equal; doubles to within `RELATIVE`, what holds several things thing by thing."""
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=RELATIVE, abs_tol=1e-12)
    return bool(one == other)


def in_warehouse(company: Company, sql: str) -> list[tuple[Any, ...]]:
    """What `sql` gives over the warehouse, for what is not published."""
    with duckdb.connect(str(company.settings.warehouse_file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def keyed(rows: list[tuple[Any, ...]], keys: int) -> Facts:
    """Rows by their first columns, the rest as the fact."""
    return {row[:keys]: row[keys:] for row in rows}


def instant(text: str) -> datetime:
    """A planted instant, as a mart holds it."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def start_of(company: Company) -> date:
    """The company's first day."""
    return date.fromisoformat(company.truth["start"])


def quarantined(company: Company, *sources: str) -> Facts:
    """Rows set aside, by source."""
    names = ", ".join(f"'{source}'" for source in sources)
    return dict(
        in_warehouse(company, f"select source, count(*) from raw.quarantine where source in ({names}) group by source")
    )


def whole_weeks(company: Company) -> Iterator[tuple[int, date]]:
    """Age and first day of each week that lies within the company's days, the last day apart: its labels come later."""
    start, days = start_of(company), company.truth["days"]
    for age in range(days - 7):
        if (start + timedelta(days=age)).weekday() == 0:
            yield age, start + timedelta(days=age)


def scorecard_weeks(company: Company, kpi: str) -> dict[tuple[str, date], tuple[float, float]]:
    """The interval of each model and week on the scorecard."""
    return {
        (model, week): (low, high)
        for model, week, low, high in company.rows(
            "select model_id, period_start_date, ci_low, ci_high from mart_scorecard "
            "where kpi_id = ? and period = 'week' and value is not null and ci_low is not null",
            kpi,
        )
    }
