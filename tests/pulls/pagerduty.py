"""PagerDuty's server: incidents and log entries, as https://developer.pagerduty.com documents them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

MOST = 10_000


@dataclass
class PagerDuty:
    """Its records, and what it answers."""

    incidents: list[dict[str, Any]] = field(default_factory=list)
    log_entries: list[dict[str, Any]] = field(default_factory=list)
    most: int = MOST
    services: dict[str, str] = field(default_factory=lambda: {"PSVC001": "Chat"})

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == f"Token token={TOKEN}")

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.headers.get("accept") != "application/vnd.pagerduty+json;version=2":
            return Response({"error": {"message": "Accept header", "code": 2001}}, 400)
        name = request.path.removeprefix("/")
        if name == "services":
            rows = [{"id": key, "type": "service", "name": value} for key, value in self.services.items()]
            return Response({"services": rows, "limit": 100, "offset": 0, "total": None, "more": False})
        if name not in ("incidents", "log_entries"):
            return Response({"error": {"message": "Not Found", "code": 2100}}, 404)
        since, until = (datetime.fromisoformat(request.one(key)) for key in ("since", "until"))
        limit, offset = min(int(request.one("limit", "25")), 100), int(request.one("offset", "0"))
        if until - since > timedelta(days=184):
            return Response({"error": {"message": "range", "code": 2001, "errors": ["at most 6 months"]}}, 400)
        if limit + offset > self.most:
            return Response({"error": {"code": 2002, "errors": ["Offset+limit exceeds maximum allowed value"]}}, 400)
        found = [r for r in getattr(self, name) if since <= datetime.fromisoformat(r["created_at"]) < until]
        found.sort(key=lambda record: str(record["created_at"]), reverse=name == "log_entries")
        page = found[offset : offset + limit]
        total = len(found) if request.one("total") == "true" else None
        more = offset + limit < len(found)
        return Response({name: page, "limit": limit, "offset": offset, "total": total, "more": more})

    def incident(self, number: int, created_at: str, **changes: Any) -> dict[str, Any]:
        """Open an incident, with the entry that triggered it."""
        reference = {"id": f"PINC{number:04}", "type": "incident_reference", "summary": f"[#{number}] Slow"}
        service = {"id": "PSVC001", "type": "service_reference", "summary": "Chat"}
        row = {
            "id": reference["id"],
            "type": "incident",
            "summary": f"[#{number}] Slow",
            "self": f"https://api.pagerduty.com/incidents/{reference['id']}",
            "html_url": f"https://acme.pagerduty.com/incidents/{reference['id']}",
            "incident_number": number,
            "title": "Slow",
            "created_at": created_at,
            "updated_at": created_at,
            "status": "triggered",
            "incident_key": f"key-{number}",
            "service": service,
            "assignments": [],
            "last_status_change_at": created_at,
            "last_status_change_by": service,
            "resolved_at": None,
            "urgency": "high",
            "alert_counts": {"all": 1, "triggered": 1, "resolved": 0},
            "incident_type": {"name": "incident_default"},
            "teams": [],
            "pending_actions": [],
            "acknowledgements": [],
            "priority": None,
            "resolve_reason": None,
            **changes,
        }
        self.incidents.append(row)
        self.entry(row, "trigger_log_entry", created_at)
        return row

    def entry(self, incident: Mapping[str, Any], kind: str, created_at: str) -> None:
        """Log what happened to it."""
        agent = {"id": "PUSER01", "type": "user_reference", "summary": "Somebody"}
        self.log_entries.append(
            {
                "id": f"R{incident['incident_number']:04}{len(self.log_entries):04}",
                "type": kind,
                "summary": kind,
                "created_at": created_at,
                "agent": incident["service"] if kind == "trigger_log_entry" else agent,
                "channel": {"type": "api" if kind == "trigger_log_entry" else "website"},
                "incident": {"id": incident["id"], "type": "incident_reference", "summary": incident["summary"]},
                "teams": [],
                "contexts": [],
            }
        )

    def resolve(self, incident: dict[str, Any], at: str) -> None:
        """Resolve it."""
        incident |= {"status": "resolved", "resolved_at": at, "updated_at": at, "last_status_change_at": at}
        incident |= {"last_status_change_by": {"id": "PUSER01", "type": "user_reference", "summary": "Somebody"}}
        self.entry(incident, "resolve_log_entry", at)
