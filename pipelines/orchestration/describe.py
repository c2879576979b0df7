"""Common metadata of assets: owners, column schemas, Markdown tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import dagster as dg

from pipelines.catalog.columns import CatalogColumn
from pipelines.sources.spec import Column

LONGEST_TABLE = 50
NOBODY = "data-platform"
"""The default owner: the team that runs the pipeline."""


def owners(owner: str | None) -> list[str]:
    """`owner` in Dagster's format: an address unchanged, anything else as a team."""
    text = owner or NOBODY
    if "@" in text:
        return [text]
    return [f"team:{re.sub(r'[^A-Za-z0-9_-]', '-', text.removeprefix('group:').removeprefix('team:'))}"]


def column_schema(columns: Iterable[Column | CatalogColumn]) -> dg.TableSchema:
    """The columns with types and descriptions, for the UI."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name=c.name, type=c.type, description=c.description) for c in columns]
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A Markdown table; a long one is truncated with a note."""
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows[:LONGEST_TABLE]]
    if len(rows) > LONGEST_TABLE:
        lines.append(f"… and {len(rows) - LONGEST_TABLE} more")
    return dg.MetadataValue.md("\n".join(lines))
