"""Connections to DuckDB, and the lock that makes the pipeline its one writer.

Nothing else in the project opens the warehouse file, except dbt, which runs while the lock is held.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.settings import Settings
from pipelines.warehouse.errors import WarehouseBrokenError, WarehouseBusyError
from pipelines.warehouse.private import private_folder

log = logging.getLogger(__name__)

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
    While waiting, the holder is logged; without `wait`, WarehouseBusyError is raised. A process that keeps the
    warehouse open has the writer lock already.
    """
    if not lock_name and settings.warehouse_file in _kept:
        yield
        return
    private_folder(settings.warehouse_dir)
    holder = settings.warehouse_dir / f"{lock_name}.lock.holder"
    guard = FileLock(settings.warehouse_dir / f"{lock_name}.lock", thread_local=False)
    try:
        guard.acquire(timeout=0)
    except Timeout:
        other = holder.read_text() if holder.exists() else "another process"
        if not wait:
            raise WarehouseBusyError(other) from None
        log.info("%s waits: the warehouse is held by %s", what, other)
        guard.acquire()
    try:
        holder.write_text(f"{what} (process {os.getpid()})")
        yield
    finally:
        guard.release()


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
