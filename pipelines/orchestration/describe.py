"""What assets say of themselves, the same way everywhere: owners, column schemas, tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import dagster as dg

from pipelines.catalog.columns import CatalogColumn
from pipelines.sources.spec import Column

LONGEST_TABLE = 50
NOBODY = "data-platform"
"""Who owns what no source or model names an owner for: those who run the pipeline."""


def owners(owner: str | None) -> list[str]:
    """`owner` as Dagster spells it: an address as it is, anything else as a team."""
    text = owner or NOBODY
    if "@" in text:
        return [text]
    return [f"team:{re.sub(r'[^A-Za-z0-9_-]', '-', text.removeprefix('group:').removeprefix('team:'))}"]


def column_schema(columns: Iterable[Column | CatalogColumn]) -> dg.TableSchema:
    """The columns with their types and descriptions, as the UI shows them."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name=c.name, type=c.type, description=c.description) for c in columns]
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A Markdown table; a long one is cut, and says so."""
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows[:LONGEST_TABLE]]
    if len(rows) > LONGEST_TABLE:
        lines.append(f"… and {len(rows) - LONGEST_TABLE} more")
    return dg.MetadataValue.md("\n".join(lines))
