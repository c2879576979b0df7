"""incident.io: incidents by their last change (API v2), their updates, and what is attached to them (API v1).

Not asked for: users, follow-ups, the timeline. Who holds a role in an incident and who wrote an update are in the pages
unasked; the source's tables have neither.

An incident is listed on the day of its last change. The filters take days and include both; the day after is asked for
too, so that no incident is left out whatever zone the organisation counts its days in. Tests and tutorials are left out
by incident.io itself. https://api-docs.incident.io/tag/Incidents-V2
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pipelines.pulls.check import format_of, listed, records_of
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings

LIMIT = 250
INCIDENTS, UPDATES, ATTACHMENTS = "API v2 incidents", "API v2 incident updates", "API v1 incident attachments"


def _incidents(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    asked: dict[str, Any] = {
        "updated_at[gte]": f"{window.start:%Y-%m-%d}",
        "updated_at[lte]": f"{window.end:%Y-%m-%d}",
        "sort_by": "created_at_oldest_first",
        "page_size": LIMIT,
    }
    while True:
        answer = api.get("/v2/incidents", asked | (dict(position) if position else {}))
        records = records_of(format_of("incident_io", INCIDENTS), answer.json, "incident_io, incidents")
        after = _after(answer.json, len(records))
        position = {"after": after}
        yield Page(answer.body, records, position, is_last=after is None)
        if after is None:
            return


def _updates(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    ids = _pulled(api, window)
    done, after = (position["done"], position["after"]) if position else (0, None)
    while done < len(ids):
        asked = {"incident_id": ids[done], "page_size": LIMIT} | ({"after": after} if after else {})
        answer = api.get("/v2/incident_updates", asked)
        records = records_of(format_of("incident_io", UPDATES), answer.json, "incident_io, incident_updates")
        after = _after(answer.json, len(records))
        done += after is None
        yield Page(answer.body, records, {"done": done, "after": after}, is_last=done == len(ids))


def _attachments(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    ids = _pulled(api, window)
    for done in range(position["done"] if position else 0, len(ids)):
        answer = api.get("/v1/incident_attachments", {"incident_id": ids[done]})
        records = records_of(format_of("incident_io", ATTACHMENTS), answer.json, "incident_io, incident_attachments")
        yield Page(answer.body, records, {"done": done + 1}, is_last=done + 1 == len(ids))


def _pulled(api: Api, window: Window) -> list[str]:
    return list(dict.fromkeys(row["id"] for page in api.pulled("incidents", window) for row in page["incidents"]))


def _after(page: Any, count: int) -> str | None:
    """The cursor of the next page; a page that is not full is the last one, cursor or not."""
    meta = page.get("pagination_meta") or {}
    return meta.get("after") or None if count >= (meta.get("page_size") or LIMIT) else None


def _streams(_: PullSettings) -> list[Stream]:
    plan = Plan("day", overlap=timedelta(days=7))
    return [
        Stream("incidents", INCIDENTS, plan, _incidents),
        Stream("updates", UPDATES, plan, _updates),
        Stream("attachments", ATTACHMENTS, plan, _attachments),
    ]


def _look(vendor: Asker, _: PullSettings, __: datetime) -> list[Listing]:
    rows = listed(vendor.get("/v1/incident_types").json, "incident_types", "incident_io, incident_types")
    return [Listing(("incident type", "incident types"), [(row["name"], None) for row in rows], "incident_type")]


CONNECTOR = Connector(
    name="incident_io",
    source="incident_io",
    title="incident.io",
    base_url="https://api.incident.io",
    permission="an API key that may view data (and, for private incidents, all incident data)",
    headers=lambda _, token: {"Authorization": f"Bearer {token}"},
    streams=_streams,
    # 1,200 a minute for a key.
    rate=Rate(600, 60),
    look=_look,
)
