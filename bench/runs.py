"""What a run costs beside its SQL: a daily run's overhead, its growth with history, a backfill against a full build.

Runs are whole `scorecard run` processes on sample companies. The SQL itself is replayed by DuckDB alone: the compiled
statements of the run's models and tests, and the statistics of its Python models, in the order dbt ran them. Taking
files in, judging and publishing count as overhead.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bench import Figure
from pipelines.scenario.generate import generate
from pipelines.scenario.world import FIRST_DAY
from pipelines.settings import Settings
from pipelines.warehouse.connect import writer

OVERHEAD_SECONDS, GROWTH, BACKFILL = 15.0, 1.2, 2.0
YOUNG, OLD, SAMPLE = 30, 360, 60
OLD_SCALE = 0.05
"""Traffic of the companies whose age is compared: files and days count here, not rows."""
REPEATS = 3


def run() -> Iterator[Figure]:
    """The overhead of a daily run in seconds, the cost of a backfill, and the growth from day 30 to day 360."""
    with TemporaryDirectory(prefix="bench-runs-") as folder:
        sample = Path(folder) / "sample"
        walls, overheads = _daily_runs(sample, SAMPLE, 1.0)
        yield Figure(
            "a daily run beside its SQL",
            statistics.median(overheads),
            "s",
            OVERHEAD_SECONDS,
            f"median of {REPEATS} days; the whole process takes {statistics.median(walls):.1f} s",
        )
        days = ("--from", str(FIRST_DAY), "--to", str(FIRST_DAY + timedelta(days=SAMPLE - 1)))
        backfill = _scorecard(sample, "--force", *days)
        full = _scorecard(sample, "--force")
        yield Figure(
            f"a backfill of {SAMPLE} days against a full build",
            backfill / full,
            "times",
            BACKFILL,
            f"{backfill:.1f} s against {full:.1f} s, whole processes, the files taken in before",
        )
        young, _ = _daily_runs(Path(folder) / "young", YOUNG, OLD_SCALE)
        old, _ = _daily_runs(Path(folder) / "old", OLD, OLD_SCALE)
        yield Figure(
            f"a daily run on day {OLD} against day {YOUNG}",
            statistics.median(old) / statistics.median(young),
            "times",
            GROWTH,
            f"{statistics.median(old):.1f} s against {statistics.median(young):.1f} s, medians of {REPEATS} days",
        )


def _daily_runs(home: Path, age: int, scale: float) -> tuple[list[float], list[float]]:
    """Seconds of the daily runs that follow `age` days of history, whole and beside their SQL."""
    generate(home, days=age + REPEATS, seed=7, scale=scale)
    waiting = home / "waiting"
    (home / "landing").rename(waiting)
    _deliver(waiting, home, age)
    _scorecard(home)
    walls, overheads = [], []
    for day in range(age, age + REPEATS):
        _deliver(waiting, home, day + 1)
        wall = _scorecard(home)
        walls.append(wall)
        overheads.append(wall - _sql_alone(home))
    return walls, overheads


def _deliver(waiting: Path, home: Path, days: int) -> None:
    """Move what was delivered by the morning after the first `days` days into the landing folder."""
    until = FIRST_DAY + timedelta(days=days)
    limit = datetime(until.year, until.month, until.day, 6, tzinfo=UTC).timestamp()
    for path in sorted(waiting.rglob("*")):
        if path.is_file() and path.stat().st_mtime <= limit:
            target = home / "landing" / path.relative_to(waiting)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def _scorecard(home: Path, *arguments: str) -> float:
    """Seconds that `scorecard run` takes, as a user would start it."""
    command = [str(Path(sys.executable).with_name("scorecard")), "run", "--home", str(home), *arguments]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- our own command, on our own folder
    return time.perf_counter() - began


def _sql_alone(home: Path) -> float:
    """Seconds that the last build's statements take, run by DuckDB alone in the order dbt ran them."""
    settings = Settings(home=home)
    results = json.loads((settings.warehouse_dir / "dbt" / "run_results.json").read_text())["results"]
    statements = [result["compiled_code"] for result in results if result.get("compiled_code")]
    with writer(settings, "replaying a build") as connection:
        built = "select day from ledger.built where built_at = (select max(built_at) from ledger.built)"
        connection.execute(f"insert into ledger.worklist {built}")
        began = time.perf_counter()
        for statement in statements:
            _replay(connection, statement)
        seconds = time.perf_counter() - began
        connection.execute("delete from ledger.worklist")
        return seconds


def _replay(connection: duckdb.DuckDBPyConnection, compiled: str) -> None:
    """Run what dbt ran: a query, or a Python model with dbt's own preamble."""
    if "def model(dbt" not in compiled:
        connection.execute(f"create or replace temp table replayed as {compiled}")
        return
    module: dict[str, Any] = {}
    exec(compiled, module)  # noqa: S102 -- the project's own model
    made = module["model"](module["dbtObj"](lambda relation: connection.sql(f"from {relation}")), connection)
    connection.register("made", made)
    connection.execute("create or replace temp table replayed as from made")
    connection.unregister("made")
