"""What is told, and what a channel is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pipelines.settings import Severity

SEVERITIES: tuple[Severity, ...] = ("ticket", "page")
"""From the least to the most urgent."""
TEST = "test"


@dataclass(frozen=True)
class Notice:
    """One change of one subject, as one channel is told of it.

    `notice_id` is the same in every attempt, so that a receiver can tell a repetition from news; `subject` is the alert
    or the run, the same in all its notices; `facts` are for people, `data` is for programs.
    """

    notice_id: str
    subject: str
    event: str
    happened_at: datetime
    severity: Severity
    title: str
    facts: tuple[tuple[str, str], ...]
    link: str | None
    data: Mapping[str, Any]


class Channel(Protocol):
    """A way to tell people, as set."""

    @property
    def name(self) -> str:
        """What its setting is called."""

    @property
    def least_severity(self) -> Severity:
        """What is less urgent than this it is not told."""

    def batches(self, notices: Sequence[Notice]) -> Iterable[Sequence[Notice]]:
        """`notices` parted into messages, in order."""

    def send(self, notices: Sequence[Notice], now: datetime) -> None:
        """Send one message; returns once the receiver has taken it.

        Raises UnreachableError, RejectedError or UnfitError. Their text is logged and holds no secret.
        """


class UnreachableError(Exception):
    """The receiver cannot take anything now; `wait_seconds` is how long it asks to be left alone."""

    def __init__(self, found: str, wait_seconds: float | None = None) -> None:
        """Keep the wait beside the text."""
        super().__init__(found)
        self.wait_seconds = wait_seconds


class RejectedError(Exception):
    """The receiver takes nothing from us: its settings are wrong."""


class UnfitError(Exception):
    """The receiver takes messages, but not this one."""


def singly(notices: Sequence[Notice]) -> Iterable[Sequence[Notice]]:
    """A message for each notice."""
    return ((notice,) for notice in notices)


def clipped(text: str, length: int) -> str:
    """`text` in one line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
