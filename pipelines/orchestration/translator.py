"""Keys, groups and owners of dbt's models, tests and sources in Dagster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from pipelines.orchestration.catalog import LEDGER, ledger_key
from pipelines.orchestration.describe import owners
from pipelines.orchestration.manifest import Lineage, Manifest
from pipelines.orchestration.raw import GROUP, raw_key


class Translator(DagsterDbtTranslator):
    """A model's key is its path in the project; a source's is the asset that loads it."""

    def __init__(self, manifest: Manifest) -> None:
        """Keep the manifest with its column lineage."""
        super().__init__()
        self.manifest = manifest.content
        self.lineage: Lineage = manifest.lineage or {}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`facts/cost/fct_model_cost_daily`, `raw/cloud_billing/charges`, `ledger/coverage`."""
        if dbt_resource_props["resource_type"] != "source":
            kind = ["seeds"] if dbt_resource_props["resource_type"] == "seed" else []
            return dg.AssetKey([*kind, *dbt_resource_props["fqn"][1:]])
        source, table = dbt_resource_props["source_name"], dbt_resource_props["name"]
        if source == LEDGER:
            return ledger_key(table)
        return dg.AssetKey([GROUP, table]) if source == GROUP else raw_key(source, table)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The domain of a mart or its upstream models; `staging` and `seeds` otherwise."""
        fqn: Sequence[str] = dbt_resource_props["fqn"][1:]
        if dbt_resource_props["resource_type"] == "seed":
            return "seeds"
        return fqn[1] if len(fqn) > 2 and fqn[0] != "staging" else fqn[0]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """`meta.owner` of the model, else of a source it reads, else the team that runs the pipeline."""
        owner = dbt_resource_props.get("meta", {}).get("owner")
        for parent in dbt_resource_props.get("depends_on", {}).get("nodes", []):
            owner = owner or self.manifest["sources"].get(parent, {}).get("meta", {}).get("owner")
        return owners(owner)

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Dbt's metadata and the column lineage."""
        metadata = dict(super().get_metadata(dbt_resource_props))
        made_from = self.lineage.get(dbt_resource_props["unique_id"])
        if made_from:
            metadata["dagster/column_lineage"] = dg.TableColumnLineage(
                {
                    column: [dg.TableColumnDep(self._key(parent), name) for parent, name in parents]
                    for column, parents in made_from.items()
                }
            )
        return metadata

    def _key(self, unique_id: str) -> dg.AssetKey:
        kind = "sources" if unique_id.startswith("source.") else "nodes"
        return self.get_asset_key(self.manifest[kind][unique_id])
