"""Making a content's Parquet files of an opened landing file: typed, bad rows set aside, everything counted.

What stops a file stops that file alone, told by name. Which files there are, and what is recorded of them, is
`intake`'s affair; how a file is opened, `plain`'s and `readers`'.
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
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import name, path_list, quote
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.failing import NOT_OF_ROWS, failing_rows
from pipelines.warehouse.file_versions import AS_DELIVERED, content_folder, content_of, logged_names, names_say
from pipelines.warehouse.incomplete import keep_pages
from pipelines.warehouse.json_rows import REWRITE
from pipelines.warehouse.landing import LandingFile, modified
from pipelines.warehouse.plain import Plain, plain_files
from pipelines.warehouse.readers import open_rows
from pipelines.warehouse.recognise import Landed, Recognised
from pipelines.warehouse.values import FIRST_PLAUSIBLE, as_it_stands, looked_at_closely, typed, unread, written_in

log = logging.getLogger(__name__)

CLOCK_TOLERANCE = timedelta(days=1)
"""How far after its file was written a row may claim to have happened, before it is set aside."""
UNEXPLAINED = "its format's mapping leaves it out"
"""Why a row is skipped where its format says nothing else."""
SMALL = 2**20
"""Bytes below which a file is read without DuckDB's optimizer, unless it is reduced."""
OURS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EROFS}
_OURS = re.compile(r"(?i)no space left|too many open files|read-only file system|max_temp_directory_size")
_READING = re.compile(r"[^\s\"'`]*/reading\.[^\s\"'`]+")


def convert(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    version: str,
    file: LandingFile,
    report: ledger.FileReport,
) -> ledger.FileReport:
    """Take in one file whose content is not known; the report says what became of it, and why where it is nothing.

    Of a format that reads the path, the report returned names the content that the file's bytes are under its name.

    Raises only for what is none of the file's faults: a full disk, or DuckDB brought down (FatalException,
    InternalException), by whichever file.
    """
    building = content_folder(settings, source.name, version, report.content_id + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        report = _converted(connection, settings, source, file, building, report)
    except Exception as error:
        shutil.rmtree(building, ignore_errors=True)
        if isinstance(error, (duckdb.FatalException, duckdb.InternalException)) or is_ours(error):
            raise
        return unreadable(file, report, error)
    form = next((form for form in source.formats if form.name == report.format), None)
    says = names_say(connection, source, [file.path])[file.path]
    report = replace(report, content_id=content_of(report.content_id, form, says))
    folder = content_folder(settings, source.name, version, report.content_id)
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    return report


def unreadable(file: LandingFile, report: ledger.FileReport, error: Exception) -> ledger.FileReport:
    """The report of a file at which reading failed with `error`, by its kind: it may be a fault of our own."""
    if isinstance(error, LandingFileError):
        return replace(report, status=error.status, message=str(error))
    text = (str(error).splitlines() or [""])[0]
    told = LandingFileError(
        file.path,
        f"what cannot be read ({type(error).__name__}: {_READING.sub(file.path, text)[:500]})",
        "a whole file of a format of this source",
        REWRITE if "Malformed JSON" in text else "Deliver it again; the other files were loaded.",
        status="unreadable",
    )
    log.debug("%s", told, exc_info=error)
    return replace(report, status=told.status, message=str(told))


def is_ours(error: Exception) -> bool:
    """Whether an error is none of the file's faults and may pass: a full disk, too many files open."""
    return (isinstance(error, OSError) and error.errno in OURS) or _OURS.search(str(error)) is not None


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
        # To plan a mapping well takes DuckDB longer than to carry it out badly over some thousand rows.
        is_small = sum(plain.size for plain in files) < SMALL
        connection.execute(f"pragma {'disable' if is_small else 'enable'}_optimizer")
        report = replace(report, encoding=encoding_of(files))
        landed = Landed(connection, files, file.path, latest, source.formats, settings.limits)
        opened = open_rows(landed)
        if opened is not None:
            report = _keep(connection, source, opened, files, latest, building, report) or _write_tables(
                connection, source, opened, latest, building, report
            )
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
    """Raise LandingFileError when the file is no longer the one that was hashed."""
    stat = file.absolute.stat()
    if (stat.st_size, modified(stat)) != (file.size_bytes, file.modified_at):
        raise LandingFileError(
            file.path,
            f"{stat.st_size:,} bytes written {modified(stat)}",
            f"the {file.size_bytes:,} bytes of {file.modified_at} that reading began with",
            "It changed while it was read; the next run takes it in. Write elsewhere, then rename.",
            status="unreadable",
        )


def _keep(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    opened: Recognised,
    files: Sequence[Plain],
    latest: datetime,
    folder: Path,
    report: ledger.FileReport,
) -> ledger.FileReport | None:
    """Keep the bytes of a file that can be read as it is under the table's names; None where it can't."""
    if opened.format.renames is None or len(files) > 1:
        return None
    lower = {column.lower() for column in opened.columns}
    if any(column.lower() not in lower for column in opened.format.told_by(report.path)):
        return None
    table = source.table(opened.format.renames[0])
    logged = logged_names(opened.format, table)
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
    # Every value that will be asked for is read now: what is claimed as loaded is whole. Days are asked for as numbers
    # too: of a comparison of times DuckDB may believe the file's own statistics, which may lie.
    read = ", ".join(name(column.name) for column in table.columns)
    (bad, _, first, last) = connection.execute(
        f"select count(*) filter (not ({' and '.join(clear)})), max(hash({read})), min(epoch_us({day})), "
        f"max(epoch_us({day})) from (select {renamed} from rows)"
    ).fetchone() or (0, 0, None, None)
    if bad:
        return None
    if first is not None and not (_epoch_us(FIRST_PLAUSIBLE) <= first and last <= _epoch_us(latest)):
        raise _lying(report.path)
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
            queries = partial(queries, closely=True)
            written = _written(connection, queries(), folder)
    except duckdb.Error as error:
        queries = partial(queries, closely=True)
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
    # The first table of a reduced file stands for its rows; the others are other views of the same ones.
    good = _stood_for(connection, written[0]) if form.reduces else 0
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
    """How many rows of the file are in a table; `has_bad`: whether any was set aside."""
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
    closely: bool = False,
) -> dict[str, str]:
    """Table → the query over `rows` that gives its rows, good and bad; `closely` reads what a cast does not."""
    form = opened.format
    selects = dict(form.select)
    if form.reduces:  # what its constants tell is left out of the plan, and that pays at once
        connection.execute("pragma enable_optimizer")
    if form.reduces and len(selects) > 1:
        connection.execute(f"create or replace temp table reduced as {opened.reduction}")
    elif form.reduces:  # read once, it need not be kept
        selects = {table: f"with reduced as ({opened.reduction}) {select}" for table, select in selects.items()}
    how = written_in(connection, source, form, selects)
    if closely:
        how = looked_at_closely(connection, source, form, selects, how)
    return {table: typed(source.table(table), form, select, latest, how) for table, select in selects.items()}


