"""Mixpanel's server: the raw export, a JSON document a line, as https://developer.mixpanel.com documents it."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

USER, PROJECT = "scorecard.abc123.mp-service-account", 12345


@dataclass
class Mixpanel:
    """A project, and what it answers."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        basic = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == basic)

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path != "/api/2.0/export":
            return Response({"error": "not found", "status": "error"}, 404)
        if request.one("project_id") != str(PROJECT):
            return Response({"error": "Missing required parameter: project_id", "status": "error"}, 400)
        first, last = (date.fromisoformat(request.one(name)) for name in ("from_date", "to_date"))
        names = json.loads(request.one("event", "null"))
        lines = [
            json.dumps(event) + "\n"
            for event in self.events
            if first <= datetime.fromtimestamp(event["properties"]["time"], UTC).date() <= last
            and (names is None or event["event"] in names)
        ]
        return Response(gzip.compress("".join(lines).encode(), mtime=0), headers={"Content-Encoding": "gzip"})

    def event(self, name: str, at: str, user: str = "u1") -> None:
        """Something a user did."""
        moment = int(datetime.fromisoformat(at).timestamp())
        self.events.append(
            {
                "event": name,
                "properties": {
                    "time": moment,
                    "distinct_id": user,
                    "$user_id": user,
                    "$device_id": f"d-{user}",
                    "$insert_id": f"i{len(self.events)}",
                    "mp_processing_time_ms": moment * 1000 + 500,
                },
            }
        )
