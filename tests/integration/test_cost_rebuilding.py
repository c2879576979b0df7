"""Bills delivered month to date, restated and in parts, and rates that come as a history, however runs are cut."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

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


def test_daily_runs_rebuild_the_days_that_change_and_equal_one_run(tmp_path: Path) -> None:
    daily, once = (Settings(home=tmp_path / name, catalog=SAMPLE_CATALOG) for name in ("daily", "once"))
    rebuilt = []
    for morning, files in enumerate(MORNINGS):
        land(daily, morning, files)
        land(once, morning, files)
        rebuilt.append(run(daily))
    assert rebuilt == BUILT
    run(once)
    assert costs(daily) == costs(once)
    assert all(costs(once))
