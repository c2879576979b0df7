"""What must not change the deployments: the order of the files, their coming twice, and a second system's silence.

Only the deployment models are built here, on a small company of their own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.scenario.deployments.write import write_deployments
from pipelines.scenario.world import World
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse.connect import writer
from tests.integration import quality

WORLD = World(days=46, seed=12)
SOURCES = ("github", "mlflow", "sagemaker", "kserve", "change_records")
TABLES = {"fct_deployments": "marts", "int_deployment_cadence__summed": "intermediate"}
Rows = dict[str, list[dict[str, Any]]]


def built(home: Path, arrange: Callable[[Path], None]) -> Rows:
    """What deployments came to, sorted, once `arrange` has laid out the landing folder."""
    settings = Settings(home=home, catalog=SAMPLE_CATALOG)
    settings.landing_dir.mkdir(parents=True)
    arrange(settings.landing_dir)
    quality.run(settings, sources=SOURCES, marts=list(TABLES))
    with writer(settings, "a test") as connection:
        return {table: rows(connection, f"{schema}.{table}") for table, schema in TABLES.items()}


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    found = connection.execute(f"select * from {table} order by all")
    columns = [column[0] for column in found.description or []]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivered")
    write_deployments(WORLD, folder)
    return folder


@pytest.fixture(scope="module")
def plain(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    def as_delivered(landing: Path) -> None:
        shutil.copytree(delivered, landing, dirs_exist_ok=True)

    found = built(tmp_path_factory.mktemp("plain"), as_delivered)
    assert {row["deployment_kind"] for row in found["fct_deployments"]} == {"release", "rollback"}
    return found


def test_the_order_of_the_files_and_their_coming_twice_change_nothing(
    delivered: Path, plain: Rows, tmp_path: Path
) -> None:
    def backwards(landing: Path) -> None:
        files = [path for path in sorted(delivered.rglob("*")) if path.is_file()]
        for place, path in enumerate(reversed(files)):
            source = path.relative_to(delivered).parts[0]
            target = landing / source / f"{place:05d}" / path.name
            target.parent.mkdir(parents=True)
            shutil.copy2(path, target)
            if path.suffix == ".json" and isinstance(page := json.loads(path.read_text()), list) and page:
                # The same page again, in another order: other bytes, nothing new.
                target.with_name(f"again-{path.name}").write_text(json.dumps(page[::-1]))

    assert built(tmp_path, backwards) == plain


def test_without_the_second_system_as_much_is_deployed_and_a_moved_alias_deploys_nothing(
    delivered: Path, plain: Rows, tmp_path: Path
) -> None:
    def by_github_alone(landing: Path) -> None:
        shutil.copytree(delivered, landing, dirs_exist_ok=True)
        shutil.rmtree(landing / "sagemaker")
        moved = 0
        for path in sorted((landing / "mlflow" / "webhooks").iterdir()):
            entries = [json.loads(line) for line in path.read_text().splitlines()]
            kept = [one for one in entries if one["body"]["entity"] != "model_version_alias"]
            moved += len(entries) - len(kept)
            path.write_text("".join(json.dumps(one) + "\n" for one in kept))
        assert moved > 2

    def counted(found: Rows) -> list[tuple[object, ...]]:
        return [
            (row["model_id"], row["period"], row["period_start_date"], row["numerator"], row["denominator"])
            for row in found["int_deployment_cadence__summed"]
        ]

    alone = built(tmp_path, by_github_alone)
    assert any(row["source"] == "github+sagemaker" for row in plain["fct_deployments"])
    assert not any("sagemaker" in row["source"] for row in alone["fct_deployments"])
    assert counted(alone) == counted(plain)
