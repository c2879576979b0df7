"""PagerDuty, by its Events API v2: our alert is an alert there, with the same id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.notify.http import post
from pipelines.notify.notification import TEST, Notification, clipped, singly
from pipelines.settings.channels import PagerDutySettings

ACTION = {"alert.acknowledged": "acknowledge", "alert.closed": "resolve", "alert.withdrawn": "resolve"}
"""All other events trigger."""
SEVERITY = {"page": "critical", "ticket": "warning"}
SUMMARY_LENGTH, KEY_LENGTH = 1024, 255


@dataclass(frozen=True)
class PagerDuty:
    """A PagerDuty service."""

    settings: PagerDutySettings
    name = "pagerduty"

    def batches(self, notifications: Sequence[Notification]) -> Iterable[Sequence[Notification]]:
        """One per message."""
        return singly(notifications)

    def send(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Send one event; a test is resolved at once, so that it leaves no open incident."""
        (notification,) = notifications
        actions = ("trigger", "resolve") if notification.event == TEST else (ACTION.get(notification.event, "trigger"),)
        for action in actions:
            post(self.settings.url, json.dumps(self._event(notification, action)).encode())

    def _event(self, notification: Notification, action: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "routing_key": self.settings.routing_key.get_secret_value(),
            "event_action": action,
            "dedup_key": _key(notification.subject),
        }
        if action == "trigger":
            event["client"] = "AI Workforce Scorecard"
            event["payload"] = {
                "summary": clipped(notification.title, SUMMARY_LENGTH),
                "severity": SEVERITY[notification.severity],
                "source": notification.data.get("model_id") or "scorecard",
                "timestamp": notification.happened_at.isoformat(),
                "class": notification.data.get("alert_kind") or notification.event,
                "custom_details": dict(notification.facts),
            }
            if notification.link:
                event["client_url"] = notification.link
                event["links"] = [{"href": notification.link, "text": "Open the scorecard"}]
        return event


def _key(subject: str) -> str:
    """PagerDuty's key of `subject`: itself, or a digest if it is longer than PagerDuty allows."""
    return subject if len(subject) <= KEY_LENGTH else hashlib.sha256(subject.encode()).hexdigest()
