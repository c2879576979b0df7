"""MLflow: the versions of every registered model, by the registry's REST API.

Not asked for: runs, metrics, artifacts, and the registered models themselves, which repeat their latest versions. Who
registered a version (`user_id`) comes unasked; the source's tables have no users.

The list has no filter by time, so all of it is one file that each pull replaces. It has no aliases: MLflow leaves these
out of a search (https://github.com/mlflow/mlflow/issues/16734). Without any version, the answer is an empty object. At
Databricks a page may have 10,000 versions (https://docs.databricks.com/api/model-registry/v1/search-model-versions).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from pipelines.pulls.check import format_of, records_of
from pipelines.pulls.spec import Api, Connector, Page, Plan, Position, Stream, Window
from pipelines.settings.pulls import MlflowPullSettings, PullSettings

PATH = "/api/2.0/mlflow/model-versions/search"
VERSIONS = "REST model versions"
LIMIT = 1_000
EMPTY = b'{"model_versions": []}'


def _versions(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked: dict[str, Any] = {"max_results": LIMIT}
    while True:
        answer = api.get(PATH, {**asked, **(position or {})})
        token = answer.json.get("next_page_token") if isinstance(answer.json, dict) else None
        position = {"page_token": token} if token else None
        if answer.json == {}:
            yield Page(EMPTY, [], None, is_last=True)
            return
        records = records_of(format_of("mlflow", VERSIONS), answer.json, "mlflow, model versions")
        yield Page(answer.body, records, position, is_last=not token)
        if not token:
            return


def _headers(settings: PullSettings, token: str) -> dict[str, str]:
    assert isinstance(settings, MlflowPullSettings)  # noqa: S101 - what PullsSettings has under this name
    if settings.user is None:
        return {"Authorization": f"Bearer {token}"}
    basic = base64.b64encode(f"{settings.user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


CONNECTOR = Connector(
    name="mlflow",
    source="mlflow",
    title="MLflow",
    base_url=None,
    permission="a user who may read the registered models; at Databricks, a token with the scope mlflow",
    headers=_headers,
    streams=lambda _: [Stream("model_versions", VERSIONS, Plan("all"), _versions)],
)
"""A server without authentication ignores the token, but one must be set."""
