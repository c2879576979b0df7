"""Connections to Postgres by a URL of the settings. Their errors never show the URL, which may hold a password.

What is sent over them is said by `postgres` (the published marts) and `shared_lock` (the lock between machines).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import SecretStr

from pipelines.warehouse.errors import PostgresBusyError, PostgresError

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

_TEXT = r"(?:[^@/?#\s%]|%[0-9A-Fa-f]{2})*"
_HOST = r"(?:[^:,@/?#\s%]*|\[[0-9A-Fa-f:]+\])(?::\d+)?"
URL = re.compile(
    rf"postgres(?:ql)?://(?:{_TEXT}@)?(?P<place>{_HOST}(?:,{_HOST})*(?:/{_TEXT})?)(?:\?(?:[^\s%]|%[0-9A-Fa-f]{{2}})*)?"
)
"""Strict, so that libpq takes no part of a password for a host or a port, which its messages name."""


def place_of(url: SecretStr, setting: str) -> str:
    """Host, port and database that `url` names, without user and password; PostgresError if it is no URL.

    `setting` is the name of the setting that has it, for the error.
    """
    found = URL.fullmatch(url.get_secret_value())
    if found is None:
        raise PostgresError(
            f"`{setting}` cannot be read; it is not shown, because it may hold a password. Expected "
            "postgresql://user:password@host:5432/database, with `@`, `/`, `?`, `#`, `%` and blanks in the password "
            "percent-encoded (`@` as %40)."
        )
    return found["place"]


def connected(url: SecretStr, setting: str, *, autocommit: bool = False) -> Connection:
    """A connection to the server of `url`.

    Raises:
        PostgresError: the URL cannot be read, or the driver is not installed.
        PostgresBusyError: the server does not answer or rejects the login.
    """
    where = place_of(url, setting)
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise PostgresError(
            f"`{setting}` is set and the driver is not installed. Install the extra: "
            "pip install 'ai-workforce-scorecard[postgres]'"
        ) from None
    try:
        connection: Connection = dbapi.connect(url.get_secret_value(), autocommit=autocommit)
    except Error as error:
        raise PostgresBusyError(
            f"no connection to Postgres at {where}: {words(error)}. Check that the server runs and that host, port, "
            f"database, user and password in `{setting}` are right."
        ) from None
    return connection


def words(error: Exception) -> str:
    """The server's own words, message and detail without its hints (`cascade`); the driver's, where it has none."""
    said = re.findall(r"(?<!HINT):  (.+)", str(error)) or [str(error).split("Failed to connect: ")[-1].splitlines()[0]]
    return ": ".join(line.strip().rstrip(".") for line in said)
