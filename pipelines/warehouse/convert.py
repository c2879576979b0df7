"""From an opened landing file to the Parquet files of a file version: typed, bad rows quarantined, all rows counted.

An error in a file stops only that file, and is reported with its name. `intake` finds the files and records the
results; `plain` and `readers` open them.
"""

from __future__ import annotations

import errno
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.sources.spec import Format, Source
from pipelines.sources.values import FIRST_PLAUSIBLE
from pipelines.warehouse import ledger
from pipelines.warehouse.bucket_errors import BucketError
from pipelines.warehouse.connect import name, path_list, quote
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.failing import NOT_OF_ROWS, failing_rows
from pipelines.warehouse.file_versions import (
    AS_DELIVERED,
    file_version_folder,
    file_version_id,
    logged_names,
    path_values,
)
from pipelines.warehouse.incomplete import keep_pages
from pipelines.warehouse.json_rows import REWRITE
from pipelines.warehouse.landing import LandingFile, modified
from pipelines.warehouse.plain import Plain, plain_files
from pipelines.warehouse.readers import open_rows
from pipelines.warehouse.recognise import RENAMED, Landed, Recognised
from pipelines.warehouse.values import is_unaltered, typed, unread, with_evidence, written_in

log = logging.getLogger(__name__)

CLOCK_TOLERANCE = timedelta(days=1)
"""How long after its file was written a row's time may be, before the row is quarantined."""
UNEXPLAINED = "its format's mapping leaves it out"
"""Why a row is skipped if its format gives no reason."""
WITHOUT_OPTIMIZER_BELOW = 2**20
"""Bytes below which a file is read without DuckDB's optimizer, unless it is reduced."""
SYSTEM_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EROFS}
_SYSTEM_ERROR_TEXTS = re.compile(r"(?i)no space left|too many open files|read-only file system|max_temp_directory_size")
_READING = re.compile(r"[^\s\"'`]*/reading\.[^\s\"'`]+")


