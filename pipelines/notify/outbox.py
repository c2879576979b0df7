"""The record of notifications, in a separate database: `<home>/outbox/outbox.sqlite`.

It cannot be rebuilt, so it is not in the warehouse. One row per channel and subject has the state the channel should
know and the state it was last notified of; the difference is due.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filelock import FileLock, Timeout

from pipelines.settings import Settings
from pipelines.warehouse.private import private_folder

TABLES = """
create table if not exists channels (
    channel text primary key,
    compared_version text, -- the published version it was last compared with
    compared_at text,
    known_until text, -- the newest time of any alert then: an alert that ended before it is not sent
    failure_count integer not null default 0,
    tried_at text, try_at text, trouble text
) strict;
create table if not exists subjects (
    channel text not null,
    kind text not null, -- alert or run
    subject text not null, -- an alert's id, or `run:` and a run's
    wanted text not null,
    notified text,
    change_count integer not null default 0,
    about text not null,
    tried_at text, try_at text, trouble text,
    primary key (channel, subject)
) strict;
"""


class OutboxBusyError(Exception):
    """Another process is sending, and the caller does not wait."""


@dataclass(frozen=True)
class Entry:
    """The state of a subject that a channel should know (`wanted`) and the one it was last notified of.

    `change_count` is the number of notifications; `about` is the last known subject. If a message about it was
    rejected, `tried_at`, `try_at` and `trouble` are the time, the next attempt and the reason.
    """

    kind: str
    subject: str
    wanted: str
    notified: str | None
    change_count: int
    about: Mapping[str, Any]
    tried_at: datetime | None
    try_at: datetime | None
    trouble: str | None


@dataclass(frozen=True)
class ChannelState:
    """A channel: the version it was compared with and, if its receiver fails, the attempts and the next one."""

    compared_version: str | None = None
    compared_at: datetime | None = None
    known_until: str | None = None
    failure_count: int = 0
    tried_at: datetime | None = None
    try_at: datetime | None = None
    trouble: str | None = None


class Outbox:
    """The open database. Every method is its own transaction, unless it is called within `transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Create missing tables."""
        self._connection = connection
        connection.executescript(TABLES)
        if "told" in {row[1] for row in connection.execute("pragma table_info(subjects)")}:
            connection.execute("alter table subjects rename column told to notified")  # of an older version

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def state(self, channel: str) -> ChannelState:
        """The state of `channel`; the initial one if it has none."""
        row = self._connection.execute(
            "select compared_version, compared_at, known_until, failure_count, tried_at, try_at, trouble "
            "from channels where channel = ?",
            (channel,),
        ).fetchone()
        if row is None:
            return ChannelState()
        version, compared_at, known_until, failures, tried_at, try_at, trouble = row
        return ChannelState(
            version, _to_time(compared_at), known_until, failures, _to_time(tried_at), _to_time(try_at), trouble
        )

    def compared(self, channel: str, version: str, known_until: str | None, now: datetime) -> None:
        """Record that `channel` has been compared with a published version."""
        self._connection.execute(
            "insert into channels (channel, compared_version, known_until, compared_at) values (?, ?, ?, ?) "
            "on conflict do update set compared_version = excluded.compared_version, "
            "known_until = excluded.known_until, compared_at = excluded.compared_at",
            (channel, version, known_until, _to_text(now)),
        )

    def failed(self, channel: str, tried_at: datetime | None, try_at: datetime, trouble: str) -> None:
        """Record that `channel` is not tried before `try_at`; no `tried_at` if the receiver set that time."""
        self._connection.execute(
            "insert into channels (channel, failure_count, tried_at, try_at, trouble) values (?, 1, ?, ?, ?) "
            "on conflict do update set failure_count = failure_count + 1, tried_at = excluded.tried_at, "
            "try_at = excluded.try_at, trouble = excluded.trouble",
            (channel, None if tried_at is None else _to_text(tried_at), _to_text(try_at), trouble),
        )

    def entries(self, channel: str) -> list[Entry]:
        """Every subject that `channel` was or should be notified of."""
        rows = self._connection.execute(
            "select kind, subject, wanted, notified, change_count, about, tried_at, try_at, trouble "
            "from subjects where channel = ? order by rowid",
            (channel,),
        ).fetchall()
        return [
            Entry(
                kind, subject, wanted, notified, count, json.loads(about), _to_time(tried_at), _to_time(try_at), trouble
            )
            for kind, subject, wanted, notified, count, about, tried_at, try_at, trouble in rows
        ]

    def due(self, channel: str) -> list[Entry]:
        """The entries with a notification due."""
        return [entry for entry in self.entries(channel) if entry.wanted != entry.notified]

    def want(self, channel: str, kind: str, subject: str, wanted: str, about: Mapping[str, Any]) -> None:
        """Set the state that `channel` should know. A rejection of another state does not delay it."""
        self._connection.execute(
            "insert into subjects (channel, kind, subject, wanted, about) values (?, ?, ?, ?, ?) "
            "on conflict do update set about = excluded.about, wanted = excluded.wanted, "
            "try_at = case when wanted = excluded.wanted then try_at end, "
            "trouble = case when wanted = excluded.wanted then trouble end",
            (channel, kind, subject, wanted, json.dumps(about)),
        )

    def forget(self, channel: str, subject: str) -> None:
        """Drop a subject that `channel` was never notified of and need not be."""
        self._connection.execute(
            "delete from subjects where channel = ? and subject = ? and notified is null",
            (channel, subject),
        )

    def notified(self, channel: str, subjects: Sequence[str]) -> None:
        """Record that `channel` has accepted what was due of `subjects`."""
        with self.transaction():
            self._connection.executemany(
                "update subjects set notified = wanted, change_count = change_count + 1, tried_at = null, "
                "try_at = null, trouble = null where channel = ? and subject = ?",
                [(channel, subject) for subject in subjects],
            )
            self._connection.execute(
                "update channels set failure_count = 0, tried_at = null, try_at = null, trouble = null "
                "where channel = ?",
                (channel,),
            )

    def put_off(self, channel: str, subject: str, now: datetime, try_at: datetime, trouble: str) -> None:
        """Record that `channel` rejected what is due of `subject`."""
        self._connection.execute(
            "update subjects set tried_at = ?, try_at = ?, trouble = ? where channel = ? and subject = ?",
            (_to_text(now), _to_text(try_at), trouble, channel, subject),
        )


@contextmanager
def opened(settings: Settings, wait: bool = True) -> Iterator[Outbox]:
    """The home's outbox, locked for one process while it sends.

    Raises OutboxBusyError if it is locked and the caller does not `wait`.
    """
    private_folder(settings.outbox_dir)
    guard = FileLock(settings.outbox_dir / ".lock", thread_local=False)
    try:
        guard.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise OutboxBusyError("another process is sending notifications") from None
    try:
        with closing(sqlite3.connect(settings.outbox_dir / "outbox.sqlite", isolation_level=None)) as connection:
            yield Outbox(connection)
    finally:
        guard.release()


def _to_text(moment: datetime) -> str:
    return moment.isoformat()


def _to_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
