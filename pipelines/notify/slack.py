"""Slack, by an incoming webhook: one message with up to ten notifications."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.notify.http import post
from pipelines.notify.notification import Notification, clipped
from pipelines.settings.channels import SlackSettings

MOST_IN_A_MESSAGE = 10
LONGEST_BLOCK = 2_900
"""Slack allows 3,000 characters in a section."""
LONGEST_MESSAGE = 12_000
"""Slack was seen to reject some 13,200 characters of blocks (slackapi/bolt-js#2509)."""
TITLE_LENGTH, FACT_LENGTH = 150, 240
SIGN = {
    "page": ":red_circle:",
    "ticket": ":large_orange_circle:",
    "alert.acknowledged": ":eyes:",
    "alert.closed": ":white_check_mark:",
    "alert.withdrawn": ":white_check_mark:",
}
"""By event, else by severity."""


@dataclass(frozen=True)
class Slack:
    """A Slack channel."""

    settings: SlackSettings
    name = "slack"

    def batches(self, notifications: Sequence[Notification]) -> Iterator[Sequence[Notification]]:
        """Up to ten in a message, fewer if they are long."""
        message: list[Notification] = []
        length = 0
        for notification in notifications:
            more = len(_section(notification))
            if message and (len(message) == MOST_IN_A_MESSAGE or length + more > LONGEST_MESSAGE):
                yield message
                message, length = [], 0
            message.append(notification)
            length += more
        if message:
            yield message

    def send(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Post one message."""
        first, *others = notifications
        more = f" and {len(others)} more" if others else ""
        message = {
            "text": escaped(clipped(first.title, TITLE_LENGTH)) + more,
            "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": _section(notification)}, "expand": True}
                for notification in notifications
            ],
            "unfurl_links": False,
        }
        post(self.settings.webhook_url.get_secret_value(), json.dumps(message).encode())


def _section(notification: Notification) -> str:
    """A notification in Slack's markup, without the facts that do not fit: escaping makes text longer."""
    sign = SIGN.get(notification.event, SIGN[notification.severity])
    text = f"{sign} *{escaped(clipped(notification.title, TITLE_LENGTH))}*"
    link = f"\n<{escaped(notification.link)}|Open the scorecard>" if notification.link else ""
    for label, fact in notification.facts:
        line = f"\n{label}: {escaped(clipped(fact, FACT_LENGTH))}"
        if len(text) + len(line) + len(link) <= LONGEST_BLOCK:
            text += line
    return text + link


def escaped(text: str) -> str:
    """`text` escaped for Slack, so that it cannot be a mention, a link or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
