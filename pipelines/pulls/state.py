"""How far each source has been pulled: `<home>/pulls/<source>.json`, and the lock that keeps two pulls apart.

A state can be read and deleted by hand: without one, a source is pulled from its first day again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from pipelines import files
from pipelines.pulls.errors import BusyError, SetupError
from pipelines.settings import Settings
from pipelines.warehouse.private import private_folder


class PartialFile(BaseModel):
    """A window begun and not finished: its file's bytes up to the last whole page, and where to go on."""

    window: str
    start: datetime
    end: datetime
    begun_at: datetime
    size_bytes: int = 0
    pages: int = 0
    records: int = 0
    position: dict[str, Any] | None = None


class PullPass(BaseModel):
    """A pull over a stream's windows: when it began, its first day, and up to where it has come."""

    began_at: datetime
    first: date
    until: datetime | None = None


class StreamState(BaseModel):
    """How far a stream has come.

    `earliest`: the first day ever asked for. `reached`: when the last whole pull began. `cursor`: of a feed, the
    vendor's own. `unfinished`: a pull that has not come to its end.
    """

    earliest: date | None = None
    reached: datetime | None = None
    cursor: dict[str, Any] | None = None
    unfinished: PullPass | None = None
    part: PartialFile | None = None


class PullState(BaseModel):
    """A source's streams, and how its last pull ended.

    `began_at`: when the first of the pulls began that have not come to an end since; None: the last one did. `done`:
    the streams that they have pulled to the end.
    """

    streams: dict[str, StreamState] = {}
    began_at: datetime | None = None
    done: list[str] = []
    started_at: datetime | None = None
    succeeded_at: datetime | None = None
    error: str | None = None
    warnings: list[str] = []

    def stream(self, name: str) -> StreamState:
        """The stream's state, to be changed."""
        return self.streams.setdefault(name, StreamState())


def state_file(settings: Settings, source: str) -> Path:
    """Where the state of `source` is."""
    return settings.pulls_dir / f"{source}.json"


def read_state(settings: Settings, source: str) -> PullState:
    """The state of `source`; an empty one where it was never pulled.

    Raises:
        SetupError: the file is not a state.
    """
    path = state_file(settings, source)
    try:
        return PullState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return PullState()
    except ValidationError:
        raise SetupError(
            f"{path} is not the state of a pull. Delete it: the source is then pulled from its first day again"
        ) from None


def write_state(settings: Settings, source: str, state: PullState) -> None:
    """Replace the state atomically, and have it on disk before this returns."""
    files.replace(state_file(settings, source), state.model_dump_json(indent=1, exclude_defaults=True))


@contextmanager
def locked(settings: Settings, source: str) -> Iterator[None]:
    """Hold the source's lock, which the operating system releases when its process dies.

    Raises:
        BusyError: another process holds it.
    """
    private_folder(settings.pulls_dir)
    holder = settings.pulls_dir / f".{source}.holder"
    guard = FileLock(settings.pulls_dir / f".{source}.lock", thread_local=False)
    try:
        guard.acquire(timeout=0)
    except Timeout:
        other = holder.read_text() if holder.exists() else "another process"
        raise BusyError(f"{other} pulls it. Wait until it has finished, or stop it; then pull again") from None
    try:
        holder.write_text(f"process {os.getpid()}")
        yield
    finally:
        guard.release()
