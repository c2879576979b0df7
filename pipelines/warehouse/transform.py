"""From raw to marts: dbt, in this process and under the writer lock, over the days that are stale.

The models are `dbt_project/`'s; which days are stale is `ledger`'s to say.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import yaml

from pipelines import estimates
from pipelines.catalog.tables import CATALOG_TABLES, catalog_tables
from pipelines.catalog.types import Catalog
from pipelines.settings import DBT_PROJECT, Settings
from pipelines.sources import all_sources, values
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import lock, name, opened, transaction
from pipelines.warehouse.days import create_tables, create_views

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

log = logging.getLogger(__name__)

PROJECT_PARTS = ("dbt_project.yml", "models", "macros", "seeds", "tests")
PROJECT_SUFFIXES = {".sql", ".py", ".yml", ".csv", ".md"}
DAYS_ALONE = (
    *("--select", "config.materialized:table", "config.materialized:incremental", "resource_type:test"),
    # Cautious: a test is left out with the seeds only where it reads nothing else.
    *("--exclude", "resource_type:seed", "--indirect-selection", "cautious"),
    # The manifest stands too: dbt would write its five megabytes twice.
    "--no-write-json",
)
"""What holds days, and every test: views and seeds stand as they were made."""


class _Described(Protocol):
    """A table of any room: enough of it to document."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def columns(self) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Build:
    """What a build did: the days it rebuilt, and dbt's own result (None where no day was stale)."""

    days: list[date]
    result: dbtRunnerResult | None

    @property
    def success(self) -> bool:
        """Whether every model was built and every test passed."""
        return self.result is None or bool(self.result.success)


def sources_yml() -> str:
    """The dbt source file, from the source modules, the catalog's tables and the ledger's."""

    def table(spec: _Described, identifier: str, loaded: bool) -> dict[str, Any]:
        columns = [{"name": c.name, "data_type": c.type, "description": c.description} for c in spec.columns]
        if loaded:
            columns += [
                {"name": "_day", "data_type": "DATE", "description": "The row's UTC day."},
                {"name": "_content_id", "data_type": "VARCHAR", "description": "The content it came from."},
                {"name": "_row", "data_type": "BIGINT", "description": "Its number in that content."},
            ]
        return {
            "name": spec.name,
            "identifier": identifier,
            "description": spec.description,
            "columns": columns,
        }

    sources: list[dict[str, Any]] = [
        {
            "name": source.name,
            "schema": "raw",
            "description": source.description,
            "meta": {"owner": source.owner},
            "tables": [table(t, f"{source.name}__{t.name}", True) for t in source.warehouse_tables],
        }
        for source in all_sources().values()
    ]
    sources.append(
        {
            "name": "catalog",
            "schema": "raw",
            "description": "The AI workforce as the catalog's YAML declares it; loaded whole.",
            "tables": [table(t, f"catalog__{t.name}", False) for t in CATALOG_TABLES],
        }
    )
    sources.append(
        {
            "name": "ledger",
            "schema": "ledger",
            "description": "What was loaded, covering which days, judged how, built when.",
            "tables": [table(t, t.name, False) for t in ledger.TABLES],
        }
    )
    sources.append(
        {
            "name": "raw",
            "schema": "raw",
            "description": "What every source shares.",
            "tables": [table(ledger.QUARANTINE, ledger.QUARANTINE.name, False)],
        }
    )
    fast = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # every run asks several times: 0.03 s instead of 0.4
    content = {"version": 2, "sources": sources}
    return str(yaml.dump(content, Dumper=fast, sort_keys=False, allow_unicode=True, width=120))


def prepare() -> Path:
    """Write the dbt source file where it has changed; returns its path. Call it before dbt reads the project."""
    path = DBT_PROJECT / "models" / "staging" / "sources.yml"
    text = "# Generated from pipelines/sources/ and the catalog's tables.\n" + sources_yml()
    if not path.exists() or path.read_text() != text:
        fresh = path.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(text)
        fresh.replace(path)  # in one step: another process may be reading the project
    return path


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

    `on_event` is called with each of dbt's structured events. Target files go to the home folder, so that two
    homes do not share a partial-parse cache. dbt keeps the database open from one node to the next and lets go of it
    before this returns.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    target = settings.warehouse_dir / "dbt"
    with _environment(
        {
            "SCORECARD_WAREHOUSE_FILE": str(settings.warehouse_file),
            "SCORECARD_THREADS": str(settings.threads),
            "SCORECARD_MEMORY_LIMIT": settings.memory_limit,
            "DBT_PROJECT_DIR": str(DBT_PROJECT),
            "DBT_PROFILES_DIR": str(DBT_PROJECT),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target / "logs"),
            "DO_NOT_TRACK": "1",
        }
    ):
        try:
            return dbtRunner(callbacks=[on_event] if on_event else []).invoke(list(arguments))
        finally:
            if DuckDBConnectionManager._ENV is not None:
                DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager.close_all_connections()


