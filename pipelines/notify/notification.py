"""Notifications and channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pipelines.settings.channels import ChannelSettings, Severity

SEVERITIES: tuple[Severity, ...] = ("ticket", "page")
"""From the least to the most urgent."""
TEST = "test"
TIMEOUT_SECONDS = 5.0
"""How long a receiver may take to answer."""


@dataclass(frozen=True)
class Notification:
    """One change of one subject, as sent to one channel.

    `notification_id` is the same in every attempt, so that a receiver can recognise duplicates; `subject` is the alert
    or the run, the same in all its notifications; `facts` are for people, `data` is for programs.
    """

    notification_id: str
    subject: str
    event: str
    happened_at: datetime
    severity: Severity
    title: str
    facts: tuple[tuple[str, str], ...]
    link: str | None
    data: Mapping[str, Any]


class Channel(Protocol):
    """A configured notification channel."""

    @property
    def name(self) -> str:
        """The name of its setting."""

    @property
    def settings(self) -> ChannelSettings:
        """Its settings, of which every channel has the lowest severity that is sent to it."""

    def batches(self, notifications: Sequence[Notification]) -> Iterable[Sequence[Notification]]:
        """`notifications` grouped into messages, in order."""

    def send(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Send one message; returns once the receiver has accepted it.

        Raises UnreachableError, RejectedError or UnfitError. Their text is logged and holds no secret.
        """


class UnreachableError(Exception):
    """The receiver is temporarily unavailable; `wait_seconds` is the wait it asks for."""

    def __init__(self, found: str, wait_seconds: float | None = None) -> None:
        """Keep the wait with the text."""
        super().__init__(found)
        self.wait_seconds = wait_seconds


class RejectedError(Exception):
    """The receiver rejects all messages: its settings are wrong."""


class UnfitError(Exception):
    """The receiver accepts messages, but not this one."""


def singly(notifications: Sequence[Notification]) -> Iterable[Sequence[Notification]]:
    """A message for each notification."""
    return ((notification,) for notification in notifications)


def clipped(text: str, length: int) -> str:
    """`text` in one line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
