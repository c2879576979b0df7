"""OpenAI: the costs of each day, by project and line item, from the organization's Costs API; a bill.

Not asked for: usage, users, API keys (costs by key are rejected for days before 2025-12-06).

A bucket is a UTC day. Days that are over are asked for; since OpenAI documents no day on which they are final, each is
asked for again until its month is billed. https://developers.openai.com/api/reference/resources/admin
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.pulls.check import format_of, listed, records_of
from pipelines.pulls.errors import PullError
from pipelines.pulls.paging import by_next_page
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings

COSTS = "openai_costs"
PATH = "/v1/organization/costs"


def _costs(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked = {
        "start_time": int(window.start.timestamp()),
        "end_time": int(window.end.timestamp()),
        "bucket_width": "1d",
        "group_by": ["project_id", "line_item"],
        "limit": 1,
    }
    form = format_of("cloud_billing", COSTS)
    return by_next_page(api, PATH, asked, position, form, "openai, costs")


def _look(vendor: Asker, _: PullSettings, now: datetime) -> list[Listing]:
    end = now.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = {
        "start_time": int((end - timedelta(days=7)).timestamp()),
        "end_time": int(end.timestamp()),
        "bucket_width": "1d",
        "group_by": ["project_id"],
        "limit": 7,
    }
    buckets = records_of(format_of("cloud_billing", COSTS), vendor.get(PATH, asked).json, "openai, costs")
    spent = {row.get("project_id") for bucket in buckets for row in bucket.get("results") or []}
    names: dict[str, str | None] = dict.fromkeys(sorted(filter(None, spent)))
    try:  # a key may be restricted to usage: then the projects have no names
        rows = listed(vendor.get("/v1/organization/projects", {"limit": 100}).json, "data", "openai, projects")
        names |= {row["id"]: row.get("name") for row in rows}
    except PullError:
        pass
    return [Listing(("project", "projects"), list(names.items()), "sub_account_id")]


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
    look=_look,
    variable="OPENAI_ADMIN_KEY",
)