def metrics_environment(settings: Settings) -> dict[str, str]:
    """What MetricFlow needs in its environment to read the published marts; parses the project for them.

    FileNotFoundError where nothing is published yet. The published file is opened by its real path, so that a
    publication meanwhile does not change it under the reader.
    """
    published = (settings.published_dir / "marts.duckdb").resolve()
    if not published.exists():
        raise FileNotFoundError(f"nothing is published in {settings.published_dir}. Run `scorecard run` first.")
    target = DBT_PROJECT / "target"  # the one place MetricFlow looks; the same for every home
    environment = {
        "SCORECARD_TARGET": "published",
        "SCORECARD_PUBLISHED_FILE": str(published),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        "DO_NOT_TRACK": "1",
    }
    prepare()
    with _environment(environment):
        from dbt.cli.main import dbtRunner

        result = dbtRunner().invoke(["parse", "--quiet"])
    if not result.success:
        raise RuntimeError(f"dbt could not parse the project for its metrics: {result.exception}")
    return environment


def project_fingerprint() -> str:
    """A hash over the dbt project and the statistics its Python models call."""
    parts: list[str] = []
    for root in (*(DBT_PROJECT / part for part in PROJECT_PARTS), Path(estimates.__file__).parent):
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.suffix in PROJECT_SUFFIXES)
        parts += [f"{file.relative_to(root.parent)}\x1e{file.read_text()}" for file in files]
    return ledger.digest(parts)


def code_fingerprint(catalog: Catalog, project: str | None = None) -> str:
    """A hash over the catalog and the dbt project (None: as it stands): when either changes, every day is stale."""
    return ledger.digest([catalog.fingerprint, project or project_fingerprint()])


def descriptions(settings: Settings) -> dict[str, tuple[str, dict[str, str]]]:
    """Table → what dbt's project says of it and of its columns, as last built; empty before there was a build."""
    manifest = settings.warehouse_dir / "dbt" / "manifest.json"
    if not manifest.exists():
        return {}
    return {
        node["name"]: (node["description"], {c["name"]: c["description"] for c in node["columns"].values()})
        for node in json.loads(manifest.read_bytes())["nodes"].values()
        if node["resource_type"] == "model"
    }


def load_catalog_tables(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> dict[str, int]:
    """Replace `raw.catalog__*` by what `catalog` says; returns the rows of each table."""
    counts: dict[str, int] = {}
    connection.execute("create schema if not exists raw")
    with transaction(connection):
        written_as_logged = {t.name: [name(c.name) for c in t.columns if c.category] for t in CATALOG_TABLES}
        for table, rows in catalog_tables(catalog).items():
            connection.register("catalog_rows", rows)
            replaced = "".join(f", {values.category(column)} as {column}" for column in written_as_logged[table])
            connection.execute(
                f"create or replace table raw.{name(f'catalog__{table}')} as "
                f"select *{f' replace ({replaced[2:]})' if replaced else ''} from catalog_rows"
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
    """Rebuild the stale days among `days` (None: all) in every model and run every test on them.

    With `force` the days are rebuilt stale or not. Nothing is done where no day is stale; a company of which no day is
    known gets its marts once, without a day in them. A failed build leaves its days stale. The whole range of days at
    once is a full refresh: tables are made anew. Where the project has changed, every known day is rebuilt, whatever is
    asked: a table cannot hold some days by the old columns and some by the new. Views and seeds are made only then:
    they hold no day. What only the former project made goes then, too: it would be published as it stood for ever.
    """
    prepare()
    project = project_fingerprint()
    code = code_fingerprint(catalog, project)
    with lock(settings, "building the marts"):
        with opened(settings) as connection:
            ledger.create(connection)
            ledger.set_sources(connection, all_sources().values())
            for source in all_sources().values():
                create_tables(connection, source)
                create_views(connection, settings, source)
            load_catalog_tables(connection, catalog)
            known = set(ledger.day_fingerprints(connection, code))
            stale = set(ledger.stale_days(connection, code))
            asked = stale if days is None else set(days) & (known | stale if force else stale)
            has_changed = ledger.standing_project(connection) != project
            chosen = asked | known if asked and has_changed else asked
            if chosen > asked:
                log.info("The dbt project has changed: all %d days are rebuilt, not only those asked for", len(chosen))
            ledger.set_worklist(connection, sorted(chosen))
            whole = chosen >= known
            stands = not whole and not has_changed
            is_empty = not known and has_changed
            if (chosen or is_empty) and not stands:
                ledger.set_standing_project(connection, None)
        if not chosen and not is_empty:
            return Build([], None)
        arguments = ["build", "--exclude-resource-type", "unit_test", "--quiet", "--log-level-file", "none"]
        arguments += ["--full-refresh"] if whole else []
        arguments += DAYS_ALONE if stands else []
        result = dbt(settings, arguments, on_event)
        if result.success:
            with opened(settings) as connection:
                ledger.mark_built(connection, code)
                if has_changed:
                    _drop_former(connection, settings)
                ledger.set_standing_project(connection, project)
    return Build(sorted(chosen), result)


def _drop_former(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Drop the tables and views in the models' schemas that no model of the project makes."""
    nodes = json.loads((settings.warehouse_dir / "dbt" / "manifest.json").read_bytes())["nodes"].values()
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
