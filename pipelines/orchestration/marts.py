"""The dbt project as assets: one step builds models and runs their tests.

What is selected decides what is built. With the days (`ledger/built`, the one asset with partitions) it is every model
over the stale days asked for: the ledger says of a day that its marts are built, all of them. Without the days it is
the models selected, in full.
"""

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipelines.catalog.load import load_catalog
from pipelines.orchestration.catalog import ledger_key
from pipelines.orchestration.describe import column_schema, owners, table
from pipelines.orchestration.lineage import keep_lineage
from pipelines.orchestration.manifest import Manifest
from pipelines.orchestration.partitions import ONE_RUN, day_partitions, days_of
from pipelines.orchestration.retries import retried
from pipelines.orchestration.tags import PROCESS, is_forced
from pipelines.orchestration.translator import Translator
from pipelines.orchestration.warehouse import WAREHOUSE
from pipelines.settings import Settings
from pipelines.warehouse import ledger_schema
from pipelines.warehouse.status import table_rows
from pipelines.warehouse.transform import Build, build, rebuild

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 10.0
"""A build says this often how far it is."""

UNIQUE_ID = "dagster_dbt/unique_id"
"""Under this, the metadata of dagster-dbt's assets and checks has dbt's name of the node."""
BUILT = ledger_key("built")
"""The days with built marts."""
GOOD = ("success", "pass", "no-op")
SKIPPED = "skipped"
WARNED = "warn"


def mart_assets(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """The assets of every model and seed, the project's data tests as their checks, and the days that are built."""

    # dagster-dbt says what the assets and checks of a project are by a decorator only; its function is never called.
    @dbt_assets(
        manifest=manifest.content, exclude="resource_type:unit_test", dagster_dbt_translator=Translator(manifest)
    )
    def declared() -> Iterator[dg.MaterializeResult[None]]:
        yield from ()

    specs, checks = list(declared.specs), list(declared.check_specs)
    key_of = _in_order(specs)
    check_of = {(check.metadata or {})[UNIQUE_ID]: check for check in checks}

    @dg.multi_asset(
        name="marts",
        specs=[*specs, _built(settings)],
        check_specs=checks,
        backfill_policy=ONE_RUN,
        can_subset=True,
        required_resource_keys={WAREHOUSE},
    )
    def marts(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        asked, checked = context.selected_asset_keys, context.selected_asset_check_keys
        progress = _Progress(context.log)
        with retried(context):
            catalog = load_catalog(settings.catalog_dir)
            if BUILT in asked:
                built = build(settings, catalog, days_of(context), is_forced(context), progress)
            else:
                alone = {unique_id for unique_id, key in key_of.items() if key in asked}
                built = rebuild(settings, catalog, alone, progress)
            rows = table_rows(settings)
        results = _results(built)
        for unique_id, key in key_of.items():
            # Skipped nodes keep their last result: views, seeds, or everything if no day was stale.
            succeeded = results[unique_id]["status"] in GOOD if unique_id in results else built.success
            if succeeded and key in asked:
                node = manifest.content["nodes"][unique_id]
                count = rows.get((node["schema"], node["alias"]))
                yield _made(key, built, results.get(unique_id), count)
        for unique_id, check in check_of.items():
            if results.get(unique_id, {"status": SKIPPED})["status"] != SKIPPED and check.key in checked:
                yield _verdict(check, results[unique_id])
        if not built.success:
            raise _failure(built, results)
        if BUILT in asked:
            yield dg.MaterializeResult(asset_key=BUILT, metadata={"days rebuilt": len(built.days)})
        if PROCESS not in context.run.tags:
            keep_lineage(settings, manifest)

    return marts


def _built(settings: Settings) -> dg.AssetSpec:
    """The days with built marts: the asset used for backfills.

    It is made of the days the ledger knows, not of the models: so a model can be selected with all that follows from it
    and without a day.
    """
    item = next(item for item in ledger_schema.TABLES if ledger_key(item.name) == BUILT)
    return dg.AssetSpec(
        BUILT,
        deps=[ledger_key("coverage")],
        group_name="ledger",
        description=f"{item.description}\n\nMaterialize a range of its days to rebuild every model over them.",
        owners=owners(None),
        kinds={"duckdb"},
        partitions_def=day_partitions(settings),
        metadata={
            "dagster/column_schema": column_schema(item.columns),
            "dagster/table_name": f"ledger.{item.name}",
        },
    )


def untouched(manifest: Manifest, changed: Collection[str]) -> set[dg.AssetKey]:
    """The views and seeds that are not in `changed` (model names): they are skipped."""
    translator = Translator(manifest)
    return {
        translator.get_asset_key(node)
        for node in manifest.content["nodes"].values()
        if node["config"]["materialized"] in ("view", "seed") and node["name"] not in changed
    }


def _in_order(specs: Iterable[dg.AssetSpec]) -> dict[str, dg.AssetKey]:
    """Unique id → key of each asset, in dependency order, as Dagster requires."""
    by_key = {spec.key: spec for spec in specs}
    graph = {key: {dep.asset_key for dep in spec.deps} for key, spec in by_key.items()}
    order = [key for key in TopologicalSorter(graph).static_order() if key in by_key]
    return {by_key[key].metadata[UNIQUE_ID]: key for key in order}


class _Progress:
    """Logs every few seconds, and at the end, how many models and tests are done and the newest of them.

    A line for each would be hundreds on the command line, and rows of Dagster's storage; dbt's `run_results.json` has
    them.
    """

    EVENTS = ("LogModelResult", "LogSeedResult", "LogTestResult", "LogSnapshotResult")

    def __init__(self, dagster_log: dg.DagsterLogManager) -> None:
        self.dagster_log = dagster_log
        self.logged_at = self.began_at = time.monotonic()

    def __call__(self, event: Any) -> None:
        if event.info.name in self.EVENTS:
            data = event.data
            total = data.num_models if event.info.name == "LogTestResult" else data.total
            now = time.monotonic()
            if data.index == total or now - self.logged_at > PROGRESS_SECONDS:
                line = (
                    f"{data.index}/{total} models and tests after {now - self.began_at:.0f} s, "
                    f"last {data.node_info.node_name}: {data.status}"
                )
                log.info(line)
                self.dagster_log.info(line)
                self.logged_at = now


def _results(built: Build) -> dict[str, dict[str, Any]]:
    """Unique id → result of each model, seed and test."""
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


def _made(
    key: dg.AssetKey, built: Build, result: Mapping[str, Any] | None, count: int | None
) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            **({"days rebuilt": len(built.days)} if built.days else {}),
            **({"dagster/row_count": count} if count is not None else {}),
            **({"seconds": result["seconds"]} if result else {}),
        },
    )


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
