"""Ingesting landing files: once per file version, in parallel, recorded in the ledger.

Here: finding new files, reading several at once, recording the results. `landing` lists the landing folder, `convert`
makes a file version's Parquet files, `file_versions` names and queries them.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.sources import values as source_values
from pipelines.sources.spec import Source, Table
from pipelines.warehouse import (
    batches,
    companions,
    convert,
    csv_rows,
    failing,
    json_rows,
    kinds,
    landing,
    ledger,
    ledger_schema,
    parquet_rows,
    plain,
    readers,
    recognise,
    sqlite_rows,
    table_formats,
    values,
)
from pipelines.warehouse.code import code_of
from pipelines.warehouse.connect import lock, name, parquet_list, scratch, transaction, writer
from pipelines.warehouse.file_versions import file_version_folder, file_version_id, good_rows, path_values
from pipelines.warehouse.incomplete import PAGES
from pipelines.warehouse.landing import LandingFile, landing_files
from pipelines.warehouse.objects import Objects

log = logging.getLogger(__name__)

FILE_DATE = re.compile(r"(?<!\d)(20\d{2})[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
RECORDED_AT_ONCE = 1_000
"""Files that are recorded in one transaction: a run that is stopped among fifty thousand continues where it was."""
OPENING = (
    batches, companions, convert, csv_rows, failing, json_rows, kinds, landing, parquet_rows, plain, readers, recognise,
    sqlite_rows, table_formats,
)  # fmt: skip
"""The code that decides whether a file can be read."""

_Read = Callable[[Mapping[str, LandingFile], Mapping[str, datetime]], dict[str, ledger.FileReport]]
"""From bytes → file, and path → when its file version was first delivered, to bytes → the file's report."""


def version_of(source: Source) -> str:
    """A hash over the code that a source's files are read with: when it changes, they are read again."""
    return ledger.digest([repr(source), *map(code_of, (source_values, values))])


def days_version_of(source: Source) -> str:
    """As `version_of`, with the expectations of a day: when it changes, the source's days are validated again."""
    return ledger.digest(
        [version_of(source), repr(source.derived), *(repr(table.expectations) for table in source.tables)]
    )


def rejection_version_of(source: Source) -> str:
    """As `version_of`, with the code that opens files: when it changes, rejected files are read again."""
    return ledger.digest([version_of(source), *map(code_of, OPENING)])


def files_waiting(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source) -> int:
    """How many of the source's files have to be ingested or have moved: those that `take_in` would process."""
    files = landing_files(settings, source)
    moved = ledger.moved_paths(connection, source.name, [file.path for file in files])
    return len(_changed(connection, source, files)) + len(moved)


def _changed(connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[LandingFile]) -> list[LandingFile]:
    """The files that are new or changed (by size, time or ETag), or were read or rejected by another version."""
    known = ledger.known_files(connection, source.name, version_of(source), rejection_version_of(source))
    return [file for file in files if known.get(file.path) != file.identity]


def take_in(settings: Settings, source: Source, progress: Callable[[str], None] = log.info) -> list[ledger.FileReport]:
    """Ingest every new or changed landing file of `source`; a file that cannot be loaded is reported, the others load.

    Returns a report per file that was new or changed, by path. A file with known bytes is recorded and changes nothing;
    nor does one that vanished: landing folders are tidied. If its bytes are under another name, it has moved, and its
    old name no longer counts. Files are read without the writer lock, so that others can build meanwhile, but by one
    process at a time.
    """
    with lock(settings, f"ingesting {source.name}", lock_name=f".{source.name}"):
        return _take_in(settings, source, progress)


