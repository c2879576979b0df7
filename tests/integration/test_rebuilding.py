"""A day can be built at any time and comes out the same: N daily runs = one backfill = a full refresh."""

from __future__ import annotations

import os
import random
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.scenario.generate import generate
from pipelines.scenario.world import FIRST_DAY
from pipelines.settings import Settings
from pipelines.warehouse.connect import writer
from tests.integration.conftest import run

DAYS = 6
MORNINGS = [*range(3, DAYS, 3), DAYS, DAYS + 30]
"""Days after the first in the morning of which a run finds what has been delivered by then; the last finds the rest."""


def deliver(delivered: Path, home: Path, until: date) -> Settings:
    """Copy the files delivered by the morning of `until`, with their times, as a landing folder would hold them."""
    limit = datetime(until.year, until.month, until.day, 6, tzinfo=UTC).timestamp()
    for path in sorted(delivered.joinpath("landing").rglob("*")):
        target = home / path.relative_to(delivered)
        if path.is_file() and path.stat().st_mtime <= limit and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    shutil.copytree(delivered / "catalog", home / "catalog", dirs_exist_ok=True)
    deliver_bills(home / "landing" / "cloud_billing", until)
    return Settings(home=home)


def disturb(landing: Path, morning: int) -> None:
    """Rename every fifteenth file or so (it is delivered again later), copy as many, and delete copies of before."""
    rng = random.Random(morning)  # noqa: S311 - random, not a key
    # What is overwritten is left alone: a copy of what it was, deleted, would remain.
    files = sorted(path for path in landing.rglob("*") if path.is_file() and path.name != "overwritten.csv")
    for path in rng.sample(files, len(files) // 5):
        other = path.with_name(f"moved-{morning}-{path.name}")
        original = path.with_name(path.name.split("-", 2)[-1])
        if path.name.startswith("moved-"):
            if original.exists() and original.read_bytes() == path.read_bytes():
                path.unlink()
        elif rng.random() < 0.5:
            path.rename(other)
        else:
            shutil.copyfile(path, other)


def deliver_bills(folder: Path, until: date) -> None:
    """Month to date every morning, one bill overwritten and one beside the last; the third day's charge is restated."""
    for morning in MORNINGS[:-1]:
        at = FIRST_DAY + timedelta(days=morning)
        if at > until:
            return
        lines = ["BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,ChargeCategory,ChargePeriodStart"]
        for number in range(morning):
            cost = 2 if number == 2 and morning in MORNINGS[1:3] else 1
            lines += [f"{cost},{cost},USD,{{account}},Usage,{FIRST_DAY + timedelta(days=number)}T00:00:00Z"] * 2
        for account, name in (("overwritten", "overwritten.csv"), ("beside", f"run={morning}/beside.csv")):
            path = folder / account / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines).format(account=account))
            stamp = datetime(at.year, at.month, at.day, 5, tzinfo=UTC).timestamp()
            os.utime(path, (stamp, stamp))


def marts(settings: Settings) -> dict[str, str]:
    """Each table of the marts with a hash over its rows, whatever their order."""
    with writer(settings, "comparing") as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by table_name"
        ).fetchall()
        return {
            table: str(
                connection.execute(
                    f'select count(*), sum(hash(t::varchar)::hugeint) from marts."{table}" as t'
                ).fetchone()
            )
            for (table,) in tables
        }


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivered")
    generate(folder, days=DAYS, seed=3, scale=0.2)
    return folder


@pytest.mark.long
def test_daily_runs_with_late_restated_and_renamed_files_equal_one_backfill_and_a_full_refresh(
    delivered: Path, tmp_path: Path
) -> None:
    for morning in MORNINGS:
        daily = deliver(delivered, tmp_path / "daily", FIRST_DAY + timedelta(days=morning))
        run(daily)
        disturb(daily.landing_dir, morning)
    run(daily)
    backfill = Settings(home=tmp_path / "backfill")
    for part in ("landing", "catalog"):
        shutil.copytree(daily.home / part, backfill.home / part)
    assert run(backfill).days
    once = marts(backfill)
    assert len(once) >= 10
    assert marts(daily) == once
    assert run(daily).days == run(backfill).days == [], "nothing new has come"

    with writer(backfill, "forgetting what was built") as connection:
        connection.execute("delete from ledger.built")
    run(backfill)
    assert marts(backfill) == once
