"""Amplitude's server: the Export API, a zip of gzipped JSON lines by hour of upload, as Amplitude documents it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

PATH, API_KEY, PROJECT = "/api/2/export", "amplitude-api-key", 187520


@dataclass
class Amplitude:
    """A project, and what it answers; a range of more events than `most` is too large."""

    most: int = 1_000_000
    events: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        basic = "Basic " + base64.b64encode(f"{API_KEY}:{TOKEN}".encode()).decode()
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == basic)

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path != PATH:
            return Response(b"<html>Not found</html>", 404)
        start, last = (
            datetime.strptime(request.one(name), "%Y%m%dT%H").replace(tzinfo=UTC) for name in ("start", "end")
        )
        found = [event for event in self.events if start <= _uploaded(event) < last + timedelta(hours=1)]
        if len(found) > self.most:
            return Response(b"The file size of the exported data is too large.", 400)
        if not found:
            return Response(b"Raw data files were not found.", 404)
        return Response(archive(found), headers={"Content-Type": "application/zip"})

    def event(self, name: str, at: str, uploaded: str = "", user: str = "u1") -> dict[str, Any]:
        """Something a user did."""
        event = {
            "$insert_id": f"i{len(self.events)}",
            "uuid": f"uuid-{len(self.events)}",
            "event_type": name,
            "event_time": f"{at}.000000",
            "client_event_time": f"{at}.000000",
            "server_upload_time": f"{uploaded or at}.500000",
            "user_id": user,
            "device_id": f"d-{user}",
            "amplitude_id": 1000 + len(user),
            "event_properties": {},
            "user_properties": {},
        }
        self.events.append(event)
        return event


def archive(events: list[dict[str, Any]]) -> bytes:
    """The zip file of these events."""
    hours = defaultdict(list)
    for event in events:
        hours[_uploaded(event)].append(json.dumps(event) + "\n")
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as files:
        for hour, lines in sorted(hours.items()):
            name = f"{PROJECT}/{PROJECT}_{hour:%Y-%m-%d_}{hour.hour}#0.json.gz"
            files.writestr(name, gzip.compress("".join(lines).encode(), mtime=0))
    return into.getvalue()


def _uploaded(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["server_upload_time"]).replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
