"""Zendesk's server: the cursor-based incremental export of tickets, as https://developer.zendesk.com documents it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

USER = "scorecard@acme.example"
PATH = "/api/v2/incremental/tickets/cursor.json"


@dataclass
class Zendesk:
    """An account: the changes of its tickets, in their order, and what it answers."""

    page_size: int = 1_000
    changes: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        basic = "Basic " + base64.b64encode(f"{USER}/token:{TOKEN}".encode()).decode()
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == basic)

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path != PATH:
            return Response({"error": "InvalidEndpoint", "description": "Not found"}, 404)
        if cursor := request.one("cursor"):
            first = int(base64.b64decode(cursor))
        elif start := request.one("start_time"):
            first = sum(row["generated_timestamp"] < int(start) for row in self.changes)
        else:
            return Response({"error": "InvalidValue", "description": "start_time or cursor is required"}, 422)
        size = min(int(request.one("per_page", "1000")), self.page_size)
        page = self.changes[first : first + size]
        after = base64.b64encode(str(first + len(page)).encode()).decode()
        return Response(
            {
                "tickets": page,
                "after_url": f"https://acme.zendesk.com{PATH}?cursor={after}",
                "after_cursor": after,
                "before_url": None,
                "before_cursor": None,
                "end_of_stream": first + len(page) >= len(self.changes),
            }
        )

    def ticket(self, number: int, created: str, updated: str, status: str = "solved", score: str = "unoffered") -> None:
        """A change of a ticket."""
        self.changes.append(
            {
                "id": number,
                "url": f"https://acme.zendesk.com/api/v2/tickets/{number}.json",
                "status": status,
                "priority": None,
                "tags": ["chat"],
                "satisfaction_rating": {"score": score},
                "created_at": created,
                "updated_at": updated,
                "generated_timestamp": int(datetime.fromisoformat(updated).timestamp()),
            }
        )
