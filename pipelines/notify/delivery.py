"""Delivery: send every configured channel what is due, back off from those that fail, and report the result."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.notify import alerts, failures
from pipelines.notify.mail import Mail
from pipelines.notify.notification import (
    TEST,
    TIMEOUT_SECONDS,
    Channel,
    Notification,
    RejectedError,
    UnfitError,
    UnreachableError,
)
from pipelines.notify.outbox import ChannelState, Entry, Outbox, opened
from pipelines.notify.pagerduty import PagerDuty
from pipelines.notify.slack import Slack
from pipelines.notify.webhook import Webhook
from pipelines.settings import Settings
from pipelines.warehouse.publish import published_at

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)
REJECTED_WAIT = timedelta(days=1)
TIME_PER_TICK = timedelta(seconds=55)
"""Dagster stops a sensor's tick after 60 s."""
CHANNELS: Mapping[str, Callable[[Any], Channel]] = {
    "pagerduty": PagerDuty,
    "slack": Slack,
    "webhook": Webhook,
    "email": Mail,
}
"""The setting of each channel → the channel, in the order they are notified."""
NOTIFICATION_OF_KIND = {alerts.KIND: alerts.notification, failures.KIND: failures.notification}

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Report:
    """Result for a channel: notifications sent and waiting and, if any are waiting, the reason and the next attempt."""

    channel: str
    notified_count: int
    waiting_count: int
    trouble: str | None = None
    try_at: datetime | None = None

    @property
    def text(self) -> str:
        """One line of text."""
        waiting = f", {self.waiting_count} waiting" if self.waiting_count else ""
        why = f": {self.trouble}, again at {self.try_at:%Y-%m-%d %H:%M} UTC" if self.trouble and self.try_at else ""
        return f"{self.channel}: {self.notified_count} notified{waiting}{why}"


def connected(settings: Settings) -> tuple[Channel, ...]:
    """The configured channels."""
    set_up = ((channel, getattr(settings, name)) for name, channel in CHANNELS.items())
    return tuple(channel(own) for channel, own in set_up if own is not None)


def notify(settings: Settings, since: datetime, clock: Clock = utc_now, wait: bool = True) -> list[Report]:
    """Send every channel what is due: changes of the published alerts, and notifications that failed before.

    A failed channel or message is retried after a while, or at once if it failed before `since`, when these settings
    were read or somebody asked; a wait requested by the receiver is kept. The published copy is read only if it has
    changed. Raises OutboxBusyError if another process is sending and the caller does not `wait`.
    """
    channels = connected(settings)
    if not channels:
        return []
    with opened(settings, wait) as outbox:
        _compare(settings, outbox, channels, since, clock)
        return [_deliver(settings, outbox, channel, since, clock, _time_for(channels)) for channel in channels]


def notify_failure(settings: Settings, failed: failures.Failed, clock: Clock = utc_now) -> bool:
    """Log a failed run and notify the channels; returns whether all were notified.

    Raises nothing. A channel that could not be notified now is retried with the next alerts, or the next failure.
    """
    log.error(failed.text)
    channels = connected(settings)
    if not channels:
        return True
    try:
        with opened(settings) as outbox:
            for channel in channels:
                failures.want(outbox, channel, failed)
            time = _time_for(channels)
            reports = [_deliver(settings, outbox, channel, clock(), clock, time) for channel in channels]
    except (OSError, sqlite3.Error) as error:
        log.error("no channel could be notified: %s", error)
        return False
    return not any(report.waiting_count for report in reports)


@dataclass(frozen=True)
class Overview:
    """The open alerts, their state in each channel, and the state of the channels."""

    alerts: tuple[alerts.Alert, ...]
    known: Mapping[tuple[str, str], str]
    reports: tuple[Report, ...]


def overview(settings: Settings) -> Overview:
    """Open alerts and their channels. Raises FileNotFoundError if nothing is published."""
    found = tuple(alert for alert in alerts.published_alerts(settings) if alerts.state(alert) in alerts.OPEN)
    channels = connected(settings)
    known: dict[tuple[str, str], str] = {}
    with opened(settings) as outbox:
        for channel in channels:
            for entry in outbox.entries(channel.name):
                known[entry.subject, channel.name] = entry.trouble or (
                    "notified" if entry.notified == entry.wanted else "waiting"
                )
        return Overview(found, known, tuple(_report(outbox, channel, 0) for channel in channels))


