"""MLflow's server: a registry's search for model versions, as its protocol buffers have it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

PATH, USER = "/api/2.0/mlflow/model-versions/search", "scorecard"


@dataclass
class Mlflow:
    """A registry, and what it answers. `page_size`: versions a page, whatever more is asked for."""

    page_size: int = 200_000
    versions: list[dict[str, Any]] = field(default_factory=list)

    def server(self) -> Vendor:
        """The server."""
        basic = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return Vendor(self.answer, lambda request: request.headers.get("authorization") in (basic, f"Bearer {TOKEN}"))

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path != PATH:
            return Response({"error_code": "ENDPOINT_NOT_FOUND", "message": f"No API found for {request.path}"}, 404)
        limit = int(request.one("max_results", "10000"))
        if not 1 <= limit <= 200_000:
            return Response({"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid max_results"}, 400)
        token = request.one("page_token")
        done = int(base64.b64decode(token)) if token else 0
        page = self.versions[done : done + min(limit, self.page_size)]
        done += len(page)
        # As protocol buffers are written as JSON, what is empty is left out.
        answer: dict[str, Any] = {"model_versions": page} if page else {}
        if done < len(self.versions):
            answer["next_page_token"] = base64.b64encode(str(done).encode()).decode()
        return Response(answer)

    def version(self, name: str, number: str, created: str, **tags: str) -> dict[str, Any]:
        """A registered version."""
        moment = str(int(datetime.fromisoformat(created).timestamp() * 1000))
        row = {
            "name": name,
            "version": number,
            "creation_timestamp": moment,
            "last_updated_timestamp": moment,
            "user_id": "jane",
            "current_stage": "None",
            "description": "",
            "source": f"s3://models/{name}/{number}",
            "run_id": f"run-{number}",
            "status": "READY",
            "run_link": "",
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        self.versions.append(row)
        return row
