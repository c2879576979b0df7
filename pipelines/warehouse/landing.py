"""What has landed: a source's files, the companions that are ignored, paths that cannot be read.

They are in a folder or a bucket, and from here on are files in either case. No file's rows are read here. A path that
cannot be read does not stop the walk: it is reported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IFDIR, S_IFREG, S_ISDIR, S_ISREG

from pipelines.settings import Settings
from pipelines.settings.places import Bucket
from pipelines.sources.spec import Source
from pipelines.warehouse import buckets, objects
from pipelines.warehouse.bucket_errors import BucketError
from pipelines.warehouse.companions import MANIFEST, READ_AT_MOST, is_companion
from pipelines.warehouse.table_formats import part_of_a_table, table_of

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without a zone, as the ledger's times
HALF_WRITTEN = {".tmp", ".part", ".crdownload"}
PULLED = "pulled"
"""The folder of a source that its pulls write to."""
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class LandingFile:
    """A file found: its path relative to the landing folder or the bucket's prefix, its size and its time.

    `trouble`: why it, or the folder of this name, is not read; None if there is no reason so far. Of an object,
    `bucket` is where it is, `etag` the bucket's own hash of it, and `absolute` where it is once it has been fetched.
    """

    path: str
    absolute: Path
    size_bytes: int
    modified_at: datetime
    trouble: Exception | None = None
    etag: str | None = None
    bucket: Bucket | None = None

    @property
    def identity(self) -> tuple[int, datetime, str | None]:
        """Size, time and ETag: where these are as before, nothing is read."""
        return self.size_bytes, self.modified_at, self.etag


@dataclass
class LandedFiles:
    """A source's share of what has landed: its files by name; its exports' companions, and where to read them."""

    files: list[LandingFile] = field(default_factory=list)
    companions: dict[str, Path] = field(default_factory=dict)


def landing_files(settings: Settings, source: Source) -> list[LandingFile]:
    """The source's files in the landing folder, by name, without hidden, half-written and companion files."""
    return look(settings, source).files


def is_read(path: str, globs: Iterable[str]) -> bool:
    """Whether `globs` find a file of this path, relative to the landing folder."""
    return any(re.fullmatch(_expression(pattern), path) for pattern in globs) and not _is_hidden(path)


def look(settings: Settings, source: Source) -> LandedFiles:
    """List the folders of the source's globs once, where its exports are and, beside a bucket, where pulls write."""
    patterns = settings.globs(source.name, source.glob)
    reads_texts = any(form.container == "text" for form in source.formats)
    place = settings.place_of(source.name)
    found = look_for(settings, place, patterns, reads_texts, source.name)
    if isinstance(place, Path):
        return found
    pulled = look_for(settings, settings.pulled_to(source.name), (f"{source.name}/{PULLED}/**/*",), reads_texts)
    return _united(found, [file for file in pulled.files if is_read(file.path, patterns)], place)


def _united(look: LandedFiles, pulled: Sequence[LandingFile], bucket: Bucket) -> LandedFiles:
    """With the pulled files; what is in the bucket under the same path is not read twice, and reported."""
    files = {file.path: file for file in look.files}
    for file in pulled:
        clash = BucketError(f"`{file.path}` is pulled, and in {bucket} too: keep it in one of them")
        files[file.path] = replace(file, size_bytes=-1, trouble=clash) if file.path in files else file
    return LandedFiles(sorted(files.values(), key=lambda file: file.path), look.companions)


def look_for(
    settings: Settings, place: Path | Bucket, patterns: Sequence[str], reads_texts: bool = False, source: str = ""
) -> LandedFiles:
    """List the folders of the globs `patterns` in a folder or bucket once.

    `reads_texts`: whether a text about an export is read; `source`: the source that keeps its objects.
    """
    found: dict[str, LandingFile] = {}
    companions: dict[str, Path] = {}
    wanted = re.compile("|".join(_expression(pattern) for pattern in patterns))
    tables: dict[str, str] = {}
    for start in sorted({_fixed_part(pattern) for pattern in patterns}):
        entries = (
            _walk(settings, place, start)
            if isinstance(place, Path)
            else _objects(settings, place, start, start in patterns, source)
        )
        for entry in entries:
            tables |= table_of(entry.path)
            of_interest = S_ISDIR(entry.mode) or entry.path == start or wanted.fullmatch(entry.path)
            path = printable(entry.path)
            if path in found or path in companions or not of_interest:
                continue
            if entry.trouble is None and is_companion(Path(entry.path), entry.absolute, reads_texts):
                companions[path] = entry.absolute
            elif not _is_hidden(entry.path) and Path(entry.path).suffix not in HALF_WRITTEN:
                bucket = None if isinstance(place, Path) else place
                size = -1 if entry.trouble else entry.size
                found[path] = LandingFile(
                    path, entry.absolute, size, entry.modified_at, entry.trouble, entry.etag, bucket
                )
    files = [_rejected_if_part_of_a_table(file, tables) for file in found.values()]
    return LandedFiles(sorted(files, key=lambda file: file.path), dict(sorted(companions.items())))


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
    trouble: Exception | None
    etag: str | None = None


def _objects(settings: Settings, bucket: Bucket, start: str, is_object: bool, source: str) -> Iterator[_Entry]:
    """The objects of the bucket under `start`; a manifest is fetched, as its content decides what it is."""
    for found in buckets.listed(settings, bucket, start, is_object):
        trouble: Exception | None = BucketError(found.trouble) if found.trouble else None
        is_manifest = MANIFEST.fullmatch(Path(found.path).name) and found.size_bytes <= READ_AT_MOST
        kept = objects.kept_at(settings, "manifests" if is_manifest else source, bucket, found)
        if is_manifest and not trouble and not kept.exists():
            try:
                buckets.fetch(settings, bucket, found, kept)
            except FileNotFoundError:
                continue  # deleted since it was listed
            except BucketError as error:
                trouble = error
        mode = S_IFDIR if found.trouble else S_IFREG
        yield _Entry(found.path, kept, mode, found.size_bytes, found.modified_at, trouble, found.etag)


def _walk(settings: Settings, root: Path, start: str, above: tuple[tuple[int, int], ...] = ()) -> Iterator[_Entry]:
    """The regular files under `start`, and paths that cannot be read; links are followed only where they may lead."""
    absolute = root / start
    try:
        own = absolute.lstat()
        if not absolute.is_symlink():
            stat = own
        elif (outside := _leads_out(settings, root, absolute)) is not None:
            mode = absolute.stat().st_mode  # a folder is reported whatever files the globs find
            yield _Entry(start, absolute, mode, -1, modified(own), OSError(outside))
            return
        else:
            stat = absolute.stat()
    except FileNotFoundError:
        return  # removed since it was listed, or a broken link
    except OSError as error:
        yield _Entry(start, absolute, 0, -1, _when(absolute), OSError(_reason(error)))
        return
    if S_ISREG(stat.st_mode):
        trouble = None if os.access(absolute, os.R_OK) else OSError("no permission to read it")
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
        yield _Entry(start, absolute, stat.st_mode, -1, modified(stat), OSError(f"{_reason(error)} (a folder)"))
        return
    for name in names:
        yield from _walk(settings, root, f"{start}/{name}" if start else name, (*above, here))


def _leads_out(settings: Settings, root: Path, link: Path) -> str | None:
    """Why a link is not followed; None if it leads into the landing folder or another allowed one."""
    target = Path(os.path.realpath(link))
    allowed = (root, *(folder.resolve() for folder in settings.links_to))
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
