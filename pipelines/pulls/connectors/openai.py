"""OpenAI: the costs of each day, by project and line item, from the organization's Costs API; a bill.

Not asked for: usage, users, API keys (costs by key are rejected for days before 2025-12-06).

A bucket is a UTC day. Days that are over are asked for; since OpenAI documents no day on which they are final, each is
asked for again until its month is billed. https://developers.openai.com/api/reference/resources/admin
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pipelines.pulls.check import format_of
from pipelines.pulls.paging import by_next_page
from pipelines.pulls.spec import Api, Connector, Page, Plan, Position, Rate, Stream, Window

COSTS = "openai_costs"


def _costs(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked = {
        "start_time": int(window.start.timestamp()),
        "end_time": int(window.end.timestamp()),
        "bucket_width": "1d",
        "group_by": ["project_id", "line_item"],
        "limit": 1,
    }
    form = format_of("cloud_billing", COSTS)
    return by_next_page(api, "/v1/organization/costs", asked, position, form, "openai, costs")


CONNECTOR = Connector(
    name="openai",
    source="cloud_billing",
    title="OpenAI",
    base_url="https://api.openai.com",
    permission="an admin key of the organization (Settings → Admin keys) with read access to usage",
    headers=lambda _, token: {"Authorization": f"Bearer {token}"},
    streams=lambda _: [
        Stream("costs", COSTS, Plan("day", overlap=timedelta(days=35), settled=timedelta(hours=2)), _costs)
    ],
    # OpenAI documents none for these endpoints.
    rate=Rate(60, 60),
)
