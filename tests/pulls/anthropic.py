"""Anthropic's server: an organization's cost report, as https://platform.claude.com/docs documents it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.pulls.vendor import TOKEN, Clock, Request, Response, Vendor

REPORT = "/v1/organizations/cost_report"
DAY = timedelta(days=1)


@dataclass
class Anthropic:
    """An organization, and what it answers; `clock` is its time: days that are not over are in no report."""

    clock: Clock
    page_size: int = 31
    costs: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("x-api-key") == TOKEN)

    def spend(self, day: str, cents: str, description: str, workspace: str | None, model: str | None) -> dict[str, Any]:
        """Something that was used on a day."""
        row = {"day": day, "cents": cents, "description": description, "workspace_id": workspace, "model": model}
        self.costs.append(row)
        return row

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.headers.get("anthropic-version") != "2023-06-01":
            return _error("anthropic-version: header is required", 400)
        if request.path == "/v1/organizations/workspaces":
            rows = [{"type": "workspace", "id": "wrkspc_chat", "name": "Chat"}]
            return Response({"data": rows, "has_more": False, "first_id": None, "last_id": None})
        if request.path != REPORT:
            return _error("Not found", 404)
        groups = request.query.get("group_by[]", [])
        if not set(groups) <= {"workspace_id", "description"} or request.one("bucket_width", "1d") != "1d":
            return _error("invalid request", 400)
        limit = int(request.one("limit", "7"))
        if not 1 <= limit <= 31:
            return _error("limit: Input should be less than or equal to 31", 400)
        # The start is moved up to a midnight, the end down to one, and to the last one that has been.
        start = _day(request.one("starting_at"), up=True)
        end = min(_day(request.one("ending_at"), up=False), self.clock.now().date())
        if end <= start:
            return _error("Invalid date range: ending date must be after starting date", 400)
        days = [start + DAY * number for number in range((end - start).days)]
        done = int(request.one("page").removeprefix("page_") or 0)
        size = min(limit, self.page_size)
        page, more = days[done : done + size], done + size < len(days)
        return Response(
            {
                "data": [self._bucket(day, groups) for day in page],
                "has_more": more,
                "next_page": f"page_{done + size}" if more else None,
            }
        )

    def _bucket(self, day: date, groups: list[str]) -> dict[str, Any]:
        sums: dict[tuple[str | None, ...], Decimal] = defaultdict(Decimal)
        for row in self.costs:
            if row["day"] == day.isoformat():
                described = "description" in groups
                key = (
                    row["workspace_id"] if "workspace_id" in groups else None,
                    row["description"] if described else None,
                    row["model"] if described else None,
                )
                sums[key] += Decimal(row["cents"])
        results = [
            {
                "currency": "USD",
                "amount": f"{cents:f}",
                "workspace_id": workspace,
                "description": description,
                "cost_type": None if description is None else "tokens" if model else "web_search",
                "context_window": None,
                "model": model,
                "service_tier": "standard" if model else None,
                "token_type": None,
                "inference_geo": None,
            }
            for (workspace, description, model), cents in sums.items()
        ]
        return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day + DAY}T00:00:00Z", "results": results}


def _day(text: str, up: bool) -> date:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    is_midnight = moment.time() == datetime.min.time()
    return moment.date() + DAY * (up and not is_midnight)


def _error(message: str, code: int) -> Response:
    return Response({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, code)
