"""The sample company's finance exports: the same for the same seed, growing by the week, planted with every corner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.domains.projects import FACTORS
from pipelines.catalog.load import load_catalog
from pipelines.scenario.finance import PROJECTS, write_finance
from pipelines.scenario.world import World
from pipelines.settings import SAMPLE_CATALOG


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.csv")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("finance")
    return folder, write_finance(World(60, 7), folder)


def test_the_same_seed_writes_the_same_files_and_more_days_only_add_some(
    written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    whole = files(written[0])
    write_finance(World(60, 7), tmp_path / "again")
    assert files(tmp_path / "again") == whole
    write_finance(World(40, 7), tmp_path / "shorter")
    shorter = files(tmp_path / "shorter")
    assert shorter.items() < whole.items()


@pytest.mark.parametrize("days", [1, 4, 12])
def test_a_company_of_a_few_days_has_plans_and_nothing_closed(days: int, tmp_path: Path) -> None:
    truth = write_finance(World(days, 3), tmp_path)
    assert truth["closed_months"] == []
    assert (tmp_path / "finance" / "planned_cash_flows_2026-01-01.csv").exists()


def test_every_corner_is_planted(written: tuple[Path, dict[str, Any]]) -> None:
    folder, truth = written
    text = "".join(files(folder).values())
    assert ",Reversal\n" in text
    assert {"USD", "EUR", "GBP"} <= {line.rsplit(",", 1)[-1] for line in text.splitlines()}
    late = (folder / "finance" / "cost_line_items_2026-02-15.csv").read_text()
    assert ",2026-01-28,WBS-1003," in late
    last = {row["project_id"]: row for row in truth["values"]}
    assert last["support-copilot"]["payback_months"] is None
    assert last["writing-licence"]["irr"] is None
    assert not [row for row in truth["actual"] if row["project_id"] == "shared-feature-store"]
    assert [row["amount_usd"] for row in truth["actual"] if row["project_id"] == "unmapped"] == ["-321.50"]
    routes = [row["npv_usd"] for row in truth["values"] if row["project_id"] == "routes-by-night"]
    assert len(set(routes)) == 2


def test_the_books_and_the_catalog_speak_of_the_same_projects() -> None:
    catalog = {project.id: project for project in load_catalog(SAMPLE_CATALOG).projects}
    assert catalog.keys() == {project.id for project in PROJECTS}
    for project in PROJECTS:
        entry = catalog[project.id]
        assert project.code in entry.codes
        assert (entry.start_date, entry.horizon_months) == (project.first_month, project.horizon)
        assert {m.member: m.share for m in entry.members} == {m: float(share) for m, share in project.shares}
        rates = [entry.annual_rate for entry in entry.discount_rate]
        assert rates == [float(rate) for _, rate in project.rates]


def test_the_sample_shows_every_driver_and_every_shape() -> None:
    inputs = [one for project in load_catalog(SAMPLE_CATALOG).projects for one in project.inputs]
    assert {one.driver for one in inputs} == {*FACTORS, "discount_rate"}
    assert {one.distribution.shape for one in inputs if one.distribution} == {"triangular", "uniform", "normal"}