def _take_in(settings: Settings, source: Source, progress: Callable[[str], None]) -> list[ledger.FileReport]:
    with writer(settings, f"ingesting {source.name}") as connection:
        ledger_schema.create(connection)
        files = landing_files(settings, source)
        changed = _changed(connection, source, files)
        values_of = path_values(connection, source, [file.path for file in changed])
        known = ledger.known_file_versions(connection, source.name, version_of(source))
        first = ledger.first_delivered(connection, source.name)
    reports: list[ledger.FileReport] = []
    recorded = 0
    fetched = Objects(settings, source.name)
    with reading(settings, source, fetched) as (pool, read):
        hashed = list(pool.map(partial(_hashed, fetched), changed))
        # The oldest file of a file version first: a row with a later time is quarantined.
        order = sorted(zip(changed, hashed, strict=True), key=lambda found: (found[0].modified_at, found[0].path))
        content_ids = {
            file.path: _as_each_format(source, bytes_id, values_of[file.path]) for file, (bytes_id, _) in order
        }
        delivered = {
            file.path: min(
                file.modified_at, *(first.get(found, file.modified_at) for found in content_ids[file.path].values())
            )
            for file in changed
        }
        unread: dict[str, LandingFile] = {}
        ahead: dict[str, Future[dict[str, ledger.FileReport]]] = {}
        for file, (bytes_id, trouble) in order:
            if trouble is None and _known(known, content_ids[file.path], file) is None:
                unread.setdefault(bytes_id, file)
        for some in batches.in_batches(unread):
            future = pool.submit(read, some, delivered)
            ahead |= dict.fromkeys(some, future)
        for number, (file, (bytes_id, trouble)) in enumerate(order, 1):
            if isinstance(trouble, FileNotFoundError):
                progress(f"{source.name} {number}/{len(changed)}: {file.path} vanished before it was read")
                continue
            if trouble is not None:
                report = _unfetched(file, _first_report(source, file, bytes_id, file.modified_at), trouble)
            elif found := _known(known, content_ids[file.path], file):
                report = replace(found, path=file.path, status="loaded", modified_at=file.modified_at, etag=file.etag)
            else:
                # Rejected under one name, the same bytes may be read under another.
                done = ahead.pop(bytes_id).result() if bytes_id in ahead else read({bytes_id: file}, delivered)
                report = done[bytes_id]
                progress(f"{source.name} {number}/{len(changed)}: {report.summary}")
            if report.status == "loaded":
                known[report.content_id] = report
            reports.append(report)
            if len(reports) - recorded == RECORDED_AT_ONCE:
                _record(settings, source, reports[recorded:])
                recorded = len(reports)
    if reports[recorded:]:
        _record(settings, source, reports[recorded:])
    if fetched.summary:
        progress(f"{source.name}: {fetched.summary} from {settings.place_of(source.name)}")
    _retire_moved(settings, source, [file.path for file in files])
    return sorted(reports, key=lambda report: report.path)


def _as_each_format(source: Source, bytes_id: str, values_of: Mapping[str, str]) -> dict[str | None, str]:
    """Format → the file version of the bytes in it; None is for formats that do not read the path."""
    return {form.name if form else None: file_version_id(bytes_id, form, values_of) for form in (None, *source.formats)}


def _known(
    known: Mapping[str, ledger.FileReport], content_ids: Mapping[str | None, str], file: LandingFile
) -> ledger.FileReport | None:
    """The report of the file's file version; None where it has to be read.

    It is read again if this file of it is older than those known.
    """
    reports = ((form, known.get(content_id)) for form, content_id in content_ids.items())
    report = next((found for form, found in reports if found and found.format == form), None)
    return report if report and file.modified_at >= report.delivered_at else None


def _first_report(source: Source, file: LandingFile, bytes_id: str, delivered_at: datetime) -> ledger.FileReport:
    return ledger.FileReport(
        source.name, file.path, bytes_id, None, "loaded", None, file.size_bytes, file.modified_at, delivered_at,
        etag=file.etag,
    )  # fmt: skip


@contextmanager
def reading(settings: Settings, source: Source, fetched: Objects) -> Iterator[tuple[ThreadPoolExecutor, _Read]]:
    """A pool of threads, and the function they call to read files: as many batches at once as DuckDB may use threads.

    One scan keeps every core busy; the work before and after it, for each of some hundred files, keeps one.
    """
    version = version_of(source)
    with scratch(settings) as connection:

        def read(files: Mapping[str, LandingFile], delivered: Mapping[str, datetime]) -> dict[str, ledger.FileReport]:
            reports = {
                bytes_id: _first_report(source, file, bytes_id, delivered[file.path])
                for bytes_id, file in files.items()
            }
            with fetched.held(files) as failed:
                done = {key: _unfetched(files[key], reports[key], why) for key, why in failed.items()}
                rest = {bytes_id: file for bytes_id, file in files.items() if bytes_id not in failed}
                if len(rest) > 1:
                    with suppress(duckdb.FatalException, duckdb.InternalException), connection.cursor() as cursor:
                        done |= batches.convert_together(cursor, settings, source, version, rest, reports)
                return {
                    bytes_id: done.get(bytes_id) or alone(files[bytes_id], report)
                    for bytes_id, report in reports.items()
                }

        def alone(file: LandingFile, report: ledger.FileReport) -> ledger.FileReport:
            try:
                with connection.cursor() as cursor:  # its temporary tables are its own
                    return convert.convert(cursor, settings, source, version, file, report)
            except (duckdb.FatalException, duckdb.InternalException):
                pass
            # DuckDB crashed, because of this file or another that was read at the same time: once more, on its own.
            try:
                with scratch(settings) as own:
                    return convert.convert(own, settings, source, version, file, report)
            except (duckdb.FatalException, duckdb.InternalException) as error:
                return convert.unreadable(file, report, error)

        pool = ThreadPoolExecutor(settings.threads)
        try:
            yield pool, read
        finally:
            pool.shutdown(cancel_futures=True)


