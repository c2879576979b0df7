"""The landing folder's contents: a source's files, the companions that are ignored, paths that cannot be read.

No file's rows are read here. A path that cannot be read does not stop the walk: it is reported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.companions import is_companion
from pipelines.warehouse.table_formats import part_of_a_table, table_of

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without a zone, as the ledger's times
HALF_WRITTEN = {".tmp", ".part", ".crdownload"}
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class LandingFile:
    """A file found: its path relative to the landing folder, its size and its time.

    `trouble`: why it, or the folder of this name, is not read; None if there is no reason so far.
    """

    path: str
    absolute: Path
    size_bytes: int
    modified_at: datetime
    trouble: Exception | None = None


@dataclass
class Look:
    """A source's share of the landing folder: its files by name, and the companions of its exports."""

    files: list[LandingFile] = field(default_factory=list)
    companions: list[str] = field(default_factory=list)


def landing_files(settings: Settings, source: Source) -> list[LandingFile]:
    """The source's files in the landing folder, by name, without hidden, half-written and companion files."""
    return look(settings, source).files


def companion_files(settings: Settings, source: Source) -> list[str]:
    """The companion files of the source's exports, which are ignored, relative to the landing folder."""
    return look(settings, source).companions


def is_read(path: str, globs: Iterable[str]) -> bool:
    """Whether `globs` find a file of this path, relative to the landing folder."""
    return any(re.fullmatch(_expression(pattern), path) for pattern in globs) and not _is_hidden(path)


def look(settings: Settings, source: Source) -> Look:
    """Walk the folders of the source's globs once."""
    reads_texts = any(form.container == "text" for form in source.formats)
    return look_for(settings, settings.globs(source.name, source.glob), reads_texts)


def look_for(settings: Settings, patterns: Sequence[str], reads_texts: bool = False) -> Look:
    """Walk the folders of the globs `patterns` once; `reads_texts`: whether a text about an export is read."""
    found = Look()
    wanted = re.compile("|".join(_expression(pattern) for pattern in patterns))
    seen: set[str] = set()
    tables: dict[str, str] = {}
    for start in sorted({_fixed_part(pattern) for pattern in patterns}):
        for entry in _walk(settings, start):
            tables |= table_of(entry.path)
            of_interest = S_ISDIR(entry.mode) or entry.path == start or wanted.fullmatch(entry.path)
            if entry.path in seen or not of_interest:
                continue
            seen.add(entry.path)
            if entry.trouble is None and is_companion(Path(entry.path), entry.absolute, reads_texts):
                found.companions.append(printable(entry.path))
            elif not _is_hidden(entry.path) and Path(entry.path).suffix not in HALF_WRITTEN:
                found.files.append(
                    LandingFile(
                        printable(entry.path),
                        entry.absolute,
                        -1 if entry.trouble else entry.size,
                        entry.modified_at,
                        OSError(entry.trouble) if entry.trouble else None,
                    )
                )
    found.files = [_rejected_if_part_of_a_table(file, tables) for file in found.files]
    found.files.sort(key=lambda file: file.path)
    found.companions.sort()
    return found


def _rejected_if_part_of_a_table(file: LandingFile, tables: Mapping[str, str]) -> LandingFile:
    """The file, with the error not to read it if it is a part of one of the tables (folder → kind)."""
    part_of = next((folder for folder in tables if file.path.startswith(f"{printable(folder)}/")), None)
    if part_of is None:
        return file
    return replace(file, size_bytes=-1, trouble=part_of_a_table(file.path, tables[part_of], printable(part_of)))


def printable(path: str) -> str:
    r"""A path as it is reported and recorded: bytes that are not UTF-8 are written `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def modified(stat: os.stat_result) -> datetime:
    """When a file was last written, UTC."""
    try:
        return datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):  # an implausible modification time
        return EPOCH


@dataclass(frozen=True)
class _Entry:
    path: str
    absolute: Path
    mode: int
    size: int
    modified_at: datetime
    trouble: str | None


def _walk(settings: Settings, start: str, above: tuple[tuple[int, int], ...] = ()) -> Iterator[_Entry]:
    """The regular files under `start`, and paths that cannot be read; links are followed only where they may lead."""
    absolute = settings.landing_dir / start
    try:
        own = absolute.lstat()
        if not absolute.is_symlink():
            stat = own
        elif (outside := _leads_out(settings, absolute)) is not None:
            mode = absolute.stat().st_mode  # a folder is reported whatever files the globs find
            yield _Entry(start, absolute, mode, -1, modified(own), outside)
            return
        else:
            stat = absolute.stat()
    except FileNotFoundError:
        return  # removed since it was listed, or a broken link
    except OSError as error:
        yield _Entry(start, absolute, 0, -1, _when(absolute), _reason(error))
        return
    if S_ISREG(stat.st_mode):
        trouble = None if os.access(absolute, os.R_OK) else "no permission to read it"
        yield _Entry(start, absolute, stat.st_mode, stat.st_size, modified(stat), trouble)
        return
    if not S_ISDIR(stat.st_mode):
        return
    here = (stat.st_dev, stat.st_ino)
    if here in above:  # a link to a folder above: its files have been seen
        return
    try:
        names = sorted(entry.name for entry in absolute.iterdir())
    except OSError as error:
        yield _Entry(start, absolute, stat.st_mode, -1, modified(stat), f"{_reason(error)} (a folder)")
        return
    for name in names:
        yield from _walk(settings, f"{start}/{name}" if start else name, (*above, here))


def _leads_out(settings: Settings, link: Path) -> str | None:
    """Why a link is not followed; None if it leads into the landing folder or another allowed one."""
    target = Path(os.path.realpath(link))
    allowed = (settings.landing_dir, *(folder.resolve() for folder in settings.links_to))
    if any(target.is_relative_to(folder) for folder in allowed):
        return None
    return (
        f"a symbolic link that leads out of the landing folder, to {printable(str(target))}: name its folder in the "
        "setting `links_to` if that is meant"
    )


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower() if not isinstance(error, PermissionError) else "no permission to read"


def _when(path: Path) -> datetime:
    try:
        return modified(path.lstat())
    except OSError:
        return EPOCH


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _fixed_part(pattern: str) -> str:
    """The folders of a glob before its first wildcard: where the walk begins."""
    parts = pattern.split("/")
    fixed = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[:fixed])


def _expression(pattern: str) -> str:
    """A glob as a regular expression over a path: `**` is any folders, other wildcards stay within a name."""
    parts: list[str] = []
    names = pattern.split("/")
    for place, part in enumerate(names):
        is_last = place == len(names) - 1
        if part == "**":
            parts.append(".*" if is_last else "(?:[^/]+/)*")
            continue
        pieces = re.split(r"(\*+|\?|\[[^\]]+\])", part)
        parts.append("".join(_piece(piece) for piece in pieces) + ("" if is_last else "/"))
    return "(?s:" + "".join(parts) + ")"


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece.startswith("[") and piece.endswith("]"):
        return f"[{'^' if piece[1] == '!' else ''}{piece[1:-1].lstrip('!')}]"
    return re.escape(piece)
