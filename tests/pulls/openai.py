"""OpenAI's server: an organization's costs, as https://developers.openai.com/api/reference documents them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

DAY = 86_400
COSTS = "/v1/organization/costs"


@dataclass
class OpenAi:
    """An organization, and what it answers. `page_size`: buckets a page, whatever more is asked for."""

    page_size: int = 31
    costs: list[dict[str, Any]] = field(default_factory=list)
    projects: dict[str, str] | None = None
    """Id and name of each; None: the key is restricted to usage."""

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == f"Bearer {TOKEN}")

    def spend(self, day: str, value: float | str, line_item: str, project: str | None) -> dict[str, Any]:
        """Something that was used on a day."""
        row = {"day": _epoch(day), "value": value, "line_item": line_item, "project_id": project}
        self.costs.append(row)
        return row

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path == "/v1/organization/projects":
            if self.projects is None:
                return _error("You have insufficient permissions for this operation.", 403)
            rows = [{"object": "organization.project", "id": key, "name": name} for key, name in self.projects.items()]
            return Response({"object": "list", "data": rows, "has_more": False})
        if request.path != COSTS:
            return _error(f"Invalid URL (GET {request.path})", 404)
        if not request.one("start_time").isdecimal():
            return _error("Missing required parameter: 'start_time'.", 400)
        if request.one("bucket_width", "1d") != "1d":
            return _error("Invalid bucket_width: costs are available with 1d.", 400)
        groups = request.query.get("group_by", [])
        if not set(groups) <= {"project_id", "line_item"}:
            return _error(f"Invalid group_by: {groups}.", 400)
        start, end = int(request.one("start_time")), int(request.one("end_time"))
        days = list(range(start - start % DAY, end, DAY))
        query = f"{start}-{end}-{','.join(groups)}"
        done = 0
        if request.one("page"):
            *bound, number = request.one("page").split("|")
            if bound != ["page_", query]:  # a token is good for the query it came from
                return _error("Invalid page.", 400)
            done = int(number)
        size = min(int(request.one("limit", "7")), self.page_size)
        page, more = days[done : done + size], done + size < len(days)
        return Response(
            {
                "object": "page",
                "data": [self._bucket(day, groups) for day in page],
                "has_more": more,
                "next_page": f"page_|{query}|{done + size}" if more else None,
            }
        )

    def _bucket(self, day: int, groups: list[str]) -> dict[str, Any]:
        sums: Counter[tuple[str | None, ...]] = Counter()
        as_text = False
        for row in self.costs:
            if row["day"] == day:
                sums[tuple(row[group] if group in groups else None for group in ("project_id", "line_item"))] += float(
                    row["value"]
                )
                as_text |= isinstance(row["value"], str)
        results = [
            {
                "object": "organization.costs.result",
                "amount": {"value": str(value) if as_text else value, "currency": "usd"},
                "line_item": line_item,
                "project_id": project,
                "api_key_id": None,
                "quantity": None,
                "quantity_unit": None,
            }
            for (project, line_item), value in sums.items()
        ]
        return {"object": "bucket", "start_time": day, "end_time": day + DAY, "results": results}


def _epoch(day: str) -> int:
    return int(
        (datetime.fromisoformat(day).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    )


def _error(message: str, code: int) -> Response:
    return Response({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}, code)
