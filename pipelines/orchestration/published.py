"""Publication: the marts, once all are built and every test has passed; then the page, Postgres and a bucket."""

from collections.abc import Mapping, Sequence

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.orchestration.describe import owners, table
from pipelines.orchestration.marts import BUILT
from pipelines.orchestration.retries import retried
from pipelines.orchestration.warehouse import WAREHOUSE
from pipelines.scorecard.datasets import DATASETS
from pipelines.scorecard.page import page as written
from pipelines.scorecard.reviews import shelf
from pipelines.settings import Settings
from pipelines.warehouse.bucket_publish import publish_to_bucket
from pipelines.warehouse.postgres import place, publish_to_postgres
from pipelines.warehouse.publish import publish, published_at, published_version, put_page, read_published

GROUP = "published"
PAGE_KEY = dg.AssetKey([GROUP, "page"])


def published_asset(settings: Settings, marts: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The copy of `marts` for people and BI tools."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "marts"]),
        # Only the newest built day is required as a dependency.
        deps=[*marts, dg.AssetDep(BUILT, partition_mapping=dg.LastPartitionMapping())],
        group_name=GROUP,
        description="The copy of the marts for people and BI tools, as DuckDB and Parquet; replaced atomically.",
        owners=owners(None),
        kinds={"duckdb", "parquet"},
        required_resource_keys={WAREHOUSE},
        metadata={"folder": dg.MetadataValue.path(str(settings.published_dir))},
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with retried(context):
            return _counted(publish(settings))

    return published


def postgres_asset(settings: Settings, marts: dg.AssetKey) -> dg.AssetsDefinition:
    """The published `marts` in Postgres, if `postgres_url` is set."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "postgres"]),
        deps=[marts],
        group_name=GROUP,
        description="The published marts in a Postgres schema; replaced in one transaction.",
        owners=owners(None),
        kinds={"postgres"},
        metadata={"schema": settings.postgres_schema},
    )
    def postgres(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with retried(context):
            return _counted(publish_to_postgres(settings), server=place(settings))

    return postgres


def bucket_asset(settings: Settings, marts: dg.AssetKey, has_page: bool) -> dg.AssetsDefinition:
    """The published `marts`, and the page where there is one, in a bucket, if `publish_to` is set."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "bucket"]),
        deps=[marts, *([PAGE_KEY] if has_page else [])],
        group_name=GROUP,
        description="The published marts and the page in a bucket; a version of its own, then the pointer to it.",
        owners=owners(None),
        kinds={"parquet"},
        metadata={"bucket": str(settings.publish_to)},
    )
    def bucket(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with retried(context):
            found = publish_to_bucket(settings)
        return dg.MaterializeResult(
            metadata={"address": found.address, "files": found.file_count, "bytes": found.size_bytes}
        )

    return bucket


def _counted(counts: Mapping[str, int], **more: str) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(counts.values()),
            "marts": table(["mart", "rows"], sorted(counts.items())),
            **more,
        }
    )


def page_asset(settings: Settings, marts: dg.AssetKey) -> dg.AssetsDefinition:
    """The page, over the published `marts`."""

    @dg.asset(
        key=PAGE_KEY,
        deps=[marts],
        group_name=GROUP,
        description="The scorecard as one self-contained HTML file.",
        owners=owners(None),
        kinds={"html"},
    )
    def page(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        version, made_at = published_version(settings), published_at(settings)
        text = written(
            read_published(settings, DATASETS),
            load_catalog(settings.catalog_dir).company.name,
            made_at.isoformat(timespec="seconds") + "Z" if made_at else "",
            settings.warehouse_dir / "page",
            shelf.links(path.name for path in (settings.published_dir / shelf.FOLDER).glob("*.html")),
        )
        path = put_page(settings, text, version)
        return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(path)), "bytes": len(text.encode())})

    return page
