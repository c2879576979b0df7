"""Published alerts, the state each channel should know, and the notification of each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pipelines.notify.notification import SEVERITIES, Channel, Notification
from pipelines.notify.outbox import Entry, Outbox
from pipelines.settings import Settings
from pipelines.warehouse.publish import read_published

KIND = "alert"
ACKNOWLEDGED, CLOSED, WITHDRAWN = "acknowledged", "closed", "withdrawn"
OPEN = {*SEVERITIES, ACKNOWLEDGED}
NEWS_FOR = timedelta(days=7)
"""An alert that ended longer ago than this, counted from the newest time of any alert, is not sent after a backfill."""
PUBLISHED = """
    select alerts.*, coalesce(kpis.kpi_name, alerts.subject_id) as subject_name
    from mart_alerts as alerts
    left join mart_kpis as kpis on alerts.subject_id = kpis.kpi_id
    order by alerts.opened_at, alerts.alert_id
"""

Alert = Mapping[str, Any]
"""A row of mart_alerts with the subject's name; times as text."""


def published_alerts(settings: Settings) -> list[Alert]:
    """Every alert of the published scorecard. Raises FileNotFoundError if nothing is published."""
    rows = read_published(settings, {KIND: PUBLISHED})[KIND].to_pylist()
    return [{column: _plain(value) for column, value in row.items()} for row in rows]


def state(alert: Alert) -> str:
    """Its state: its severity until it is acknowledged, then acknowledged, then closed."""
    return str(alert["severity"] if alert["status"] == "open" else alert["status"])


def compare(outbox: Outbox, channel: Channel, alerts: Sequence[Alert], version: str, now: datetime) -> None:
    """Put the current state of the published `alerts` into the outbox of `channel`."""
    before = {entry.subject: entry for entry in outbox.entries(channel.name) if entry.kind == KIND}
    newest = max((_last_moment(alert) for alert in alerts), default=None)
    with outbox.transaction():
        known_until = outbox.state(channel.name).known_until
        for alert in alerts:
            entry = before.pop(alert["alert_id"], None)
            if _is_to_be_notified(alert, entry, channel, known_until, newest):
                outbox.want(channel.name, KIND, alert["alert_id"], state(alert), alert)
            else:
                outbox.forget(channel.name, alert["alert_id"])
        for subject, entry in before.items():
            if entry.notified is None:
                outbox.forget(channel.name, subject)
            else:
                wanted = WITHDRAWN if entry.notified in OPEN else entry.notified
                outbox.want(channel.name, KIND, subject, wanted, entry.about)
        outbox.compared(channel.name, version, newest or known_until, now)


def _is_to_be_notified(
    alert: Alert, entry: Entry | None, channel: Channel, known_until: str | None, newest: str | None
) -> bool:
    """A channel notified of an alert gets its later changes; otherwise only recent alerts above its threshold."""
    if entry is not None and entry.notified is not None:
        return True
    if SEVERITIES.index(alert["severity"]) < SEVERITIES.index(channel.settings.least_severity):
        return False
    if entry is not None or state(alert) != CLOSED:
        return True
    if known_until is None or newest is None:
        return False
    oldest = _moment(newest) - NEWS_FOR
    return _moment(alert["closed_at"]) > max(_moment(known_until), oldest)


def change(notified: str | None, wanted: str) -> str:
    """The change of an alert between the notified state and the current one."""
    if wanted in (ACKNOWLEDGED, CLOSED, WITHDRAWN):
        return wanted
    if notified is None:
        return "opened"
    if notified in SEVERITIES:
        return "escalated" if wanted == "page" else "lowered"
    return "reopened"


def notification(entry: Entry, notification_id: str, page_url: str | None, now: datetime) -> Notification:
    """The notification of an alert's change."""
    alert, what = entry.about, change(entry.notified, entry.wanted)
    moment = {"opened": alert["opened_at"], CLOSED: alert["closed_at"]}.get(what)
    subject, kind = alert["subject_name"], str(alert["alert_kind"]).replace("_", " ")
    link = {"model": alert["model_id"], "at": "alerts"}
    return Notification(
        notification_id=notification_id,
        subject=entry.subject,
        event=f"alert.{what}",
        happened_at=_moment(moment) if moment else now,
        severity=alert["severity"],
        title=f"{str(alert['severity']).capitalize()} {what}: {alert['model_name']}, {subject} ({kind})",
        facts=tuple((label, str(text)) for label, text in _facts(alert, what) if text is not None),
        link=f"{page_url}#{urlencode(link)}" if page_url else None,
        data=alert,
    )


def _facts(alert: Alert, what: str) -> Iterable[tuple[str, Any]]:
    if what == WITHDRAWN:
        yield "Reason", "Corrected by later data or by the catalog: it is no longer an alert."
    yield "Evidence", alert["latest_evidence"]
    yield "Since", _shown(alert["opened_at"])
    if what == CLOSED:
        yield "Until", _shown(alert["closed_at"])
    yield "Owner", alert["owner"]
    if what in (CLOSED, WITHDRAWN):
        return
    yield "Action", alert["recommended_action"]
    if what == ACKNOWLEDGED:
        yield "Acknowledged by", alert["acknowledged_by"]
        yield "Note", alert["acknowledgement_note"]
    yield "Id", alert["alert_id"]


def _last_moment(alert: Alert) -> str:
    return str(alert["closed_at"] or alert["last_breached_at"])


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _shown(text: str) -> str:
    return f"{_moment(text):%Y-%m-%d %H:%M} UTC"
