"""Objects of buckets as local files: fetched once, kept as long as there is room, and read like any landing file.

A source's objects are below `warehouse/objects/<source>`, each in a folder named after its address, ETag, size and
time. `buckets` fetches; here is where they are kept, and for how long.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from pipelines.settings import Settings
from pipelines.settings.places import Bucket
from pipelines.warehouse import ledger
from pipelines.warehouse.bucket_errors import BucketError
from pipelines.warehouse.buckets import Object, fetch

if TYPE_CHECKING:
    from pipelines.warehouse.landing import LandingFile

_Key = TypeVar("_Key")

LONGEST_NAME = 120


def kept_at(settings: Settings, source: str, bucket: Bucket, found: Object) -> Path:
    """Where an object of a source is kept once it is fetched; it ends like its key, as readers look at that."""
    identity = ledger.digest([str(bucket), found.path, found.etag or "", str(found.size_bytes), str(found.modified_at)])
    name = Path(found.path).name.encode()[-LONGEST_NAME:].decode(errors="ignore")
    return settings.warehouse_dir / "objects" / source / identity / name


class Objects:
    """A source's objects on disk. One process at a time has them, the one that ingests the source."""

    def __init__(self, settings: Settings, source: str) -> None:
        """Find what is kept, the oldest first."""
        self._settings, self._lock, self._held = settings, Lock(), Counter[Path]()
        folder = settings.warehouse_dir / "objects" / source
        kept = sorted((path for path in folder.glob("*/*") if path.is_file()), key=lambda p: p.parent.stat().st_mtime)
        self._kept = {path: path.stat().st_size for path in kept}
        self._kept_bytes = sum(self._kept.values())
        self._fetched: list[int] = []

    @property
    def summary(self) -> str | None:
        """What was fetched; None where nothing was."""
        return f"fetched {len(self._fetched):,} objects, {sum(self._fetched):,} bytes," if self._fetched else None

    @contextmanager
    def held(self, files: Mapping[_Key, LandingFile]) -> Iterator[dict[_Key, Exception]]:
        """Have the files on disk while the context is open; yields the error of each that could not be fetched."""
        failed: dict[_Key, Exception] = {}
        remote = {key: file for key, file in files.items() if file.bucket is not None and file.trouble is None}
        with self._lock:
            self._held.update(file.absolute for file in remote.values())
        try:
            for key, file in remote.items():
                try:
                    self._have(file)
                except (BucketError, FileNotFoundError) as error:
                    failed[key] = error
            yield failed
        finally:
            with self._lock:
                self._held.subtract(file.absolute for file in remote.values())
                self._make_room(0)

    def _have(self, file: LandingFile) -> None:
        if file.absolute.exists():
            return
        with self._lock:
            self._make_room(file.size_bytes)
        assert file.bucket is not None  # noqa: S101 - a local file is never asked for
        wanted = Object(file.path, file.size_bytes, file.modified_at, file.etag)
        fetch(self._settings, file.bucket, wanted, file.absolute)
        with self._lock:
            self._kept[file.absolute] = file.size_bytes
            self._kept_bytes += file.size_bytes
            self._fetched.append(file.size_bytes)

    def _make_room(self, size_bytes: int) -> None:
        """Remove the oldest objects that nobody reads until what is kept and `size_bytes` fit the setting."""
        if self._kept_bytes + size_bytes <= self._settings.fetched_bytes:
            return
        for path in [path for path in self._kept if not self._held[path]]:
            self._kept_bytes -= self._kept.pop(path)
            shutil.rmtree(path.parent, ignore_errors=True)
            if self._kept_bytes + size_bytes <= self._settings.fetched_bytes:
                return
