"""CSV files as the relation `rows`. Nothing is guessed from the rows: a broken one misleads, the header does not."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb

from pipelines.sources.spec import Format
from pipelines.warehouse.connect import literal, name, path_list, quote
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.recognise import RENAMED, RESERVED_COLUMNS, Landed, Recognised, recognise

DELIMITERS = (",", ";", "\t", "|")
TITLE_LINES = 50
"""How many rows may be above the header: a report's title, its period, its reader."""
SMALLEST_BUFFER = 2**16
RAW_KEPT = 10_000
"""How many characters of a broken line are kept."""
_REASON = (
    "regexp_replace(error_message, '^Expected Number of Columns: ([0-9]+) Found: ([0-9]+)$', "
    "'the line has \\2 columns and the header has \\1 columns')"
)
"""SQL of why a line did not parse: DuckDB's reason in words."""
_BROKEN_LINES = f"""
    create or replace temp table broken_lines as
    with broken as (
        select
            scan_id, file_id, line, any_value(csv_line) as csv_line,
            coalesce(
                arg_min({_REASON}, column_idx) filter (error_type = 'MISSING COLUMNS'),
                arg_max({_REASON}, (column_idx, error_message))
            ) as _reason
        from reject_errors
        group by scan_id, file_id, line
    ),
    lines as (
        select
            scan_id, file_id, line_number, _reason,
            unnest(string_split(rtrim(csv_line, chr(10)), chr(10))) as text,
            generate_subscripts(string_split(rtrim(csv_line, chr(10)), chr(10)), 1) as place
        from broken join line_numbers using (scan_id, file_id, line)
    )
    select
        row_number() over (order by scan_id, file_id, line_number + place) as number,
        line_number + place - 1 as _row, left(text, {RAW_KEPT}) as _raw, _reason
    from lines where trim(text) <> ''"""
"""A quote without its second swallows lines: each of them is a row that is not loaded. Of a line with too many cells
there is an error for each of them: the last knows how many there are. Of one with too few there is one for each that is
missing: the first does."""
_BEHIND = re.compile(r"^.*\S\s*\((\w+)\)$")
"""A column's name in parentheses behind another one."""


@dataclass(frozen=True)
class Header:
    """Where the rows begin, what separates their cells, and the columns' names, made unlike one another."""

    delimiter: str
    columns: tuple[str, ...]
    is_first_line: bool
    ends_at: int


@dataclass(frozen=True)
class _Rows:
    """A file as the reader gets it: `path`, of which line 1 is the line `above + 1` of the file that landed."""

    path: Path
    above: int


def open_csv(landed: Landed) -> Recognised | None:
    """Create the view `rows` over CSV files of one landing file; None where none has a header."""
    candidates = landed.candidates("csv")
    headers = {file.path: _header(file.path, candidates, landed) for file in landed.files}
    found = [(path, header) for path, header in headers.items() if header]
    if not found:
        return None
    shared = set.intersection(*({column.lower() for column in header.columns} for _, header in found))
    form = recognise(candidates, shared, landed.path, found[0][1].columns, landed.formats)
    connection = landed.connection
    for table in ("reject_scans", "reject_errors"):
        connection.execute(f"drop table if exists {table}")
    largest = max(file.size for file in landed.files)
    buffer = min(landed.limits.line_bytes, max(2 * largest, SMALLEST_BUFFER))
    nulls = ", ".join(quote(text) for text in form.null_text)
    together = list(_together(found))
    reader = " union all by name ".join(
        f"select * from read_csv({path_list(paths)}, {_dialect(header)}, nullstr = [{nulls}], "
        f"buffer_size = {buffer}, max_line_size = {min(landed.limits.line_bytes, buffer)}, store_rejects = true)"
        for header, files in together
        for paths in [[file.path for file in files]]
    )
    present = {column.lower() for _, header in found for column in header.columns}
    absent = dict.fromkeys(c for c in (*form.requires, *form.optional) if c.lower() not in present)
    in_path = form.path_values(landed.path)
    lacking = "".join(f", {literal(in_path.get(column))} as {name(column)}" for column in absent)
    connection.execute(
        f"create or replace temp view rows as select *{lacking}, "
        f"row_number() over () as _row, cast(to_json(r) as varchar) as _raw, {landed.about} from ({reader}) as r"
    )
    # Rejects are written when the scan's result has been read to its end: fetchone would leave them out.
    ((good,),) = connection.execute(f"select count(*) from ({reader})").fetchall()
    # DuckDB makes the table of rejects when it meets the first.
    if not connection.execute("select 1 from duckdb_tables() where table_name = 'reject_errors'").fetchone():
        return Recognised(form, int(good), 0, "")
    _number_lines(connection, [file for _, files in together for file in files])
    connection.execute(_BROKEN_LINES)
    (bad,) = connection.execute("select count(*) from broken_lines").fetchone() or (0,)
    return Recognised(form, int(good) + int(bad), int(bad), "from broken_lines")


def _dialect(header: Header) -> str:
    columns = ", ".join(f"{quote(column)}: 'VARCHAR'" for column in header.columns)
    return (
        f"columns = {{{columns}}}, auto_detect = false, header = false, skip = {int(header.is_first_line)}, "
        f"delim = {quote(header.delimiter)}, quote = '\"', escape = '\"'"
    )


