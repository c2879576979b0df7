"""Jira Cloud's server: the search with page tokens, changelogs in bulk, the user's zone and the site's fields."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

USER = "scorecard@acme.example"
JQL = re.compile(r'project in \("OPS", "ML"\) and updated >= "(.{16})" and updated < "(.{16})" order by updated asc')
FIELDS = [
    {"id": "status", "name": "Status", "schema": {"type": "status"}},
    {"id": "assignee", "name": "Assignee", "schema": {"type": "user"}},
    {"id": "issuekey", "name": "Key"},
    {"id": "customfield_1", "name": "Responders", "schema": {"type": "array", "items": "user"}},
    {"id": "customfield_2", "name": "Impact start", "schema": {"type": "datetime"}},
]


@dataclass
class Jira:
    """A site, and what it answers."""

    zone: str = "UTC"
    page_size: int = 100
    changes_size: int = 1_000
    issues: list[dict[str, Any]] = field(default_factory=list)
    projects: dict[str, str] = field(default_factory=lambda: {"OPS": "Operations", "ML": "Machine learning"})
    histories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def server(self) -> Vendor:
        """The server."""
        basic = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == basic)

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path == "/rest/api/3/myself":
            return Response({"accountId": "1", "emailAddress": USER, "displayName": "S", "timeZone": self.zone})
        if request.path == "/rest/api/3/field":
            return Response(FIELDS)
        if request.path == "/rest/api/3/project/search":
            rows = [{"id": key, "key": key, "name": name} for key, name in self.projects.items()]
            return Response({"values": rows, "startAt": 0, "total": len(rows), "isLast": True})
        if request.path == "/rest/api/3/label":
            labels = sorted({label for issue in self.issues for label in issue["fields"]["labels"]})
            return Response({"values": labels, "startAt": 0, "total": len(labels), "isLast": True})
        if request.path == "/rest/api/3/search/jql":
            return self._search(request)
        if request.path == "/rest/api/3/changelog/bulkfetch" and request.method == "POST":
            return self._changelogs(request.body)
        return Response({"errorMessages": ["No such path"], "errors": {}}, 404)

    def _search(self, request: Request) -> Response:
        found = JQL.fullmatch(request.one("jql"))
        if not found:
            return Response({"errorMessages": ["Error in the JQL Query"], "errors": {}}, 400)
        start, end = (
            datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(self.zone)) for text in found.groups()
        )
        rows = [row for row in self.issues if start <= _moment(row["fields"]["updated"]) < end]
        rows.sort(key=lambda row: str(row["fields"]["updated"]))
        size, first = min(int(request.one("maxResults", "50")), self.page_size), int(request.one("nextPageToken", "0"))
        page: dict[str, Any] = {"issues": rows[first : first + size], "isLast": first + size >= len(rows)}
        if not page["isLast"]:
            page["nextPageToken"] = str(first + size)
        return Response(page | {"names": {row["id"]: row["name"] for row in FIELDS}})

    def _changelogs(self, body: dict[str, Any]) -> Response:
        if len(body["issueIdsOrKeys"]) > 1_000 or len(body["fieldIds"]) > 10:
            return Response({"errorMessages": ["too many"], "errors": {}}, 400)
        entries = [(issue, entry) for issue in body["issueIdsOrKeys"] for entry in self.histories.get(issue, [])]
        first = int(body.get("nextPageToken", "0"))
        size = min(body["maxResults"], self.changes_size)
        logs: dict[str, list[Any]] = {}
        for issue, entry in entries[first : first + size]:
            logs.setdefault(issue, []).append(entry)
        more = first + size < len(entries)
        return Response(
            {
                "issueChangeLogs": [{"issueId": issue, "changeHistories": rows} for issue, rows in logs.items()],
                "nextPageToken": str(first + size) if more else None,
            }
        )

    def issue(self, number: int, created: str, project: str = "OPS") -> dict[str, Any]:
        """File an incident."""
        row = {
            "id": str(10_000 + number),
            "key": f"{project}-{number}",
            "self": f"https://acme.atlassian.net/rest/api/3/issue/{10_000 + number}",
            "fields": {
                "summary": "Slow",
                "issuetype": {"id": "1", "name": "Incident"},
                "project": {"key": project},
                "status": {"name": "Open", "statusCategory": {"key": "new"}},
                "priority": {"name": "High"},
                "resolution": None,
                "created": created,
                "updated": created,
                "resolutiondate": None,
                "labels": ["chat"],
                "components": [],
                "issuelinks": [],
            },
        }
        self.issues.append(row)
        self.histories[row["id"]] = []
        return row

    def change(self, issue: dict[str, Any], at: str, **items: tuple[str | None, str | None]) -> None:
        """Change fields of it: from and to."""
        moment = _moment(at)
        rows = self.histories[issue["id"]]
        rows.append(
            {
                "id": f"{issue['id']}{len(rows)}",
                "author": {"accountId": "1", "displayName": "Somebody"},
                "created": int(moment.timestamp() * 1000),
                "items": [
                    {"field": name, "fieldId": name, "fromString": old, "toString": new}
                    for name, (old, new) in items.items()
                ],
            }
        )
        issue["fields"]["updated"] = at
        if "resolution" in items:
            new = items["resolution"][1]
            issue["fields"] |= {"resolution": new and {"name": new}, "resolutiondate": new and at}
            issue["fields"]["status"] = {"name": "Done", "statusCategory": {"key": "done"}}


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
