"""Tables of the catalog: columns, key and rows; and common columns.

Which tables there are: `TABLES` of each domain; all of them: `tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

import pyarrow as pa

from pipelines.catalog.parts import AsOf

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


_ARROW: Final[Mapping[str, pa.DataType]] = MappingProxyType(
    {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
        "BOOLEAN": pa.bool_(),
    }
)
Row = tuple[object, ...]
Dated = TypeVar("Dated", bound=AsOf)


@dataclass(frozen=True)
class CatalogColumn:
    """A column of a catalog table; `type` is a DuckDB type. `category`: a value as written in logs."""

    name: str
    type: str
    description: str
    category: bool = False


@dataclass(frozen=True)
class CatalogTable:
    """A table of the catalog: its columns, the columns that identify a row, and the rows it has."""

    name: str
    description: str
    columns: tuple[CatalogColumn, ...]
    key: tuple[str, ...]
    rows: Callable[[Catalog], Iterable[Row]]

    @property
    def schema(self) -> pa.Schema:
        """The columns' exact Arrow types."""
        return pa.schema([(column.name, _ARROW[column.type]) for column in self.columns])

    def fill(self, catalog: Catalog) -> pa.Table:
        """The table for `catalog`; without rows it keeps its types."""
        rows = list(self.rows(catalog))
        names = [column.name for column in self.columns]
        return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=self.schema)


def validity_intervals(history: Sequence[Dated]) -> Iterator[tuple[Dated, date, date | None]]:
    """Each entry with its validity interval `[from, to)`, ended by the next entry."""
    days = sorted({entry.valid_from for entry in history})
    ends: dict[date, date | None] = dict(zip_longest(days, days[1:]))
    for entry in sorted(history, key=lambda entry: entry.valid_from):
        yield entry, entry.valid_from, ends[entry.valid_from]


def text(name: str, description: str) -> CatalogColumn:
    """A column of text."""
    return CatalogColumn(name, "VARCHAR", description)


MEMBER_ID: Final = text("member_id", "The model, agent or decision system.")
VALIDITY: Final = (
    CatalogColumn("valid_from", "DATE", "First day (UTC) this holds; null: since ever."),
    CatalogColumn("valid_to", "DATE", "First day (UTC) this holds no longer; null: it still holds."),
)