def _hashed(fetched: Objects, file: LandingFile) -> tuple[str, Exception | None]:
    """The hash of the file's bytes, or the error that keeps it from being read."""
    if file.trouble:
        return "", file.trouble
    try:
        with fetched.held({"": file}) as failed:
            if failed:
                return "", failed[""]
            with file.absolute.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()[:16], None
    except OSError as error:
        if convert.is_system_error(error):
            raise
        return "", error


def _unfetched(file: LandingFile, report: ledger.FileReport, trouble: Exception) -> ledger.FileReport:
    """The report of a file without its bytes; an object that could not be fetched has no ETag: it is tried again."""
    report = convert.unreadable(file, report, trouble)
    return report if file.trouble else replace(report, etag=None)


def _record(settings: Settings, source: Source, reports: list[ledger.FileReport]) -> None:
    version = version_of(source)
    with (
        writer(settings, f"recording {source.name}'s files") as connection,
        transaction(connection),
    ):
        paths = ledger.record_files(connection, source, reports, version, rejection_version_of(source))
        _cover(connection, settings, source, paths)


def _retire_moved(settings: Settings, source: Source, present: Sequence[str]) -> None:
    with writer(settings, f"looking for moved files of {source.name}") as connection, transaction(connection):
        moved = ledger.retire_moved(connection, source.name, present, version_of(source))
        _cover(connection, settings, source, moved)


def _cover(
    connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source, paths: Mapping[str, Sequence[str]]
) -> None:
    """Record the days and the quarantined rows of current file versions, given with their paths, again."""
    content_ids = sorted(paths)
    ledger.forget_file_versions(connection, source.name, content_ids)
    folders = [file_version_folder(settings, source.name, version_of(source), content_id) for content_id in content_ids]
    for table in source.tables:
        found = good_rows(source, table, folders)
        if found is None:
            continue
        part = f"concat_ws(' ', {', '.join(table.parts)})" if table.parts else "''"
        rows_hash = f"sum({_row_hash(table)})" if source.day_by == "rows" else "null"
        connection.execute(
            f"insert into ledger.file_version_days select ?, _content_id, ?, _day, count(*), {part} as part, "
            f"{rows_hash} from ({found}) group by all",
            [source.name, table.name],
        )
        if table.covers_range:
            ledger.cover_ranges(connection, source.name, table.name, content_ids)
    ledger.cover_days(connection, source.name, source.tables[0].name, _days_named(paths))
    pages = [path for folder in folders if (path := folder / PAGES).exists()]
    if pages:
        connection.execute(
            "insert into ledger.pages select ?, parse_path(_file)[-2], format, query, is_last, total_count, "
            f"record_count from {parquet_list(pages)}",
            [source.name],
        )
    quarantines = [path for folder in folders if (path := folder / "quarantine.parquet").exists()]
    if quarantines:
        connection.execute(
            "insert into raw.quarantine select ?, table_name, parse_path(_file)[-2], row_number, day, "
            f"reason, raw from {parquet_list(quarantines)}",
            [source.name],
        )


def _row_hash(table: Table) -> str:
    """A hash of the row, independent of its file version and position.

    Hashed twice: the hash of several columns combines theirs by operations that a sum over rows would partly undo, so
    that two rows that exchange a value could look unchanged.
    """
    return f"hash(hash({', '.join(name(column) for column in table.column_names)}))"


def _days_named(paths: Mapping[str, Sequence[str]]) -> list[tuple[str, date]]:
    """(file version, day) for each path of a file version with exactly one date in its file name."""
    named: set[tuple[str, date]] = set()
    for content_id, its_paths in paths.items():
        for path in its_paths:
            found = FILE_DATE.findall(Path(path).name)
            if len(found) == 1:
                with suppress(ValueError):
                    named.add((content_id, date(*(int(part) for part in found[0]))))
    return sorted(named)
