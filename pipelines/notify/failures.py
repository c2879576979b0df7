"""A failed run and its notification."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from pipelines.notify.notification import SEVERITIES, Channel, Notification
from pipelines.notify.outbox import Entry, Outbox
from pipelines.settings.channels import Severity

KIND = "run"
SEVERITY: Final[Severity] = "ticket"
"""The published scorecard is unchanged, so this is not urgent."""


@dataclass(frozen=True)
class Failed:
    """A run that failed: its job, the days it was for, the steps that failed, and why."""

    job: str
    run_id: str
    days: tuple[str, str]
    steps: tuple[str, ...]
    message: str

    @property
    def text(self) -> str:
        """One line for the log."""
        return f"{_title(asdict(self))}: {self.message}"


def want(outbox: Outbox, channel: Channel, failed: Failed) -> None:
    """Queue it for `channel`, if the channel gets tickets. A failure seen by two processes is sent once."""
    if SEVERITIES.index(channel.settings.least_severity) <= SEVERITIES.index(SEVERITY):
        outbox.want(channel.name, KIND, f"run:{failed.run_id}", "failed", asdict(failed))


def notification(entry: Entry, notification_id: str, page_url: str | None, now: datetime) -> Notification:
    """The notification of a failed run."""
    run = entry.about
    return Notification(
        notification_id=notification_id,
        subject=entry.subject,
        event="run.failed",
        happened_at=now,
        severity=SEVERITY,
        title=_title(run),
        facts=(("Error", run["message"]), ("Run", run["run_id"])),
        link=None,
        data=run,
    )


def _title(run: dict[str, Any] | Any) -> str:
    days = f" for {run['days'][0]} … {run['days'][1]}" if any(run["days"]) else ""
    steps = f" in {', '.join(run['steps'])}" if run["steps"] else ""
    return f"scorecard: {run['job']} failed{days}{steps}"
