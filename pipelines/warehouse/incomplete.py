"""Exports that show that a part of them is missing: pages not fetched, parts that did not arrive, a file cut off.

What is there is loaded; what is missing is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from pipelines.settings import Settings
from pipelines.sources.spec import Format, Source
from pipelines.warehouse import ledger_schema
from pipelines.warehouse.companions import MANIFEST
from pipelines.warehouse.connect import quote, writer
from pipelines.warehouse.json_rows import BROKEN_OFF
from pipelines.warehouse.landing import look

PAGES = "pages.parquet"
"""The file of a content that keeps what its pages say of further ones."""


def keep_pages(connection: duckdb.DuckDBPyConnection, form: Format, rows: str, folder: Path) -> None:
    """Write what the pages of `rows`, a relation, say of further ones into `folder`, where they say anything."""
    if form.paging is None:
        return
    says, document = form.paging, "_document" if form.records else "_row"
    connection.execute(
        # A page is looked at once, and not with each of its records, which have all of its text.
        f"copy (with documents as (select any_value(page) as page, count(*) as n from {rows} group by {document}), "
        f"said as (select ({says.query})::varchar as query, ({says.is_last})::boolean as is_last, "
        f"try_cast({says.total} as bigint) as total, n from documents) "
        f"select {quote(form.name)} as format, query, bool_or(is_last) as is_last, max(total) as total_count, "
        "sum(n)::bigint as record_count from said group by query "
        f"having bool_or(is_last) is not null or max(total) is not null) to {quote(str(folder / PAGES))} "
        "(format parquet)"
    )


def incomplete_sentences(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source) -> list[str]:
    """A sentence for everything of which the source's exports say that it is missing."""
    return (
        cut_exports(connection, source) + broken_off(connection, source) + missing_parts(connection, settings, source)
    )


def incomplete_exports(settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """The same of all the sources."""
    with writer(settings, "looking for incomplete exports") as connection:
        ledger_schema.create(connection)
        return [line for source in sources.values() for line in incomplete_sentences(connection, settings, source)]


def cut_exports(connection: duckdb.DuckDBPyConnection, source: Source) -> list[str]:
    """A sentence for every query of which the pages delivered say that there are further ones.

    Pages of one query lie in one folder and were written on one day; of a folder its newest day is looked at. A page
    without records is a last one.
    """
    rows = connection.execute(
        "with placed as (select distinct on (files.content_id, pages.query) path, files.format, query, is_last, "
        "total_count, record_count, parse_dirpath(path) as folder, modified_at::date as day "
        "from ledger.files as files left join ledger.pages as pages using (source, content_id) "
        "where source = ? and status = 'loaded' order by files.content_id, pages.query, path), "
        "quiet as (select distinct folder, day from placed where format is null), "
        "queries as (select folder, day, format, query, max(path) as path, count(*) as file_count, "
        "bool_or(is_last) as is_whole, max(total_count) as total_count, sum(record_count)::bigint as record_count "
        "from placed where record_count is not null group by folder, day, format, query "
        "qualify row_number() over (partition by folder, format, query order by day desc) = 1) "
        "select path, file_count, total_count, record_count from queries anti join quiet using (folder, day) "
        "where is_whole is not true and (total_count is null or record_count < total_count) order by path",
        [source.name],
    ).fetchall()
    return [
        f"{source.name}: {path}{f' (and {files - 1:,} more beside it)' if files > 1 else ''} says that there are "
        f"further pages{f': {total:,} records in all, of which {count:,} are here' if total else ''}. "
        "Fetch every page, to the last one, and land them beside it"
        for path, files, total, count in rows
    ]


def broken_off(connection: duckdb.DuckDBPyConnection, source: Source) -> list[str]:
    """A sentence for the files of which the last line is a part of a record, one for each text that is no record."""
    rows = connection.execute(
        "select min(path), count(distinct content_id) - 1, "
        "case when not starts_with(raw, '{') then left(raw, 60) end as text "
        "from raw.quarantine join ledger.files "
        "using (source, content_id) where source = ? and status = 'loaded' and reason = ? "
        "group by text order by 1",
        [source.name, BROKEN_OFF],
    ).fetchall()
    return [
        f"{source.name}: {path} breaks off: its last line is {f'`{text}`' if text else 'only a part of a record'}. "
        f"{f'Files that end likewise: {others:,} more, listed in raw.quarantine. ' if others else ''}"
        "What should follow is missing: export it again and land the new file in its place"
        for path, others, text in rows
    ]


def missing_parts(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source) -> list[str]:
    """A sentence for every manifest of a bill that names files of which some, and not all, were delivered."""
    if source.deliveries is None:
        return []
    ever = connection.execute("select distinct path from ledger.files where source = ?", [source.name]).fetchall()
    found_here = look(settings, source)
    delivered = {path for (path,) in ever} | {file.path for file in found_here.files}
    found: list[str] = []
    reported: list[list[str]] = []
    for manifest, path in found_here.companions.items():
        if MANIFEST.fullmatch(PurePosixPath(manifest).name) is None:
            continue
        keys = _files_of(path)
        missing = [key for key in keys if delivered.isdisjoint(_places(PurePosixPath(manifest), PurePosixPath(key)))]
        # AWS lays the manifest of the newest version a second time, above all of them.
        if 0 < len(missing) < len(keys) and missing not in reported:
            reported.append(missing)
            found.append(
                f"{source.name}: {manifest} names {len(keys):,} files, of which {len(missing):,} did not arrive: "
                f"{', '.join(PurePosixPath(key).name for key in missing[:3])}{' …' if len(missing) > 3 else ''}. "
                "What they bill is missing until they do: copy the delivery again"
            )
    return found


def _files_of(manifest: Path) -> list[str]:
    """The keys of the files that a manifest names: AWS's `reportKeys` and `dataFiles`, Azure's `blobs`."""
    try:
        says = json.loads(manifest.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(says, Mapping):
        return []
    listed: list[Any] = [*(says.get("reportKeys") or []), *(says.get("dataFiles") or []), *(says.get("blobs") or [])]
    keys = [item.get("blobName") if isinstance(item, Mapping) else item for item in listed]
    return [key for key in keys if isinstance(key, str)]


def _places(manifest: PurePosixPath, key: PurePosixPath) -> Iterator[str]:
    """Where the file of a key may lie: beside the manifest, or where a folder that both lie in has it."""
    yield str(manifest.parent / key.name)
    for folder in manifest.parents:
        parts = key.parts[:-1]
        if folder.name in parts:
            last = len(parts) - 1 - parts[::-1].index(folder.name)
            yield str(folder.joinpath(*key.parts[last + 1 :]))
