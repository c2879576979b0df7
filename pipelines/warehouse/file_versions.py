"""The ids and folders of file versions, and queries over their rows.

A file version is a folder of Parquet files, one per table, with good and bad rows (a bad row has a `_reason`), or its
bytes as delivered, if they can be read unchanged. `convert` writes them.
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
"""The ending of the name of a file that is kept as delivered."""


def file_version_folder(settings: Settings, source: str, version: str, content_id: str) -> Path:
    """The folder of a file version's Parquet files; a new version of the source reads its files again."""
    return settings.warehouse_dir / "intake" / source / version / content_id


def path_values(
    connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Path → format → the values that the format takes from the path, as text; only formats that take any."""
    values: dict[str, dict[str, str]] = {path: {} for path in paths}
    for form in source.formats:
        if form.named_by:
            found = connection.execute(
                f"select _path, coalesce(cast({form.named_by} as varchar), '') from (select unnest(?) as _path)",
                [list(paths)],
            )
            for path, text in found.fetchall() if paths else []:
                values[path][form.name] = text
        for path in paths:
            if in_folders := form.path_values(path):
                values[path][form.name] = values[path].get(form.name, "") + json.dumps(in_folders, sort_keys=True)
    return values


def file_version_id(bytes_id: str, form: Format | None, values: Mapping[str, str]) -> str:
    """The id of the file version of some bytes in a format: their hash, and the `values` of the path if it reads any.

    So the same bytes in another survey's folder are another file version.
    """
    value = values.get(form.name) if form else None
    return bytes_id if form is None or value is None else f"{bytes_id}-{ledger.digest([form.name, value])[:8]}"


def logged_names(form: Format, table: Table) -> dict[str, str]:
    """Column of the table → column of a file of the format."""
    renames = form.renames[1] if form.renames else {}
    return {column: next(logged for logged, ours in renames.items() if ours == column) for column in table.column_names}


def good_rows(source: Source, table: Table, folders: Sequence[Path]) -> str | None:
    """A query over the good rows of `table` in file version folders; None where none of them holds the table.

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
        # No row, but every column: columns that no file has are null.
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
    """`good_rows` of `table` on `days`, over current file versions of fewer than `below` rows, or None."""
    rows = connection.execute(
        "select distinct content_id, reader_version from ledger.file_version_days join ledger.current_file_versions "
        "using (source, content_id) where source = $1 and table_name = $2 and row_count > 0 "
        f"and list_contains($3, day) and content_id in ({ledger.FILE_VERSIONS_OF_TABLE} having sum(row_count) < $4) "
        "order by content_id",
        [source.name, table, days, below],
    ).fetchall()
    folders = [file_version_folder(settings, source.name, version, content_id) for content_id, version in rows]
    found = good_rows(source, source.table(table), folders)
    chosen = ", ".join(quote(str(day)) for day in days)
    return f"select * from ({found}) where _day in ({chosen})" if found else None
