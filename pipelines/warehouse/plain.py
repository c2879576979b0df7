"""From a landing file to plain files that DuckDB can read: unpacked, in UTF-8, under names of our own.

What a file is, its first bytes say before its name does. Everything streams; what a file may ask for is limited. How
rows are found in the plain files is `readers`' affair.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import pyarrow as pa

from pipelines.settings import LimitSettings
from pipelines.sources.spec import Container
from pipelines.warehouse.companions import ABOUT, LEFT_BEHIND, MANIFEST
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.kinds import kind_of

CONTAINERS: dict[str, Container] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".md": "text", ".markdown": "text",
    ".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite",
}  # fmt: skip
PACKED = {".gz", ".gzip", ".zst", ".zip"}
CHUNK = 2**20
HEAD = 4096
RATIO_COUNTS_FROM = 256 * 2**20
KEPT_OF_A_LONG_LINE = 1000
"""How much of a line that is too long is kept, to be quarantined."""


@dataclass
class Plain:
    """A file to read: where it lies, what it holds rows in, and lines that were no UTF-8 (read as Windows-1252)."""

    path: Path
    container: Container
    size: int = 0
    other_lines: int = 0
    encoding: str = "utf-8"
    kept_as_it_is: bool = False
    """Whether these are the bytes that were delivered."""


@dataclass
class _Budget:
    """What may still be unpacked from one landing file."""

    landing_path: str
    packed: int
    limits: LimitSettings
    unpacked: int = field(default=0)

    def spend(self, count: int) -> None:
        self.unpacked += count
        ratio = self.unpacked / max(1, self.packed)
        if self.unpacked > self.limits.unpacked_bytes:
            raise self._too_much(f"more than {self.unpacked:,} bytes", f"{self.limits.unpacked_bytes:,}", "bytes")
        if self.unpacked > RATIO_COUNTS_FROM and ratio > self.limits.unpacked_ratio:
            raise self._too_much(
                f"{self.unpacked:,} bytes and more, {ratio:,.0f} times its size",
                f"{self.limits.unpacked_ratio:g} times",
                "ratio",
            )

    def _too_much(self, found: str, allowed: str, setting: str) -> LandingFileError:
        return LandingFileError(
            self.landing_path,
            f"a file that unpacks to {found}",
            f"at most {allowed}",
            f"If it is meant, raise the setting `limits.unpacked_{setting}`.",
            status="unreadable",
        )


@contextmanager
def plain_files(path: Path, landing_path: str, limits: LimitSettings, folder: Path) -> Iterator[list[Plain]]:
    """The files to read for the landing file at `path`, for as long as they are read; they lie in `folder`.

    Empty ones are left out. Raises LandingFileError for what is recognised as no format of rows, or asks for more than
    the limits allow; whatever reading raises passes through.
    """
    with TemporaryDirectory(dir=folder, prefix="reading.") as scratch_folder:
        budget = _Budget(landing_path, path.stat().st_size, limits)
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        if kind_of(head) == "zip":
            yield list(_members(path, Path(scratch_folder), budget))
        else:
            found = _plain(path, PurePosixPath(landing_path), head, Path(scratch_folder) / "1", budget)
            yield [found] if found else []


def container_of(path: PurePosixPath | Path) -> Container | None:
    """What the file of this name holds rows in; None when the name does not say."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return CONTAINERS.get(suffixes[-1]) if suffixes else None


