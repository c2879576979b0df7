"""From raw to marts: dbt, in this process and under the writer lock, over the stale days.

The models are in `dbt_project/`; `staleness` finds the stale days.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines import estimates, files
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.tables import CATALOG_TABLES, catalog_tables
from pipelines.settings import DBT_PROJECT, Settings
from pipelines.sources import all_sources, values
from pipelines.warehouse import ledger, ledger_schema, models, staleness
from pipelines.warehouse.connect import kept_open, name, opened, transaction
from pipelines.warehouse.days import create_tables, create_views

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)

PROJECT_PARTS = ("dbt_project.yml", "models", "macros", "seeds", "tests")
PROJECT_SUFFIXES = {".sql", ".py", ".yml", ".csv", ".md"}
QUIETLY = ("--quiet", "--log-level-file", "none")
DAYS_ALONE = (
    *("--select", "config.materialized:table", "config.materialized:incremental", "resource_type:test"),
    # The manifest is written by `manifest_file`: dbt would write its five megabytes twice.
    "--no-write-json",
    # Cautious: a test is excluded with the seeds only if it reads nothing else.
    *("--indirect-selection", "cautious", "--exclude", "resource_type:seed"),
)
"""Models with days, and every test: views and seeds are skipped. Names appended to these arguments are excluded too."""
MANIFESTS_KEPT = 3


@dataclass(frozen=True)
class Parsed:
    """The dbt project as this process parsed it: for dbt, and as the file it writes."""

    project: tuple[Path, str]
    """Its folder and its fingerprint."""
    manifest: Manifest
    written: bytes


_parsed: Parsed | None = None
"""Parsing takes seconds and does not depend on the home folder: a process parses once."""
OF_THE_PARSED = frozenset({"build", "compile", "docs", "list", "ls", "run", "seed", "show", "test"})
"""dbt's commands over the parsed project."""


