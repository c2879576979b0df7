"""GitHub's server: deployments, statuses, workflow runs and attempts, as https://docs.github.com/rest has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

MOST = 1_000
REPOSITORY = "acme/fraud"
NOT_FOUND = Response(
    {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}, 404
)


@dataclass
class GitHub:
    """A repository, and what it answers."""

    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    attempts: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    most: int = MOST
    name: str = REPOSITORY
    repositories: list[str] = field(default_factory=lambda: [REPOSITORY])

    @property
    def api(self) -> str:
        """The repository's address."""
        return f"https://api.github.com/repos/{self.name}"

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("authorization") == f"Bearer {TOKEN}")

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path == "/user/repos":
            return self._page(request, [{"id": n, "full_name": name} for n, name in enumerate(self.repositories)])
        path = request.path.removeprefix(f"/repos/{self.name}/")
        if path == "deployments":
            return self._page(request, sorted(self.deployments, key=lambda row: -int(row["id"])))
        if found := re.fullmatch(r"deployments/(\d+)/statuses", path):
            return self._page(request, self.statuses[int(found[1])][::-1])
        if found := re.fullmatch(r"actions/runs/(\d+)/attempts/(\d+)", path):
            return Response(self.attempts[int(found[1])][int(found[2]) - 1])
        if path in ("actions/runs", "actions/workflows/deploy.yml/runs"):
            first, last = (datetime.fromisoformat(text) for text in request.one("created").split(".."))
            runs = [rows[-1] for rows in self.attempts.values()]
            runs = [run for run in runs if first <= datetime.fromisoformat(run["created_at"]) <= last]
            listed = sorted(runs, key=lambda run: -int(run["id"]))[: self.most]
            page = self._page(request, listed)
            return Response({"total_count": len(runs), "workflow_runs": page.body}, headers=page.headers)
        return NOT_FOUND

    def _page(self, request: Request, rows: list[Any]) -> Response:
        size, page = min(int(request.one("per_page", "30")), 100), int(request.one("page", "1"))
        link = f'<{self.api}/next?page={page + 1}>; rel="next"'
        return Response(
            rows[(page - 1) * size : page * size], headers={"Link": link} if page * size < len(rows) else {}
        )

    def deploy(self, number: int, at: str, version: str, state: str | None = "success") -> None:
        """A deployment to production."""
        address = f"{self.api}/deployments/{number}"
        row = {
            "url": address,
            "id": number,
            "node_id": f"DE_{number:x}",
            "sha": f"{number:040x}",
            "ref": version,
            "task": "deploy",
            "payload": {},
            "original_environment": "production",
            "environment": "production",
            "description": None,
            "creator": {"login": "somebody", "id": 1},
            "created_at": at,
            "updated_at": at,
            "statuses_url": f"{address}/statuses",
            "repository_url": self.api,
            "transient_environment": False,
            "production_environment": True,
        }
        self.deployments.append(row)
        self.statuses[number] = []
        if state:
            self.status(number, state, at)

    def status(self, number: int, state: str, at: str) -> None:
        """What became of it."""
        rows, address = self.statuses[number], f"{self.api}/deployments/{number}"
        identity = number * 100 + len(rows)
        rows.append(
            {
                "url": f"{address}/statuses/{identity}",
                "id": identity,
                "node_id": f"DES_{identity:x}",
                "state": state,
                "creator": {"login": "somebody", "id": 1},
                "description": "",
                "environment": "production",
                "target_url": "",
                "created_at": at,
                "updated_at": at,
                "deployment_url": address,
                "repository_url": self.api,
            }
        )

    def run(self, number: int, at: str, conclusion: str = "success") -> None:
        """A run of the deployment's workflow; a number that there is: its next attempt."""
        rows = self.attempts.setdefault(number, [])
        rows.append(
            {
                "id": number,
                "name": "deploy",
                "node_id": f"WFR_{number:x}",
                "head_branch": "main",
                "head_sha": f"{number:040x}",
                "path": ".github/workflows/deploy.yml",
                "display_title": "Deploy",
                "run_number": number,
                "run_attempt": len(rows) + 1,
                "event": "push",
                "status": "completed",
                "conclusion": conclusion,
                "workflow_id": 7,
                "created_at": rows[0]["created_at"] if rows else at,
                "run_started_at": at,
                "updated_at": at,
                "html_url": f"https://github.com/{self.name}/actions/runs/{number}",
                "pull_requests": [],
                "repository": {"full_name": self.name},
                "head_commit": {"id": f"{number:040x}", "timestamp": at, "message": "Deploy"},
            }
        )