def _members(path: Path, scratch_folder: Path, budget: _Budget) -> Iterator[Plain]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        names = {member.filename for member in members}
        if "[Content_Types].xml" in names:
            raise _unsupported(budget.landing_path, "an Excel workbook" if _is_workbook(names) else "an Office file")
        if len(members) > budget.limits.zip_members:
            raise LandingFileError(
                budget.landing_path,
                f"a .zip of {len(members):,} files",
                f"at most {budget.limits.zip_members:,}",
                "Deliver it in parts, or raise the setting `limits.zip_members`.",
                status="unreadable",
            )
        for member in members:
            name = PurePosixPath(member.filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts:
                raise LandingFileError(
                    budget.landing_path,
                    f"a .zip with a member `{member.filename[:200]}`, which leads out of it",
                    "members that lie in it",
                    "Find out who made it before anything else is done with it.",
                    status="unreadable",
                )
        if any(member.filename.endswith(("-wal", "-journal")) and member.file_size for member in members):
            raise _log_of_a_database(budget.landing_path)
        if members and not any(_holds_rows(PurePosixPath(name)) for name in names):
            raise _unsupported(budget.landing_path, f"a .zip of {', '.join(f'`{n}`' for n in sorted(names)[:3])}")
        for number, member in enumerate(sorted(members, key=lambda m: m.filename), 1):
            name = PurePosixPath(member.filename.replace("\\", "/"))
            if not _holds_rows(name):
                continue
            packed = scratch_folder / f"{number}.packed"
            with archive.open(member) as stream, packed.open("wb") as target:
                for chunk in _chunks(cast(BinaryIO, stream), budget):
                    target.write(chunk)
            with packed.open("rb") as opened:
                head = opened.read(HEAD)
            found = _plain(packed, name, head, scratch_folder / str(number), budget)
            if not (found and found.kept_as_it_is):
                packed.unlink()
            if found:
                yield found


def _is_workbook(names: set[str]) -> bool:
    return any(name.startswith("xl/") for name in names)


def _holds_rows(name: PurePosixPath) -> bool:
    beside = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    beside = beside or any(pattern.fullmatch(name.name) for pattern in (LEFT_BEHIND, MANIFEST, ABOUT))
    return not beside and container_of(name) is not None


def _plain(path: Path, name: PurePosixPath, head: bytes, target: Path, budget: _Budget) -> Plain | None:
    """The plain file at `path` or made from it; `head` is its first bytes. None where it is empty."""
    compression = kind_of(head)
    if compression in ("gzip", "zstd"):
        with _unpacking(path, compression) as stream:
            head = stream.read(HEAD)
    if not head:
        return None
    kind = kind_of(head)
    container = container_of(name)
    if kind in ("parquet", "sqlite"):
        container = "parquet" if kind == "parquet" else "sqlite"
    elif kind == "sqlite log":
        raise _log_of_a_database(budget.landing_path)
    elif kind:
        raise _unsupported(budget.landing_path, kind)
    elif container in ("parquet", "sqlite"):
        raise LandingFileError(
            budget.landing_path,
            f"bytes that are no {container} file",
            f"a whole {container} file",
            "Deliver it again; the other files were loaded.",
            status="unreadable",
        )
    elif name.suffix.lower() == ".zip":
        raise _not_packed(budget.landing_path, ".zip archive")
    elif container is None:
        container = _container_of(head, name)
    if container is None and compression is None and name.suffix.lower() in PACKED:
        raise _not_packed(budget.landing_path, f"{name.suffix} stream")
    if container is None:
        inner = "".join(suffix for suffix in name.suffixes if suffix.lower() not in PACKED)
        raise LandingFileError(
            budget.landing_path,
            f"a file ending in `{''.join(name.suffixes)}`" if inner else "a text that begins like neither JSON nor CSV",
            f"one of {', '.join(sorted(CONTAINERS))}, plain, .gz or .zst, or a .zip of one kind",
            "Rename it, or point the source's glob away from it.",
        )
    if container in ("parquet", "sqlite"):
        return _bytes(path, container, compression, target, budget)
    return _text(path, container, compression, head, target, budget)


def _log_of_a_database(landing_path: str) -> LandingFileError:
    return LandingFileError(
        landing_path,
        "a log of a SQLite database (`-wal` or `-journal`), which holds what was written to it last",
        "the database whole, in one file",
        'Copy it where it is in use, with `sqlite3 mlflow.db ".backup copy.db"`, and land that copy alone: without '
        "this log the database that lies here lacks its newest rows.",
    )


def _not_packed(landing_path: str, what: str) -> LandingFileError:
    return LandingFileError(
        landing_path,
        f"bytes that are no {what}",
        "a whole one",
        "Deliver it again; the other files were loaded.",
        status="unreadable",
    )


def _container_of(head: bytes, name: PurePosixPath) -> Container | None:
    """The container of a file if its name does not show it: `000000000000` (BigQuery, Snowflake), `….gz` (Segment)."""
    part = "[0-9]*"
    while name.suffix.lower() in PACKED:
        name, part = name.with_suffix(""), "[0-9a-f]*"
    if not re.fullmatch(part, name.suffix[1:]):
        return None
    start = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    return "json" if start.startswith(("{", "[")) else "csv" if re.search(r"[,;\t|]", start) else None


def _unsupported(landing_path: str, kind: str) -> LandingFileError:
    return LandingFileError(
        landing_path,
        kind if " " in kind else f"a {kind} file",
        "CSV, JSON, Parquet, SQLite or Markdown, plain, .gz, .zst or .zip",
        "Export it as one of these, or point the source's glob away from it.",
    )


@contextmanager
def _unpacking(path: Path, compression: str | None) -> Iterator[BinaryIO]:
    if compression == "gzip":
        with gzip.open(path) as unpacked:
            yield cast(BinaryIO, unpacked)
    elif compression == "zstd":
        with pa.OSFile(str(path)) as packed, pa.CompressedInputStream(packed, "zstd") as stream:
            yield cast(BinaryIO, stream)
    else:
        with path.open("rb") as stream:
            yield stream


def _chunks(stream: BinaryIO, budget: _Budget | None, size: int = CHUNK) -> Iterator[bytes]:
    """What is left of the stream; a line end of two bytes is never cut in two."""
    while chunk := stream.read(size):
        if chunk.endswith(b"\r"):
            chunk += stream.read(1)
        if budget:
            budget.spend(len(chunk))
        yield chunk


def _bytes(path: Path, container: Container, compression: str | None, target: Path, budget: _Budget) -> Plain:
    """A columnar file: as it lies, by a name that is no glob."""
    if compression is None:
        target.symlink_to(path.absolute())
        return Plain(target, container, path.stat().st_size, kept_as_it_is=True)
    with _unpacking(path, compression) as stream, target.open("wb") as out:
        for chunk in _chunks(stream, budget):
            out.write(chunk)
    return Plain(target, container, target.stat().st_size)


def _text(
    path: Path, container: Container, compression: str | None, head: bytes, target: Path, budget: _Budget
) -> Plain | None:
    """A text file in UTF-8, its lines no longer than allowed and all ended alike; as it lies where it is all that."""
    encoding, mark = _encoding(head)
    if compression is None and encoding == "utf-8" and not mark and _is_clean(path, budget.limits):
        target.symlink_to(path.absolute())
        return Plain(target, container, path.stat().st_size, kept_as_it_is=True)
    found = Plain(target, container, encoding=encoding)
    with _unpacking(path, compression) as stream, target.open("wb") as out:
        stream.read(mark)
        texts = _chunks(stream, budget if compression else None, min(CHUNK, budget.limits.line_bytes))
        for lines in _lines(texts if encoding == "utf-8" else _recoded(texts, encoding), budget.limits.line_bytes):
            try:
                lines.decode("utf-8")
            except UnicodeDecodeError:
                lines = _decoded(lines, found)
            out.write(lines)
    found.size = target.stat().st_size
    return found if found.size else None


def _encoding(head: bytes) -> tuple[str, int]:
    """The encoding of a text that begins with `head`, and the length of its byte order mark."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return encoding, len(mark)
    even, odd = head[0::2], head[1::2]
    # In two bytes a character, every other byte of a text in Latin letters is nought.
    if odd and odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le", 0
    if even and even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be", 0
    return "utf-8", 0


def _recoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    held = ""
    for chunk in chunks:
        text = held + decoder.decode(chunk)
        held = "\r" if text.endswith("\r") else ""
        yield text[: len(text) - len(held)].encode("utf-8")
    yield (held + decoder.decode(b"", final=True)).encode("utf-8")


def _is_clean(path: Path, limits: LimitSettings) -> bool:
    """Whether a file can be read as it lies: all UTF-8, its lines ended alike and none too long."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    ends: set[str] = set()
    since_end = 0
    with path.open("rb") as stream:
        for chunk in _chunks(stream, None, min(CHUNK, limits.line_bytes)):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
            both, feeds, returns = chunk.count(b"\r\n"), chunk.count(b"\n"), chunk.count(b"\r")
            ends |= {end for end, n in (("\r\n", both), ("\n", feeds - both), ("\r", returns - both)) if n}
            if len(ends) > 1:
                return False
            first, last_end = chunk.find(b"\n"), chunk.rfind(b"\n")
            if since_end + (len(chunk) if first < 0 else first) > limits.line_bytes:
                return False
            since_end = since_end + len(chunk) if last_end < 0 else len(chunk) - last_end - 1
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _lines(chunks: Iterator[bytes], longest: int) -> Iterator[bytes]:
    r"""The text in pieces that end where a line does, line ends as `\n`; of a line that is too long, the beginning.

    A piece holds many lines.
    """
    rest = b""
    skipping = False
    for chunk in chunks:
        chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        if not skipping and len(rest) + (len(chunk) if first < 0 else first) > longest:
            yield _cut(rest + (chunk if first < 0 else chunk[:first]), longest)
            rest, skipping = b"", True
        if first < 0:
            rest = b"" if skipping else rest + chunk
            continue
        yield chunk[first : last + 1] if skipping else rest + chunk[: last + 1]
        rest, skipping = chunk[last + 1 :], False
    if rest:
        yield rest


def _cut(line: bytes, longest: int) -> bytes:
    # Neither quotes nor separators: whatever the format, no whole record.
    start = re.sub(rb"[\"',;|\t\x00]", b" ", line[:KEPT_OF_A_LONG_LINE])
    return start.decode("utf-8", "ignore").encode() + f" … a line of more than {longest:,} bytes".encode()


def _decoded(lines: bytes, found: Plain) -> bytes:
    """Lines of which some are no UTF-8, these read as Windows-1252."""
    decoded = []
    for line in lines.split(b"\n"):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            found.other_lines += 1
            line = _western(line).encode("utf-8")
        decoded.append(line)
    return b"\n".join(decoded)


def _western(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing in Windows-1252
        return line.decode("latin-1")
