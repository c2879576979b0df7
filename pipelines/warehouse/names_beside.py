"""Names that the same records have, for `scorecard connect`: what a component, a label and a service have in common.

Which of them the catalog does not map: `advice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pipelines.catalog.names import Name
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.advice import names_of_row
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import raw_name


class NamesBeside(NamedTuple):
    """Of `row_count` records that have `name`, the share that has `other` too."""

    name: Name
    other: Name
    share: float
    row_count: int


def names_beside(
    settings: Settings, sources: Mapping[str, Source], least_share: float, least_rows: int
) -> list[NamesBeside]:
    """Pairs of names of a source that the same records have.

    Args:
        settings: Where the warehouse is.
        sources: The sources to look at.
        least_share: The least share of the first name's records that have the other too, from 0 to 1.
        least_rows: The fewest records that the first name may have.
    """
    found: list[NamesBeside] = []
    with writer(settings, "looking for names that records have together") as connection:
        tables = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_columns() where schema_name = 'raw'"
            ).fetchall()
        }
        for source in sources.values():
            for table in source.warehouse_tables:
                names = [item for item in source.names if item.table == table.name]
                if not names or f"{source.name}__{table.name}" not in tables:
                    continue
                lists = ", ".join(map(names_of_row, names))
                rows = connection.execute(
                    f"with named as (select list_distinct(list_transform(flatten([{lists}]), "
                    "lambda n: struct_pack(kind := n.kind, key := n.key, value := n.value))) as names, "
                    f"{table.row_count} as row_count from {raw_name(source, table)} group by names), "
                    "single as (select unnest(names) as name, row_count from named), "
                    "counted as (select name, sum(row_count) as total from single group by name), "
                    "paired as (select one, other, sum(row_count) as shared "
                    "from (select names, row_count, unnest(names) as one from named) as left_side, "
                    "unnest(left_side.names) as right_side(other) where one <> other group by one, other) "
                    "select one.kind, one.key, one.value, other.kind, other.key, other.value, "
                    "(shared / total)::double, total::bigint from paired join counted on one = name "
                    "where shared >= $1 * total and total >= $2 order by all",
                    [least_share, least_rows],
                ).fetchall()
                found += [
                    NamesBeside(Name(source.name, *row[:3]), Name(source.name, *row[3:6]), row[6], row[7])
                    for row in rows
                ]
    return found
