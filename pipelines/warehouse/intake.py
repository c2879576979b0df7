"""Taking in landing files: once per content, in parallel, recorded in the ledger.

Here: which files are new, reading them at once, recording what came of it. How a file becomes a content's Parquet files
is `convert`'s affair; where they lie, `contents`'; what lies in the landing folder, `landing`'s.
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
from pipelines.warehouse.file_versions import content_folder, content_of, good_rows, names_say
from pipelines.warehouse.incomplete import PAGES
from pipelines.warehouse.landing import LandingFile, landing_files

log = logging.getLogger(__name__)

FILE_DATE = re.compile(r"(?<!\d)(20\d{2})[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
RECORDED_AT_ONCE = 1_000
"""Files that are recorded in one transaction: a run that is stopped among fifty thousand goes on where it was."""
OPENING = (
    batches, companions, convert, csv_rows, failing, json_rows, kinds, landing, parquet_rows, plain, readers, recognise,
    sqlite_rows, table_formats,
)  # fmt: skip
"""The code that decides whether a file can be read."""

_Read = Callable[[Mapping[str, LandingFile], Mapping[str, datetime]], dict[str, ledger.FileReport]]
"""From bytes → file, and path → when its content was first delivered, to bytes → what became of the file."""


def version_of(source: Source) -> str:
    """A hash over what reading a file of the source depends on: when it changes, its files are read again."""
    return ledger.digest([repr(source), *map(code_of, (source_values, values))])


def days_version_of(source: Source) -> str:
    """As `version_of`, over what is asked of a day too: when it changes, the source's days are validated again."""
    return ledger.digest(
        [version_of(source), repr(source.derived), *(repr(table.expectations) for table in source.tables)]
    )


def rejection_version_of(source: Source) -> str:
    """As `version_of`, over the code that opens files too: what it rejected it may read when it has changed."""
    return ledger.digest([version_of(source), *map(code_of, OPENING)])


def files_waiting(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source) -> int:
    """How many of the source's files are to be taken in, or have moved: what `take_in` would look at."""
    files = landing_files(settings, source)
    moved = ledger.moved_paths(connection, source.name, [file.path for file in files])
    return len(_changed(connection, source, files)) + len(moved)


def _changed(connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[LandingFile]) -> list[LandingFile]:
    """The files that are new, changed (by size or time), or were read, or rejected, by another version."""
    known = ledger.known_files(connection, source.name, version_of(source), rejection_version_of(source))
    return [file for file in files if known.get(file.path) != (file.size_bytes, file.modified_at)]


def take_in(settings: Settings, source: Source, progress: Callable[[str], None] = log.info) -> list[ledger.FileReport]:
    """Load every new or changed landing file of `source`; what cannot be loaded is reported, the rest goes on.

    Returns a report per file that was new or changed, by path. A file whose bytes are known already is noted and
    changes nothing; nor does one that vanished: landing folders are tidied. Where its bytes lie under another name it
    has moved, and its old name counts no more. Files are read without the writer lock, so that others can build
    meanwhile, but by one process at a time.
    """
    with lock(settings, f"taking in {source.name}", room=f".{source.name}"):
        return _take_in(settings, source, progress)


def _take_in(settings: Settings, source: Source, progress: Callable[[str], None]) -> list[ledger.FileReport]:
    with writer(settings, f"taking in {source.name}") as connection:
        ledger_schema.create(connection)
        files = landing_files(settings, source)
        changed = _changed(connection, source, files)
        says = names_say(connection, source, [file.path for file in changed])
        known = ledger.known_file_versions(connection, source.name, version_of(source))
        first = ledger.first_delivered(connection, source.name)
    reports: list[ledger.FileReport] = []
    recorded = 0
    with reading(settings, source) as (pool, read):
        hashed = list(pool.map(_hashed, changed))
        # The oldest file of a content first: a row that happened later than that is set aside.
        order = sorted(zip(changed, hashed, strict=True), key=lambda found: (found[0].modified_at, found[0].path))
        contents = {file.path: _as_each_format(source, bytes_id, says[file.path]) for file, (bytes_id, _) in order}
        delivered = {
            file.path: min(
                file.modified_at, *(first.get(found, file.modified_at) for found in contents[file.path].values())
            )
            for file in changed
        }
        unread: dict[str, LandingFile] = {}
        ahead: dict[str, Future[dict[str, ledger.FileReport]]] = {}
        for file, (bytes_id, trouble) in order:
            if trouble is None and _known(known, contents[file.path], file) is None:
                unread.setdefault(bytes_id, file)
        for some in batches.in_batches(unread):
            future = pool.submit(read, some, delivered)
            ahead |= dict.fromkeys(some, future)
        for number, (file, (bytes_id, trouble)) in enumerate(order, 1):
            if isinstance(trouble, FileNotFoundError):
                progress(f"{source.name} {number}/{len(changed)}: {file.path} vanished before it was read")
                continue
            if trouble is not None:
                report = convert.unreadable(file, _first_report(source, file, bytes_id, file.modified_at), trouble)
            elif found := _known(known, contents[file.path], file):
                report = replace(found, path=file.path, status="loaded", modified_at=file.modified_at)
            else:
                # Rejected under one name, a content may be read under another.
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
    present = [file.path for file in files]
    with writer(settings, f"looking what of {source.name} has moved") as connection, transaction(connection):
        moved = ledger.retire_moved(connection, source.name, present, version_of(source))
        _cover(connection, settings, source, moved)
    return sorted(reports, key=lambda report: report.path)


