"""Taking in landing files: once per content, typed, bad rows set aside, everything counted.

A content becomes a folder of Parquet files under the intake, one per table, holding good rows and bad: a bad
row has a `_reason`; or its bytes as they were delivered, where nothing has to be done to them. The raw tables are made
from these (`days`); a format is opened by `readers`.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from stat import S_ISREG

import duckdb

from pipelines.settings import Settings
from pipelines.sources import values as source_values
from pipelines.sources.spec import Format, Source, Table
from pipelines.warehouse import ledger, readers, values
from pipelines.warehouse.connect import lock, name, parquet_list, quote, scratch, transaction, writer
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.readers import Recognised, open_rows, unpacked
from pipelines.warehouse.values import (
    FIRST_PLAUSIBLE,
    Written,
    as_it_stands,
    looked_at_closely,
    typed,
    unread,
    written_in,
)

log = logging.getLogger(__name__)

FILE_DATE = re.compile(r"(?<!\d)(20\d{2})[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
CLOCK_TOLERANCE = timedelta(days=1)
"""How far after its file was written a row may claim to have happened, before it is set aside."""


AS_DELIVERED = ".delivered.parquet"
"""What the name of a file kept as it was delivered ends in."""

_Read = Callable[["LandingFile", str], ledger.FileReport]


@dataclass(frozen=True)
class LandingFile:
    """A file found: its path relative to the landing folder, and what the file system says of it."""

    path: str
    absolute: Path
    size_bytes: int
    modified_at: datetime


def version_of(source: Source) -> str:
    """A hash over the source's specification and how values are read: when it changes, its files are read again."""
    code = [Path(inspect.getfile(module)).read_text() for module in (source_values, values)]
    return ledger.digest([repr(source), *code])


def refusal_version_of(source: Source) -> str:
    """As `version_of`, over the code that opens files too: what it refused it may read when it has changed."""
    code = [Path(inspect.getfile(module)).read_text() for module in (readers, sys.modules[__name__])]
    return ledger.digest([version_of(source), *code])


def landing_files(settings: Settings, source: Source) -> list[LandingFile]:
    """The source's files in the landing folder, by name; hidden and half-written (`.tmp`, `.part`) ones left out."""
    found: dict[str, LandingFile] = {}
    landing = settings.landing_dir
    for pattern in settings.globs(source.name, source.glob):
        for path in landing.glob(pattern):
            relative = path.relative_to(landing)
            if path.suffix in {".tmp", ".part", ".crdownload"}:
                continue
            if any(part.startswith((".", "_")) for part in relative.parts):
                continue
            try:
                stat = path.stat()
            except FileNotFoundError:  # tidied away since it was listed, or a link to what was
                continue
            if not S_ISREG(stat.st_mode):
                continue
            found[str(relative)] = LandingFile(str(relative), path, stat.st_size, _modified(stat))
    return [found[key] for key in sorted(found)]


def changed_files(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source) -> list[LandingFile]:
    """The files that are new, changed (by size or time), or were read, or refused, by another version."""
    known = ledger.known_files(connection, source.name, version_of(source), refusal_version_of(source))
    return [
        file for file in landing_files(settings, source) if known.get(file.path) != (file.size_bytes, file.modified_at)
    ]


def take_in(settings: Settings, source: Source, progress: Callable[[str], None] = log.info) -> list[ledger.FileReport]:
    """Load every new or changed landing file of `source`; what cannot be loaded is reported, the rest goes on.

    Returns a report per file that was new or changed. A file whose bytes are known already is noted and
    changes nothing; nor does one that vanished: landing folders are tidied. Files are read without the writer lock,
    so that others can build meanwhile, but by one process at a time.
    """
    with lock(settings, f"taking in {source.name}", room=f".{source.name}"):
        return _take_in(settings, source, progress)


def _take_in(settings: Settings, source: Source, progress: Callable[[str], None]) -> list[ledger.FileReport]:
    with writer(settings, f"taking in {source.name}") as connection:
        ledger.create(connection)
        changed = changed_files(connection, settings, source)
        known = ledger.known_contents(connection, source.name, version_of(source))
    reports: list[ledger.FileReport] = []
    with _reading(settings, source) as (pool, read):
        contents = list(pool.map(lambda file: _content_id(file.absolute), changed))
        ahead: dict[str, Future[ledger.FileReport]] = {}
        for file, content_id in zip(changed, contents, strict=True):
            if content_id not in known and content_id not in ahead:
                ahead[content_id] = pool.submit(read, file, content_id)
        for number, (file, content_id) in enumerate(zip(changed, contents, strict=True), 1):
            if content_id in known:
                report = replace(known[content_id], path=file.path, status="loaded", modified_at=file.modified_at)
            else:
                # Refused under one name, a content may be read under another.
                report = ahead.pop(content_id).result() if content_id in ahead else read(file, content_id)
                progress(f"{source.name} {number}/{len(changed)}: {report.summary}")
            if report.status == "loaded":
                known[content_id] = report
            reports.append(report)
    if reports:
        _record(settings, source, reports)
    return reports