def _has_unread(
    connection: duckdb.DuckDBPyConnection, source: Source, opened: Recognised, written: Sequence[Path]
) -> bool:
    """Whether a written row has a number or a time that a closer look may read."""
    if opened.format.reduces:
        return False
    how = written_in(connection, source, opened.format, opened.format.select)
    doubts = {path: doubt for path in written if (doubt := unread(how, source.table(path.stem)))}
    return any(
        connection.execute(f"select 1 from read_parquet({path_list([path])}) where {doubt} limit 1").fetchone()
        for path, doubt in doubts.items()
    )


def _check_days(connection: duckdb.DuckDBPyConnection, path: Path, latest: datetime, landing_path: str) -> None:
    """Raise LandingFileError where good rows of a Parquet file are of days that its mapping lets through to nobody.

    DuckDB believes a Parquet file's own statistics, and leaves out a condition that holds for all they tell of.
    """
    plausible = f"_day between {quote(str(FIRST_PLAUSIBLE))}::date and {quote(str(latest))}::date"
    if connection.execute(
        f"select 1 from read_parquet({path_list([path])}) where _reason is null and not ({plausible}) limit 1"
    ).fetchone():
        raise _lying(landing_path)


def _lying(landing_path: str) -> LandingFileError:
    return LandingFileError(
        landing_path,
        "times that its own statistics deny",
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
    """Keep what the queries `bad` find, as the table `bad` and at `path`; returns how many of the file's rows it is."""
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


def _stood_for(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    (rows,) = connection.execute(
        f"select coalesce(sum(_rows), 0) from read_parquet({path_list([path])})"
    ).fetchone() or (0,)
    return int(rows)
