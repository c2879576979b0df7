"""Raw assets: days replaced after Great Expectations has validated them. One step per source, one asset per table.

A source's day is replaced in all of its tables or rejected in all, so a step replaces them together.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.orchestration.describe import column_schema, owners, table
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.partitions import days_of
from pipelines.orchestration.retries import retried
from pipelines.orchestration.tags import is_forced
from pipelines.orchestration.warehouse import WAREHOUSE
from pipelines.settings import Settings
from pipelines.sources.spec import Source, Table
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.status import RejectedDay, rejected_days

GROUP = "raw"
CHECK = "expectations_met"


def raw_key(source: str, name: str) -> dg.AssetKey:
    """`raw/<source>/<table>`."""
    return dg.AssetKey([GROUP, source, name])


def raw_assets(settings: Settings, source: Source) -> dg.AssetsDefinition:
    """The assets of the source's raw tables."""

    @dg.multi_asset(
        name=f"raw_{source.name}",
        specs=[_spec(source, item) for item in source.warehouse_tables],
        check_specs=[_check(source, item) for item in source.warehouse_tables],
        required_resource_keys={WAREHOUSE},
    )
    def raw(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        asked = days_of(context)
        with retried(context):
            outcome = replace_days(settings, source, asked, is_forced(context))
            with writer(settings, f"looking for rejected days of {source.name}") as connection:
                rejections = rejected_days(connection, source.name)
        if asked is not None:
            rejections = [rejection for rejection in rejections if rejection.day in set(asked)]
        for item in source.warehouse_tables:
            rejected = [rejection for rejection in rejections if f"{source.name}__{item.name} " in rejection.message]
            yield dg.MaterializeResult(
                asset_key=raw_key(source.name, item.name),
                metadata={
                    "rows replaced": outcome.rows.get(item.name, 0),
                    "days replaced": len(outcome.accepted),
                    "days rejected": len(rejections),
                },
                check_results=[_verdict(source, item, rejected)],
            )

    return raw


def _spec(source: Source, item: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(source.name, item.name),
        deps=[landing_key(source.name)],
        group_name=GROUP,
        description=item.description,
        owners=owners(source.owner),
        kinds={"duckdb"},
        tags={"source": source.name},
        metadata={
            "dagster/column_schema": column_schema(item.columns),
            "dagster/table_name": f"raw.{source.name}__{item.name}",
            "key": ", ".join(item.key),
            "day": item.day,
        },
    )


def _check(source: Source, item: Table) -> dg.AssetCheckSpec:
    names = ", ".join(expectation.name for expectation in item.expectations)
    return dg.AssetCheckSpec(
        CHECK,
        asset=raw_key(source.name, item.name),
        # The other sources' days are still built, and this source's without the rejected ones.
        blocking=False,
        description=f"Great Expectations accepts every requested day: quarantined_share{', ' if names else ''}{names}.",
    )


def _verdict(source: Source, item: Table, rejected: list[RejectedDay]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=raw_key(source.name, item.name),
        check_name=CHECK,
        passed=not rejected,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(rejection.message for rejection in rejected) or None,
        metadata={"rejected days": table(["day", "why"], [(r.day, r.message) for r in rejected])} if rejected else {},
    )
