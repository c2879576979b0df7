"""PagerDuty REST v2: incidents by their creation, and log entries.

Not asked for: users, assignees, notes. What PagerDuty puts into an incident unasked (the names of those it is assigned
to) is in the pages; the source's tables have none of it.

Documented at https://developer.pagerduty.com/docs/pagination: `limit` at most 100, `offset` + `limit` at most 10,000, a
range of at most 6 months. So a day is asked for, and cut in halves where it holds more than that, as the vendor's own
Python client does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pipelines.pulls.check import format_of, listed, records_of
from pipelines.pulls.paging import Listed, by_intervals
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings

LIMIT, MOST = 100, 10_000


def _pages(
    form: str, path: str, params: Mapping[str, str], api: Api, window: Window, position: Position | None
) -> Iterator[Page]:
    def ask(start: datetime, end: datetime, number: int) -> Listed:
        asked: dict[str, Any] = {"since": _text(start), "until": _text(end), "time_zone": "UTC", **params}
        asked |= {"limit": LIMIT, "offset": number * LIMIT}
        if number == 0:  # counting takes the server long
            asked["total"] = "true"
        answer = api.get(path, asked)
        records = records_of(format_of("pagerduty", form), answer.json, f"pagerduty, {path}")
        return Listed(answer, records, answer.json.get("total"), bool(answer.json.get("more")))

    return by_intervals(window, position, MOST, ask)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _headers(_: PullSettings, token: str) -> dict[str, str]:
    return {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}


def _streams(_: PullSettings) -> list[Stream]:
    incidents, entries = "REST v2 incidents", "REST v2 log entries"
    return [
        # A resolution weeks later changes the incident, which is listed by its creation.
        Stream(
            "incidents",
            incidents,
            Plan("day", overlap=timedelta(days=35)),
            partial(_pages, incidents, "/incidents", {"sort_by": "created_at:asc"}),
        ),
        # What has happened does not change; entries of the last hours may be listed late.
        Stream(
            "log_entries",
            entries,
            Plan("day", overlap=timedelta(days=2)),
            partial(_pages, entries, "/log_entries", {}),
        ),
    ]


def _look(vendor: Asker, _: PullSettings, __: datetime) -> list[Listing]:
    answer = vendor.get("/services", {"limit": LIMIT})
    rows = listed(answer.json, "services", "pagerduty, /services")
    names = [(row["id"], row.get("name") or row.get("summary")) for row in rows]
    return [Listing(("service", "services"), names, "service_id", is_whole=not answer.json.get("more"))]


CONNECTOR = Connector(
    name="pagerduty",
    source="pagerduty",
    title="PagerDuty",
    base_url="https://api.pagerduty.com",
    permission="a read-only REST API key (Integrations → API Access Keys), or the scopes incidents.read, services.read",
    headers=_headers,
    streams=_streams,
    # The account's limit is 960 a minute, for all who use its API.
    rate=Rate(480, 60),
    look=_look,
)
