"""A lock in Postgres that separates the writers of one home on different machines, if `lock_url` is set.

`connect.lock` takes it after the file lock, which separates the processes of one machine. It belongs to a session of
the server: Postgres releases it when the holder's connection ends, however the holder dies.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.settings import Settings
from pipelines.warehouse.errors import LockLostError, PostgresBusyError
from pipelines.warehouse.postgres_server import connected, place_of, words

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

SETTING = "lock_url"
SECONDS_BETWEEN_TRIES = 1.0


@contextmanager
def held(settings: Settings, lock_name: str, waiting: Callable[[], None] | None) -> Iterator[bool]:
    """Hold the home's lock `lock_name` in Postgres; yields whether it is held.

    With `waiting`, which is called once if another machine has it, always. True at once where `lock_url` is not set.

    Raises:
        PostgresError, PostgresBusyError: the server cannot be reached.
        LockLostError: at the end, if the connection broke meanwhile, so that another machine may have written.
    """
    if settings.lock_url is None:
        yield True
        return
    with closing(connected(settings.lock_url, SETTING, autocommit=True)) as connection, connection.cursor() as cursor:
        key = f"hashtextextended('scorecard {_identity(settings, cursor)} {lock_name}', 0)"
        taken = _asked(settings, cursor, f"pg_try_advisory_lock({key})")
        if not taken and waiting is not None:
            waiting()
            while not (taken := _asked(settings, cursor, f"pg_try_advisory_lock({key})")):
                time.sleep(SECONDS_BETWEEN_TRIES)
        yield taken
        if taken:
            try:
                kept = _asked(settings, cursor, f"pg_advisory_unlock({key})")
            except PostgresBusyError:
                kept = False
            if not kept:
                raise LockLostError(place_of(settings.lock_url, SETTING))


def _identity(settings: Settings, cursor: Cursor) -> str:
    """What the home is called by every machine that mounts it: a random id, written into it once.

    Its path would not do: two companies' homes are both `/data` in their containers.
    """
    path = settings.warehouse_dir / "home_id"
    everyone = "hashtextextended('scorecard home_id', 0)"
    _asked(settings, cursor, f"pg_advisory_lock({everyone})::text")
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(uuid.uuid4().hex)
    except FileExistsError:
        pass
    finally:
        _asked(settings, cursor, f"pg_advisory_unlock({everyone})")
    return path.read_text(encoding="ascii")


def _asked(settings: Settings, cursor: Cursor, expression: str) -> Any:
    """The value of a SQL expression; PostgresBusyError if the server does not give it."""
    assert settings.lock_url is not None  # noqa: S101 - the caller has a connection to it
    from adbc_driver_manager import Error

    try:
        cursor.execute(f"select {expression}")
        ((value,),) = cursor.fetchall()
    except Error as error:
        where = place_of(settings.lock_url, SETTING)
        raise PostgresBusyError(f"the lock in Postgres at {where} cannot be taken: {words(error)}.") from None
    return value