def send_test(channel: Channel, settings: Settings, clock: Clock = utc_now) -> None:
    """Send one test notification without recording it. Raises the channel's errors."""
    now = clock()
    channel.send(
        [
            Notification(
                notification_id=_notification_id(channel.name, TEST, now.isoformat()),
                subject="scorecard:test",
                event=TEST,
                happened_at=now,
                severity="ticket",
                title="Scorecard test notification",
                facts=(("Action", "None: alerts will arrive in this channel."),),
                link=settings.page_url,
                data={},
            )
        ],
        now,
    )


def _compare(settings: Settings, outbox: Outbox, channels: Sequence[Channel], since: datetime, clock: Clock) -> None:
    made_at = published_at(settings)
    if made_at is None:
        return
    version = made_at.isoformat()
    behind = []
    for channel in channels:
        state = outbox.state(channel.name)
        is_same = state.compared_version == version
        if not (is_same and state.compared_at is not None and state.compared_at >= since):
            behind.append(channel)
    if behind:
        found = alerts.published_alerts(settings)
        for channel in behind:
            alerts.compare(outbox, channel, found, version, clock())


def _time_for(channels: Sequence[Channel]) -> timedelta:
    """How long each channel may start new messages; the last one may take until its time-out."""
    return TIME_PER_TICK / len(channels) - timedelta(seconds=TIMEOUT_SECONDS)


def _deliver(
    settings: Settings, outbox: Outbox, channel: Channel, since: datetime, clock: Clock, time: timedelta
) -> Report:
    """Send the channel what is due, starting no message later than `time` after the first."""
    start = clock()
    state = outbox.state(channel.name)
    notified = 0
    if _may_try(state.tried_at, state.try_at, start, since):
        ready = [entry for entry in outbox.due(channel.name) if _may_try(entry.tried_at, entry.try_at, start, since)]
        notifications = [_notification(entry, channel, settings, start) for entry in ready]
        # Pages first, so that urgent alerts do not wait behind a backlog.
        queue = deque(channel.batches(sorted(notifications, key=lambda notification: notification.severity != "page")))
        while queue and clock() < start + time:
            notified += _send(outbox, channel, queue, clock())
    return _report(outbox, channel, notified)


def _send(outbox: Outbox, channel: Channel, queue: deque[Sequence[Notification]], now: datetime) -> int:
    """Send the first message of `queue` and record the result; returns the number of notifications sent."""
    message = queue.popleft()
    try:
        channel.send(message, now)
    except (UnreachableError, RejectedError) as error:
        asked = isinstance(error, UnreachableError) and error.wait_seconds is not None
        try_at = now + _wait(error, outbox.state(channel.name).failure_count)
        outbox.failed(channel.name, None if asked else now, try_at, str(error))
        log.error("%s: %s; again at %s", channel.name, error, try_at.isoformat(timespec="minutes"))
        queue.clear()
    except Exception as error:  # an invalid notification must not block the others
        if len(message) > 1:
            queue.extendleft((notification,) for notification in reversed(message))
            return 0
        found = str(error) if isinstance(error, UnfitError) else f"could not be sent ({type(error).__name__})"
        outbox.put_off(channel.name, message[0].subject, now, now + REJECTED_WAIT, found)
        log.error("%s: %s: %s", channel.name, message[0].title, found)
    else:
        outbox.notified(channel.name, [notification.subject for notification in message])
        return len(message)
    return 0


def _wait(error: UnreachableError | RejectedError, failure_count: int) -> timedelta:
    if isinstance(error, RejectedError):
        return REJECTED_WAIT
    if error.wait_seconds is not None:
        return min(timedelta(seconds=error.wait_seconds), REJECTED_WAIT)
    return min(FIRST_WAIT * (1 << min(failure_count, 10)), LONGEST_WAIT)


def _may_try(tried_at: datetime | None, try_at: datetime | None, now: datetime, since: datetime) -> bool:
    return try_at is None or try_at <= now or (tried_at is not None and tried_at < since)


def _report(outbox: Outbox, channel: Channel, notified: int) -> Report:
    due = outbox.due(channel.name)
    # Trouble of the channel takes precedence over trouble of one message.
    holders: list[ChannelState | Entry] = [outbox.state(channel.name), *due] if due else []
    for held in holders:
        if held.trouble:
            return Report(channel.name, notified, len(due), held.trouble, held.try_at)
    return Report(channel.name, notified, len(due))


def _notification(entry: Entry, channel: Channel, settings: Settings, now: datetime) -> Notification:
    notification_id = _notification_id(channel.name, entry.subject, str(entry.change_count), entry.wanted)
    return NOTIFICATION_OF_KIND[entry.kind](entry, notification_id, settings.page_url, now)


def _notification_id(*parts: str) -> str:
    return "msg_" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
