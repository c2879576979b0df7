"""JSON files, a document a line or spread over lines, as the relation `rows` of their records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from pipelines.sources.spec import Format
from pipelines.sources.values import is_cut
from pipelines.warehouse.connect import path_list, quote
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.recognise import Landed, Recognised, recognise

SNIFFED_LINES = 20
SMALLEST_BUFFER = 2**16
NO_JSON = "is not valid JSON"
BROKEN_OFF = f"{NO_JSON}, and the last line of the file: the export broke off"
"""Why the last record of a file is bad: it was cut, or says in words that no more comes."""
REWRITE = (
    "It was cut off, or no JSON library wrote it: single quotes, None and NaN are Python's (json.dumps writes JSON), "
    "and records separated by commas need brackets around them. Write it again and deliver it; the other files were "
    "loaded."
)
"""What to do with a file that is no JSON."""
_CHUNK = 2**20
_PAGE_AT_MOST = 16 * 2**20
_TEXT = re.compile(r"[^\s][^\n]*")
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")


def open_json(landed: Landed) -> Recognised | None:
    """Create the view `rows` over JSON files of one landing file; None where they hold no record."""
    connection = landed.connection
    candidates = landed.candidates("json")
    connection.execute(
        f"create or replace temp view documents as select * from ({_documents(landed)}) where trim(_raw) <> ''"
    )
    half = landed.limits.nesting // 2
    many = " or ".join(f"strlen(_raw) - strlen(replace(_raw, '{bracket}', '')) > {half}" for bracket in "[{")
    lines, broken, bracketed, last = connection.execute(
        f"select count(*), count(*) filter (not json_valid(_raw)), count(*) filter ({many}), max(_row) from documents"
    ).fetchone() or (0, 0, 0, 0)
    if lines == 0:
        return None
    why = f"case when _row = {last} then {quote(BROKEN_OFF)} else {quote(NO_JSON)} end"
    fault = f"case when not json_valid(_raw) then {why} end"
    if bracketed and (deep := list(_too_deep(landed, many))):
        reason = f"is nested deeper than {landed.limits.nesting} (the setting `limits.nesting`)"
        fault = f"case when _row in ({', '.join(map(str, deep))}) then {quote(reason)} else {fault} end"
        (broken,) = connection.execute(f"select count({fault}) from documents").fetchone() or (0,)
    head = [
        json.loads(text, parse_int=float)  # an integer of thousands of digits is none that Python reads
        for (text,) in connection.execute(
            f"select _raw from documents where {fault} is null limit {SNIFFED_LINES}"
        ).fetchall()
    ]
    if not head:
        (reason,) = connection.execute(f"select {fault} from documents limit 1").fetchone() or ("",)
        raise LandingFileError(
            landed.path,
            f"{lines:,} documents of which none can be read: the first {reason}",
            "JSON, a document a line or a whole one",
            REWRITE,
            status="unreadable",
        )
    # Pages without a record: a quiet day, known by the file's name alone, or else by what is broken in it.
    quiet = [candidate for candidate in candidates if not _records(head, candidate)]
    if quiet and lines - broken == len(head):
        if not broken:
            return None
        found = quiet[0]
    else:
        found = _recognised(landed, head, candidates)
    records = _with_folders(found, landed.path, records_of(found, f"select * from documents where {fault} is null"))
    connection.execute(f"create or replace temp view rows as select *, {landed.about} from ({records})")
    (good,) = connection.execute("select count(*) from rows").fetchone() or (0,)
    bad = f"select _row, left(_raw, 10000) as _raw, {fault} as _reason from documents where {fault} is not null"
    return Recognised(found, int(good) + int(broken), int(broken), bad)


def _recognised(landed: Landed, head: list[Any], candidates: Sequence[Format]) -> Format:
    """The format of the documents; LandingFileError says so where the part that shows it may have been cut off."""
    try:
        return recognise(candidates, _paths_in(head, candidates), landed.path, _top_keys(head))
    except LandingFileError:
        if landed.connection.execute(f"select 1 from documents where {is_cut('_raw')} limit 1").fetchone():
            raise LandingFileError(
                landed.path,
                "objects that ConvertTo-Json has cut off: text like @{id=…}",
                "the objects themselves",
                "Export it with ConvertTo-Json -Depth 100 and deliver it again.",
            ) from None
        raise


def _documents(landed: Landed) -> str:
    """A query for the documents of the files: `_row` and `_raw`, valid or not."""
    buffer = min(landed.limits.line_bytes, max(2 * max(file.size for file in landed.files), SMALLEST_BUFFER))
    if all(_holds_lines(path) for path in landed.paths):
        # One text column: a delimiter no JSON text can hold, so that a broken line stays one row.
        return (
            f"select row_number() over () as _row, line as _raw from read_csv({path_list(landed.paths)}, "
            f"columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false, "
            f"auto_detect = false, max_line_size = {buffer}, buffer_size = {buffer})"
        )
    # A file of one array comes as its elements; one of several, a page of an API each, as these arrays.
    return (
        "select row_number() over () as _row, cast(json as varchar) as _raw from (select unnest(case "
        "when json_type(json) = 'ARRAY' then json_extract(json, '$[*]') else [json] end) as json "
        f"from read_json_objects({path_list(landed.paths)}, format = 'auto', "
        f"maximum_object_size = {landed.limits.line_bytes}))"
    )


def records_of(form: Format, documents: str, kept: str = "") -> str:
    """The records that `documents`, a query giving `_row` and `_raw` of valid ones, hold in the format.

    `kept` names a column of theirs that their records have too.
    """
    also = f", {kept}" if kept else ""
    records = f"select _row, _raw, cast(_raw as json) as doc, cast(_raw as json) as page{also} from ({documents})"
    for path in form.records:
        records = (
            f"select _row, page{also}, unnest(case when json_exists(doc, {quote(path)}) "
            f"then json_extract(doc, {quote(path + '[*]')}) else [doc] end) as doc from ({records})"
        )
    if form.records:
        records = (
            f"select row_number() over () as _row, cast(doc as varchar) as _raw, doc, page, _row as _document{also} "
            f"from ({records})"
        )
    return records


def _with_folders(form: Format, path: str, records: str) -> str:
    """The records with the members that they lack and a folder of `path` has."""
    for column, value in form.path_values(path).items():
        begins = quote(json.dumps({column: value})[:-1] + ",")
        lacks = f"len(json_keys(doc)) > 0 and not list_contains(json_keys(doc), {quote(column)})"
        added = f"cast({begins} || substr(trim(cast(doc as varchar)), 2) as json)"
        records = f"select * replace (case when {lacks} then {added} else doc end as doc) from ({records})"
    return records


def format_of(texts: Sequence[str], candidates: Sequence[Format], landing_path: str) -> Format | None:
    """The format of documents of which the first are `texts`; None where they hold no record (a quiet day).

    Raises what reading them raises, and LandingFileError where no format fits.
    """
    head = [json.loads(text, parse_int=float) for text in texts[:SNIFFED_LINES]]
    if any(not _records(head, candidate) for candidate in candidates):
        return None
    return recognise(candidates, _paths_in(head, candidates), landing_path, _top_keys(head))


def _too_deep(landed: Landed, many: str) -> Iterator[int]:
    """The numbers of the documents nested deeper than allowed, of those that have `many` brackets."""
    found = landed.connection.execute(f"select _row, _raw from documents where {many}")
    while rows := found.fetchmany(10):
        yield from (row for row, text in rows if depth(text) > landed.limits.nesting)


def depth(text: str) -> int:
    """How deep a JSON text is nested."""
    brackets = _NO_BRACKETS.sub("", _STRINGS.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _paths_in(head: list[Any], candidates: Sequence[Format]) -> set[str]:
    """The required JSON paths of the candidates that any of the first records holds."""
    found: set[str] = set()
    for candidate in candidates:
        records = _records(head, candidate)
        found |= {path for path in candidate.requires if any(_has(record, path) for record in records)}
    return found


def _records(head: list[Any], candidate: Format) -> list[Any]:
    """The records in the first documents, as the candidate would unnest them."""
    records = head
    for path in candidate.records:
        records = [item for record in records for item in _at(record, path)]
    return records


def _at(record: Any, path: str) -> list[Any]:
    value = record
    for key in path.removeprefix("$.").split("."):
        if not isinstance(value, dict) or key not in value:
            return [record]
        value = value[key]
    return list(value) if isinstance(value, list) else [value]


def _has(record: Any, path: str) -> bool:
    value = record
    for key in path.removeprefix("$.").split("."):
        key = key.strip('"')
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _top_keys(head: list[Any]) -> list[str]:
    return sorted({str(key) for record in head if isinstance(record, dict) for key in record})


def _holds_lines(path: Path) -> bool:
    """Whether a JSON file holds a document a line, rather than one spread over lines or an array."""
    for seen, line in enumerate(_texts(path)):
        if seen == 0 and line.startswith("["):
            return False
        try:
            if isinstance(json.loads(line, parse_int=float), dict):
                return True
        except ValueError:
            if seen == 0 and line.startswith("{") and _is_one_document(path):
                return False
        except RecursionError:  # a document, if one that is nested deeper than anybody means
            return line.startswith("{")
        if seen == SNIFFED_LINES:
            return False
    return False


def _is_one_document(path: Path) -> bool:
    """Whether a file is one document though its first line is none: a page with a record a line looks like lines."""
    if path.stat().st_size > _PAGE_AT_MOST:
        return False
    try:
        json.loads(path.read_text(encoding="utf-8"), parse_int=float)
    except (ValueError, RecursionError):
        return False
    return True


def _texts(path: Path) -> Iterator[str]:
    """The lines that are not blank, without blanks before them; a file may begin with millions of others."""
    rest = ""
    with path.open(encoding="utf-8", newline="\n") as stream:
        while chunk := stream.read(_CHUNK):
            lines = rest + chunk
            end = lines.rfind("\n") + 1
            yield from _TEXT.findall(lines[:end])
            rest = lines[end:].lstrip()
    yield from _TEXT.findall(rest)
