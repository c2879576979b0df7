"""Fixtures of the toy pipeline: its dbt project, parsed once, and a home folder for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.catalog.load import load_catalog
from pipelines.orchestration.manifest import prepared
from pipelines.orchestration.runs import StepFailure
from pipelines.orchestration.runs import run as run_here
from pipelines.settings import Settings
from pipelines.warehouse.status import Status, status
from tests.integration import toy


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shop's dbt project, in place of the real one while the module's tests run."""
    folder = toy.write_project(tmp_path_factory.mktemp("project"))
    with ExitStack() as stack:
        for item in toy.patches(folder):
            stack.enter_context(item)
        yield folder


@pytest.fixture(scope="module")
def parsed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder in which the project has been parsed: each test copies it."""
    home = toy.write_home(tmp_path_factory.mktemp("parsed") / "home")
    prepared(Settings(home=home))
    return home


@pytest.fixture
def shop(parsed: Path, tmp_path: Path) -> Settings:
    """A home folder of its own, its landing folder empty."""
    return new_home(parsed, tmp_path / "home")


def new_home(parsed: Path, folder: Path) -> Settings:
    """A copy of the parsed home."""
    shutil.copytree(parsed, folder)
    return Settings(home=folder)


def look(settings: Settings) -> Status:
    """The status of the home folder."""
    return status(settings, load_catalog(settings.catalog_dir), toy.SOURCES)


def run(settings: Settings, **options: Any) -> list[StepFailure]:
    """What `scorecard run` does."""
    return run_here(settings, load_catalog(settings.catalog_dir), toy.SOURCES, look(settings), **options)


def published(settings: Settings) -> list[tuple[Any, ...]]:
    """The published mart; empty where nothing was published."""
    file = settings.published_dir / "marts.duckdb"
    if not file.exists():
        return []
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        return connection.execute(
            "select order_date::varchar, sold_usd::double, returned_usd::double, order_count "
            "from mart_revenue_daily order by all"
        ).fetchall()
