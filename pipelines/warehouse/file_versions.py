"""Where a content's rows lie once it is taken in, and queries over them.

A content is a folder of Parquet files, one per table, holding good rows and bad: a bad row has a `_reason`; or its
bytes as they were delivered, where nothing has to be done to them. Who writes them is `convert`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.sources.spec import Format, Source, Table
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import name, parquet_list, quote

AS_DELIVERED = ".delivered.parquet"
"""What the name of a file kept as it was delivered ends in."""


def content_folder(settings: Settings, source: str, version: str, content_id: str) -> Path:
    """Where a content's Parquet files lie; a new version of the source reads its files anew."""
    return settings.warehouse_dir / "intake" / source / version / content_id


def names_say(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[str]) -> dict[str, dict[str, str]]:
    """Path → format → what would be read in the path in this format, be it by its mapping or for columns a file lacks.

    Formats for which the path says nothing are left out.
    """
    says: dict[str, dict[str, str]] = {path: {} for path in paths}
    for form in source.formats:
        if form.named_by:
            said = connection.execute(
                f"select _path, coalesce(cast({form.named_by} as varchar), '') from (select unnest(?) as _path)",
                [list(paths)],
            )
            for path, text in said.fetchall() if paths else []:
                says[path][form.name] = text
        for path in paths:
            if told := form.told_by(path):
                says[path][form.name] = says[path].get(form.name, "") + json.dumps(told, sort_keys=True)
    return says


def content_of(bytes_id: str, form: Format | None, says: Mapping[str, str]) -> str:
    """The id of the content that bytes are in the format; of a format that reads the path, what that `says` is in it.

    The same answers in another survey's folder are another survey's.
    """
    said = says.get(form.name) if form else None
    return bytes_id if form is None or said is None else f"{bytes_id}-{ledger.digest([form.name, said])[:8]}"


def logged_names(form: Format, table: Table) -> dict[str, str]:
    """Column of the table → column of a file of the format."""
    renames = form.renames[1] if form.renames else {}
    return {column: next(logged for logged, ours in renames.items() if ours == column) for column in table.column_names}


def good_rows(source: Source, table: Table, folders: Sequence[Path]) -> str | None:
    """A query over the good rows of `table` in content folders; None where none of them holds the table.

    Rows carry the table's columns, `_day`, `_content_id` and `_row`.
    """
    selects = []
    written = [path for folder in folders if (path := folder / f"{table.name}.parquet").exists()]
    if written:
        columns = ", ".join(name(column) for column in table.column_names)
        selects.append(
            f"select {columns}, _day, parse_path(_file)[-2] as _content_id, _row from {parquet_list(written)} "
            "where _reason is null"
        )
    delivered = [path for folder in folders if (path := folder / f"{table.name}{AS_DELIVERED}").exists()]
    if delivered:
        form = next(form for form in source.formats if form.renames and form.renames[0] == table.name)
        logged = logged_names(form, table)
        columns = ", ".join(f"{name(logged[column])} as {name(column)}" for column in table.column_names)
        # No row, but every column: those that all the files lack are null.
        shape = ", ".join(f"null::{column.type} as {name(logged[column.name])}" for column in table.columns)
        selects.append(
            f"select {columns}, cast({name(logged[table.day])} as date) as _day, "
            "parse_path(_file)[-2] as _content_id, file_row_number + 1 as _row "
            f"from (select {shape} where false union all by name from {parquet_list(delivered, numbered=True)})"
        )
    return " union all ".join(selects) or None


def current_parquet(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    table: str,
    days: list[date],
    below: int = sys.maxsize,
) -> str | None:
    """`good_rows` of `table` on `days`, over every present content `below` so many rows; None where there is none."""
    rows = connection.execute(
        "select distinct content_id, version from ledger.file_version_days join ledger.current_file_versions "
        "using (source, content_id) where source = $1 and table_name = $2 and row_count > 0 "
        f"and list_contains($3, day) and content_id in ({ledger.CONTENTS_OF_TABLE} having sum(row_count) < $4) "
        "order by content_id",
        [source.name, table, days, below],
    ).fetchall()
    folders = [content_folder(settings, source.name, version, content) for content, version in rows]
    found = good_rows(source, source.table(table), folders)
    chosen = ", ".join(quote(str(day)) for day in days)
    return f"select * from ({found}) where _day in ({chosen})" if found else None
