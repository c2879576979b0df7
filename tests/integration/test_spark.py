"""Row-level models: what dbt compiled for the sample company gives the same rows on Spark as on DuckDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.catalog.load import load_catalog
from pipelines.settings import DBT_PROJECT
from pipelines.spark.dialect import UntranslatableError, spark_name, translate
from pipelines.spark.session import missing, session
from pipelines.warehouse import models
from pipelines.warehouse.transform import manifest_file
from tests.integration.conftest import Company

ROW_LEVEL = "row_level"
"""The tag of models with rows that grow with traffic, or that read such rows."""
SOURCES = {"predictions", "amplitude", "mixpanel", "segment", "experiments", "ratings"}
"""Their sources: one row per prediction, label, event, exposure, rating or decision."""
NOT_TRANSLATED = {
    "int_identities__merged": "a recursive CTE with a key; it reads merges of identities, not events",
    "fct_experiment_units": "a list of fct_study_units is ordered by another column; it counts units",
    "fct_comments": "it cleans text by regular expressions, which the engines read differently",
}
OPAQUE = {"int_prediction_ids__reused": {"id_hash"}}
"""Hashes: equal where what they are made of is, and otherwise another on each engine."""


@dataclass
class Project:
    """The sample company's dbt project: nodes by name, what dbt compiled, and the columns of every relation."""

    folder: Path
    warehouse: Path
    nodes: dict[str, Any]
    relations: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def compiled(self, name: str) -> str:
        """The SELECT of the model `name`."""
        return (self.folder / "compiled" / "scorecard" / "models" / self.nodes[name]["path"]).read_text()

    def marked(self) -> list[str]:
        """The names of the models with the tag."""
        return [name for name, node in self.nodes.items() if ROW_LEVEL in node["config"]["tags"]]

    def steps(self) -> list[str]:
        """The marked models, and the views that they read: each after what it reads."""
        found: list[str] = []

        def visit(name: str) -> None:
            for parent in self.nodes[name]["depends_on"]["nodes"]:
                parent_name = parent.split(".")[-1]
                if parent.startswith("model.") and (self.kind(parent_name) in VIEWS or parent_name in marked):
                    visit(parent_name)
            if name not in found:
                found.append(name)

        marked = self.marked()
        for name in marked:
            visit(name)
        return [name for name in found if self.kind(name) != "ephemeral"]

    def kind(self, name: str) -> str:
        """How the model `name` is materialized."""
        return str(self.nodes[name]["config"]["materialized"])


VIEWS = ("view", "ephemeral")


@pytest.fixture(scope="module")
def project(company: Company) -> Project:
    manifest = json.loads(manifest_file(company.settings).read_bytes())
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    found = Project(company.settings.warehouse_dir / "dbt", company.settings.warehouse_file, nodes)
    with duckdb.connect(str(found.warehouse), read_only=True) as connection:
        for schema, relation, column, kind in connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where database_name = current_database() and not internal order by all"
        ).fetchall():
            found.relations.setdefault((schema, relation), {})[column] = kind
    return found


@pytest.fixture(scope="module")
def translated(project: Project) -> Mapping[str, str]:
    rejected, texts = [], {}
    for name in project.steps():
        try:
            texts[name] = translate(project.compiled(name), project.relations)
        except UntranslatableError as error:
            rejected.append(f"{name}: {error}")
    assert not rejected, "\n".join(rejected)
    return texts


def test_every_row_level_model_and_the_views_it_reads_translate(translated: Mapping[str, str]) -> None:
    assert {"stg_predictions__predictions", "int_labels__matched", "fct_outcomes_daily"} <= translated.keys()


def test_models_over_rows_of_traffic_are_marked_or_say_why_not(project: Project) -> None:
    carrying: set[str] = set()
    built: set[str] = set()
    pending = dict(project.nodes)
    while grown := [name for name, node in pending.items() if _carries(node, carrying)]:
        for name in grown:
            node = pending.pop(name)
            if not name.startswith("fct_"):
                carrying.add(name)
            if node["path"].split("/")[0] in ("intermediate", "facts") and project.kind(name) not in VIEWS:
                built.add(name)
    assert built == set(project.marked()) | NOT_TRANSLATED.keys()


