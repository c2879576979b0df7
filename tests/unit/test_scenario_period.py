"""The sample company ends yesterday, and everything planted keeps its distance from the start."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from pipelines.catalog.load import load_catalog
from pipelines.cli import app, runs
from pipelines.scenario import generate as generator
from pipelines.scenario.finance import projects, write_finance
from pipelines.scenario.period import moved, moved_text
from pipelines.scenario.world import FIRST_DAY, World
from pipelines.settings import SAMPLE_CATALOG


@pytest.mark.parametrize(
    ("day", "start", "expected"),
    [
        (date(2026, 1, 15), date(2026, 9, 1), date(2026, 9, 15)),
        (date(2026, 2, 1), date(2026, 9, 1), date(2026, 10, 1)),
        (date(2026, 2, 2), date(2026, 9, 1), date(2026, 10, 3)),
        (date(2025, 12, 20), date(2026, 9, 1), date(2026, 8, 20)),
        (date(2026, 4, 1), date(2027, 11, 1), date(2028, 2, 1)),
        (date(2026, 2, 12), FIRST_DAY, date(2026, 2, 12)),
        (date(2026, 2, 1), date(2026, 9, 30), date(2026, 10, 1)),
    ],
)
def test_a_first_of_a_month_stays_one_and_any_other_day_keeps_its_age(day: date, start: date, expected: date) -> None:
    assert moved(day, start) == expected


def test_days_and_quoted_months_are_moved_wherever_they_stand() -> None:
    text = 'from: 2026-02-01, alert: "a:2026-01-01T00", start_month: "2026-04", id: 12026-01-019'
    assert moved_text(text, date(2026, 11, 1)) == (
        'from: 2026-12-01, alert: "a:2026-11-01T00", start_month: "2027-02", id: 12026-01-019'
    )
    assert moved_text(text, FIRST_DAY) == text


def write_only_the_catalog(folder: Path, start: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "WRITERS", {})
    generator.generate(folder, days=60, seed=7, start=start)


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("day", [1, 14, 28])
def test_the_catalog_of_every_month_is_whole_and_knows_the_books(
    day: int, month: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = date(2027, month, day)
    write_only_the_catalog(tmp_path, start, monkeypatch)
    catalog = load_catalog(tmp_path / "catalog")
    found = {project.id: project.start_date for project in catalog.projects}
    assert found == {project.id: project.first_month for project in projects(World(60, 7, start=start))}


def test_a_company_of_the_first_day_has_the_template_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_only_the_catalog(tmp_path, FIRST_DAY, monkeypatch)
    templates = list(SAMPLE_CATALOG.rglob("*.yaml"))
    assert templates
    for path in templates:
        assert (tmp_path / "catalog" / path.relative_to(SAMPLE_CATALOG)).read_text() == path.read_text()


@pytest.mark.parametrize(
    ("options", "first", "days"),
    [
        ([], "2026-09-01", 89),
        (["--days", "5"], "2026-11-24", 5),
        (["--start", "2026-11-20"], "2026-11-20", 9),
        (["--start", "2026-03-01", "--days", "7"], "2026-03-01", 7),
    ],
)
def test_the_command_ends_yesterday_unless_told_the_start_and_the_days(
    options: list[str], first: str, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "today", lambda: date(2026, 11, 29))
    monkeypatch.setattr(generator, "WRITERS", {})
    done = CliRunner().invoke(app, ["scenario", "--out", str(tmp_path), *options])
    assert done.exit_code == 0, done.output
    truth = (tmp_path / "truth.json").read_text()
    assert re.search(rf'"start": "{first}"', truth) and re.search(rf'"days": {days},', truth)


def test_a_start_after_yesterday_needs_a_number_of_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "today", lambda: date(2026, 11, 29))
    done = CliRunner().invoke(app, ["scenario", "--out", str(tmp_path), "--start", "2026-11-29"])
    assert done.exit_code == 2 and "--days" in done.output
    assert not any(tmp_path.iterdir())


def test_the_template_of_the_catalog_is_never_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "WRITERS", {})
    before = {path: path.read_bytes() for path in SAMPLE_CATALOG.rglob("*.yaml")}
    done = CliRunner().invoke(app, ["scenario", "--out", str(SAMPLE_CATALOG.parent), "--start", "2027-01-01"])
    assert done.exit_code == 2 and "template" in done.output
    assert {path: path.read_bytes() for path in SAMPLE_CATALOG.rglob("*.yaml")} == before


@pytest.mark.parametrize("start", [date(2026, 9, 30), date(2027, 2, 15), date(2027, 3, 1)])
def test_the_books_of_a_company_that_starts_within_a_month_hold_the_whole_month(start: date, tmp_path: Path) -> None:
    world = World(60, 7, start=start)
    truth = write_finance(world, tmp_path)
    values: Any = truth["values"]
    assert all(value["npv_usd"] is not None for value in values)
    posted = {row["month"] for row in cast("list[dict[str, str]]", truth["actual"])}
    assert f"{start:%Y-%m}" in posted
    first = sum(
        Decimal(row["amount_usd"])
        for row in cast("list[dict[str, str]]", truth["actual"])
        if (row["project_id"], row["month"], row["category"])
        == ("ranking-on-inferentia", f"{start:%Y-%m}", "development")
    )
    assert -160_000 < first < -80_000


def test_no_file_is_delivered_in_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(world: World, landing: Path) -> dict[str, object]:
        (landing / f"bill-{world.dates[-1]}.csv").write_text("a\n")
        return {}

    monkeypatch.setattr(generator, "WRITERS", {"bill": write})
    monkeypatch.setattr(generator.time, "time", lambda: World(3, 7).at(date(2026, 1, 4), 1).timestamp())
    generator.generate(tmp_path, days=3, seed=7)
    (bill,) = (tmp_path / "landing").iterdir()
    assert bill.stat().st_mtime == World(3, 7).at(date(2026, 1, 4), 1).timestamp()
