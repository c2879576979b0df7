"""A webhook with signed JSON: one message per notification, following Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.notify.http import post
from pipelines.notify.notification import Notification, singly
from pipelines.settings.channels import WebhookSettings


@dataclass(frozen=True)
class Webhook:
    """The receiver's address and shared key."""

    settings: WebhookSettings
    name = "webhook"

    def batches(self, notifications: Sequence[Notification]) -> Iterable[Sequence[Notification]]:
        """One per message."""
        return singly(notifications)

    def send(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Post one notification. The time of the attempt is signed too, to prevent replays."""
        (notification,) = notifications
        body = json.dumps(
            {
                "type": notification.event,
                "timestamp": notification.happened_at.isoformat().replace("+00:00", "Z"),
                "text": notification.title,
                "link": notification.link,
                "data": notification.data,
            },
            separators=(",", ":"),
        ).encode()
        moment = str(int(now.timestamp()))
        headers = {
            "webhook-id": notification.notification_id,
            "webhook-timestamp": moment,
            "webhook-signature": self._signature(notification.notification_id, moment, body),
        }
        post(self.settings.url.get_secret_value(), body, headers)

    def _signature(self, notification_id: str, moment: str, body: bytes) -> str:
        key = base64.b64decode(self.settings.secret.get_secret_value().removeprefix("whsec_"))
        digest = hmac.new(key, f"{notification_id}.{moment}.".encode() + body, hashlib.sha256).digest()
        return "v1," + base64.b64encode(digest).decode()
