"""Connections to DuckDB, and the lock that makes the pipeline its one writer.

Nothing else in the project opens the warehouse file, except dbt, which runs while the lock is held.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.settings import Settings
from pipelines.warehouse import shared_lock
from pipelines.warehouse.errors import NoLocksError, WarehouseBrokenError, WarehouseBusyError
from pipelines.warehouse.private import private_folder

log = logging.getLogger(__name__)

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What file systems without locks answer."""

_kept: dict[Path, duckdb.DuckDBPyConnection] = {}
"""The warehouses this process keeps open, by file (see `kept_open`)."""


def _configure(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    spill = private_folder(private_folder(settings.warehouse_dir) / "spill")
    connection.execute(f"set memory_limit = '{settings.memory_limit}'")
    connection.execute(f"set threads = {settings.threads}")
    connection.execute(f"set temp_directory = {quote(str(spill))}")
    connection.execute("set global TimeZone = 'UTC'")  # its cursors' too


def quote(text: str) -> str:
    """`text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def literal(text: str | None) -> str:
    """`text` as a SQL string literal, or null."""
    return "null" if text is None else quote(text)


def name(text: str) -> str:
    """`text` as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


@contextmanager
def scratch(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that may spill to disk: for work that needs no lock."""
    connection = duckdb.connect()
    try:
        _configure(connection, settings)
        yield connection
    finally:
        connection.close()


@contextmanager
def lock(settings: Settings, what: str, wait: bool = True, lock_name: str = "") -> Iterator[None]:
    """Hold the warehouse's writer lock, or another one of its folder (`lock_name`), while doing `what`.

    The operating system releases it when the holder dies, however it dies, so nothing has to be cleaned up by hand.
    While waiting, the holder is logged; without `wait`, WarehouseBusyError names it. A process that keeps the warehouse
    open has the writer lock already. With `lock_url`, the lock also holds between machines (`shared_lock`).
    """
    if not lock_name and settings.warehouse_file in _kept:
        yield
        return
    private_folder(settings.warehouse_dir)
    holder = settings.warehouse_dir / f"{lock_name}.lock.holder"
    waiting = partial(_report_wait, holder, what)
    with _file_lock(settings.warehouse_dir / f"{lock_name}.lock", waiting if wait else None) as mine:
        if not mine:
            raise WarehouseBusyError(_holder(holder))
        with shared_lock.held(settings, lock_name, waiting if wait else None) as taken:
            if not taken:
                raise WarehouseBusyError(_holder(holder))
            holder.write_text(f"{what} (process {os.getpid()} on {socket.gethostname()})")
            yield


@contextmanager
def _file_lock(path: Path, waiting: Callable[[], None] | None) -> Iterator[bool]:
    """Hold a lock of the operating system; yields whether it is held.

    With `waiting`, which is called once if another process has it, always. NoLocksError where the file system has none.
    """
    guard = FileLock(path, thread_local=False, fallback_to_soft=False)  # a soft lock outlives a holder that is killed
    try:
        try:
            guard.acquire(timeout=0)
        except Timeout:
            if waiting is None:
                yield False
                return
            waiting()
            guard.acquire()
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise NoLocksError(path.parent, error.strerror or "error") from error
        raise
    try:
        yield True
    finally:
        guard.release()


def _holder(path: Path) -> str:
    return path.read_text() if path.exists() else "another process"


def _report_wait(holder: Path, what: str) -> None:
    log.info("%s waits: the warehouse is held by %s", what, _holder(holder))


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse opened for writing by someone who holds the lock; WarehouseBrokenError where its file is none."""
    kept = _kept.get(settings.warehouse_file)
    try:
        connection = duckdb.connect(str(settings.warehouse_file)) if kept is None else kept.cursor()
    except duckdb.IOException as error:
        if "not a valid DuckDB database" in str(error):
            raise WarehouseBrokenError(settings.warehouse_file) from error
        raise
    try:
        if kept is None:
            _configure(connection, settings)
        yield connection
    finally:
        connection.close()


@contextmanager
def writer(settings: Settings, what: str, wait: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse opened for writing, under the lock; `what` says why, for those who wait."""
    with lock(settings, what, wait), opened(settings) as connection:
        yield connection


@contextmanager
def kept_open(settings: Settings, what: str) -> Iterator[None]:
    """Hold the lock and keep the warehouse open for all that this process does meanwhile.

    DuckDB reads its catalog when it opens and writes a checkpoint when it closes: a tenth of a second for some hundred
    tables, of which a run of fifty steps would have a hundred.
    """
    if settings.warehouse_file in _kept:
        yield
        return
    with writer(settings, what) as connection:
        _kept[settings.warehouse_file] = connection
        try:
            yield
        finally:
            del _kept[settings.warehouse_file]


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def path_list(paths: Iterable[Path]) -> str:
    """`paths` as a SQL list for DuckDB's readers, which would take some characters of a name for a glob."""
    return "[" + ", ".join(quote(re.sub(r"([*?\[])", r"[\1]", str(path))) for path in paths) + "]"


def parquet_list(paths: list[Path], numbered: bool = False) -> str:
    """A `read_parquet` call over `paths`, columns joined by name, the file's own path in `_file`.

    With `numbered`, `file_row_number` counts a file's rows from 0.
    """
    number = ", file_row_number = true" if numbered else ""
    return f"read_parquet({path_list(paths)}, union_by_name = true, filename = '_file'{number})"
