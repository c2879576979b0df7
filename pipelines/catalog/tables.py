"""The catalog as flat tables, loaded whole as `raw.catalog__<name>`: the only form SQL sees.

Each domain declares its own; what a table is: `columns`. Loading them is the warehouse's affair.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.columns import CatalogTable
from pipelines.catalog.domains import all_domains

CATALOG_TABLES: Final[tuple[CatalogTable, ...]] = tuple(
    table for domain in all_domains() for table in getattr(domain, "TABLES", ())
)
"""The tables of the catalog. The dbt source file and the assets' metadata are made from these."""


def catalog_tables(catalog: Catalog) -> dict[str, pa.Table]:
    """Every table of `CATALOG_TABLES` by name, filled from `catalog`."""
    return {table.name: table.fill(catalog) for table in CATALOG_TABLES}
