"""Langfuse's server: version 2 of the observations API, as its OpenAPI document has it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

PATH = "/api/public/v2/observations"
PUBLIC_KEY = "pk-lf-test"
GROUPS = {
    "basic": (
        "name", "level", "statusMessage", "version", "environment", "bookmarked", "public", "userId", "sessionId",
        "isRootObservation",
    ),
    "time": ("completionStartTime", "createdAt", "updatedAt"),
    "io": ("input", "output"),
    "metadata": ("metadata",),
    "model": ("providedModelName", "internalModelId", "modelParameters"),
    "usage": ("usageDetails", "costDetails", "totalCost", "usagePricingTierName"),
    "prompt": ("promptId", "promptName", "promptVersion"),
    "metrics": ("latency", "timeToFirstToken"),
    "trace_context": ("tags", "release", "traceName"),
}  # fmt: skip
CORE = (
    "id", "traceId", "startTime", "endTime", "projectId", "parentObservationId", "type",
    "modelId", "inputPrice", "outputPrice", "totalPrice",
)  # fmt: skip


@dataclass
class Langfuse:
    """A project, and what it answers.

    `page_size`: observations a page, whatever more is asked for; `pauses`: empty pages before the first other one.
    """

    page_size: int = 1_000
    pauses: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        basic = "Basic " + base64.b64encode(f"{PUBLIC_KEY}:{TOKEN}".encode()).decode()
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == basic)

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path != PATH:
            return Response({"message": "Not found", "error": "LangfuseNotFoundError"}, 404)
        groups = request.one("fields", "core,basic").split(",")
        limit = int(request.one("limit", "50"))
        if not set(groups) <= {"core", *GROUPS} or not 1 <= limit <= 1_000:
            return Response({"message": "Invalid request data", "error": []}, 400)
        start, end = (datetime.fromisoformat(request.one(name)) for name in ("fromStartTime", "toStartTime"))
        found = [row for row in self.rows if start <= datetime.fromisoformat(row["startTime"]) < end]
        found.sort(key=lambda row: (row["startTime"], row["traceId"], row["id"]), reverse=True)
        bound = [request.one("fromStartTime"), request.one("toStartTime"), groups]
        done, paused = 0, 0
        if cursor := request.one("cursor"):
            asked, done, paused = json.loads(base64.b64decode(cursor))
            if asked != bound:  # a cursor is good for the query it came from
                return Response({"message": "Invalid cursor", "error": []}, 400)
        if paused < self.pauses:
            return self._page([], [bound, done, paused + 1])
        page = found[done : done + min(limit, self.page_size)]
        named = [name for group in ("core", *groups) for name in (GROUPS.get(group) or CORE)]
        done += len(page)
        shown = [{name: row.get(name) for name in dict.fromkeys(named)} for row in page]
        return self._page(shown, [bound, done, paused] if done < len(found) else None)

    def _page(self, rows: list[dict[str, Any]], cursor: list[Any] | None) -> Response:
        meta = {"cursor": base64.b64encode(json.dumps(cursor).encode()).decode()} if cursor else {}
        return Response({"data": rows, "meta": meta})

    def observe(self, name: str, start: str, end: str | None, kind: str = "GENERATION", **more: Any) -> dict[str, Any]:
        """Something that was observed."""
        row = {
            **dict.fromkeys(["parentObservationId", *(field for group in GROUPS.values() for field in group)]),
            "id": name,
            "traceId": "trace-1",
            "projectId": "project-1",
            "type": kind,
            "startTime": start,
            "endTime": end,
            "level": "DEFAULT",
            "environment": "default",
            "userId": "jane@acme.example",
            "input": "a prompt",
            "providedModelName": "gpt-chat" if kind == "GENERATION" else None,
            "usageDetails": {"input": 30, "output": 5, "total": 35} if kind == "GENERATION" else {},
            **more,
        }
        self.rows.append(row)
        return row
