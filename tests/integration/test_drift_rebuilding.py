"""A training snapshot that is delivered again, otherwise, moves the windows compared with it, however runs are cut."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse.connect import writer
from tests.integration import quality

TABLES = {
    "int_drift_windows__evaluated": "intermediate",
    "mart_drift_windows": "marts",
    "mart_drift_histograms": "marts",
    "mart_drift_rate_monthly": "marts",
}
COUNT = 800


def land(settings: Settings, name: str, header: str, rows: list[str], modified: int) -> None:
    path = settings.landing_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")
    os.utime(path, (modified, modified))


def prices(middle: float, seed: int) -> list[str]:
    return [f"{price:.3f}" for price in np.random.default_rng(seed).normal(middle, 1.0, COUNT)]


def snapshot(settings: Settings, middle: float, modified: int) -> None:
    """What the route planner's v1 was trained on; delivered again under the same name."""
    rows = [f"snap-v1,route-plan,v1,2026-01-03T00:00:00Z,{price}" for price in prices(middle, 1)]
    land(settings, "training/snap-v1.csv", "snapshot_id,model,version,taken_at,fuel_price", rows, modified)


def log(settings: Settings, day: int, middle: float) -> None:
    rows = [f"2026-01-{day:02}T10:00:00Z,route-plan,v1,{price}" for price in prices(middle, day)]
    modified = 1_767_500_000 + 86_400 * day
    land(settings, f"features/2026-01-{day:02}.csv", "timestamp,model,version,fuel_price", rows, modified)


def run(settings: Settings) -> None:
    """What a run does for the models of drift alone."""
    quality.run(settings, sources=("features", "training"), marts=TABLES)


def tables(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    with writer(settings, "a test") as connection:
        return {
            table: connection.execute(f"from {schema}.{table} order by all").fetchall()
            for table, schema in TABLES.items()
        }


def drifted(settings: Settings) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return connection.execute(
            "select window_date::varchar, is_evaluable, is_drifted from intermediate.int_drift_windows__evaluated "
            "where model_id = 'route-optimiser' and is_evaluable order by all"
        ).fetchall()


def test_a_restated_snapshot_moves_the_windows_that_were_built_against_it(tmp_path: Path) -> None:
    daily = Settings(home=tmp_path / "daily", catalog=SAMPLE_CATALOG)
    snapshot(daily, 0.0, modified=1_767_500_000)
    log(daily, 5, 0.0)
    run(daily)
    assert drifted(daily) == [("2026-01-05", True, False)]

    log(daily, 6, 3.0)
    run(daily)
    assert drifted(daily) == [("2026-01-05", True, False), ("2026-01-06", True, True)]

    # The version was trained on dearer fuel than was said at first: it is the older window that lies apart.
    snapshot(daily, 3.0, modified=1_768_500_000)
    run(daily)
    assert drifted(daily) == [("2026-01-05", True, True), ("2026-01-06", True, False)]

    once = Settings(home=tmp_path / "once", catalog=SAMPLE_CATALOG)
    snapshot(once, 3.0, modified=1_768_500_000)
    log(once, 5, 0.0)
    log(once, 6, 3.0)
    run(once)
    assert tables(daily) == tables(once)
