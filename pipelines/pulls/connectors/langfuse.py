"""Langfuse: the observations of a project, of every type, by version 2 of its API; for the source `serving_logs`.

Not asked for: inputs, outputs, metadata, scores. Who used it (`userId`, `sessionId`) comes with the environment and the
level; the source's tables have neither. All types are asked for, since what lies between an agent and its calls shows
that they belong together.

A page may be short or empty before the last one, which alone has no cursor
(https://langfuse.com/changelog/2026-11-03-observations-api-continuation). An organization may ask 30 times a minute on
the smallest plan (https://langfuse.com/faq/all/api-limits); 1,000 observations a page.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipelines.pulls.check import format_of, records_of
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import LangfusePullSettings, PullSettings
from pipelines.sources.serving_logs.langfuse import PAGES

PATH = "/api/public/v2/observations"
LIMIT = 1_000
FIELDS = "core,basic,time,model,usage,trace_context"
LOOKED_BACK = timedelta(days=7)


def _observations(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked: dict[str, Any] = {
        "fromStartTime": f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
        "toStartTime": f"{window.end:%Y-%m-%dT%H:%M:%SZ}",
        "fields": FIELDS,
        "limit": LIMIT,
    }
    while True:
        answer = api.get(PATH, {**asked, **(position or {})})
        records = records_of(format_of("serving_logs", PAGES), answer.json, "langfuse, observations")
        cursor = (answer.json.get("meta") or {}).get("cursor")
        position = {"cursor": cursor} if cursor else None
        yield Page(answer.body, records, position, is_last=not cursor)
        if not cursor:
            return


def _look(vendor: Asker, _: PullSettings, now: datetime) -> list[Listing]:
    asked = {"fromStartTime": f"{now - LOOKED_BACK:%Y-%m-%dT%H:%M:%SZ}", "toStartTime": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    answer = vendor.get(PATH, {**asked, "fields": "core,basic,model,trace_context", "limit": LIMIT})
    records = records_of(format_of("serving_logs", PAGES), answer.json, "langfuse, observations")
    is_whole = not (answer.json.get("meta") or {}).get("cursor")
    return [
        Listing((f"{thing} of last week", f"{thing}s of last week"), _named(records, key), kind, is_whole=is_whole)
        for thing, key, kind in (
            ("trace name", "traceName", "endpoint"),
            ("model", "providedModelName", "model_name"),
        )
    ]


def _named(records: Sequence[Any], key: str) -> list[tuple[str, None]]:
    return [(name, None) for name in sorted({row[key] for row in records if row.get(key)})]


def _headers(settings: PullSettings, token: str) -> dict[str, str]:
    assert isinstance(settings, LangfusePullSettings)  # noqa: S101 - what PullsSettings has under this name
    basic = base64.b64encode(f"{settings.public_key}:{token}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


CONNECTOR = Connector(
    name="langfuse",
    source="serving_logs",
    title="Langfuse",
    base_url="https://cloud.langfuse.com",
    permission="the secret key of the project that `public_key` belongs to; self-hosted, Langfuse 4 or later",
    headers=_headers,
    # Observations are sent in batches, by older SDKs up to 15 minutes late, and are completed when they end.
    streams=lambda _: [Stream("observations", PAGES, Plan("day", overlap=timedelta(days=3)), _observations)],
    rate=Rate(30, 60),
    look=_look,
    variable="LANGFUSE_SECRET_KEY",
)
