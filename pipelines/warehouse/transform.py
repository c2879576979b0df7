"""dbt, in this process and under the writer lock: prepared, invoked, its results handed back.

The models are `dbt_project/`'s; which days they rebuild is `ledger`'s.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.settings import DBT_PROJECT, Settings
from pipelines.sources import all_sources
from pipelines.sources.spec import Table
from pipelines.warehouse import ledger

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

MANIFEST = DBT_PROJECT / "target" / "manifest.json"


def sources_yml(catalog_tables: Sequence[Table]) -> str:
    """The dbt source file, from the source modules, the catalog's tables and the ledger's."""

    def table(spec: Table, identifier: str, loaded: bool) -> dict[str, Any]:
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
            "tables": [table(t, f"catalog__{t.name}", False) for t in catalog_tables],
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
    return yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False, allow_unicode=True, width=120)


def prepare(catalog_tables: Sequence[Table]) -> Path:
    """Write the dbt source file where it has changed; returns its path. Call it before dbt reads the project."""
    path = DBT_PROJECT / "models" / "staging" / "sources.yml"
    text = "# Generated from pipelines/sources/ and the catalog's tables.\n" + sources_yml(catalog_tables)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
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
    homes do not share a partial-parse cache.
    """
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
        return dbtRunner(callbacks=[on_event] if on_event else []).invoke(list(arguments))
