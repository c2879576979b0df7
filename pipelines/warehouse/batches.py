"""Small JSON files, read in batches: planning a mapping takes DuckDB longer than running it over a few rows.

Only files without a problem are read here. A file with a single bad row is read alone (`convert`), which reports it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.settings import Settings
from pipelines.sources.spec import Format, Source
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import name, path_list, quote
from pipelines.warehouse.convert import CLOCK_TOLERANCE, check_unchanged, encoding_of, explained, is_system_error
from pipelines.warehouse.file_versions import file_version_folder, file_version_id, path_values
from pipelines.warehouse.incomplete import keep_pages
from pipelines.warehouse.json_rows import depth, format_of, records_of
from pipelines.warehouse.landing import LandingFile
from pipelines.warehouse.plain import plain_files
from pipelines.warehouse.values import typed, written_in

BATCHED_BELOW = 2**21
"""Bytes of text up to which a file is read with others."""
AT_ONCE, TEXT_AT_ONCE = 250, 2**24
"""Files of a batch, and about how many bytes of their text: with more, planning is not what takes long."""
_NAMES = (".json", ".jsonl", ".ndjson")
_PACKED = {".gz": 8, ".zst": 8, ".zip": 8}
"""About how many bytes of JSON there are in one of a packed file."""
_SEPARATOR = "\x01"


@dataclass
class _Part:
    """One file of a batch: the hash of its bytes, its report so far, and its documents, a line each."""

    bytes_id: str
    file: LandingFile
    report: ledger.FileReport
    lines: list[str]


@dataclass
class _Batch:
    """Files of one format, by their number in the batch."""

    form: Format
    parts: dict[int, _Part] = field(default_factory=dict)
    text_bytes: int = 0


def in_batches(files: Mapping[str, LandingFile]) -> Iterator[dict[str, LandingFile]]:
    """The files (by bytes) in groups to be read at once: small JSON files many, every other file by itself."""
    small: dict[str, LandingFile] = {}
    text = 0
    for bytes_id, file in files.items():
        suffix = file.absolute.suffix.lower()
        expected = file.size_bytes * _PACKED.get(suffix, 1)
        if expected > BATCHED_BELOW or suffix not in (*_NAMES, *_PACKED):
            yield {bytes_id: file}
            continue
        if len(small) == AT_ONCE or (small and text + expected > TEXT_AT_ONCE):
            yield small
            small, text = {}, 0
        small[bytes_id] = file
        text += expected
    if small:
        yield small


def convert_together(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    version: str,
    files: Mapping[str, LandingFile],
    reports: Mapping[str, ledger.FileReport],
) -> dict[str, ledger.FileReport]:
    """Ingest those of the files (by bytes) that are JSON without a problem; the result does not have the others."""
    values_of = path_values(connection, source, [file.path for file in files.values()])
    parent = file_version_folder(settings, source.name, version, "")
    parent.mkdir(parents=True, exist_ok=True)
    done: dict[str, ledger.FileReport] = {}
    with TemporaryDirectory(dir=parent, prefix="reading.") as folder:
        for number, batch in enumerate(_batches(settings, source, files, reports, values_of, Path(folder))):
            building = Path(folder) / str(number)
            (building / "tables").mkdir(parents=True)
            try:
                clean = _written(connection, source, batch, building)
            except duckdb.Error as error:
                if is_system_error(error):
                    raise
                continue
            for part, report in clean:
                target = file_version_folder(settings, source.name, version, report.content_id)
                shutil.rmtree(target, ignore_errors=True)
                (building / part.bytes_id).rename(target)
                done[part.bytes_id] = report
    return done


def _batches(
    settings: Settings,
    source: Source,
    files: Mapping[str, LandingFile],
    reports: Mapping[str, ledger.FileReport],
    values_of: Mapping[str, Mapping[str, str]],
    folder: Path,
) -> Iterator[_Batch]:
    """The files that look like JSON without a problem, by format."""
    candidates = [form for form in source.formats if form.container == "json"]
    if not candidates:
        return
    found: dict[str, _Batch] = {}
    for number, (bytes_id, file) in enumerate(files.items()):
        try:
            with plain_files(file.absolute, file.path, settings.limits, folder) as plain:
                text_bytes = sum(one.size for one in plain)
                if {one.container for one in plain} != {"json"} or text_bytes > 2 * BATCHED_BELOW:
                    continue
                texts = [one.path.read_text(encoding="utf-8") for one in plain]
            check_unchanged(file)
            documents = [_documents(text, settings.limits.nesting) for text in texts]
            lines = [line for some in documents for line in some] if all(documents) else []
            form = format_of(lines, candidates, file.path) if lines else None
            if form and form.path_values(file.path):
                continue
        except Exception as error:  # reading the file alone has the same error and reports it
            if is_system_error(error):
                raise
            continue
        if form:
            content_id = file_version_id(bytes_id, form, values_of[file.path])
            report = replace(reports[bytes_id], content_id=content_id, encoding=encoding_of(plain), format=form.name)
            batch = found.setdefault(form.name, _Batch(form))
            batch.parts[number] = _Part(bytes_id, file, report, lines)
            batch.text_bytes += text_bytes
            if batch.text_bytes > 2 * TEXT_AT_ONCE:  # packed better than expected
                yield found.pop(form.name)
    yield from (batch for batch in found.values() if len(batch.parts) > 1)


def _documents(text: str, nesting: int) -> list[str]:
    """The documents in a text, a line each; none where that is not plain to see."""
    if _SEPARATOR in text or not text.lstrip().startswith("{"):
        return []
    lines = [line for line in text.split("\n") if line.strip()]
    if not all(line.rstrip().endswith("}") and line.startswith("{") for line in lines):
        lines = [text.replace("\n", " ")]  # one document over many lines: no text in it holds a line end
    bracketed = (line for line in lines if max(line.count("["), line.count("{")) > nesting // 2)
    return [] if any(depth(line) > nesting for line in bracketed) else lines


def _written(
    connection: duckdb.DuckDBPyConnection, source: Source, batch: _Batch, building: Path
) -> list[tuple[_Part, ledger.FileReport]]:
    """Write a folder of Parquet files, called like its bytes, for each part in order; returns these with reports."""
    _open(connection, batch, building)
    # Held to the latest of their limits here, and each row to its own file's when rows are counted.
    latest = max(map(_latest, batch.parts.values()))
    how = written_in(connection, source, batch.form, batch.form.select)
    for table, select in batch.form.select.items():
        query = typed(source.table(table), batch.form, select, latest, how)
        connection.execute(f"create or replace temp table {name('batch_' + table)} as {query}")
    rows = " union all ".join(
        f"select _row, coalesce(_reason, _left_out) as _fault, {name(source.table(table).day)}::timestamp as _at "
        f"from {name('batch_' + table)}"
        for table in batch.form.select
    )
    counted = (
        connection.execute(
            "create or replace temp table counted as "
            "select _part, min(every._row) as first_row, count(distinct every._row) as read_count, "
            "count(distinct found._row) as loaded_count, "
            "count(*) filter (found._fault is not null or found._at > every._latest) as bad_count "
            f"from batch_rows as every left join ({rows}) as found using (_row) group by _part"
        )
        .execute("select _part, read_count, loaded_count from counted where bad_count = 0")
        .fetchall()
    )
    skips: dict[int, dict[str, int]] = {}
    if batch.form.skips and any(read > loaded for _, read, loaded in counted):
        for number, reason, count in connection.execute(
            f"select _part, _reason, count(*) from (select _row, min(_reason) as _reason from ({batch.form.skips}) "
            f"group by _row) anti join ({rows}) as found using (_row) join batch_rows using (_row) group by all"
        ).fetchall():
            skips.setdefault(number, {})[reason] = count
    for table in batch.form.select:
        columns = ", ".join(name(column) for column in source.table(table).column_names)
        connection.execute(
            f"copy (select {columns}, _day, found._row - first_row + 1 as _row, _reason, found._raw, _part "
            f"from {name('batch_' + table)} as found join batch_rows using (_row) join counted using (_part) "
            f"where bad_count = 0 order by found._row) to {quote(str(building / 'tables' / table))} "
            "(format parquet, compression zstd, compression_level 1, partition_by (_part))"
        )
    return [
        (
            part,
            replace(
                part.report,
                rows_read=read,
                rows_loaded=loaded,
                rows_skipped=read - loaded,
                skip_reasons=explained(skips.get(number, {}), read - loaded),
            ),
        )
        for number, read, loaded in counted
        if (part := batch.parts[number]) and _gathered(connection, building, part.bytes_id, number, batch.form)
    ]


def _open(connection: duckdb.DuckDBPyConnection, batch: _Batch, building: Path) -> None:
    """Create the view `rows` over all the parts, and `batch_rows` with the number of each row's part."""
    lines = building / "lines"
    with lines.open("w", encoding="utf-8", newline="\n") as stream:
        for number, part in batch.parts.items():
            stream.writelines(f"{number}{_SEPARATOR}{line}\n" for line in part.lines)
    values = ", ".join(
        f"({number}, {quote(part.file.path)}, timestamp {quote(str(_latest(part)))})"
        for number, part in batch.parts.items()
    )
    longest = max(len(line.encode()) for part in batch.parts.values() for line in part.lines) + 2**16
    connection.execute("pragma enable_optimizer")
    connection.execute(
        "create or replace temp table batch_lines as "
        f"select row_number() over () as _row, _part, line as _raw from read_csv({path_list([lines])}, "
        "columns = {'_part': 'INTEGER', 'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, "
        f"auto_detect = false, max_line_size = {longest}, buffer_size = {2 * longest})"
    )
    broken = connection.execute("select distinct _part from batch_lines where not json_valid(_raw)").fetchall()
    left_out = ", ".join(str(number) for (number,) in broken)
    documents = f"select * from batch_lines{f' where _part not in ({left_out})' if broken else ''}"
    connection.execute(
        "create or replace temp table batch_rows as select records.*, _path, _latest "
        f"from ({records_of(batch.form, documents, '_part')}) as records "
        f"join (values {values}) as parts(_part, _path, _latest) using (_part)"
    )
    connection.execute("create or replace temp view rows as select * exclude (_part) from batch_rows")


def _latest(part: _Part) -> datetime:
    return part.report.delivered_at + CLOCK_TOLERANCE


def _gathered(connection: duckdb.DuckDBPyConnection, building: Path, bytes_id: str, number: int, form: Format) -> bool:
    """Put a part's Parquet files into a folder called like its bytes; false where that cannot be done."""
    folder = building / bytes_id
    folder.mkdir()
    for table in form.select:
        files = sorted((building / "tables" / table / f"_part={number}").glob("*.parquet"))
        if len(files) > 1:  # written by several threads
            return False
        if files:
            files[0].rename(folder / f"{table}.parquet")
    keep_pages(connection, form, f"(from batch_rows where _part = {number})", folder)
    return True
