"""Slack, by an incoming webhook: one message of blocks for what is due, up to ten notices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.notify.http import post
from pipelines.notify.notice import Notice, clipped
from pipelines.settings import Severity, SlackSettings

MOST_IN_A_MESSAGE = 10
"""Ten notices of at most 1,200 characters stay below what Slack was seen to take in blocks, some 13,000."""
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

    @property
    def least_severity(self) -> Severity:
        """As set."""
        return self.settings.least_severity

    def batches(self, notices: Sequence[Notice]) -> Iterable[Sequence[Notice]]:
        """Up to ten in a message."""
        return (notices[at : at + MOST_IN_A_MESSAGE] for at in range(0, len(notices), MOST_IN_A_MESSAGE))

    def send(self, notices: Sequence[Notice], now: datetime) -> None:
        """Post one message."""
        first, *others = notices
        more = f" and {len(others)} more" if others else ""
        message = {
            "text": escaped(clipped(first.title, TITLE_LENGTH)) + more,
            "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": _section(notice)}, "expand": True}
                for notice in notices
            ],
            "unfurl_links": False,
        }
        post(self.settings.webhook_url.get_secret_value(), json.dumps(message).encode())


def _section(notice: Notice) -> str:
    title = f"*{escaped(clipped(notice.title, TITLE_LENGTH))}*"
    facts = [f"{label}: {escaped(clipped(text, FACT_LENGTH))}" for label, text in notice.facts]
    link = [f"<{escaped(notice.link)}|Open the scorecard>"] if notice.link else []
    sign = SIGN.get(notice.event, SIGN[notice.severity])
    return "\n".join([f"{sign} {title}", *facts, *link])


def escaped(text: str) -> str:
    """`text` as it stands in a Slack message: none of it is a mention, a link or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
