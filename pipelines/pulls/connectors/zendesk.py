"""Zendesk: tickets, by the cursor-based incremental export.

Not asked for: users, organizations, comments. Who asked and who answers are ids in the tickets; the subject and the
description are in the pages unasked, and the source's table has neither.

The export is a feed: each answer says where to go on, the last one too, and a ticket comes again with every change, its
deletion among them. So there is no overlap. Changes of the last minute are left out by Zendesk, and come next time
(https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pipelines.pulls.check import format_of, records_of
from pipelines.pulls.errors import PullError
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings, ZendeskPullSettings

PATH = "/api/v2/incremental/tickets/cursor.json"
LIMIT = 1_000
TICKETS = "Zendesk tickets"


def _tickets(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked: dict[str, Any] = dict(position) if position else {"start_time": int(window.start.timestamp())}
    while True:
        answer = api.get(PATH, {**asked, "per_page": LIMIT})
        records = records_of(format_of("zendesk", TICKETS), answer.json, "zendesk, incremental tickets")
        is_last = answer.json.get("end_of_stream") is True
        cursor = answer.json.get("after_cursor")
        if not cursor and not is_last:
            raise PullError("zendesk: the answer has no `after_cursor`, and is not the end of the stream")
        asked = {"cursor": cursor} if cursor else asked
        yield Page(answer.body, records, asked if cursor else None, is_last)
        if is_last:
            return


def _headers(settings: PullSettings, token: str) -> dict[str, str]:
    assert isinstance(settings, ZendeskPullSettings)  # noqa: S101 - what PullsSettings has under this name
    if settings.user is None:
        return {"Authorization": f"Bearer {token}"}
    basic = base64.b64encode(f"{settings.user}/token:{token}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


def _look(vendor: Asker, _: PullSettings, now: datetime) -> list[Listing]:
    start = now - timedelta(days=30)
    answer = vendor.get(PATH, {"start_time": int(start.timestamp()), "per_page": 100})
    tickets = records_of(format_of("zendesk", TICKETS), answer.json, "zendesk, incremental tickets")
    tags = sorted({tag for ticket in tickets for tag in ticket.get("tags") or []})
    is_whole = answer.json.get("end_of_stream") is True
    return [
        Listing(
            ("tag of recent tickets", "tags of recent tickets"),
            [(tag, None) for tag in tags],
            "ticket_tag",
            is_whole=is_whole,
        )
    ]


CONNECTOR = Connector(
    name="zendesk",
    source="zendesk",
    title="Zendesk",
    base_url=None,
    permission="an API token of an administrator, or an OAuth token with the scope tickets:read",
    headers=_headers,
    streams=lambda _: [Stream("tickets", TICKETS, Plan("feed"), _tickets)],
    # 10 a minute for these endpoints.
    rate=Rate(10, 60),
    look=_look,
)
