"""The `scorecard` command as processes: what it prints and ends with, two at once, one killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.orchestration.instance import opened_instance
from pipelines.settings import PROJECT_ROOT, SAMPLE_CATALOG, Settings
from pipelines.warehouse.connect import lock
from tests.integration.shop import look, parsed, project, published, shop  # noqa: F401 - fixtures
from tests.integration.toy import land


def scorecard(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(app, list(arguments))


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:  # noqa: F811
    """The command in a process of its own, its output in one pipe."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.integration.toy", *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, "TOY_PROJECT": str(project), "PYTHONPATH": str(PROJECT_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def deliver(home: Path, days: int = 2) -> None:
    for day in range(1, days + 1):
        land(home, f"sales/2026-01-{day:02}.csv", (f"s{day}", f"2026-01-{day:02} 10:00:00", 5))


def test_a_run_publishes_says_where_and_the_next_finds_nothing_to_do(shop: Settings) -> None:  # noqa: F811
    deliver(shop.home)
    first = scorecard("run", "--home", str(shop.home))
    assert first.exit_code == 0, first.output
    assert "sales 2/2: sales/2026-01-02.csv: 1 rows" in first.output
    assert "mart_revenue_daily: OK" in first.output
    assert str(shop.published_dir / "marts.duckdb") in first.output
    assert "DagsterEventType" not in first.output and "STEP_START" not in first.output
    assert len(published(shop)) == 2
    with lock(shop, "counting"):
        pass
    second = scorecard("run", "--home", str(shop.home))
    assert second.exit_code == 0
    assert "Nothing has changed" in second.output


def test_a_rejected_file_is_named_with_what_to_do_until_it_is_mended(shop: Settings) -> None:  # noqa: F811
    deliver(shop.home, days=1)
    odd = shop.landing_dir / "sales" / "odd.csv"
    odd.write_text("a,b\n1,2\n")
    for _ in range(2):
        result = scorecard("run", "--home", str(shop.home))
        assert result.exit_code == 1
        assert "`sales/odd.csv`: found columns a, b" in result.output
        assert "point the source's glob away from it" in result.output
    assert len(published(shop)) == 1
    odd.unlink()
    assert scorecard("run", "--home", str(shop.home)).exit_code == 0


def test_a_rejected_day_ends_in_failure_and_says_what_was_found_against_what_was_expected(shop: Settings) -> None:  # noqa: F811
    land(shop.home, "sales/2026-01-01.csv", ("s1", "2026-01-01 10:00:00", 5000))
    result = scorecard("run", "--home", str(shop.home))
    assert result.exit_code == 1
    assert "sales 2026-01-01" in result.output and "total is 5000, expected at most 1000" in result.output
    assert "Fix the export" in result.output
    assert published(shop) == []


def test_only_the_days_asked_for_are_built(shop: Settings) -> None:  # noqa: F811
    deliver(shop.home, days=3)
    result = scorecard("run", "--home", str(shop.home), "--from", "2026-01-02", "--to", "2026-01-02")
    assert result.exit_code == 0, result.output
    assert [row[0] for row in published(shop)] == ["2026-01-02"]
    assert len(look(shop).stale_days) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "soon"), "--from is `soon`, expected a day such as 2026-01-31"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "is after --to"),
        (("--landing", "/nowhere/at/all"), "the landing folder /nowhere/at/all does not exist"),
        (("--catalog", "/nowhere/at/all"), "the catalog folder /nowhere/at/all does not exist"),
    ],
    ids=["no day", "days the wrong way round", "no landing folder", "no catalog"],
)
def test_misuse_is_explained(shop: Settings, arguments: tuple[str, ...], message: str) -> None:  # noqa: F811
    result = scorecard("run", "--home", str(shop.home), *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_catalog_error_names_the_file_and_the_field(shop: Settings) -> None:  # noqa: F811
    member = shop.catalog_dir / "workforce" / "triage.yaml"
    member.write_text(member.read_text().replace("kind:", "knid:"))
    result = scorecard("run", "--home", str(shop.home))
    assert result.exit_code == 2
    assert "triage.yaml" in result.output and "kind" in result.output


def test_doctor_says_what_is_there_and_what_to_do_next(shop: Settings) -> None:  # noqa: F811
    deliver(shop.home)
    with (shop.landing_dir / "sales" / "2026-01-02.csv").open("a") as stream:
        stream.write("s9,2026-01-02,many\n")
    scorecard("run", "--home", str(shop.home))
    deliver(shop.home, days=3)
    land(shop.home, "elsewhere/export.csv")
    result = scorecard("doctor", "--home", str(shop.home))
    assert result.exit_code == 0, result.output
    assert "1 rows quarantined: amount: … is not a DECIMAL" in result.output
    assert "scorecard run" in result.output
    assert "returns          returns/**/*.csv" in result.output
    assert "No source reads 1 files: elsewhere/export.csv" in result.output


def test_two_runs_at_once_both_succeed_and_agree(shop: Settings, project: Path) -> None:  # noqa: F811
    deliver(shop.home, days=4)
    both = [start(project, "run", "--home", str(shop.home)) for _ in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(outputs)
    assert len(published(shop)) == 4


def test_a_killed_run_leaves_nothing_locked_and_the_next_finishes_the_work(shop: Settings, project: Path) -> None:  # noqa: F811
    deliver(shop.home, days=4)
    killed = start(project, "run", "--home", str(shop.home))
    assert killed.stdout is not None
    for line in killed.stdout:
        if "fct_orders" in line:
            break
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=30)
    killed.stdout.close()
    began = time.monotonic()
    with lock(shop, "a test", wait=False):
        assert time.monotonic() - began < 5
    result = scorecard("run", "--home", str(shop.home))
    assert result.exit_code == 0, result.output
    assert len(published(shop)) == 4
    with opened_instance(shop) as instance:
        statuses = [run.status for run in instance.get_runs(dg.RunsFilter(job_name="daily"))]
    assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def test_a_warehouse_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    broken = Settings(home=tmp_path).warehouse_file
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no database" * 1000)
    (tmp_path / "landing").mkdir()
    result = scorecard("doctor", "--home", str(tmp_path), "--catalog", str(SAMPLE_CATALOG))
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    shown = " ".join(result.output.split())
    assert "not a DuckDB database" in shown and "move it away and run again" in shown


def test_the_version_is_told() -> None:
    shown = scorecard("--version")
    assert (shown.exit_code, shown.output) == (0, f"scorecard {metadata.version('ai-workforce-scorecard')}\n")
