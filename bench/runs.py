"""What a run costs beside its work: a daily run's overhead, its growth with history, a backfill against a full build.

Runs are whole `scorecard run` processes on sample companies. The same work by hand is a process too, on a copy of the
company: files ingested, days validated and replaced, the compiled statements of the run's models and tests and the
statistics of its Python models in dbt's order, the publication, the page. What a run takes beyond it, Dagster and dbt
add. The statements alone are reported too.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bench import Figure
from pipelines.catalog.load import load_catalog
from pipelines.scenario.generate import generate
from pipelines.scenario.world import FIRST_DAY
from pipelines.scorecard.datasets import DATASETS
from pipelines.scorecard.page import page
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse import staleness
from pipelines.warehouse.connect import kept_open, writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.publish import publish, put, read_published
from pipelines.warehouse.status import status
from pipelines.warehouse.transform import load_catalog_tables

OVERHEAD_SECONDS, GROWTH, BACKFILL = 15.0, 1.2, 2.0
YOUNG, OLD, SAMPLE = 30, 360, 60
OLD_START = date(2025, 1, 1)
"""So that all their days are over: one to come is not built."""
OLD_SCALE = 0.05
"""Traffic of the companies compared by age: files and days matter here, not rows."""
REPEATS = 3


def run() -> Iterator[Figure]:
    """The overhead of a daily run in seconds, the cost of a backfill, and the growth from day 30 to day 360."""
    with TemporaryDirectory(prefix="bench-runs-") as folder:
        sample = Path(folder) / "sample"
        daily = _daily_runs(sample, FIRST_DAY, SAMPLE, 1.0)
        yield Figure(
            "what Dagster and dbt add to a daily run",
            statistics.median(one.whole - one.by_hand for one in daily),
            "s",
            OVERHEAD_SECONDS,
            f"medians of {REPEATS} days: the run takes {statistics.median(one.whole for one in daily):.1f} s, the same "
            f"by hand {statistics.median(one.by_hand for one in daily):.1f} s, of which the models' and tests' "
            f"statements {statistics.median(one.statements for one in daily):.1f} s",
        )
        days = ("--from", str(FIRST_DAY), "--to", str(FIRST_DAY + timedelta(days=SAMPLE - 1)))
        backfill = _scorecard(sample, "--force", *days)
        full = _scorecard(sample, "--force")
        yield Figure(
            f"a backfill of {SAMPLE} days against a full build",
            backfill / full,
            "times",
            BACKFILL,
            f"{backfill:.1f} s against {full:.1f} s, whole processes, with the files ingested before",
        )
        young, old = (
            statistics.median(one.whole for one in _daily_runs(Path(folder) / name, OLD_START, age, OLD_SCALE))
            for name, age in (("young", YOUNG), ("old", OLD))
        )
        yield Figure(
            f"a daily run on day {OLD} against day {YOUNG}",
            old / young,
            "times",
            GROWTH,
            f"{old:.1f} s against {young:.1f} s, medians of {REPEATS} days",
        )


@dataclass(frozen=True)
class _Daily:
    """Seconds of a morning's run, of the same work by hand, and of its statements alone."""

    whole: float
    by_hand: float
    statements: float


def _daily_runs(home: Path, start: date, age: int, scale: float) -> list[_Daily]:
    """The mornings after `age` days of history that began at `start`."""
    generate(home, days=age + REPEATS, seed=7, scale=scale, start=start)
    waiting = home / "waiting"
    (home / "landing").rename(waiting)
    _deliver(waiting, home, start + timedelta(days=age))
    _scorecard(home)
    found = []
    for day in range(age, age + REPEATS):
        _deliver(waiting, home, start + timedelta(days=day + 1))
        twin = home.with_name(f"{home.name}-by-hand")
        shutil.copytree(home, twin, symlinks=True, ignore=shutil.ignore_patterns("waiting", "dagster"))
        since = time.time()
        whole = _scorecard(home)
        began = time.perf_counter()
        command = [sys.executable, "-m", "bench.runs", str(twin), str(home), str(since)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- this very module
        found.append(_Daily(whole, time.perf_counter() - began, float(done.stdout.splitlines()[-1])))
        shutil.rmtree(twin)
    return found


def _deliver(waiting: Path, home: Path, morning: date) -> None:
    """Move what was delivered by that `morning` into the landing folder."""
    limit = datetime(morning.year, morning.month, morning.day, 6, tzinfo=UTC).timestamp()
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


def _by_hand(home: Path, other: Path, since: float) -> float:
    """Do in `home` what the run that began at `since` did in `other`; the seconds that dbt's statements take."""
    settings = Settings(home=home)
    catalog = load_catalog(settings.catalog_dir)
    with kept_open(settings, "a run by hand"):
        found = status(settings, catalog, all_sources())
        for name in found.changed:
            take_in(settings, all_sources()[name])
        found = status(settings, catalog, all_sources())
        for source in all_sources().values():
            replace_days(settings, source)
        with writer(settings, "replaying a build") as connection:
            load_catalog_tables(connection, catalog)
            staleness.set_days_to_rebuild(connection, found.stale_days)
            began = time.perf_counter()
            for statement in _statements(Settings(home=other), since):
                _replay(connection, statement)
            statements = time.perf_counter() - began
        publish(settings)
    text = page(read_published(settings, DATASETS), catalog.company.name, "", settings.warehouse_dir / "page")
    put(settings, "scorecard.html", text)
    return statements


def _statements(settings: Settings, since: float) -> Iterator[str]:
    """What dbt has compiled since `since`, each after what it is made from."""
    manifest = json.loads((settings.warehouse_dir / "dbt" / "manifest.json").read_text())  # of the full build before
    compiled = {
        key: Path(node["compiled_path"]) for key, node in manifest["nodes"].items() if node.get("compiled_path")
    }
    for key in TopologicalSorter(manifest["parent_map"]).static_order():
        if key in compiled and compiled[key].stat().st_mtime > since:
            yield compiled[key].read_text()


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


if __name__ == "__main__":
    print(_by_hand(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
