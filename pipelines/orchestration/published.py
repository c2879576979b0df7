"""The published marts: the last asset, made only when every mart was built and every test passed."""

from collections.abc import Sequence

import dagster as dg

from pipelines.orchestration.describe import owners, table
from pipelines.orchestration.retries import retried
from pipelines.settings import Settings
from pipelines.warehouse.publish import publish

GROUP = "published"


def published_asset(settings: Settings, marts: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The copy of `marts` that people and BI tools read."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "marts"]),
        # The last day stands for all: to ask of each mart which of its days were made, Dagster would list every day
        # of ten years, a twentieth of a second a mart (2026-11-23).
        deps=[dg.AssetDep(mart, partition_mapping=dg.LastPartitionMapping()) for mart in marts],
        group_name=GROUP,
        description="The copy of the marts that people and BI tools read, as DuckDB and as Parquet; swapped in whole.",
        owners=owners(None),
        kinds={"duckdb", "parquet"},
        metadata={"folder": dg.MetadataValue.path(str(settings.published_dir))},
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with retried(context):
            counts = publish(settings)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(counts.values()),
                "marts": table(["mart", "rows"], sorted(counts.items())),
            }
        )

    return published
