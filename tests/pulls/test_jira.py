"""Jira's connector: a day's issues by their last change in the user's zone, page tokens, changelogs in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.pulls.connectors import jira as connector
from pipelines.settings.pulls import JiraPullSettings
from tests.pulls.conftest import Home
from tests.pulls.jira import USER, Jira
from tests.pulls.vendor import Response, Vendor

ISSUES, CHANGELOGS = "jira/pulled/issues", "jira/pulled/changelogs"
SEARCH, BULK = "/rest/api/3/search/jql", "/rest/api/3/changelog/bulkfetch"


@pytest.fixture
def site() -> Jira:
    return Jira()


@pytest.fixture
def vendor(site: Jira, home: Home) -> Iterator[Vendor]:
    with site.server().up() as server:
        home.connect("jira", server, user=USER, projects=["OPS", "ML"])
        yield server


def keys(home: Home) -> dict[str, list[str]]:
    found = home.records(ISSUES, "issues")
    return {name: [row["key"] for row in rows] for name, rows in found.items() if rows}


def changes(home: Home, name: str) -> list[Any]:
    logs = home.records(CHANGELOGS, "issueChangeLogs")[name]
    return [entry["id"] for log in logs for entry in log["changeHistories"]]


def test_a_day_has_all_pages_and_the_changelogs_of_its_issues(site: Jira, vendor: Vendor, home: Home) -> None:
    site.page_size, site.changes_size = 2, 3
    for number in range(5):
        row = site.issue(number, f"2026-03-04T0{number}:00:00.000+0000")
        site.change(row, f"2026-03-04T1{number}:00:00.000+0000", status=("Open", "Working"))
    assert home.pull("jira").error is None
    assert keys(home) == {"2026-03-04.json": [f"OPS-{number}" for number in range(5)]}
    assert len(home.files(ISSUES)) == 10, "quiet days too"
    assert home.files(CHANGELOGS) == ["2026-03-04.json"]
    assert len(changes(home, "2026-03-04.json")) == 5
    assert [request.body.get("nextPageToken") for request in vendor.asked(BULK)] == [None, "3"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_days_are_utc_whatever_the_users_zone(site: Jira, vendor: Vendor, home: Home, zone: str) -> None:
    site.zone = zone
    site.issue(1, "2026-03-04T23:59:00.000+0000")
    site.issue(2, "2026-03-05T00:00:00.000+0000")
    site.issue(3, "2026-03-08T07:30:00.000+0000")
    home.pull("jira")
    assert keys(home) == {"2026-03-04.json": ["OPS-1"], "2026-03-05.json": ["OPS-2"], "2026-03-08.json": ["OPS-3"]}


def test_a_changed_issue_moves_to_the_day_of_its_change(site: Jira, vendor: Vendor, home: Home) -> None:
    first, second = (site.issue(number, "2026-03-08T10:00:00.000+0000") for number in (1, 2))
    home.pull("jira")
    site.change(first, "2026-03-10T11:00:00.000+0000", resolution=(None, "Fixed"))
    site.issues.remove(second)
    home.pull("jira", days=1)
    assert keys(home) == {"2026-03-10.json": ["OPS-1"]}, "OPS-2 is deleted"
    assert changes(home, "2026-03-10.json") == ["100010"]


def test_more_issues_than_a_request_takes_are_asked_for_in_several(
    site: Jira, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "MOST_ISSUES", 2)
    for number in range(5):
        row = site.issue(number, "2026-03-04T10:00:00.000+0000")
        site.change(row, "2026-03-04T11:00:00.000+0000", status=("Open", "Working"))
    home.pull("jira")
    assert [len(request.body["issueIdsOrKeys"]) for request in vendor.asked(BULK)] == [2, 2, 1]
    assert len(changes(home, "2026-03-04.json")) == 5


def test_people_are_not_asked_for(site: Jira, vendor: Vendor, home: Home) -> None:
    row = site.issue(1, "2026-03-04T10:00:00.000+0000")
    site.change(row, "2026-03-04T11:00:00.000+0000", status=("Open", "Working"))
    home.pull("jira")
    fields = vendor.asked(SEARCH)[0].one("fields").split(",")
    assert fields[0] == "*all" and {"-assignee", "-reporter", "-creator", "-comment", "-customfield_1"} < set(fields)
    assert "-customfield_2" not in fields
    assert vendor.asked(BULK)[0].body["fieldIds"] == ["status", "resolution", "priority"]
    assert USER.encode() not in b"".join(home.content().values()), "what is said of the token's user is not written"


def test_a_pull_goes_on_with_its_page_token(site: Jira, vendor: Vendor, home: Home) -> None:
    site.page_size = 1
    for number in range(4):
        site.issue(number, f"2026-03-01T0{number}:00:00.000+0000")
    vendor.fail(None, None, None, None, Response({"errorMessages": ["Forbidden"]}, 403))
    error = home.pull("jira").error
    assert error is not None and "is 403: Forbidden. The token of Jira lacks a permission" in error
    vendor.requests.clear()
    assert home.pull("jira").error is None
    assert [request.one("nextPageToken") for request in vendor.asked(SEARCH)[:2]] == ["2", "3"]
    assert keys(home) == {"2026-03-01.json": ["OPS-0", "OPS-1", "OPS-2", "OPS-3"]}


def test_a_token_that_comes_again_ends_the_pull(vendor: Vendor, home: Home) -> None:
    again = Response({"issues": [], "isLast": False, "nextPageToken": "same"})
    vendor.fail(None, None, again, again)
    error = home.pull("jira").error
    assert error is not None and "gives the same page again and again" in error


def test_a_site_needs_its_address(site: Jira, vendor: Vendor, home: Home) -> None:
    home.connect("jira", vendor, user=USER, projects=["OPS"], base_url=None)
    error = home.pull("jira").error
    assert error == "set `base_url` in [pulls.jira]: Jira has an address of its own per customer"


def test_a_project_is_a_key_and_no_piece_of_a_query() -> None:
    with pytest.raises(ValidationError):
        JiraPullSettings(token_env="X", projects=('OPS") or (project = "HR',))  # noqa: S106 - a variable's name
