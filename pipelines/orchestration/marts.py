"""The dbt project as assets: one step builds every model over the stale days and runs every test on them.

The models are not built one by one: the ledger says of a day that its marts are built, all of them.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY, build_dbt_specs

from pipelines.catalog.load import load_catalog
from pipelines.orchestration.describe import table
from pipelines.orchestration.lineage import keep_lineage
from pipelines.orchestration.manifest import Manifest
from pipelines.orchestration.partitions import ONE_RUN, day_partitions, days_of
from pipelines.orchestration.raw import raw_key
from pipelines.orchestration.retries import retried
from pipelines.orchestration.tags import PROCESS, is_forced
from pipelines.orchestration.translator import Translator
from pipelines.orchestration.warehouse import WAREHOUSE
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.status import table_rows
from pipelines.warehouse.transform import Build, build

log = logging.getLogger(__name__)

GOOD = ("success", "pass", "no-op")
SKIPPED = "skipped"
WARNED = "warn"


def mart_assets(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """The assets of every model and seed, with the project's data tests as their checks."""
    specs, checks = build_dbt_specs(
        translator=Translator(manifest),
        manifest=manifest.content,
        select="fqn:*",
        exclude="resource_type:unit_test",
        selector="",
        io_manager_key=None,
        project=None,
    )
    specs = _with_days(specs, manifest, settings)
    key_of = _in_order(specs)
    check_of = {(check.metadata or {})[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: check for check in checks}

    @dg.multi_asset(
        name="marts",
        specs=specs,
        check_specs=checks,
        backfill_policy=ONE_RUN,
        required_resource_keys={WAREHOUSE},
    )
    def marts(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        with retried(context):
            built = build(
                settings,
                load_catalog(settings.catalog_dir),
                days_of(context),
                is_forced(context),
                _Progress(context.log),
            )
            rows = table_rows(settings)
        results = _results(built)
        for unique_id, key in key_of.items():
            # What dbt was not asked for stands: a view, a seed, or everything where no day was stale.
            if results[unique_id]["status"] in GOOD if unique_id in results else built.success:
                node = manifest.content["nodes"][unique_id]
                count = rows.get((node["schema"], node["alias"]))
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata={
                        "days rebuilt": len(built.days),
                        **({"dagster/row_count": count} if count is not None else {}),
                        **({"seconds": results[unique_id]["seconds"]} if unique_id in results else {}),
                    },
                )
        for unique_id, check in check_of.items():
            if unique_id not in results and built.success:
                yield _stands(check)
            elif results.get(unique_id, {"status": SKIPPED})["status"] != SKIPPED:
                yield _verdict(check, results[unique_id])
        if not built.success:
            raise _failure(built, results)
        if PROCESS not in context.run.tags:
            keep_lineage(settings, manifest)

    return marts


def _with_days(specs: Iterable[dg.AssetSpec], manifest: Manifest, settings: Settings) -> list[dg.AssetSpec]:
    """`specs` with a partition a day where a table is rebuilt day by day.

    What is made whole, a view, a seed or a small table, holds no day: reported a day at a time, three hundred of them
    cost a daily run twenty thousand events (2026-11-26). Of what it is made from, the last day stands for all.
    """
    specs, nodes = list(specs), manifest.content["nodes"]
    by_day = {
        spec.key
        for spec in specs
        if nodes[spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]]["config"]["materialized"] == "incremental"
    }
    raw = {raw_key(source.name, table.name) for source in all_sources().values() for table in source.warehouse_tables}
    last, days = dg.LastPartitionMapping(), day_partitions(settings)

    def of_whole(dep: dg.AssetDep) -> dg.AssetDep:
        return dg.AssetDep(dep.asset_key, partition_mapping=last) if dep.asset_key in by_day | raw else dep

    return [
        spec.replace_attributes(partitions_def=days)
        if spec.key in by_day
        else spec.replace_attributes(deps=[of_whole(dep) for dep in spec.deps])
        for spec in specs
    ]


def _in_order(specs: Iterable[dg.AssetSpec]) -> dict[str, dg.AssetKey]:
    """Unique id → key of each asset, none before what it is made from: so Dagster wants them reported."""
    by_key = {spec.key: spec for spec in specs}
    graph = {key: {dep.asset_key for dep in spec.deps} for key, spec in by_key.items()}
    order = [key for key in TopologicalSorter(graph).static_order() if key in by_key]
    return {by_key[key].metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: key for key in order}


class _Progress:
    """Says of each model and test that dbt has finished how many there are and how long it took."""

    EVENTS = ("LogModelResult", "LogSeedResult", "LogTestResult", "LogSnapshotResult")

    def __init__(self, dagster_log: dg.DagsterLogManager) -> None:
        self.dagster_log = dagster_log

    def __call__(self, event: Any) -> None:
        if event.info.name in self.EVENTS:
            data = event.data
            total = data.num_models if event.info.name == "LogTestResult" else data.total
            line = f"{data.index}/{total} {data.node_info.node_name} {data.status} {data.execution_time:.1f} s"
            log.info(line)
            if event.info.name != "LogTestResult":  # of a test the check says it; a line here is a row of Dagster's log
                self.dagster_log.debug(line)


def _results(built: Build) -> dict[str, dict[str, Any]]:
    """Unique id → what became of each model, seed and test."""
    return {
        result.node.unique_id: {
            "name": result.node.name,
            "status": str(result.status),
            "message": result.message,
            "seconds": round(result.execution_time, 3),
            "failures": result.failures,
            "relation": getattr(result.node, "relation_name", None),
        }
        for result in built.nodes
    }


def _verdict(check: dg.AssetCheckSpec, result: Mapping[str, Any]) -> dg.AssetCheckResult:
    passed = result["status"] in GOOD
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN if result["status"] == WARNED else dg.AssetCheckSeverity.ERROR,
        description=None if passed else result["message"],
        metadata={"seconds": result["seconds"], "failing rows": result["failures"] or 0},
    )


def _stands(check: dg.AssetCheckSpec) -> dg.AssetCheckResult:
    """A day counts as built only when every test has passed on it: what was not built anew holds as it did."""
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=True,
        metadata={"not run": "nothing has changed since it passed"},
    )


def _range(built: Build) -> str:
    return f"{built.days[0]} … {built.days[-1]}" if built.days else "the models that have changed"


def _failure(built: Build, results: Mapping[str, Mapping[str, Any]]) -> dg.Failure:
    bad = [result for result in results.values() if result["status"] not in (*GOOD, SKIPPED, WARNED)]
    lines = [
        f"{result['name']}: {' '.join(str(result['message']).split())}"
        + (f" (the rows: {result['relation']})" if result["failures"] and result["relation"] else "")
        for result in bad
    ]
    lines = lines or [str(built.exception)]
    skipped = sum(result["status"] == SKIPPED for result in results.values())
    return dg.Failure(
        description=f"dbt failed for {_range(built)}, nothing was published; "
        f"{skipped} models and tests were not reached.\n" + "\n".join(lines),
        metadata={"failed": table(["what, and why"], [[line] for line in lines])},
        allow_retries=False,
    )