def convert(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    version: str,
    file: LandingFile,
    report: ledger.FileReport,
) -> ledger.FileReport:
    """Ingest one file of an unknown file version; the report has the result, or why there is none.

    If the format reads the path, the report has the file version that the bytes are under the file's name.

    Raises only errors that are not the file's: a full disk, or a crash of DuckDB (FatalException, InternalException),
    which any file may have caused.
    """
    building = file_version_folder(settings, source.name, version, report.content_id + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        report = _converted(connection, settings, source, file, building, report)
    except Exception as error:
        shutil.rmtree(building, ignore_errors=True)
        if isinstance(error, (duckdb.FatalException, duckdb.InternalException)) or is_system_error(error):
            raise
        return unreadable(file, report, error)
    form = next((form for form in source.formats if form.name == report.format), None)
    path_value = path_values(connection, source, [file.path])[file.path]
    report = replace(report, content_id=file_version_id(report.content_id, form, path_value))
    folder = file_version_folder(settings, source.name, version, report.content_id)
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    return report


def unreadable(file: LandingFile, report: ledger.FileReport, error: Exception) -> ledger.FileReport:
    """The report of a file that could not be read because of `error`, which may be a bug of ours."""
    if isinstance(error, LandingFileError):
        return replace(report, status=error.status, message=str(error))
    if isinstance(error, BucketError):
        return replace(report, status="unreadable", message=str(error))
    text = (str(error).splitlines() or [""])[0]
    failure = LandingFileError(
        file.path,
        f"what cannot be read ({type(error).__name__}: {_READING.sub(file.path, text)[:500]})",
        "a whole file of a format of this source",
        REWRITE if "Malformed JSON" in text else "Deliver it again; the other files were loaded.",
        status="unreadable",
    )
    log.debug("%s", failure, exc_info=error)
    return replace(report, status=failure.status, message=str(failure))


def is_system_error(error: Exception) -> bool:
    """Whether an error is the system's and not the file's, and transient: a full disk, too many open files."""
    return (isinstance(error, OSError) and error.errno in SYSTEM_ERRORS) or _SYSTEM_ERROR_TEXTS.search(
        str(error)
    ) is not None


def _converted(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    file: LandingFile,
    building: Path,
    report: ledger.FileReport,
) -> ledger.FileReport:
    latest = report.delivered_at + CLOCK_TOLERANCE
    with plain_files(file.absolute, file.path, settings.limits, building) as files:
        # Optimizing a mapping takes DuckDB longer than running it unoptimized over some thousand rows.
        is_small = sum(plain.size for plain in files) < WITHOUT_OPTIMIZER_BELOW
        connection.execute(f"pragma {'disable' if is_small else 'enable'}_optimizer")
        report = replace(report, encoding=encoding_of(files))
        landed = Landed(connection, files, file.path, latest, source.formats, settings.limits)
        opened = open_rows(landed)
        if opened is not None:
            report = _keep_delivered_bytes(
                connection, source, opened, files, latest, building, report
            ) or _write_tables(connection, source, opened, latest, building, report)
    check_unchanged(file)
    return report


def encoding_of(files: Sequence[Plain]) -> str | None:
    """How the file's text is written."""
    texts = [file for file in files if file.container not in ("parquet", "sqlite")]
    others = sum(file.other_lines for file in texts)
    if others:
        return f"{others:,} lines in windows-1252, the others in utf-8"
    return " and ".join(sorted({file.encoding for file in texts})) or None


def check_unchanged(file: LandingFile) -> None:
    """Raise LandingFileError if the file has changed since it was hashed."""
    stat = file.absolute.stat()
    if (stat.st_size, modified(stat)) != (file.size_bytes, file.modified_at):
        raise LandingFileError(
            file.path,
            f"{stat.st_size:,} bytes written {modified(stat)}",
            f"the {file.size_bytes:,} bytes of {file.modified_at} that reading began with",
            "It changed while it was read; the next run ingests it. Write elsewhere, then rename.",
            status="unreadable",
        )


def _keep_delivered_bytes(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    opened: Recognised,
    files: Sequence[Plain],
    latest: datetime,
    folder: Path,
    report: ledger.FileReport,
) -> ledger.FileReport | None:
    """Keep the delivered bytes if the file's columns have the table's types and every row is good; else None."""
    if opened.format.renames is None or len(files) > 1:
        return None
    lower = {column.lower() for column in opened.columns}
    if any(column.lower() not in lower for column in opened.format.path_values(report.path)):
        return None
    table = source.table(opened.format.renames[0])
    logged = logged_names(opened.format, table)
    found = {column.lower(): kind for column, kind in opened.columns.items()}
    fitting = all(found.get(logged[column.name].lower(), column.type) == column.type for column in table.columns)
    if not fitting or f"_file{RENAMED}" in found:  # the name that DuckDB gives the column of file names
        return None
    renamed = ", ".join(f"{name(logged[column.name])} as {name(column.name)}" for column in table.columns)
    day = name(table.day)
    clear = [f"{name(c.name)} is not null" for c in table.columns if c.required or c.name == table.day]
    clear += is_unaltered(table)
    clear += [f"({rule.holds}) is not false" for rule in table.rules]
    clear.append(f"{day} between {quote(str(FIRST_PLAUSIBLE))}::timestamp and {quote(str(latest))}::timestamp")
    # Every value that will be queried is read now, so that a file reported as loaded is intact. Days are read as
    # numbers too: for a comparison of times DuckDB may use the file's own statistics, which may be wrong.
    read = ", ".join(name(column.name) for column in table.columns)
    (bad, _, first, last) = connection.execute(
        f"select count(*) filter (not ({' and '.join(clear)})), max(hash({read})), min(epoch_us({day})), "
        f"max(epoch_us({day})) from (select {renamed} from rows)"
    ).fetchone() or (0, 0, None, None)
    if bad:
        return None
    if first is not None and not (_epoch_us(FIRST_PLAUSIBLE) <= first and last <= _epoch_us(latest)):
        raise _wrong_statistics(report.path)
    shutil.copyfile(files[0].path, folder / f"{table.name}{AS_DELIVERED}")
    return replace(report, format=opened.format.name, rows_read=opened.rows_read, rows_loaded=opened.rows_read)


def _write_tables(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    opened: Recognised,
    latest: datetime,
    folder: Path,
    report: ledger.FileReport,
) -> ledger.FileReport:
    form = opened.format
    failing: list[str] = []
    queries = partial(_queries, connection, source, opened, latest)
    try:
        written = _written(connection, queries(), folder)
        if _has_unread(connection, source, opened, written):
            queries = partial(queries, tolerant=True)
            written = _written(connection, queries(), folder)
    except duckdb.Error as error:
        queries = partial(queries, tolerant=True)
        if isinstance(error, NOT_OF_ROWS) or not failing_rows(connection, queries):
            raise
        written = _written(connection, queries(), folder)
        failing.append(
            f"select {quote(next(iter(form.select)))} as table_name, _row, null as _day, _reason, every_row._raw "
            "from failing join every_row using (_row)"
        )
    keep_pages(connection, form, "rows", folder)
    if form.container == "parquet":
        for path in written:
            _check_days(connection, path, latest, report.path)
    # The first table of a reduced file counts its rows; the others are other views of the same rows.
    good = _reduced_row_count(connection, written[0]) if form.reduces else 0
    bad = failing + _bad(opened, written, has_bad=good < opened.rows_read)
    bad_rows = _set_aside(connection, bad, folder / "quarantine.parquet") if bad else 0
    if not form.reduces:
        good = _count_good(connection, written, has_bad=bool(bad))
    skipped = opened.rows_read - good - bad_rows
    return replace(
        report,
        format=form.name,
        rows_read=opened.rows_read,
        rows_loaded=good,
        rows_quarantined=bad_rows,
        rows_skipped=skipped,
        skip_reasons=_skips(connection, form, written, skipped) if skipped else {},
        left_out_reasons={} if form.reduces else _left_out(connection, written),
    )


def _bad(opened: Recognised, written: Sequence[Path], has_bad: bool) -> list[str]:
    """The queries of the rows to quarantine; `has_bad`: whether a reduced file has any."""
    form = opened.format
    if form.reduces:
        bad = [
            f"select {quote(table)} as table_name, _row, _day, _reason, _raw from ({query})"
            for table, query in form.quarantine.items()
            if has_bad
        ]
    else:
        in_texts = form.container == "parquet"
        bad = [
            f"select {quote(path.stem)} as table_name, _row, _day, _reason, {'texts' if in_texts else 'bad'}._raw "
            f"from read_parquet({path_list([path])}) as bad {'join texts using (_row) ' if in_texts else ''}"
            "where _reason is not null"
            for path in written
        ]
    if opened.broken_count:
        bad.append(f"select null as table_name, _row, null as _day, _reason, _raw from ({opened.broken})")
    return bad


def _count_good(connection: duckdb.DuckDBPyConnection, written: Sequence[Path], has_bad: bool) -> int:
    """How many rows of the file are in a table; `has_bad`: whether any was quarantined."""
    rows = " union ".join(
        f"select distinct _row from read_parquet({path_list([path])}) where _reason is null" for path in written
    )
    (count,) = connection.execute(
        f"select count(*) from ({rows}) as r(_row) where _row not in "
        "(select row_number from bad where table_name is not null)"
        if has_bad
        else f"select count(*) from ({rows})"
    ).fetchone() or (0,)
    return int(count)


def _left_out(connection: duckdb.DuckDBPyConnection, written: Sequence[Path]) -> dict[str, int]:
    """Why good rows lack values that the file has, and how many rows for each reason."""
    return dict(
        connection.execute(
            "select reason, count(*) from (select unnest(string_split(_left_out, '; ')) as reason "
            f"from read_parquet({path_list(written)}, union_by_name = true) where _reason is null) "
            "group by reason order by reason"
        ).fetchall()
    )


def _skips(
    connection: duckdb.DuckDBPyConnection, form: Format, written: Sequence[Path], skipped: int
) -> dict[str, int]:
    """Why rows of the file are in no table, and how many for each reason."""
    reasons: dict[str, int] = {}
    if form.skips:
        taken = " union all ".join(f"select _row from read_parquet({path_list([path])})" for path in written)
        found = f"select _row, min(_reason) as _reason from ({form.skips}) group by _row"
        counted = (
            f"select _reason, count(*) from ({found}) anti join ({taken}) using (_row) group by _reason order by 1"
        )
        reasons = dict(connection.execute(counted).fetchall())
    return explained(reasons, skipped)


def explained(reasons: Mapping[str, int], skipped: int) -> dict[str, int]:
    """The reasons for which rows were skipped, with one for those of the `skipped` rows that have none."""
    rest = skipped - sum(reasons.values())
    return {**reasons, **({UNEXPLAINED: rest} if rest else {})}


def _queries(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    opened: Recognised,
    latest: datetime,
    tolerant: bool = False,
) -> dict[str, str]:
    """Table → the query over `rows` that gives its rows, good and bad; `tolerant` parses what does not cast."""
    form = opened.format
    selects = dict(form.select)
    if form.reduces:  # constants drop out of the plan, which pays at once
        connection.execute("pragma enable_optimizer")
    if form.reduces and len(selects) > 1:
        connection.execute(f"create or replace temp table reduced as {opened.reduction}")
    elif form.reduces:  # read once, it need not be kept
        selects = {table: f"with reduced as ({opened.reduction}) {select}" for table, select in selects.items()}
    how = written_in(connection, source, form, selects)
    if tolerant:
        how = with_evidence(connection, source, form, selects, how)
    return {table: typed(source.table(table), form, select, latest, how) for table, select in selects.items()}


def _has_unread(
    connection: duckdb.DuckDBPyConnection, source: Source, opened: Recognised, written: Sequence[Path]
) -> bool:
    """Whether a written row has a number or a time that tolerant parsing may read."""
    if opened.format.reduces:
        return False
    how = written_in(connection, source, opened.format, opened.format.select)
    doubts = {path: doubt for path in written if (doubt := unread(how, source.table(path.stem)))}
    return any(
        connection.execute(f"select 1 from read_parquet({path_list([path])}) where {doubt} limit 1").fetchone()
        for path, doubt in doubts.items()
    )


def _check_days(connection: duckdb.DuckDBPyConnection, path: Path, latest: datetime, landing_path: str) -> None:
    """Raise LandingFileError if good rows of a Parquet file are on days that its mapping excludes.

    DuckDB trusts a Parquet file's own statistics, and drops a condition that is true for the range they state.
    """
    plausible = f"_day between {quote(str(FIRST_PLAUSIBLE))}::date and {quote(str(latest))}::date"
    if connection.execute(
        f"select 1 from read_parquet({path_list([path])}) where _reason is null and not ({plausible}) limit 1"
    ).fetchone():
        raise _wrong_statistics(landing_path)


def _wrong_statistics(landing_path: str) -> LandingFileError:
    return LandingFileError(
        landing_path,
        "times outside the range in its own statistics",
        "a whole parquet file",
        "It is corrupt: deliver it again; the other files were loaded.",
        status="unreadable",
    )


def _epoch_us(moment: date) -> int:
    start = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    return (start.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _written(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, str], folder: Path) -> list[Path]:
    paths = []
    for table, query in queries.items():
        path = folder / f"{table}.parquet"
        connection.execute(
            f"copy ({query}) to {quote(str(path))} (format parquet, compression zstd, compression_level 1)"
        )
        paths.append(path)
    return paths


def _set_aside(connection: duckdb.DuckDBPyConnection, bad: Sequence[str], path: Path) -> int:
    """Write the rows of the queries `bad` to the table `bad` and to `path`; returns the number of rows."""
    connection.execute(
        "create or replace temp table bad as select table_name::varchar as table_name, _row::bigint as row_number, "
        f"_day::date as day, _reason::varchar as reason, _raw::varchar as raw from ({' union all '.join(bad)})"
    )
    # Lines that did not parse (of no table) are there once each, rows that did once for every table.
    (found, rows) = connection.execute(
        "select count(*), count(distinct row_number) filter (table_name is not null) "
        "+ count(*) filter (table_name is null) from bad"
    ).fetchone() or (0, 0)
    if found:
        connection.execute(f"copy bad to {quote(str(path))} (format parquet)")
    return int(rows)


def _reduced_row_count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    (rows,) = connection.execute(
        f"select coalesce(sum(_rows), 0) from read_parquet({path_list([path])})"
    ).fetchone() or (0,)
    return int(rows)