def _carries(node: Mapping[str, Any], carrying: set[str]) -> bool:
    parents = [parent.split(".") for parent in node["depends_on"]["nodes"]]
    return any(parent[-1] in carrying or (parent[0] == "source" and parent[2] in SOURCES) for parent in parents)


def test_marking_a_model_rebuilds_none(company: Company, project: Project) -> None:
    manifest = json.loads(manifest_file(company.settings).read_bytes())
    catalog = load_catalog(company.settings.catalog_dir)
    before = models.fingerprints(manifest, DBT_PROJECT, catalog)
    for node in manifest["nodes"].values():
        node["config"]["tags"] = node["tags"] = []
    assert models.fingerprints(manifest, DBT_PROJECT, catalog) == before


@pytest.fixture(scope="module")
def results(
    project: Project, translated: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of what Spark made of each row-level model, each from Spark's own results of those before it."""
    if reason := missing():
        pytest.skip(f"Spark cannot run here: {reason}")
    patch = pytest.MonkeyPatch()
    patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    spark, folder = session("local[2]"), tmp_path_factory.mktemp("spark")
    marked, shown = set(project.marked()), set()
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        for name in project.steps():
            node = project.nodes[name]
            for schema, relation in _read_by(node, project) - shown:
                shown.add((schema, relation))
                _export(connection, project, schema, relation, folder)
                spark.read.parquet(str(folder / f"{relation}.parquet")).createOrReplaceTempView(
                    spark_name(schema, relation)
                )
            rows = spark.sql(translated[name])
            if name in marked:
                rows.write.parquet(str(folder / name))
                rows = spark.read.parquet(str(folder / name))
            rows.createOrReplaceTempView(spark_name(node["schema"], node["alias"]))
    yield folder
    spark.stop()
    patch.undo()


def _read_by(node: Mapping[str, Any], project: Project) -> set[tuple[str, str]]:
    """The tables that a node reads and Spark does not make: of sources, and of models that stay on DuckDB."""
    made, found = set(project.steps()), set()
    for schema, relation in project.relations:
        quoted = f'"{schema}"."{relation}"'
        if relation not in made and quoted in project.compiled(node["name"]):
            found.add((schema, relation))
    return found


def _export(connection: duckdb.DuckDBPyConnection, project: Project, schema: str, relation: str, folder: Path) -> None:
    # Parquet has no integers of 128 bits: DuckDB would write doubles.
    columns = ", ".join(
        f'cast("{name}" as decimal(38, 0)) as "{name}"' if kind in ("HUGEINT", "UHUGEINT") else f'"{name}"'
        for name, kind in project.relations[schema, relation].items()
    )
    path = folder / f"{relation}.parquet"
    connection.execute(f'copy (select {columns} from "{schema}"."{relation}") to \'{path}\' (format parquet)')


@pytest.mark.long
def test_spark_gives_the_rows_that_duckdb_gives(project: Project, results: Path) -> None:
    different = []
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        for name in project.marked():
            node = project.nodes[name]
            columns = (
                ", ".join(
                    # Logarithms differ in their last bits between Java and C.
                    f'round("{column}", 9) as "{column}"'
                    if kind == "DOUBLE"
                    else f'cast("{column}" as {kind}) as "{column}"'
                    for column, kind in project.relations[node["schema"], node["alias"]].items()
                    if column not in OPAQUE.get(name, set())
                )
                or "1 as row"
            )
            duck = f'select {columns} from "{node["schema"]}"."{node["alias"]}"'
            spark = f"select {columns} from read_parquet('{results / name}/*.parquet')"
            (missed, added) = connection.execute(
                f"select (select count(*) from ({duck} except all {spark})), "
                f"(select count(*) from ({spark} except all {duck}))"
            ).fetchone() or (0, 0)
            if missed or added:
                different.append(f"{name}: {missed} rows are DuckDB's alone, {added} Spark's")
            (rows,) = connection.execute(f"select count(*) from ({duck})").fetchone() or (0,)
            if not rows:
                different.append(f"{name}: no row, so nothing is compared")
    assert not different, "\n".join(different)
