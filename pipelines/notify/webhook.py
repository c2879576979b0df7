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
from pipelines.notify.notice import Notice, singly
from pipelines.settings import WebhookSettings


@dataclass(frozen=True)
class Webhook:
    """The receiver's address and shared key."""

    settings: WebhookSettings
    name = "webhook"

    def batches(self, notices: Sequence[Notice]) -> Iterable[Sequence[Notice]]:
        """One per message."""
        return singly(notices)

    def send(self, notices: Sequence[Notice], now: datetime) -> None:
        """Post one notification. The time of the attempt is signed too, to prevent replays."""
        (notice,) = notices
        body = json.dumps(
            {
                "type": notice.event,
                "timestamp": notice.happened_at.isoformat().replace("+00:00", "Z"),
                "text": notice.title,
                "link": notice.link,
                "data": notice.data,
            },
            separators=(",", ":"),
        ).encode()
        moment = str(int(now.timestamp()))
        headers = {
            "webhook-id": notice.notice_id,
            "webhook-timestamp": moment,
            "webhook-signature": self._signature(notice.notice_id, moment, body),
        }
        post(self.settings.url.get_secret_value(), body, headers)

    def _signature(self, notice_id: str, moment: str, body: bytes) -> str:
        key = base64.b64decode(self.settings.secret.get_secret_value().removeprefix("whsec_"))
        digest = hmac.new(key, f"{notice_id}.{moment}.".encode() + body, hashlib.sha256).digest()
        return "v1," + base64.b64encode(digest).decode()
