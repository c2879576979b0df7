"""The sample company, taken through the whole pipeline once for all tests that look at what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.catalog.load import load_catalog
from pipelines.scenario.generate import generate
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import kept_open
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.publish import publish
from pipelines.warehouse.transform import Build, build

DAYS, SEED = 60, 7


@dataclass(frozen=True)
class Company:
    """A home folder after a run, what was planted in it, and its published marts."""

    settings: Settings
    truth: dict[str, Any]
    marts: duckdb.DuckDBPyConnection

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What `sql` gives over the published marts."""
        return self.marts.execute(sql, list(values)).fetchall()


def run(settings: Settings, days: list[date] | None = None) -> Build:
    """Everything a run does, without the orchestrator: ingest, replace days, build, publish."""
    with kept_open(settings, "a test's run"):
        for source in all_sources().values():
            take_in(settings, source)
            replace_days(settings, source, days)
        built = build(settings, load_catalog(settings.catalog_dir), days)
        assert built.success, failures(built)
        if built.results:
            publish(settings)
    return built


def failures(built: Build) -> str:
    """The models and tests that failed, with dbt's own words."""
    bad = [f"{r.node.name}: {r.status} {r.message}" for r in built.nodes if r.status not in ("success", "pass")]
    return "\n".join(bad) or str(built.exception)


def opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The published marts, read-only."""
    return duckdb.connect(str((settings.published_dir / "marts.duckdb").resolve()), read_only=True)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    home = tmp_path_factory.mktemp("company")
    truth: Path = generate(home, days=DAYS, seed=SEED)
    settings = Settings(home=home)
    run(settings)
    marts = opened(settings)
    yield Company(settings, json.loads(truth.read_text()), marts)
    marts.close()
