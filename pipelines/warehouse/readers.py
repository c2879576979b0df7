"""From a landing file to the relation `rows` of a recognised format, in DuckDB's own readers.

What a format's columns mean is the source's affair; what is done with the rows is `intake`'s.
"""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from pipelines.sources.spec import Container, Format
from pipelines.warehouse.connect import name, quote
from pipelines.warehouse.errors import LandingFileError

LINE_LIMIT = 64 * 2**20
"""The longest line read, in bytes: a page of Jira issues with changelogs is one line of several megabytes. It is
the buffer's size too: left alone DuckDB takes sixteen times as much, a gigabyte, for every file it has open."""
SNIFFED_LINES = 20
SQLITE_BATCH = 10_000
CONTAINERS: dict[str, Container] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".md": "text", ".markdown": "text",
    ".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite",
}  # fmt: skip
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Recognised:
    """A file opened as `rows`: its format, how many rows were read, and how many of them are `broken`.

    `broken` is a query giving `_row`, `_raw`, `_reason` of what did not parse at all; `columns` are a columnar file's
    own, with their types; `constants` those known to hold one text or nothing throughout, or lacking, as SQL.
    """

    format: Format
    rows_read: int
    broken_count: int
    broken: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def reduction(self) -> str:
        """The format's reduction of these rows."""
        reduction = self.format.reduction
        return reduction(self.columns, self.constants) if callable(reduction) else reduction or ""


@contextmanager
def unpacked(path: Path) -> Iterator[list[Path]]:
    """The files to read for `path`: itself, or a zip's members, unpacked for as long as they are read."""
    if path.suffix.lower() != ".zip":
        yield [path]
        return
    with TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and container_of(Path(m.filename))]
        yield [Path(archive.extract(member, folder)) for member in sorted(members, key=lambda m: m.filename)]


