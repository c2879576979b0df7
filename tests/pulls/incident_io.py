"""incident.io's server: incidents, their updates and attachments, as https://api-docs.incident.io documents them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class IncidentIo:
    """An organisation, and what it answers."""

    page_size: int = 250
    incidents: list[dict[str, Any]] = field(default_factory=list)
    updates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    attachments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == f"Bearer {TOKEN}")

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path == "/v2/incidents":
            first, last = (date.fromisoformat(request.one(f"updated_at[{end}]")) for end in ("gte", "lte"))
            days = {row["id"]: datetime.fromisoformat(row["updated_at"]).date() for row in self.incidents}
            return self._page(request, "incidents", [r for r in self.incidents if first <= days[r["id"]] <= last])
        if request.path == "/v1/incident_types":
            return Response({"incident_types": [{"id": "1", "name": "AI", "is_default": True}]})
        if request.path == "/v2/incident_updates":
            return self._page(request, "incident_updates", self.updates[request.one("incident_id")])
        if request.path == "/v1/incident_attachments":
            return Response({"incident_attachments": self.attachments[request.one("incident_id")]})
        return Response({"type": "not_found", "status": 404, "errors": [{"message": "no such path"}]}, 404)

    def _page(self, request: Request, name: str, rows: list[dict[str, Any]]) -> Response:
        size, ids = min(int(request.one("page_size", "25")), self.page_size), [row["id"] for row in rows]
        first = ids.index(request.one("after")) + 1 if request.one("after") else 0
        page = rows[first : first + size]
        # Its cursor is there on the last page too.
        meta: dict[str, Any] = {"page_size": size, **({"after": page[-1]["id"]} if page else {})}
        return Response({name: page, "pagination_meta": meta})

    def incident(self, number: int, at: str) -> dict[str, Any]:
        """Declare an incident."""
        row = {
            "id": ulid(at, number),
            "reference": f"INC-{number}",
            "name": "Slow",
            "permalink": f"https://app.incident.io/acme/incidents/{number}",
            "mode": "standard",
            "visibility": "public",
            "creator": {"user": {"id": "U1", "name": "Somebody"}},
            "created_at": at,
            "updated_at": at,
            "incident_role_assignments": [],
            "custom_field_entries": [],
            "incident_status": {"id": "S1", "name": "Investigating", "category": "live"},
            "severity": {"id": "V1", "name": "Major", "rank": 1},
            "incident_type": {"id": "T1", "name": "AI", "is_default": True},
            "incident_timestamp_values": [
                {"incident_timestamp": {"id": "X1", "name": "Reported at"}, "value": {"value": at}}
            ],
        }
        self.incidents.append(row)
        self.updates[row["id"]] = []
        self.attachments[row["id"]] = []
        self.update(row, at, "Investigating", "live")
        return row

    def update(self, incident: dict[str, Any], at: str, name: str, category: str) -> None:
        """Give it a status."""
        rows = self.updates[incident["id"]]
        rows.append(
            {
                "id": ulid(at, 1000 + len(rows)),
                "incident_id": incident["id"],
                "created_at": at,
                "new_incident_status": {"id": name, "name": name, "category": category},
                "updater": {"user": {"id": "U1", "name": "Somebody"}},
            }
        )
        incident |= {"updated_at": at, "incident_status": {"id": name, "name": name, "category": category}}
        if category == "closed":
            stamp = {"incident_timestamp": {"id": "X2", "name": "Resolved at"}, "value": {"value": at}}
            incident["incident_timestamp_values"] = [*incident["incident_timestamp_values"], stamp]

    def attach(self, incident: dict[str, Any], at: str, kind: str, external: str) -> None:
        """Attach a record of another system."""
        self.attachments[incident["id"]].append(
            {
                "id": ulid(at, 2000),
                "incident_id": incident["id"],
                "resource": {"resource_type": kind, "external_id": external, "permalink": "", "title": external},
            }
        )


def ulid(at: str, number: int) -> str:
    """An id of that moment, as incident.io makes them."""
    milliseconds = int(datetime.fromisoformat(at).timestamp() * 1000)
    time = "".join(DIGITS[milliseconds // 32**place % 32] for place in range(9, -1, -1))
    return f"{time}{number:016}"