@dataclass(frozen=True)
class Build:
    """What a build did: the days it rebuilt, the models it rebuilt in full, and dbt's own results, in order."""

    days: list[date]
    changed: frozenset[str] = frozenset()
    results: tuple[dbtRunnerResult, ...] = ()

    @property
    def success(self) -> bool:
        """Whether every model was built and every test passed."""
        return all(result.success for result in self.results)

    @property
    def nodes(self) -> list[Any]:
        """The result of each model, seed and test that dbt reached."""
        return [node for result in self.results for node in getattr(result.result, "results", None) or []]

    @property
    def exception(self) -> BaseException | None:
        """The error that kept dbt from running at all."""
        return next((result.exception for result in self.results if result.exception), None)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def dbt(
    settings: Settings,
    arguments: Sequence[str],
    on_event: Callable[[Any], None] | None = None,
) -> dbtRunnerResult:
    """Run dbt with `arguments` in this process; the caller holds the writer lock if they write.

    `on_event` is called with each of dbt's structured events. Target files go to the home folder. The project is parsed
    by `parse`, unless variables are given that it may depend on. dbt keeps the database open from one node to the next
    and closes it before this returns. RuntimeError where dbt cannot parse the project.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    manifest = None
    if OF_THE_PARSED & set(arguments[:1]) and "--vars" not in arguments:
        # A copy: dbt keeps compiled code in its manifest.
        manifest = parse(settings).manifest.deepcopy()
    with _environment(_dbt_environment(settings, settings.warehouse_file, settings.threads, settings.memory_limit)):
        try:
            return dbtRunner(manifest, callbacks=[on_event] if on_event else []).invoke(list(arguments))
        finally:
            DuckDBConnectionManager.close_all_connections()


def _dbt_environment(settings: Settings, warehouse: Path, threads: int, memory_limit: str) -> dict[str, str]:
    target = settings.warehouse_dir / "dbt"
    return {
        "SCORECARD_WAREHOUSE_FILE": str(warehouse),
        "SCORECARD_THREADS": str(threads),
        "SCORECARD_MEMORY_LIMIT": memory_limit,
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        "DO_NOT_TRACK": "1",
    }


def metrics_environment(settings: Settings) -> tuple[Path, dict[str, str]]:
    """The folder that MetricFlow is to be run in and the environment it needs to read the published marts.

    MetricFlow looks for what dbt parsed in the project itself, which may not be written to: the folder leads to the
    project by links and has a `target` of its own. FileNotFoundError where nothing is published yet. The published
    file is opened by its real path, so that a publication meanwhile does not change it under the reader.
    """
    from pipelines.warehouse.publish import published_file  # it imports this module

    published = published_file(settings)
    folder = settings.warehouse_dir / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    for part in (*PROJECT_PARTS, "profiles.yml"):
        link = folder / part
        link.unlink(missing_ok=True)
        link.symlink_to(DBT_PROJECT / part)
    environment = {
        "SCORECARD_TARGET": "published",
        "SCORECARD_PUBLISHED_FILE": str(published),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "target" / "logs"),
        "DO_NOT_TRACK": "1",
    }
    with _environment(environment):
        from dbt.cli.main import dbtRunner

        result = dbtRunner().invoke(["parse", "--quiet"])
    if not result.success:
        raise RuntimeError(f"dbt could not parse the project for its metrics: {result.exception}")
    return folder, environment


def project_fingerprint() -> str:
    """A hash over the dbt project and the statistics its Python models call."""
    parts: list[str] = []
    for root in (*(DBT_PROJECT / part for part in PROJECT_PARTS), Path(estimates.__file__).parent):
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.suffix in PROJECT_SUFFIXES)
        parts += [f"{file.relative_to(root.parent)}\x1e{file.read_text()}" for file in files]
    return ledger.digest(parts)


def _known() -> Parsed | None:
    """The project as parsed, where it is still what was parsed."""
    return _parsed if _parsed and _parsed.project == (DBT_PROJECT, project_fingerprint()) else None


def kept_parse(settings: Settings) -> Path:
    """What dbt keeps of a parse in this home: with it, the next one reads only the files that have changed since."""
    return settings.warehouse_dir / "dbt" / "parsed" / "partial_parse.msgpack"


def parse(settings: Settings) -> Parsed:
    """The current dbt project; dbt reads only what has changed since it was last parsed, here or in the project.

    The connection is none of a home's, because dbt parses everything again where its profile has changed: what one
    home has parsed serves the next (`dbt_project/target`, where dbt itself keeps it). RuntimeError where dbt cannot
    parse the project.
    """
    global _parsed
    if known := _known():
        return known
    from dbt.cli.main import dbtRunner

    fingerprint, kept = project_fingerprint(), kept_parse(settings)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="parse-", dir=kept.parent) as target:
        for former in (kept, DBT_PROJECT / "target" / kept.name):
            if former.exists():
                shutil.copy(former, target)
                break
        with _environment(_dbt_environment(settings, Path(settings.warehouse_file.name), 1, "1GB")):
            result = dbtRunner().invoke(["parse", "--quiet", "--target-path", target])
        if not result.success:
            raise RuntimeError(f"dbt cannot parse its project: {result.exception}") from result.exception
        _parsed = Parsed((DBT_PROJECT, fingerprint), result.result, (Path(target) / "manifest.json").read_bytes())
        (Path(target) / kept.name).replace(kept)
    return _parsed


def manifest_file(settings: Settings) -> Path:
    """The manifest of the current dbt project; the project is parsed only if it has not been yet.

    Webserver, daemon and runs start at once and each want it: it is written beside and renamed, so that who reads it
    reads all of it. It lies in a folder named by the project's fingerprint and is never changed. RuntimeError where dbt
    cannot parse the project.
    """
    path = settings.warehouse_dir / "dbt" / "manifests" / project_fingerprint() / "manifest.json"
    if not path.exists():
        written = parse(settings).written
        files.replace(path, written)
        for old in sorted(path.parent.parent.iterdir(), key=lambda folder: folder.stat().st_mtime)[:-MANIFESTS_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return path


def model_fingerprints(settings: Settings, catalog: Catalog) -> dict[str, str]:
    """Unique id → the fingerprint of each model and seed by the current code and catalog (`models.fingerprints`)."""
    return models.fingerprints(json.loads(manifest_file(settings).read_bytes()), DBT_PROJECT, catalog)


def descriptions(settings: Settings) -> dict[str, tuple[str, dict[str, str]]]:
    """Table → what dbt's project says of it and of its columns."""
    return {
        node["name"]: (node["description"], {c["name"]: c["description"] for c in node["columns"].values()})
        for node in json.loads(manifest_file(settings).read_bytes())["nodes"].values()
        if node["resource_type"] == "model"
    }


