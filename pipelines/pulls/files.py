"""The files of a pull in landing: `<source>/pulled/<stream>/<window>`, a window's pages one after another.

A window is written aside, page by page, as a `.part`, which no reader takes, and renamed when it is whole. So a file in
landing is always a whole answer. A window that is pulled again replaces its file: what was deleted at the vendor's
since is no longer in it.
"""

from __future__ import annotations

import filecmp
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.settings import Settings
from pipelines.warehouse.landing import PULLED
from pipelines.warehouse.private import private_folder


def window_path(source: str, stream: str, window: str, suffix: str) -> str:
    """A window's file, relative to the landing folder."""
    return f"{source}/{PULLED}/{stream}/{window}{suffix}"


class Target:
    """A window's file while it is written."""

    def __init__(self, settings: Settings, path: str, size_bytes: int = 0) -> None:
        """Open the part; of an earlier one the first `size_bytes` are kept, which were whole pages."""
        landing = settings.pulled_to(Path(path).parts[0])
        self.path = landing / path
        self.part = self.path.with_name(f"{self.path.name}.part")
        # The pages may name people, whom no table has.
        private_folder(landing.joinpath(*Path(path).parts[:2]))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = size_bytes if self.part.exists() and self.part.stat().st_size >= size_bytes else 0
        self.is_resumed = kept == size_bytes
        self._stream: BinaryIO = self.part.open("r+b" if kept else "wb")
        self._stream.truncate(kept)
        self._stream.seek(kept)

    @property
    def stream(self) -> BinaryIO:
        """The open part, at its end."""
        return self._stream

    @property
    def size_bytes(self) -> int:
        """Its bytes so far."""
        return self._stream.tell()

    def add(self, body: bytes) -> None:
        """Append a page."""
        self._stream.write(body if body.endswith(b"\n") else body + b"\n")

    def flush(self) -> None:
        """Have all of it on disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def finish(self) -> bool:
        """Put the file in its place; returns whether it differs from the one that was there."""
        self.flush()
        self._stream.close()
        if self.path.exists() and filecmp.cmp(self.part, self.path, shallow=False):
            self.part.unlink()
            return False
        self.part.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True

    def discard(self) -> None:
        """Remove the part."""
        self._stream.close()
        self.part.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the part for the next pull."""
        self._stream.close()


def read_pages(path: Path) -> Iterator[Any]:
    """The JSON documents of a window's file, in order."""
    text, place = path.read_text(encoding="utf-8"), 0
    decoder = json.JSONDecoder()
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        document, place = decoder.raw_decode(text, place)
        yield document
