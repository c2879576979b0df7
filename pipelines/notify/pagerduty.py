"""PagerDuty, by its Events API v2: our alert is an alert there, with the same id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.notify.http import post
from pipelines.notify.notice import TEST, Notice, clipped, singly
from pipelines.settings import PagerDutySettings

ACTION = {"alert.acknowledged": "acknowledge", "alert.closed": "resolve", "alert.withdrawn": "resolve"}
"""All other events trigger."""
SEVERITY = {"page": "critical", "ticket": "warning"}
SUMMARY_LENGTH, KEY_LENGTH = 1024, 255


@dataclass(frozen=True)
class PagerDuty:
    """A PagerDuty service."""

    settings: PagerDutySettings
    name = "pagerduty"

    def batches(self, notices: Sequence[Notice]) -> Iterable[Sequence[Notice]]:
        """One per message."""
        return singly(notices)

    def send(self, notices: Sequence[Notice], now: datetime) -> None:
        """Send one event; a test is resolved at once, so that it leaves no open incident."""
        (notice,) = notices
        actions = ("trigger", "resolve") if notice.event == TEST else (ACTION.get(notice.event, "trigger"),)
        for action in actions:
            post(self.settings.url, json.dumps(self._event(notice, action)).encode())

    def _event(self, notice: Notice, action: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "routing_key": self.settings.routing_key.get_secret_value(),
            "event_action": action,
            "dedup_key": _key(notice.subject),
        }
        if action == "trigger":
            event["client"] = "AI Workforce Scorecard"
            event["payload"] = {
                "summary": clipped(notice.title, SUMMARY_LENGTH),
                "severity": SEVERITY[notice.severity],
                "source": notice.data.get("model_id") or "scorecard",
                "timestamp": notice.happened_at.isoformat(),
                "class": notice.data.get("alert_kind") or notice.event,
                "custom_details": dict(notice.facts),
            }
            if notice.link:
                event["client_url"] = notice.link
                event["links"] = [{"href": notice.link, "text": "Open the scorecard"}]
        return event


def _key(subject: str) -> str:
    """PagerDuty's key of `subject`: itself, or a digest if it is longer than PagerDuty allows."""
    return subject if len(subject) <= KEY_LENGTH else hashlib.sha256(subject.encode()).hexdigest()