def load_catalog_tables(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> dict[str, int]:
    """Replace `raw.catalog__*` by the tables of `catalog`; returns the rows of each."""
    counts: dict[str, int] = {}
    connection.execute("create schema if not exists raw")
    with transaction(connection):
        written_as_logged = {t.name: [name(c.name) for c in t.columns if c.category] for t in CATALOG_TABLES}
        for table, rows in catalog_tables(catalog).items():
            connection.register("catalog_rows", rows)
            replaced = ", ".join(f"{values.category(column)} as {column}" for column in written_as_logged[table])
            connection.execute(
                f"create or replace table raw.{name(f'catalog__{table}')} as "
                f"select *{f' replace ({replaced})' if replaced else ''} from catalog_rows"
            )
            connection.unregister("catalog_rows")
            counts[table] = rows.num_rows
    return counts


def build(
    settings: Settings,
    catalog: Catalog,
    days: Iterable[date] | None = None,
    force: bool = False,
    on_event: Callable[[Any], None] | None = None,
) -> Build:
    """Rebuild the stale days among `days` (None: all) in every model, rebuild changed models in full, run every test.

    With `force` the days are rebuilt stale or not. A model that has changed (`models`) is rebuilt over every known day,
    whatever is asked: a table cannot hold some days by the old code and some by the new. Nothing is done where no day
    is stale and no model has changed; a company of which no day is known gets its marts without a day in them. All days
    at once are a full refresh: tables are made again. A failed build leaves its days stale and its changed models to be
    rebuilt. Tables that no model makes any more are dropped, so that they are not published as they are for ever.
    """
    wanted = model_fingerprints(settings, catalog)
    with kept_open(settings, "building the marts"):
        with opened(settings) as connection:
            _prepare_tables(connection, settings, catalog)
            changed = models.changed(connection, wanted)
            known, stale = set(staleness.day_fingerprints(connection)), set(staleness.stale_days(connection))
            asked = stale if days is None else set(days) & (known | stale if force else stale)
            if changed:
                models.forget(connection, changed)
            if len(changed) == len(wanted):
                asked |= known
        results = _build_models(settings, _steps(asked, known, changed), on_event)
        built = Build(sorted(asked), frozenset(changed), results)
        if results and built.success:
            with opened(settings) as connection:
                staleness.mark_built(connection, asked)
                if changed:
                    _drop_former(connection, settings)
                models.record(connection, wanted)
    return built


def rebuild(
    settings: Settings, catalog: Catalog, nodes: Collection[str], on_event: Callable[[Any], None] | None = None
) -> Build:
    """Rebuild the models and seeds `nodes` (unique ids) in full, and run the tests that ask of no other.

    They are made from their current upstream tables, over every known day; no other model changes, and stale days stay
    stale. Models that have changed together with one that is not rebuilt here are still to be rebuilt by `build`.
    """
    wanted = model_fingerprints(settings, catalog)
    with kept_open(settings, "building models"):
        with opened(settings) as connection:
            _prepare_tables(connection, settings, catalog)
            changed = models.changed(connection, wanted)
            models.forget(connection, set(nodes))
            known = set(staleness.day_fingerprints(connection))
        names = [node_id.split(".")[-1] for node_id in sorted(nodes)]
        tests = ["--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
        results = _build_models(settings, [(known, ["--full-refresh", *tests, "--select", *names])], on_event)
        built = Build([], frozenset(nodes), results)
        if built.success and changed <= set(nodes):
            with opened(settings) as connection:
                models.record(connection, wanted)
    return built


def _prepare_tables(connection: duckdb.DuckDBPyConnection, settings: Settings, catalog: Catalog) -> None:
    """Create the tables that models read and that may not exist yet."""
    ledger_schema.create(connection)
    staleness.set_sources(connection, all_sources().values())
    for source in all_sources().values():
        create_tables(connection, source)
        create_views(connection, settings, source)
    load_catalog_tables(connection, catalog)


def _build_models(
    settings: Settings, steps: Iterable[tuple[set[date], list[str]]], on_event: Callable[[Any], None] | None
) -> tuple[dbtRunnerResult, ...]:
    """Run dbt with each step's arguments over its days, up to the first that fails; returns dbt's own results."""
    results: list[dbtRunnerResult] = []
    for days, arguments in steps:
        with opened(settings) as connection:
            staleness.set_days_to_rebuild(connection, sorted(days))
        results.append(dbt(settings, ["build", *QUIETLY, *arguments], on_event))
        if not results[-1].success:
            break
    return tuple(results)


def _steps(asked: set[date], known: set[date], changed: set[str]) -> Iterator[tuple[set[date], list[str]]]:
    """The days and arguments of each run of dbt in a build, in order."""
    if asked >= known and (asked or changed):
        yield asked, ["--full-refresh", "--exclude-resource-type", "unit_test"]
    elif not changed:
        if asked:
            yield asked, [*DAYS_ALONE, "--exclude-resource-type", "unit_test"]
    else:
        names = [node_id.split(".")[-1] for node_id in sorted(changed)]
        if asked:  # what follows from a changed model has changed too: the others read none of them
            yield asked, [*DAYS_ALONE, *names, "--exclude-resource-type", "unit_test", "test"]
        # Every test, on what has changed and what has not: they may compare the two.
        yield (
            known,
            ["--full-refresh", "--exclude-resource-type", "unit_test", "--select", *names, "resource_type:test"],
        )


def _drop_former(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Drop the tables and views in the models' schemas that no model of the project makes."""
    nodes = json.loads(manifest_file(settings).read_bytes())["nodes"].values()
    made = {(node["schema"], node["alias"]) for node in nodes if node["resource_type"] == "model"}
    found = connection.execute(
        "select schema_name, table_name, 'table' from duckdb_tables() where list_contains($1, schema_name) "
        "union all select schema_name, view_name, 'view' from duckdb_views() where list_contains($1, schema_name)",
        [sorted({schema for schema, _ in made})],
    ).fetchall()
    for schema, relation, kind in found:
        if (schema, relation) not in made:
            log.info("No model makes %s.%s any more: the %s is dropped", schema, relation, kind)
            connection.execute(f"drop {kind} {name(schema)}.{name(relation)}")
