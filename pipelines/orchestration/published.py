"""What is published: the marts, once every one was built and every test passed, and the page over them."""

from collections.abc import Sequence

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.orchestration.describe import owners, table
from pipelines.orchestration.retries import retried
from pipelines.scorecard.datasets import DATASETS
from pipelines.settings import Settings
from pipelines.warehouse.publish import publish, published_at, put, read_published

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


def page_asset(settings: Settings, marts: dg.AssetKey) -> dg.AssetsDefinition:
    """The page that people open, over the published `marts`."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "page"]),
        deps=[marts],
        group_name=GROUP,
        description="The scorecard as one HTML file that asks nothing of any server.",
        owners=owners(None),
        kinds={"html"},
    )
    def page(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from pipelines.scorecard.page import page as written  # Vega's bundle: a second that only this step needs

        made_at = published_at(settings)
        text = written(
            read_published(settings, DATASETS),
            load_catalog(settings.catalog_dir).company.name,
            made_at.isoformat(timespec="seconds") + "Z" if made_at else "",
        )
        path = put(settings, "scorecard.html", text)
        return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(path)), "bytes": len(text.encode())})

    return page
