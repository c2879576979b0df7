"""Anthropic: the costs of each day, by workspace and description, from the Admin API's cost report; a bill.

Not asked for: usage, members, API keys.

A bucket is a UTC day, and both ends of what is asked for are midnights: a day that is not over is an error. Data come
minutes after a request, at times later, and no day is documented as final: each is asked for again until its month is
billed. https://platform.claude.com/docs/en/manage-claude/usage-cost-api
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.pulls.check import format_of, listed
from pipelines.pulls.paging import by_next_page
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings

REPORT = "anthropic_cost_report"


def _report(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked = {
        "starting_at": _text(window.start),
        "ending_at": _text(window.end),
        "bucket_width": "1d",
        "group_by[]": ["workspace_id", "description"],
        "limit": 1,
    }
    form = format_of("cloud_billing", REPORT)
    return by_next_page(api, "/v1/organizations/cost_report", asked, position, form, "anthropic, cost_report")


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _look(vendor: Asker, _: PullSettings, __: datetime) -> list[Listing]:
    answer = vendor.get("/v1/organizations/workspaces", {"limit": 100})
    names = [(row["id"], row.get("name")) for row in listed(answer.json, "data", "anthropic, workspaces")]
    return [
        Listing(("workspace", "workspaces"), names, "sub_account_id", is_whole=answer.json.get("has_more") is not True)
    ]


CONNECTOR = Connector(
    name="anthropic",
    source="cloud_billing",
    title="Anthropic",
    base_url="https://api.anthropic.com",
    permission="an Admin API key (sk-ant-admin…), which only an organization's admin can make, in the Console",
    headers=lambda _, token: {"x-api-key": token, "anthropic-version": "2023-06-01"},
    streams=lambda _: [
        Stream("cost_report", REPORT, Plan("day", overlap=timedelta(days=35), settled=timedelta(hours=2)), _report)
    ],
    # Once a minute for sustained use, more often for a short while.
    rate=Rate(30, 60),
    look=_look,
    variable="ANTHROPIC_ADMIN_KEY",
)
