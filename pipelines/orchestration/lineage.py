"""Column lineage, from sqlglot's parse of the SQL that dbt compiled.

Worked out after a build, because it takes the compiled SQL and the columns of the relations as they were made; kept
with the manifest, because it changes only when the project does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from pipelines.orchestration.manifest import Lineage, Manifest
from pipelines.settings import Settings
from pipelines.warehouse.status import table_columns

log = logging.getLogger(__name__)


def keep_lineage(settings: Settings, manifest: Manifest) -> None:
    """Compute the lineage if it is missing and the project has been built.

    A run that someone waits for leaves it to the daemon's runs or to `scorecard ui`: it takes a while.
    """
    if manifest.lineage is None and (settings.warehouse_dir / "dbt" / "compiled").is_dir():
        manifest.save_lineage(column_lineage(settings, manifest))


def column_lineage(settings: Settings, manifest: Manifest) -> Lineage:
    """Each model's columns with their source columns; a model with SQL that cannot be parsed is left out."""
    nodes = {**manifest.content["nodes"], **manifest.content["sources"]}
    columns = table_columns(settings)
    compiled = settings.warehouse_dir / "dbt" / "compiled"
    lineage: Lineage = {}
    for unique_id, node in manifest.content["nodes"].items():
        path = compiled / node["package_name"] / node["original_file_path"]
        if node["resource_type"] != "model" or node["language"] != "sql" or not path.exists():
            continue
        parents: dict[tuple[str, str], str] = {}
        for parent in node["depends_on"]["nodes"]:
            its = nodes[parent]
            parents[its["schema"], its.get("identifier") or its.get("alias") or its["name"]] = parent
        known = {relation: columns.get(relation, {}) for relation in parents}
        try:
            found = made_from(path.read_text(), columns.get((node["schema"], node["alias"]), ()), known)
        except Exception as error:  # sqlglot does not parse all SQL; missing lineage must not fail the build
            log.warning("no column lineage for %s: %s", node["name"], error)
            continue
        lineage[unique_id] = {
            column: sorted((parents[relation], name) for relation, name in leaves if relation in parents)
            for column, leaves in found.items()
        }
    return lineage


def made_from(
    sql: str, columns: Collection[str], parents: Mapping[tuple[str, str], Mapping[str, str]]
) -> dict[str, set[tuple[tuple[str, str], str]]]:
    """Column → its source ((schema, table), column)s, for each of the query's `columns`.

    `parents` are the relations it reads, (schema, table) → column → type. Raises sqlglot's errors where it cannot read
    the query.
    """
    from sqlglot import MappingSchema, exp, parse_one  # takes a second, so imported only here
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema = MappingSchema(dialect="duckdb")
    for (db, table), types in parents.items():
        schema.add_table(exp.table_(table, db=db), dict(types), dialect="duckdb")
    parsed = parse_one(sql, dialect="duckdb")
    for relation in parsed.find_all(exp.Table):  # relations are compared without the warehouse's name
        relation.set("catalog", None)
    query = qualify(parsed, schema=schema, dialect="duckdb")
    scope = build_scope(query)
    selected = set(query.named_selects) if isinstance(query, exp.Query) else set()
    found: dict[str, set[tuple[tuple[str, str], str]]] = {}
    for column in columns:
        if column not in selected:
            continue
        leaves = lineage(column, query, schema, dialect="duckdb", scope=scope).walk()
        found[column] = {
            ((leaf.expression.db, leaf.expression.name), exp.to_column(leaf.name).name)
            for leaf in leaves
            if isinstance(leaf.expression, exp.Table)
        }
    return found
