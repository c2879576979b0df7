"""Bills delivered month to date, restated and in parts, and rates that come as a history, however runs are cut."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse.connect import writer
from tests.integration import quality

Files = dict[str, list[str]]

BILL = "BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,ChargeCategory,ChargePeriodStart,Tags"
TABLES = ("mart_cost_allocation_daily", "fct_model_cost_daily")


def charge(day: int, cost: int, account: str = "a", currency: str = "USD") -> str:
    tags = '"{""model"":""fraud-detector""}"' if day % 2 else '"{""cluster"":""gpu-a""}"'
    return f"{cost},{cost},{currency},{account},Usage,2026-01-{day:02}T00:00:00Z,{tags}"


def bills(upto: int, third: int) -> list[str]:
    """A month to date: two charges a day that are alike in everything, but for the third's."""
    return [BILL, *(charge(day, third if day == 3 else 1) for day in range(1, upto + 1) for _ in range(2))]


def rates(*days: int) -> list[str]:
    return ["Date,USD,JPY", *(f"2026-01-{day:02},1.{day},150" for day in days)]


MORNINGS: list[Files] = [
    {
        "cloud_billing/overwritten.csv": bills(5, third=1),
        "cloud_billing/run=1/beside-1.csv": [BILL, charge(1, 7), charge(2, 7)],
        "cloud_billing/run=1/beside-2.csv": [BILL, charge(2, 8, "b"), charge(5, 9, currency="JPY")],
        "fx_rates/2026-01-05.csv": rates(2, 5),
    },
    {
        # A day more; in the other export the same charges lie in other parts.
        "cloud_billing/overwritten.csv": bills(6, third=1),
        "cloud_billing/run=2/beside-1.csv": [BILL, charge(1, 7), charge(2, 7), charge(2, 8, "b")],
        "cloud_billing/run=2/beside-2.csv": [BILL, charge(5, 9, currency="JPY"), charge(6, 9, currency="JPY")],
        "fx_rates/2026-01-06.csv": rates(6),
    },
    {
        # The third is restated, and account b's charge is gone from a day its export still covers.
        "cloud_billing/overwritten.csv": bills(7, third=2),
        "cloud_billing/run=3/beside-1.csv": [BILL, charge(1, 7), charge(2, 7), charge(1, 8, "b"), charge(7, 8, "b")],
        "cloud_billing/run=3/beside-2.csv": [BILL, charge(5, 9, currency="JPY"), charge(6, 9, currency="JPY")],
        "fx_rates/history.csv": rates(2, 5, 6, 7),
    },
]
BUILT = [[1, 2, 3, 4, 5], [6], [1, 2, 3, 7]]
"""The days of January each morning rebuilds: of those covered, the ones on which something else counts."""


def report(first: int, *days: dict[str | None, float]) -> list[str]:
    """A page of OpenAI's costs from a day of January on: project → dollars, each day."""
    start = 1_767_225_600 + 86_400 * (first - 1)  # 2026-01-01T00:00:00Z
    buckets = [
        {
            "object": "bucket",
            "start_time": start + 86_400 * number,
            "end_time": start + 86_400 * (number + 1),
            "results": [
                {
                    "object": "organization.costs.result",
                    "amount": {"value": cost, "currency": "usd"},
                    "project_id": project,
                    "line_item": project and "gpt-5, input",
                }
                for project, cost in costs.items()
            ],
        }
        for number, costs in enumerate(days)
    ]
    return [json.dumps({"object": "page", "data": buckets, "has_more": False, "next_page": None})]


REPORTS: list[Files] = [
    {
        "cloud_billing/sum.json": report(1, {None: 5.0}, {None: 7.0}),
        "cloud_billing/pulled/2026-01-01.json": report(1, {"a": 2.0, "b": 3.0}),
    },
    {
        # The second day by project too, and the first one again with other costs.
        "cloud_billing/pulled/2026-01-01.json": report(1, {"a": 2.5, "b": 3.0}),
        "cloud_billing/pulled/2026-01-02.json": report(2, {"a": 7.0}),
    },
    {
        # Nothing is left of the first day, so that the sum counts again.
        "cloud_billing/pulled/2026-01-01.json": report(1, {}),
        "cloud_billing/pulled/2026-01-03.json": report(3, {"a": 1.0}),
    },
]
REPORTED = [(1, "5.000000000000"), (2, "7.000000000000"), (3, "1.000000000000")]


def land(settings: Settings, morning: int, files: Files) -> None:
    for name, lines in files.items():
        path = settings.landing_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        os.utime(path, (1_768_000_000 + morning, 1_768_000_000 + morning))


def run(settings: Settings) -> list[int]:
    """What a run does for the models of cost alone; returns the days of January that it rebuilt."""
    models = (*TABLES, "int_charges__current")
    built = quality.run(settings, tests=True, sources=("cloud_billing", "fx_rates"), marts=models)
    return [day.day for day in built if day >= date(2026, 1, 1)]


def costs(settings: Settings) -> list[list[tuple[Any, ...]]]:
    with writer(settings, "a test") as connection:
        return [sorted(connection.execute(f"select * from marts.{table}").fetchall(), key=str) for table in TABLES]


@pytest.mark.parametrize(
    ("mornings", "built"), [(MORNINGS, BUILT), (REPORTS, [[1, 2], [1, 2], [1, 3]])], ids=["bills", "reports"]
)
def test_daily_runs_rebuild_the_days_that_change_and_equal_one_run(
    mornings: list[Files], built: list[list[int]], tmp_path: Path
) -> None:
    daily, once = (Settings(home=tmp_path / name, catalog=SAMPLE_CATALOG) for name in ("daily", "once"))
    rebuilt = []
    for morning, files in enumerate(mornings):
        land(daily, morning, files)
        land(once, morning, files)
        rebuilt.append(run(daily))
    assert rebuilt == built
    run(once)
    assert costs(daily) == costs(once)
    assert all(costs(once))
    if mornings is REPORTS:
        query = "select day(event_date), sum(billed_cost)::varchar from marts.mart_cost_allocation_daily group by all"
        assert quality.rows(once, query) == REPORTED
