"""Assets of the catalog and ledger tables, which dbt reads in addition to the sources."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.catalog.tables import CATALOG_TABLES
from pipelines.orchestration.describe import column_schema, owners
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.raw import GROUP, raw_key
from pipelines.orchestration.retries import retried
from pipelines.orchestration.warehouse import WAREHOUSE
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse import ledger_schema
from pipelines.warehouse.connect import writer
from pipelines.warehouse.status import table_rows
from pipelines.warehouse.transform import load_catalog_tables

CATALOG, LEDGER = "catalog", "ledger"
QUARANTINE_KEY = dg.AssetKey([GROUP, ledger_schema.QUARANTINE.name])
BUILT = "built"
"""The only ledger table that is written after the marts."""


def ledger_key(name: str) -> dg.AssetKey:
    """`ledger/<table>`."""
    return dg.AssetKey([LEDGER, name])


def catalog_assets(settings: Settings) -> dg.AssetsDefinition:
    """The assets of the catalog's tables, loaded whole from its YAML."""

    @dg.multi_asset(
        name="raw_catalog",
        specs=[
            dg.AssetSpec(
                raw_key(CATALOG, item.name),
                group_name=CATALOG,
                description=item.description,
                owners=owners(None),
                kinds={"yaml", "duckdb"},
                metadata={
                    "dagster/column_schema": column_schema(item.columns),
                    "dagster/table_name": f"raw.catalog__{item.name}",
                },
            )
            for item in CATALOG_TABLES
        ],
        required_resource_keys={WAREHOUSE},
    )
    def catalog(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with retried(context):
            read = load_catalog(settings.catalog_dir)
            with writer(settings, "loading the catalog") as connection:
                counts = load_catalog_tables(connection, read)
        for name, count in counts.items():
            yield dg.MaterializeResult(asset_key=raw_key(CATALOG, name), metadata={"dagster/row_count": count})

    return catalog


def ledger_assets(settings: Settings, sources: Mapping[str, Source]) -> dg.AssetsDefinition:
    """The assets of the ledger and the quarantine, after every source's days are replaced.

    The marts depend on them (`dim_days` on the coverage), so building waits for every source, read by a model or not.
    """
    landing = [landing_key(source) for source in sources]
    raw = [raw_key(source.name, item.name) for source in sources.values() for item in source.warehouse_tables]
    tables = [(ledger_key(item.name), "ledger", item) for item in ledger_schema.TABLES if item.name != BUILT]
    tables.append((QUARANTINE_KEY, "raw", ledger_schema.QUARANTINE))

    def deps(name: str) -> Sequence[dg.AssetKey]:
        return landing if name in ("files", "file_version_days", "coverage", ledger_schema.QUARANTINE.name) else raw

    @dg.multi_asset(
        name="ledger",
        specs=[
            dg.AssetSpec(
                key,
                deps=deps(item.name),
                group_name=LEDGER,
                description=item.description,
                owners=owners(None),
                kinds={"duckdb"},
                metadata={
                    "dagster/column_schema": column_schema(item.columns),
                    "dagster/table_name": f"{schema}.{item.name}",
                },
            )
            for key, schema, item in tables
        ],
        required_resource_keys={WAREHOUSE},
    )
    def ledger_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with retried(context):
            counts = table_rows(settings, [(schema, item.name) for _, schema, item in tables])
        for key, schema, item in tables:
            count = counts[schema, item.name]
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": count})

    return ledger_tables