def _number_lines(connection: duckdb.DuckDBPyConnection, files: Sequence[_Rows]) -> None:
    """Create the table `line_numbers`: which line of its file, as an editor counts them, a rejected record begins on.

    DuckDB counts records: it takes one of several lines for one. Only files that have a rejected record are read.
    """
    above = {str(file.path): file.above for file in files}
    rejected = connection.execute(
        "select distinct file_path, scan_id, file_id, line, line_byte_position from reject_errors "
        "join reject_scans using (scan_id, file_id) order by scan_id, file_id, line_byte_position"
    ).fetchall()
    numbers = []
    for path, those in groupby(rejected, key=lambda row: row[0]):
        with Path(path).open("rb") as stream:
            is_old_mac = b"\n" not in stream.read(SMALLEST_BUFFER)
            end, line = b"\r" if is_old_mac else b"\n", above[path] + 1
            stream.seek(0)
            for _, scan_id, file_id, record, position in those:
                while (left := position - 1 - stream.tell()) > 0 and (read := stream.read(min(left, 2**20))):
                    line += read.count(end)
                numbers.append([scan_id, file_id, record, line])
    connection.execute(
        "create or replace temp table line_numbers (scan_id bigint, file_id bigint, line bigint, line_number bigint)"
    )
    if numbers:
        connection.executemany("insert into line_numbers values (?, ?, ?, ?)", numbers)


def _together(found: Sequence[tuple[Path, Header]]) -> Iterator[tuple[Header, list[_Rows]]]:
    """The files by header; where the rows do not begin below the first line, the rows in a file of their own."""
    alike: dict[tuple[str, tuple[str, ...], bool], list[_Rows]] = {}
    for path, header in found:
        rows = _Rows(path, 0) if header.is_first_line else _below(path, header.ends_at)
        alike.setdefault((header.delimiter, header.columns, header.is_first_line), []).append(rows)
    for (delimiter, columns, is_first_line), files in alike.items():
        yield Header(delimiter, columns, is_first_line, 0), files


def _below(path: Path, start: int) -> _Rows:
    rows = path.with_name(f"{path.name}.rows")
    with path.open("rb") as source, rows.open("wb") as target:
        above = source.read(start)
        shutil.copyfileobj(source, target)
    return _Rows(rows, above.count(b"\n") or above.count(b"\r"))


def _header(path: Path, candidates: Sequence[Format], landed: Landed) -> Header | None:
    """The first row that has the columns of a format; else the first that is not empty; None where there is none."""
    with path.open("rb") as stream:
        start = stream.read(landed.limits.header_bytes)
        is_whole = not stream.read(1)
    text = start.decode("utf-8", "ignore")
    if not is_whole and "\n" not in text and "\r" not in text:
        raise LandingFileError(
            landed.path,
            f"a first line of more than {landed.limits.header_bytes:,} bytes",
            "a header",
            "If it is meant, raise the setting `limits.header_bytes`.",
            status="unreadable",
        )
    spelled = {c.lower(): c for candidate in candidates for c in (*candidate.requires, *candidate.optional)}
    wanted = [{c.lower() for c in form.requires if c not in form.path_values(landed.path)} for form in candidates]
    best: tuple[int, Header] | None = None
    for delimiter in DELIMITERS:
        for place, written, ends_at in _first_rows(text, delimiter):
            cells = _in_english(written, spelled)
            named = {cell.lower() for cell in cells}
            fit = max((len(columns & named) + (1000 if columns <= named else 0) for columns in wanted), default=0)
            if best is None or fit > best[0] or (best[0] == 0 and fit == 0 and len(cells) > len(best[1].columns)):
                best = (fit, Header(delimiter, tuple(_unlike(cells, spelled)), place == 0, ends_at))
    return best[1] if best else None


def _in_english(cells: list[str], spelled: Mapping[str, str]) -> list[str]:
    """The columns' names, where a header has each in parentheses behind one in another language: `Fecha (Date)`.

    Azure's portal writes such. Single names in parentheses say something else: `Custom field (Team)`.
    """
    names = [cell if cell.lower() in spelled else _BEHIND.sub(r"\1", cell) for cell in cells]
    is_each = all(name != cell or cell.lower() in spelled or not cell for name, cell in zip(names, cells, strict=True))
    known = sum(name != cell and name.lower() in spelled for name, cell in zip(names, cells, strict=True))
    return names if is_each and known > 1 else cells


def _first_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], int]]:
    """(line it begins at, cells without blanks around them, byte it ends at) of the first rows that are not empty."""
    lines = text.splitlines(keepends=True) if "\n" not in text else text.split("\n")
    if "\n" in text:
        lines = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    reader = csv.reader(iter(lines), delimiter=delimiter)
    begins, ends_at, rows = 0, 0, 0
    try:
        for cells in reader:
            ends_at += sum(len(line.encode()) for line in lines[begins : reader.line_num])
            found = [cell.strip(" \t\r\n\ufeff\xa0") for cell in cells]
            if any(found):
                yield begins, found, ends_at
                rows += 1
            begins = reader.line_num
            if rows == TITLE_LINES:
                return
    except csv.Error:  # a cell without end: what was seen before it is all there is
        return


def _unlike(cells: Sequence[str], spelled: Mapping[str, str]) -> Iterator[str]:
    """Names for the columns, spelled as the formats do: none twice, none empty, none of ours."""
    taken: set[str] = set()
    for place, cell in enumerate(cells):
        column = spelled.get(cell.lower(), cell) or f"column{place}"
        if column.lower() in RESERVED_COLUMNS:
            column += RENAMED
        unlike, number = column, 0
        while unlike.lower() in taken:
            number += 1
            unlike = f"{column}_{number}"
        taken.add(unlike.lower())
        yield unlike


csv.field_size_limit(io.DEFAULT_BUFFER_SIZE * 2**10)
