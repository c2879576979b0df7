"""Jira Cloud REST v3: issues by their last change, and the changelogs of these issues in bulk.

Not asked for: whom an issue is assigned to, who filed it, comments, worklogs, attachments, and custom fields that hold
people. Changelogs are asked for three fields, none of which is a person; Jira adds who changed them unasked.

JQL reads a time in the zone of the user who asks (https://github.com/singer-io/tap-jira/pull/15), so that zone is asked
for first. The search is /search/jql, with a token from page to page: `startAt` and the former /search are gone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.pulls.check import format_of, listed, records_of
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Stream, Window
from pipelines.settings.pulls import JiraPullSettings, PullSettings

API = "/rest/api/3"
SEARCH, CHANGES = "REST v3 search", "REST v3 changelogs in bulk"
LIMIT, MOST_ISSUES, MOST_CHANGES, MOST_LABELS = 100, 1_000, 1_000, 1_000
PEOPLE = ("assignee", "reporter", "creator", "watches", "votes", "comment", "worklog", "attachment")
CHANGED = ("status", "resolution", "priority")


class _Site:
    """What is asked of a site once a pull: the user's zone, and the fields that hold people."""

    def __init__(self, settings: JiraPullSettings) -> None:
        self._projects = ", ".join(f'"{project}"' for project in settings.projects)
        self._zone: ZoneInfo | None = None
        self._fields = ""

    def issues(self, api: Api, window: Window, position: Position | None) -> Iterator[Page]:
        if self._zone is None:
            self._zone = ZoneInfo(api.get(f"{API}/myself").json["timeZone"])
            people = (row["id"] for row in api.get(f"{API}/field").json if _is_people(row.get("schema") or {}))
            self._fields = ",".join(["*all", *(f"-{field}" for field in dict.fromkeys((*PEOPLE, *people)))])
        start, end = (self._text(moment) for moment in (window.start, window.end))
        asked: dict[str, Any] = {
            "jql": f'project in ({self._projects}) and updated >= "{start}" and updated < "{end}" order by updated asc',
            "fields": self._fields,
            "expand": "names",
            "maxResults": LIMIT,
        }
        while True:
            answer = api.get(f"{API}/search/jql", asked | (dict(position) if position else {}))
            records = records_of(format_of("jira", SEARCH), answer.json, "jira, search/jql")
            token = answer.json.get("nextPageToken")
            is_last = answer.json.get("isLast") is True or not token
            position = {"nextPageToken": token}
            yield Page(answer.body, records, position, is_last)
            if is_last:
                return

    def _text(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")


def _changelogs(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    ids = list(dict.fromkeys(row["id"] for page in api.pulled("issues", window) for row in page["issues"]))
    done, token = (position["done"], position["token"]) if position else (0, None)
    while done < len(ids):
        asked = {"issueIdsOrKeys": ids[done : done + MOST_ISSUES], "fieldIds": CHANGED, "maxResults": MOST_CHANGES}
        answer = api.post(f"{API}/changelog/bulkfetch", asked | ({"nextPageToken": token} if token else {}))
        records = records_of(format_of("jira", CHANGES), answer.json, "jira, changelog/bulkfetch")
        token = answer.json.get("nextPageToken")
        done = done if token else done + MOST_ISSUES
        yield Page(answer.body, records, {"done": done, "token": token}, is_last=done >= len(ids))


def _is_people(schema: dict[str, Any]) -> bool:
    return "user" in (schema.get("type"), schema.get("items"))


def _headers(settings: PullSettings, token: str) -> dict[str, str]:
    assert isinstance(settings, JiraPullSettings)  # noqa: S101 - what PullsSettings has under this name
    if settings.user is None:
        return {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    basic = base64.b64encode(f"{settings.user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {basic}", "Accept": "application/json"}


def _streams(settings: PullSettings) -> list[Stream]:
    assert isinstance(settings, JiraPullSettings)  # noqa: S101
    # An issue is listed on the day of its last change, wherever it was before; so a few days are enough for changes,
    # and the rest is for issues that were deleted.
    plan = Plan("day", overlap=timedelta(days=7))
    return [
        Stream("issues", SEARCH, plan, _Site(settings).issues),
        Stream("changelogs", CHANGES, plan, _changelogs),
    ]


def _look(vendor: Asker, _: PullSettings, __: datetime) -> list[Listing]:
    answer = vendor.get(f"{API}/project/search", {"maxResults": LIMIT})
    projects = [(row["key"], row.get("name")) for row in listed(answer.json, "values", "jira, project/search")]
    labels = vendor.get(f"{API}/label", {"maxResults": MOST_LABELS})
    return [
        Listing(("project", "projects"), projects, "project", "projects", answer.json.get("isLast") is not False),
        Listing(
            ("label", "labels"),
            [(label, None) for label in listed(labels.json, "values", "jira, label")],
            "label",
            is_whole=labels.json.get("isLast") is not False,
        ),
    ]


CONNECTOR = Connector(
    name="jira",
    source="jira",
    title="Jira",
    base_url=None,
    permission="an API token of a user who may browse the projects, or the scopes read:jira-work and read:jira-user",
    headers=_headers,
    streams=_streams,
    look=_look,
)
