"""Typeform's server: forms and the Responses API, as https://www.typeform.com/developers/responses documents it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

FORM = "Ab3xYz"
FIELDS = [
    {"id": "q1", "ref": "rating", "title": "How was it?", "type": "rating"},
    {"id": "q2", "ref": "mail", "title": "Your address?", "type": "email"},
    {
        "id": "g1",
        "ref": "group",
        "title": "Group",
        "type": "group",
        "properties": {"fields": [{"id": "q3", "ref": "why", "title": "Why?", "type": "long_text"}]},
    },
    {"id": "c1", "ref": "contact", "title": "Who?", "type": "contact_info", "properties": {"fields": [{"id": "q4"}]}},
]


@dataclass
class Typeform:
    """A form, and what it answers."""

    page_size: int = 1_000
    items: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == f"Bearer {TOKEN}")

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path == "/forms":
            return Response({"total_items": 1, "page_count": 1, "items": [{"id": FORM, "title": "Feedback"}]})
        if request.path == f"/forms/{FORM}":
            return Response({"id": FORM, "title": "Feedback", "fields": FIELDS})
        if request.path != f"/forms/{FORM}/responses":
            return Response({"code": "FORM_NOT_FOUND", "description": "Non existing form"}, 404)
        since, until = (datetime.fromisoformat(request.one(name)) for name in ("since", "until"))
        rows = [row for row in self.items if since <= datetime.fromisoformat(row["submitted_at"]) <= until]
        rows.sort(key=lambda row: (str(row["submitted_at"]), str(row["token"])), reverse=True)
        if before := request.one("before"):
            tokens = [row["token"] for row in rows]
            rows = rows[tokens.index(before) + 1 :] if before in tokens else []
        size = min(int(request.one("page_size", "25")), self.page_size)
        wanted = request.one("fields").split(",")
        page = [
            {**row, "answers": [answer for answer in row["answers"] if answer["field"]["id"] in wanted]}
            for row in rows[:size]
        ]
        return Response({"total_items": len(rows), "page_count": -(-len(rows) // size), "items": page})

    def response(self, number: int, at: str, rating: int = 5) -> None:
        """Somebody submits the form."""
        token = f"t{number:04}"
        self.items.append(
            {
                "landing_id": token,
                "token": token,
                "response_id": token,
                "response_type": "completed",
                "landed_at": at,
                "submitted_at": at,
                "hidden": {},
                "answers": [
                    {"field": {"id": "q1", "ref": "rating", "type": "rating"}, "type": "number", "number": rating},
                    {"field": {"id": "q2", "ref": "mail", "type": "email"}, "type": "email", "email": "a@b.example"},
                    {"field": {"id": "q3", "ref": "why", "type": "long_text"}, "type": "text", "text": "Because"},
                ],
            }
        )
