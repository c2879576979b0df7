"""Which columns a column is made from, by dagster-dbt's own reading of the SQL that dbt compiled.

Worked out after a build, because it takes the compiled SQL and the columns of the relations as they were made; kept
with the manifest, because it changes only when the project does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pipelines.orchestration.manifest import Lineage, Manifest
from pipelines.settings import Settings
from pipelines.warehouse.status import table_columns

log = logging.getLogger(__name__)


def keep_lineage(settings: Settings, manifest: Manifest) -> None:
    """Work the lineage out where that has not been done and the project has been built.

    It takes 20 s for 70 models (2026-11-23): a run that someone waits for leaves it to the daemon's runs or to
    `scorecard ui`.
    """
    if manifest.lineage is None and (settings.warehouse_dir / "dbt" / "compiled").is_dir():
        manifest.save_lineage(column_lineage(settings, manifest))


def column_lineage(settings: Settings, manifest: Manifest) -> Lineage:
    """Each model's columns and what they are made from; a model whose SQL cannot be read is left out."""
    from dagster_dbt import DagsterDbtTranslator
    from dagster_dbt.core.dbt_cli_event import EventHistoryMetadata, _build_column_lineage_metadata

    class ByUniqueId(DagsterDbtTranslator):
        """Keys that say the node, so that what is kept does not depend on how assets are named."""

        def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> Any:
            return super().get_asset_key(dbt_resource_props).__class__([dbt_resource_props["unique_id"]])

    content = manifest.content
    nodes = {**content["nodes"], **content["sources"]}
    columns = {
        relation: {column: {"data_type": kind} for column, kind in found.items()}
        for relation, found in table_columns(settings).items()
    }

    def columns_of(unique_id: str) -> dict[str, dict[str, str]]:
        node = nodes[unique_id]
        return columns.get((node["schema"], node.get("identifier") or node.get("alias") or node["name"]), {})

    translator = ByUniqueId()
    lineage: Lineage = {}
    for unique_id, node in content["nodes"].items():
        if node["resource_type"] != "model":
            continue
        parents = {nodes[parent]["relation_name"]: columns_of(parent) for parent in node["depends_on"]["nodes"]}
        history = EventHistoryMetadata(columns=columns_of(unique_id), parents=parents)
        try:
            metadata = _build_column_lineage_metadata(
                history, node, content, translator, settings.warehouse_dir / "dbt", None
            )
        except Exception as error:  # sqlglot meets SQL it does not know: lineage is an aid, the build stands
            log.warning("no column lineage for %s: %s", node["name"], error)
            continue
        found = metadata["dagster/column_lineage"].deps_by_column if metadata else {}
        lineage[unique_id] = {
            column: sorted((dep.asset_key.path[0], dep.column_name) for dep in deps) for column, deps in found.items()
        }
    return lineage
