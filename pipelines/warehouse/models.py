"""Which models have to be rebuilt in full: those of which the code, or that of anything upstream, has changed.

A model's inputs are read from dbt's manifest. `transform` builds models; changed data makes days stale (`staleness`)
and no model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import estimates
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.tables import catalog_tables
from pipelines.warehouse.code import bare
from pipelines.warehouse.ledger import digest
from pipelines.warehouse.variables import variables

DESCRIPTIVE_KEYS = frozenset({"meta", "tags", "docs", "group", "access"})
"""Keys of a model's configuration that change no number."""
BUILT = ("model", "seed")


def fingerprints(manifest: Mapping[str, Any], project: Path, catalog: Catalog) -> dict[str, str]:
    """Unique id → a hash over the inputs of the model or seed, for each of dbt's `manifest` of `project`.

    It covers the node's code, configuration and contract, the macros it calls, the project's variables where any of
    these reads one, the statistics where it is a Python model, and the fingerprints of all it reads: seeds, models, and
    the tables of `catalog`. So a node's fingerprint changes with that of anything upstream. Descriptions, documents and
    tests are in none.
    """
    project_variables = _json(variables(project))
    tables = {table: _content(rows) for table, rows in catalog_tables(catalog).items()}
    found: dict[str, str] = {}

    def of(node_id: str) -> str:
        if node_id not in found:
            found[node_id] = digest(parts(node_id))
        return found[node_id]

    def parts(node_id: str) -> list[str]:
        if node_id.startswith("source."):
            source = manifest["sources"][node_id]
            return [node_id, tables.get(source["name"], "") if source["source_name"] == "catalog" else ""]
        node = manifest["nodes"][node_id]
        if node["resource_type"] == "seed":
            return [node_id, node["checksum"]["checksum"], _json(node["config"])]
        macros = _called(manifest["macros"], node["depends_on"]["macros"])
        code = bare(node["raw_code"]) if node["language"] == "python" else node["raw_code"]
        made_of = [node_id, code, _json(node["config"]), str(node["contract"]["checksum"]), *macros]
        if any("var(" in text for text in made_of):
            made_of.append(project_variables)
        if node["language"] == "python":
            made_of.append(_statistics())
        return [*made_of, *(of(parent) for parent in sorted(node["depends_on"]["nodes"]))]

    return {node_id: of(node_id) for node_id, node in manifest["nodes"].items() if node["resource_type"] in BUILT}


def changed(connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, str]) -> set[str]:
    """Those of the `wanted` nodes (by unique id) that were built with another fingerprint, or never."""
    built = dict(connection.execute("select unique_id, fingerprint from ledger.models").fetchall())
    return {node_id for node_id, fingerprint in wanted.items() if built.get(node_id) != fingerprint}


def forget(connection: duckdb.DuckDBPyConnection, nodes: set[str]) -> None:
    """Count `nodes` as not built: the results of an interrupted build are not to be trusted."""
    connection.execute("delete from ledger.models where list_contains(?, unique_id)", [sorted(nodes)])


def record(connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, str]) -> None:
    """Record that the nodes are built as `wanted`, and that there are no others."""
    connection.execute("delete from ledger.models")
    connection.execute("insert into ledger.models select unnest(?), unnest(?)", [list(wanted), list(wanted.values())])


def _called(macros: Mapping[str, Any], called: list[str]) -> list[str]:
    """The text of the macros `called`, and of all that these call; dbt's own by name only."""
    seen: dict[str, str] = {}
    todo = list(called)
    while todo:
        macro_id = todo.pop()
        if macro_id in seen or macro_id not in macros:
            continue
        macro = macros[macro_id]
        is_project_macro = not macro["package_name"].startswith("dbt")
        seen[macro_id] = macro["macro_sql"] if is_project_macro else ""
        todo += macro["depends_on"]["macros"] if is_project_macro else []
    return [f"{macro_id} {text}" for macro_id, text in sorted(seen.items())]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(
        {key: text for key, text in value.items() if key not in DESCRIPTIVE_KEYS}, sort_keys=True, default=str
    )


def _content(rows: pa.Table) -> str:
    """A hash over a table's columns and rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return digest([sink.getvalue().to_pybytes().hex()])


@cache
def _statistics() -> str:
    """The code of the statistics that Python models call."""
    return digest([bare(path.read_text()) for path in sorted(Path(estimates.__file__).parent.rglob("*.py"))])