@contextmanager
def _reading(settings: Settings, source: Source) -> Iterator[tuple[ThreadPoolExecutor, _Read]]:
    """Threads, and what they may call to read a file: as many files at once as DuckDB may use threads.

    One scan keeps every core busy; what goes on before and after it, for every file of some hundreds, keeps one.
    """
    with scratch(settings) as connection:

        def read(file: LandingFile, content_id: str) -> ledger.FileReport:
            report = ledger.FileReport(
                source.name, file.path, content_id, None, "loaded", None, file.size_bytes, file.modified_at
            )
            with connection.cursor() as cursor:  # its temporary tables are its own
                return _convert(cursor, settings, source, file, report)

        pool = ThreadPoolExecutor(settings.threads)
        try:
            yield pool, read
        finally:
            pool.shutdown(cancel_futures=True)


def content_folder(settings: Settings, source: str, version: str, content_id: str) -> Path:
    """Where a content's Parquet files lie; a new version of the source reads its files anew."""
    return settings.warehouse_dir / "intake" / source / version / content_id


def _modified(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None)


def _content_id(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _convert(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    file: LandingFile,
    report: ledger.FileReport,
) -> ledger.FileReport:
    folder = content_folder(settings, source.name, version_of(source), report.content_id)
    building = folder.with_name(folder.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    latest = file.modified_at + CLOCK_TOLERANCE
    try:
        with unpacked(file.absolute) as paths:
            opened = open_rows(connection, paths, file.path, latest, source.formats)
            if opened is not None:
                report = _keep(connection, source, opened, paths, latest, building, report) or _write_tables(
                    connection, source, opened, latest, building, report
                )
        _unchanged(file)
    except LandingFileError as error:
        shutil.rmtree(building)
        return replace(report, status=error.status, message=str(error))
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    return report


def _unchanged(file: LandingFile) -> None:
    """Raise LandingFileError when the file is no longer the one that was hashed."""
    stat = file.absolute.stat()
    if (stat.st_size, _modified(stat)) != (file.size_bytes, file.modified_at):
        raise LandingFileError(
            file.path,
            f"{stat.st_size:,} bytes written {_modified(stat)}",
            f"the {file.size_bytes:,} bytes of {file.modified_at} that reading began with",
            "It changed while it was read; the next run takes it in. Write elsewhere, then rename.",
            status="unreadable",
        )


def _keep(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    opened: Recognised,
    files: list[Path],
    latest: datetime,
    folder: Path,
    report: ledger.FileReport,
) -> ledger.FileReport | None:
    """Keep the bytes of a file that can be read as it is under the table's names; None where it can't."""
    if opened.format.renames is None or len(files) > 1:
        return None
    table = source.table(opened.format.renames[0])
    logged = _logged_names(opened.format, table)
    found = {column.lower(): kind for column, kind in opened.columns.items()}
    fitting = all(found.get(logged[column.name].lower(), column.type) == column.type for column in table.columns)
    if not fitting or "_file" in found:  # the name under which reading tells the file's own
        return None
    renamed = ", ".join(f"{name(logged[column.name])} as {name(column.name)}" for column in table.columns)
    day = name(table.day)
    clear = [f"{name(c.name)} is not null" for c in table.columns if c.required or c.name == table.day]
    clear += as_it_stands(table)
    clear += [f"({rule.holds}) is not false" for rule in table.rules]
    clear.append(f"{day} between {quote(str(FIRST_PLAUSIBLE))}::timestamp and {quote(str(latest))}::timestamp")
    if connection.execute(f"select 1 from (select {renamed} from rows) where not ({' and '.join(clear)})").fetchone():
        return None
    shutil.copyfile(files[0], folder / f"{table.name}{AS_DELIVERED}")
    return replace(report, format=opened.format.name, rows_read=opened.rows_read, rows_loaded=opened.rows_read)


def _logged_names(form: Format, table: Table) -> dict[str, str]:
    """Column of the table → column of a file of the format."""
    renames = form.renames[1] if form.renames else {}
    return {column: next(logged for logged, ours in renames.items() if ours == column) for column in table.column_names}


def _write_tables(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    opened: Recognised,
    latest: datetime,
    folder: Path,
    report: ledger.FileReport,
) -> ledger.FileReport:
    form = opened.format
    selects = dict(form.select)
    if form.reduces and len(selects) > 1:
        connection.execute(f"create or replace temp table reduced as {opened.reduction}")
    elif form.reduces:  # read once, it need not be kept
        selects = {table: f"with reduced as ({opened.reduction}) {select}" for table, select in selects.items()}
    how = written_in(connection, source, form, selects)
    written = _write_typed(connection, source, form, selects, latest, folder, how)
    doubts = [
        f"select 1 from read_parquet({quote(str(path))}) where {doubt}"
        for path in written
        if (doubt := unread(how, source.table(path.stem)))
    ]
    if doubts and connection.execute(f"{' union all '.join(doubts)} limit 1").fetchone():
        how = looked_at_closely(connection, source, form, selects, how)
        written = _write_typed(connection, source, form, selects, latest, folder, how)
    if form.reduces:
        # The first table stands for the file's rows; the others are other views of the same ones.
        good = _stood_for(connection, written[0])
        bad = [
            f"select {quote(table)} as table_name, _row, _day, _reason, _raw from ({query})"
            for table, query in form.quarantine.items()
            if good < opened.rows_read
        ]
    else:
        in_texts = form.container == "parquet"
        bad = [
            f"select {quote(path.stem)} as table_name, _row, _day, _reason, {'texts' if in_texts else 'bad'}._raw "
            f"from read_parquet({quote(str(path))}) as bad {'join texts using (_row) ' if in_texts else ''}"
            "where _reason is not null"
            for path in written
        ]
    if opened.broken_count:
        bad.append(f"select null as table_name, _row, null as _day, _reason, _raw from ({opened.broken})")
    bad_rows = _set_aside(connection, bad, folder / "quarantine.parquet") if bad else 0
    if not form.reduces:
        rows = " union ".join(
            f"select distinct _row from read_parquet({quote(str(path))}) where _reason is null" for path in written
        )
        (good,) = connection.execute(
            f"select count(*) from ({rows}) as r(_row) where _row not in "
            "(select row_number from bad where table_name is not null)"
        ).fetchone() or (0,)
    return replace(
        report,
        format=form.name,
        rows_read=opened.rows_read,
        rows_loaded=good,
        rows_quarantined=bad_rows,
        rows_skipped=opened.rows_read - good - bad_rows,
    )


def _write_typed(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    form: Format,
    selects: Mapping[str, str],
    latest: datetime,
    folder: Path,
    how: Written,
) -> list[Path]:
    """Write a Parquet file per table, its rows typed, and return where."""
    paths = []
    for table, select in selects.items():
        path = folder / f"{table}.parquet"
        connection.execute(
            f"copy ({typed(source.table(table), form, select, latest, how)}) to {quote(str(path))} "
            "(format parquet, compression zstd, compression_level 1)"
        )
        paths.append(path)
    return paths


def _set_aside(connection: duckdb.DuckDBPyConnection, bad: Sequence[str], path: Path) -> int:
    """Keep what the queries `bad` find, as the table `bad` and at `path`; returns how many of the file's rows it is."""
    connection.execute(
        "create or replace temp table bad as select table_name::varchar as table_name, _row::bigint as row_number, "
        f"_day::date as day, _reason::varchar as reason, _raw::varchar as raw from ({' union all '.join(bad)})"
    )
    (found, rows) = connection.execute("select count(*), count(distinct row_number) from bad").fetchone() or (0, 0)
    if found:
        connection.execute(f"copy bad to {quote(str(path))} (format parquet)")
    return int(rows)


def _stood_for(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    (rows,) = connection.execute(
        f"select coalesce(sum(_rows), 0) from read_parquet({quote(str(path))})"
    ).fetchone() or (0,)
    return int(rows)


def _record(settings: Settings, source: Source, reports: list[ledger.FileReport]) -> None:
    version = version_of(source)
    with (
        writer(settings, f"recording {source.name}'s files") as connection,
        transaction(connection),
    ):
        paths = ledger.record_files(connection, source, reports, version, refusal_version_of(source))
        contents = sorted(paths)
        ledger.forget_contents(connection, source.name, contents)
        folders = [content_folder(settings, source.name, version, content) for content in contents]
        for table in source.tables:
            found = good_rows(source, table, folders)
            if found is None:
                continue
            part = f"concat_ws(' ', {', '.join(table.parts)})" if table.parts else "''"
            rows_hash = f"sum({_row_hash(table)})" if source.day_by == "rows" else "null"
            connection.execute(
                f"insert into ledger.content_days select ?, _content_id, ?, _day, count(*), {part} as part, "
                f"{rows_hash} from ({found}) group by all",
                [source.name, table.name],
            )
            if table.covers_range:
                ledger.cover_ranges(connection, source.name, table.name, contents)
        ledger.cover_days(connection, source.name, source.tables[0].name, _days_named(paths))
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
        logged = _logged_names(form, table)
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
        "select distinct content_id, version from ledger.content_days join ledger.current_contents "
        "using (source, content_id) where source = $1 and table_name = $2 and row_count > 0 "
        f"and list_contains($3, day) and content_id in ({ledger.CONTENTS_OF_TABLE} having sum(row_count) < $4) "
        "order by content_id",
        [source.name, table, days, below],
    ).fetchall()
    folders = [content_folder(settings, source.name, version, content) for content, version in rows]
    found = good_rows(source, source.table(table), folders)
    chosen = ", ".join(quote(str(day)) for day in days)
    return f"select * from ({found}) where _day in ({chosen})" if found else None