def _as_each_format(source: Source, bytes_id: str, says: Mapping[str, str]) -> dict[str | None, str]:
    """Format → the file version that the bytes are in it; None where no format reads the path."""
    return {form.name if form else None: content_of(bytes_id, form, says) for form in (None, *source.formats)}


def _known(
    known: Mapping[str, ledger.FileReport], contents: Mapping[str | None, str], file: LandingFile
) -> ledger.FileReport | None:
    """The report of the file's content, as which the bytes are in a format; None where it is to be read.

    It is read again too where this file of it is older.
    """
    reports = ((form, known.get(content)) for form, content in contents.items())
    report = next((found for form, found in reports if found and found.format == form), None)
    return report if report and file.modified_at >= report.delivered_at else None


def _first_report(source: Source, file: LandingFile, bytes_id: str, delivered_at: datetime) -> ledger.FileReport:
    return ledger.FileReport(
        source.name, file.path, bytes_id, None, "loaded", None, file.size_bytes, file.modified_at, delivered_at
    )


@contextmanager
def reading(settings: Settings, source: Source) -> Iterator[tuple[ThreadPoolExecutor, _Read]]:
    """Threads, and what they may call to read files: as many batches at once as DuckDB may use threads.

    One scan keeps every core busy; what goes on before and after it, for every file of some hundreds, keeps one.
    """
    version = version_of(source)
    with scratch(settings) as connection:

        def read(files: Mapping[str, LandingFile], delivered: Mapping[str, datetime]) -> dict[str, ledger.FileReport]:
            reports = {
                bytes_id: _first_report(source, file, bytes_id, delivered[file.path])
                for bytes_id, file in files.items()
            }
            done: dict[str, ledger.FileReport] = {}
            if len(files) > 1:
                with suppress(duckdb.FatalException, duckdb.InternalException), connection.cursor() as cursor:
                    done = batches.convert_together(cursor, settings, source, version, files, reports)
            return {
                bytes_id: done.get(bytes_id) or alone(files[bytes_id], report) for bytes_id, report in reports.items()
            }

        def alone(file: LandingFile, report: ledger.FileReport) -> ledger.FileReport:
            try:
                with connection.cursor() as cursor:  # its temporary tables are its own
                    return convert.convert(cursor, settings, source, version, file, report)
            except (duckdb.FatalException, duckdb.InternalException):
                pass
            # The database was brought down, by this file or another that was read beside it: once more, on its own.
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


def _hashed(file: LandingFile) -> tuple[str, Exception | None]:
    """The hash of the file's bytes, or what keeps it from being read."""
    if file.trouble:
        return "", file.trouble
    try:
        with file.absolute.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16], None
    except OSError as error:
        if convert.is_ours(error):
            raise
        return "", error


def _record(settings: Settings, source: Source, reports: list[ledger.FileReport]) -> None:
    version = version_of(source)
    with (
        writer(settings, f"recording {source.name}'s files") as connection,
        transaction(connection),
    ):
        paths = ledger.record_files(connection, source, reports, version, rejection_version_of(source))
        _cover(connection, settings, source, paths)


def _cover(
    connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source, paths: Mapping[str, Sequence[str]]
) -> None:
    """Record anew the days and the quarantined rows of contents that stand, with their paths."""
    contents = sorted(paths)
    ledger.forget_file_versions(connection, source.name, contents)
    folders = [content_folder(settings, source.name, version_of(source), content) for content in contents]
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
            ledger.cover_ranges(connection, source.name, table.name, contents)
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
    """A number for the row, whatever content holds it and where.

    Hashed twice: the hash of several columns is made of theirs by operations that a sum over rows would partly undo, so
    that two rows that exchange a value could pass for the same two.
    """
    return f"hash(hash({', '.join(name(column) for column in table.column_names)}))"


def _days_named(paths: Mapping[str, Sequence[str]]) -> list[tuple[str, date]]:
    """(content, day) for each of a content's paths whose own name bears exactly one date."""
    named: set[tuple[str, date]] = set()
    for content, its_paths in paths.items():
        for path in its_paths:
            found = FILE_DATE.findall(Path(path).name)
            if len(found) == 1:
                with suppress(ValueError):
                    named.add((content, date(*(int(part) for part in found[0]))))
    return sorted(named)
