"""Files made worse, by a seed: bytes, values, columns, types, encodings, packing."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HOSTILE = (
    "", "null", "NaN", "-1", "1e400", "9" * 400, "1.250,50", "0001-01-01", "71413-10-14 (BC) 21:27:28", "281177-08-16",
    "1767600000000000000", "true", "[]", "{}", "'; drop table x; --", "\u0000", "Zürich", "\ud83d\ude80", "x" * 5000,
)  # fmt: skip
NAMES = ("_row", "_raw", "_path", "_latest", "doc", "page", "_file", "_day", "", "select", 'a"b', "Ä" * 300)
ENCODINGS = ("cp1252", "utf-16", "utf-16-le", "utf-8-sig", "latin-1", "cp037")
TYPES = (pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.timestamp("ns"), pa.date32(), pa.large_binary())


def mutated(content: bytes, name: str, rng: random.Random) -> tuple[bytes, str]:
    """`content` of a file called `name`, made worse in one to three ways; and what it is called now."""
    plain, repack = _unpacked(content, name)
    ways: list[Callable[[bytes, random.Random], bytes]] = [_flip, _cut, _drop, _repeat, _insert]
    if name.rsplit(".", 1)[-1] == "parquet":
        ways += [_columns_of_parquet] * 5
    elif ".json" in name:
        ways += [_values_of_text, _values_of_json, _values_of_json, _keys_of_json, _recoded, _lines, _nested]
    else:
        ways += [_values_of_text, _cells, _cells, _header, _recoded, _lines]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        plain = rng.choice(ways)(plain, rng) or b"\n"
    content = repack(plain)
    if rng.random() < 0.1:
        content = rng.choice((_flip, _cut))(content, rng)
    if rng.random() < 0.05:
        name = rng.choice((f"{name}.gz", re.sub(r"\.(gz|zst)$", "", name), f"t*[{name}"))
    return content, name


def _unpacked(content: bytes, name: str) -> tuple[bytes, Callable[[bytes], bytes]]:
    if name.endswith(".gz"):
        return gzip.decompress(content), gzip.compress
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = archive.namelist()[0]
            plain, repack = _unpacked(archive.read(member), member)

        def zipped(changed: bytes) -> bytes:
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as target:
                target.writestr(str(PurePosixPath(member)), repack(changed))
            return stream.getvalue()

        return plain, zipped
    return content, bytes


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _drop(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[start + rng.choice((1, 7, 300)) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[max(0, start - rng.choice((1, 40, 900))) : start] + content[start:]


def _insert(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return (
        content[:start] + rng.choice((b"\x00", b'"', b"\r", b"\n", b"\xff", b"[" * 3000, b" " * 9999)) + content[start:]
    )


def _recoded(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return (text + "é\n" if rng.random() < 0.5 else text).encode(rng.choice(ENCODINGS), "replace")


def _lines(content: bytes, rng: random.Random) -> bytes:
    end = rng.choice((b"\r\n", b"\r", b"\n\n", b"\n"))
    lines = content.split(b"\n")
    if rng.random() < 0.5:
        lines.insert(rng.randrange(len(lines)), rng.choice((b"Total,,,12", b"# a title", b"\xff\xfe", b"{", b"]")))
    return end.join(lines)


def _values_of_text(content: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"-?\d[\d.:T-]*", content))
    for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 5)))), key=lambda m: -m.start()):
        value = rng.choice(HOSTILE).encode("utf-8", "replace")
        content = content[: match.start()] + value + content[match.end() :]
    return content


def _cells(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    for _ in range(rng.choice((1, 5))):
        place = rng.randrange(len(lines))
        cells = lines[place].split(b",")
        cells[rng.randrange(len(cells))] = rng.choice(HOSTILE).encode("utf-8", "replace")
        lines[place] = b",".join(cells)
    return b"\n".join(lines)


def _header(content: bytes, rng: random.Random) -> bytes:
    first, end, rest = content.partition(b"\n")
    cells = first.split(b",")
    place = rng.randrange(len(cells))
    way = rng.randrange(4)
    if way == 0:
        cells[place] = rng.choice(NAMES).encode()
    elif way == 1:
        cells.append(rng.choice((cells[place], rng.choice(NAMES).encode())))
        rest = b"\n".join(line + b",1" if line else line for line in rest.split(b"\n"))
    elif way == 2:
        cells[place] = b" " + cells[place].upper() + b" "
    else:
        first, end = b"A report\n\n" + first, end
        return first + end + rest
    return b",".join(cells) + end + rest


def _json(content: bytes, change: Callable[[Any], Any]) -> bytes:
    try:
        return json.dumps(change(json.loads(content))).encode()
    except (ValueError, RecursionError):
        pass
    lines = content.split(b"\n")
    for place, line in enumerate(lines):
        try:
            lines[place] = json.dumps(change(json.loads(line))).encode()
        except (ValueError, RecursionError):
            continue
    return b"\n".join(lines)


def _values_of_json(content: bytes, rng: random.Random) -> bytes:
    values = [None, True, 1, -1, 1.5, float("nan"), 10**400, [], {}, [None], {"a": [1]}, *HOSTILE]

    def change(value: Any) -> Any:
        if rng.random() < 0.03:
            return rng.choice(values)
        if isinstance(value, dict):
            return {key: change(item) for key, item in value.items()}
        return [change(item) for item in value] if isinstance(value, list) else value

    return _json(content, change)


def _keys_of_json(content: bytes, rng: random.Random) -> bytes:
    def change(value: Any) -> Any:
        if isinstance(value, dict):
            items = [(k if rng.random() > 0.05 else rng.choice(NAMES), change(v)) for k, v in value.items()]
            return dict(item for item in items if rng.random() > 0.05)
        return [change(item) for item in value] if isinstance(value, list) else value

    return _json(content, change)


def _nested(content: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb": ?(\"[^\"]*\"|\d+)", content))
    if not found:
        return content
    match, depth = rng.choice(found), rng.choice((50, 500, 20_000))
    return content[: match.start(1)] + b"[" * depth + b"]" * depth + content[match.end(1) :]


def _columns_of_parquet(content: bytes, rng: random.Random) -> bytes:
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError):
        return content
    if not table.column_names:
        return content
    place = rng.randrange(table.num_columns)
    name, column = table.column_names[place], table.column(place)
    way = rng.randrange(6)
    if way == 0:
        table = table.remove_column(place)
    elif way == 1:
        table = table.rename_columns([rng.choice(NAMES) if n == name else n for n in table.column_names])
    elif way == 2:
        table = table.append_column(rng.choice(NAMES), column)
    elif way == 3:
        table = table.set_column(place, name, pa.nulls(table.num_rows, column.type))
    elif way == 4:
        try:
            table = table.set_column(place, name, column.cast(rng.choice(TYPES), safe=False))
        except (pa.ArrowException, ValueError):
            table = table.slice(0, 0)
    else:
        values = column.to_pylist()
        for _ in range(min(len(values), rng.choice((1, 5)))):
            values[rng.randrange(len(values))] = rng.choice((None, float("nan"), float("inf"), -1, 2**62, "x", ""))
        try:
            table = table.set_column(place, name, pa.array(values, column.type))
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            table = table.set_column(place, name, pa.array([None if v is None else str(v) for v in values]))
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()