def container_of(path: Path) -> Container | None:
    """How the bytes of `path` hold rows, by its name; None when the name does not say."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return CONTAINERS.get(suffixes[-1]) if suffixes else None


def open_rows(
    connection: duckdb.DuckDBPyConnection,
    files: list[Path],
    landing_path: str,
    latest: datetime,
    formats: tuple[Format, ...],
) -> Recognised | None:
    """Create the view `rows` over `files`, one landing file's content, in the format recognised.

    `latest` is the latest time an event in it may plausibly bear. A Parquet row's `_raw` is null unless its format
    reduces: the view `texts` (`_row`, `_raw`) has it. Returns None when the content holds no row at
    all. Raises LandingFileError when no format fits, naming the nearest one and what it lacks, or when the bytes
    cannot be read.
    """
    files = [file for file in files if file.stat().st_size > 0]
    containers = {container_of(file) for file in files}
    if not files:
        return None
    if len(containers) > 1 or None in containers:
        raise LandingFileError(
            landing_path,
            f"a file ending in `{''.join(files[0].suffixes)}`",
            f"one of {', '.join(sorted(CONTAINERS))}, plain, .gz or .zst, or a .zip of one kind",
            "Rename it, or point the source's glob away from it.",
        )
    container = containers.pop()
    about = f"{quote(landing_path)} as _path, timestamp {quote(str(latest))} as _latest"
    try:
        if container == "json":
            return _open_json(connection, files, landing_path, about, formats)
        if container == "text":
            return _open_text(connection, files, landing_path, about, formats)
        if container == "sqlite":
            return _open_sqlite(connection, files, landing_path, about, formats)
        return _open_columns(connection, files, landing_path, about, formats, container or "csv")
    except (duckdb.Error, sqlite3.Error, pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise LandingFileError(
            landing_path,
            f"bytes that do not read as {container} ({str(error).splitlines()[0]})",
            f"a whole {container} file",
            "Deliver it again; the other files were loaded.",
            status="unreadable",
        ) from error


def _open_columns(
    connection: duckdb.DuckDBPyConnection,
    files: list[Path],
    landing_path: str,
    about: str,
    formats: tuple[Format, ...],
    container: Container,
) -> Recognised:
    paths = _listed(files)
    candidates = [f for f in formats if f.container == container]
    if container == "parquet":
        reader = f"read_parquet({paths}, union_by_name = true, file_row_number = true)"
        number = "file_row_number + 1"
    else:
        # DuckDB guesses the dialect from the rows, and a broken one misleads it: the header does not.
        dialect = (
            f"all_varchar = true, header = true, quote = '\"', escape = '\"', max_line_size = {LINE_LIMIT}, "
            f"buffer_size = {LINE_LIMIT}, "
            f"delim = {quote(_delimiter(files[0], candidates))}"
        )
        reader = f"read_csv({paths}, {dialect}, ignore_errors = true)"
        number = "row_number() over ()"
    types = {row[0]: row[1] for row in connection.execute(f"describe from {reader}").fetchall()}
    columns = set(types) - {"file_row_number"}
    found = _recognise(candidates, columns, landing_path, sorted(columns))
    if container == "csv":
        null_text = ", ".join(quote(text) for text in found.null_text)
        reader = f"read_csv({paths}, {dialect}, nullstr = [{null_text}], store_rejects = true)"
    present = {column.lower() for column in columns}
    absent = [c for c in (*found.requires, *found.optional) if c.lower() not in present]
    nulls = "".join(f", null as {name(column)}" for column in dict.fromkeys(absent))
    constants = _constants(connection, files, types) if found.reduces else {}
    replaced = ", ".join(
        f"{value if value != 'null' else f'null::{types[column]}'} as {name(column)}"
        for column, value in constants.items()
    )
    raw = "cast(to_json(r) as varchar)"
    if container == "parquet" and not found.reduces:
        # Printing ten million good rows for the sake of a bad one costs more than reading them.
        connection.execute(
            f"create or replace temp view texts as select {number} as _row, {raw} as _raw from {reader} as r"
        )
        raw = "null::varchar"
    connection.execute(
        f"create or replace temp view rows as select *{f' replace ({replaced})' if replaced else ''}{nulls}, "
        f"{number} as _row, {raw} as _raw, {about} from {reader} as r"
    )
    if container == "parquet":
        (count,) = connection.execute(
            f"select coalesce(sum(num_rows), 0) from parquet_file_metadata({paths})"
        ).fetchone() or (0,)
        return Recognised(found, int(count), 0, "", types, constants | dict.fromkeys(absent, "null"))
    for table in ("reject_scans", "reject_errors"):
        connection.execute(f"drop table if exists {table}")
    # Rejects are written when the scan's result has been read to its end: fetchone would leave them out.
    ((good,),) = connection.execute(f"select count(*) from {reader}").fetchall()
    # DuckDB makes the table of rejects when it meets the first.
    if not connection.execute("select 1 from duckdb_tables() where table_name = 'reject_errors'").fetchone():
        return Recognised(found, int(good), 0, "")
    connection.execute(
        "create or replace temp table broken_lines as select line as _row, any_value(csv_line) as _raw, "
        "string_agg(distinct error_message, '; ') as _reason from reject_errors group by file_id, line"
    )
    (bad,) = connection.execute("select count(*) from broken_lines").fetchone() or (0,)
    return Recognised(found, int(good) + int(bad), int(bad), "from broken_lines")


def _listed(files: list[Path]) -> str:
    return "[" + ", ".join(quote(str(file)) for file in files) + "]"


def _constants(connection: duckdb.DuckDBPyConnection, files: list[Path], types: Mapping[str, str]) -> dict[str, str]:
    """The columns that hold one text or nothing throughout, by the Parquet files' own statistics, as SQL.

    A log file is mostly one model's, and one that is no language model counts no tokens: to read what is known to be
    constant costs a twentieth of the scan (2026-11-26), and to group by it much more.
    """
    is_empty = "bool_and(coalesce(stats_null_count = num_values, false))"
    known = connection.execute(
        f"select path_in_schema, any_value(stats_min_value), {is_empty} "
        f"from parquet_metadata({_listed(files)}) where row_group_num_rows > 0 group by path_in_schema "
        f"having count(distinct file_name) = {len(files)} and ({is_empty} "
        "or bool_and(coalesce(stats_null_count = 0 and min_is_exact and max_is_exact "
        "and stats_min_value = stats_max_value, false)) and count(distinct stats_min_value) = 1)"
    ).fetchall()
    return {
        column: "null" if empty else quote(value)
        for column, value, empty in known
        if column in types and (empty or types[column] == "VARCHAR")
    }


def _delimiter(file: Path, candidates: list[Format]) -> str:
    """The character that splits the header into most of the columns a format requires."""
    with pa.input_stream(str(file), compression="detect") as stream:
        header = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace").readline()
    wanted = {column.lower() for candidate in candidates for column in candidate.requires}

    def found(delimiter: str) -> int:
        return len(wanted & {cell.strip().strip('"').lower() for cell in header.split(delimiter)})

    return max((",", ";", "\t", "|"), key=found)


def _open_json(
    connection: duckdb.DuckDBPyConnection,
    files: list[Path],
    landing_path: str,
    about: str,
    formats: tuple[Format, ...],
) -> Recognised | None:
    candidates = [f for f in formats if f.container == "json"]
    paths = _listed(files)
    if all(_holds_lines(file) for file in files):
        # One text column: a delimiter no JSON text can hold, so that a broken line stays one row.
        documents = (
            f"select row_number() over () as _row, line as _raw from read_csv({paths}, "
            f"columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false, "
            f"auto_detect = false, max_line_size = {LINE_LIMIT}, buffer_size = {LINE_LIMIT})"
        )
    else:
        documents = (
            "select row_number() over () as _row, cast(json as varchar) as _raw "
            f"from read_json_objects({paths}, format = 'auto', maximum_object_size = {LINE_LIMIT})"
        )
    connection.execute(f"create or replace temp view documents as select * from ({documents}) where trim(_raw) <> ''")
    lines, broken = connection.execute(
        "select count(*), count(*) filter (not json_valid(_raw)) from documents"
    ).fetchone() or (0, 0)
    if lines == 0:
        return None
    head = [
        json.loads(row[0])
        for row in connection.execute(
            f"select _raw from documents where json_valid(_raw) limit {SNIFFED_LINES}"
        ).fetchall()
    ]
    # Pages without a record: a quiet day, known by the file's name alone, or else by what is broken in it.
    quiet = [candidate for candidate in candidates if head and not _records(head, candidate)]
    if quiet and lines - broken == len(head):
        if not broken:
            return None
        found = quiet[0]
    else:
        found = _recognise(candidates, _paths_in(head, candidates), landing_path, _top_keys(head))
    records = (
        "select _row, _raw, cast(_raw as json) as doc, cast(_raw as json) as page from documents where json_valid(_raw)"
    )
    for path in found.records:
        records = (
            f"select _row, page, unnest(case when json_exists(doc, {quote(path)}) "
            f"then json_extract(doc, {quote(path + '[*]')}) else [doc] end) as doc from ({records})"
        )
    if found.records:
        records = (
            "select row_number() over () as _row, cast(doc as varchar) as _raw, doc, page, _row as _document "
            f"from ({records})"
        )
    connection.execute(f"create or replace temp view rows as select *, {about} from ({records})")
    (good,) = connection.execute("select count(*) from rows").fetchone() or (0,)
    bad = "select _row, _raw, 'is not valid JSON' as _reason from documents where not json_valid(_raw)"
    return Recognised(found, int(good) + int(broken), int(broken), bad)


def _open_text(
    connection: duckdb.DuckDBPyConnection,
    files: list[Path],
    landing_path: str,
    about: str,
    formats: tuple[Format, ...],
) -> Recognised:
    found = _recognise([f for f in formats if f.container == "text"], {"text"}, landing_path, ["text"])
    documents = [(number, _text_of(file)) for number, file in enumerate(files, 1)]
    connection.execute("create or replace temp table documents (_row bigint, text varchar)")
    connection.executemany("insert into documents values (?, ?)", documents)
    connection.execute(f"create or replace temp view rows as select *, text as _raw, {about} from documents")
    return Recognised(found, len(documents), 0, "")


def _text_of(file: Path) -> str:
    with pa.input_stream(str(file), compression="detect") as stream:
        return io.TextIOWrapper(stream, encoding="utf-8-sig").read()


def _open_sqlite(
    connection: duckdb.DuckDBPyConnection,
    files: list[Path],
    landing_path: str,
    about: str,
    formats: tuple[Format, ...],
) -> Recognised:
    """Rows by Python's own sqlite3: DuckDB's extension for it has to be downloaded."""
    if len(files) > 1:
        raise LandingFileError(landing_path, f"{len(files)} databases", "one", "Deliver each in a file of its own.")
    candidates = [f for f in formats if f.container == "sqlite"]
    schema = pa.schema([("_table", pa.string()), ("doc", pa.string())])
    # Immutable: nothing is written beside a landing file, not even a lock. DuckDB reads from a thread of its own.
    address = f"{files[0].absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as database:
        columns: dict[str, list[str]] = {}
        for table, column in database.execute(
            "select t.name, c.name from sqlite_master as t, pragma_table_info(t.name) as c where t.type = 'table'"
        ):
            columns.setdefault(table, []).append(column)
        present = {f"{table}.{column}" for table, names in columns.items() for column in names}
        found = _recognise(candidates, present, landing_path, sorted(columns))
        batches = _sqlite_batches(database, {t: columns[t] for t in found.records if t in columns}, schema)
        # Results fetched to their end: a connection that still holds one takes no reader, and gives none up.
        connection.execute("create or replace temp table records (_table varchar, doc varchar)").fetchall()
        connection.register("sqlite_rows", pa.RecordBatchReader.from_batches(schema, batches))
        connection.execute("insert into records select * from sqlite_rows").fetchall()
        connection.unregister("sqlite_rows")
    connection.execute(
        "create or replace temp view rows as "
        f"select rowid + 1 as _row, _table, doc as _raw, cast(doc as json) as doc, {about} from records"
    )
    (count,) = connection.execute("select count(*) from records").fetchone() or (0,)
    return Recognised(found, int(count), 0, "")


def _sqlite_batches(
    database: sqlite3.Connection, columns: Mapping[str, list[str]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for table, names in columns.items():
        pairs = ", ".join(f"{quote(column)}, {name(column)}" for column in names)
        cursor = database.execute(f"select {quote(table)}, json_object({pairs}) from {name(table)}")
        while rows := cursor.fetchmany(SQLITE_BATCH):
            yield pa.record_batch([list(values) for values in zip(*rows, strict=True)], schema=schema)


def _recognise(candidates: list[Format], present: set[str], landing_path: str, shown: list[str]) -> Format:
    """The candidate whose required columns are all `present`; of several, the one that requires most."""
    lower = {column.lower() for column in present}

    def missing(candidate: Format) -> list[str]:
        return [column for column in candidate.requires if column.lower() not in lower]

    fitting = [candidate for candidate in candidates if not missing(candidate)]
    if fitting:
        return max(fitting, key=lambda candidate: len(candidate.requires))
    if not candidates:
        raise LandingFileError(
            landing_path,
            "a kind of file this source has no format for",
            "one of the formats in the source's module",
            "Point the source's glob away from it.",
        )
    nearest = min(candidates, key=lambda c: len(missing(c)) / max(1, len(c.requires)))
    raise LandingFileError(
        landing_path,
        f"columns {', '.join(shown[:12])}{' …' if len(shown) > 12 else ''}",
        f"{nearest.name} (the nearest of {', '.join(c.name for c in candidates)}), "
        f"which needs {', '.join(missing(nearest))} too",
        "Export it with these columns and deliver it again.",
    )


def _paths_in(head: list[object], candidates: list[Format]) -> set[str]:
    """The required JSON paths of the candidates that any of the first records holds."""
    found: set[str] = set()
    for candidate in candidates:
        records = _records(head, candidate)
        found |= {path for path in candidate.requires if any(_has(record, path) for record in records)}
    return found


def _records(head: list[object], candidate: Format) -> list[object]:
    """The records in the first documents, as the candidate would unnest them."""
    records = head
    for path in candidate.records:
        records = [item for record in records for item in _at(record, path)]
    return records


def _at(record: object, path: str) -> list[object]:
    value = record
    for key in path.removeprefix("$.").split("."):
        if not isinstance(value, dict) or key not in value:
            return [record]
        value = value[key]
    return list(value) if isinstance(value, list) else [value]


def _has(record: object, path: str) -> bool:
    value = record
    for key in path.removeprefix("$.").split("."):
        key = key.strip('"')
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _top_keys(head: list[object]) -> list[str]:
    return sorted({key for record in head if isinstance(record, dict) for key in record})


def _holds_lines(file: Path) -> bool:
    """Whether a JSON file holds a document a line, rather than one spread over lines or an array."""
    with pa.input_stream(str(file), compression="detect") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace")
        seen = 0
        for line in text:
            if not line.strip():
                continue
            if seen == 0 and line.lstrip().startswith("["):
                return False
            try:
                if isinstance(json.loads(line), dict):
                    return True
            except ValueError:
                pass
            seen += 1
            if seen == SNIFFED_LINES:
                return False
    return False
