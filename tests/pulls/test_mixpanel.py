"""Mixpanel's connector: a day's export, copied as it comes, and whole or not there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from tests.pulls.conftest import Home
from tests.pulls.mixpanel import PROJECT, USER, Mixpanel
from tests.pulls.vendor import Response, Vendor

EVENTS = f"mixpanel/pulled/events/{PROJECT}"


@pytest.fixture
def project() -> Mixpanel:
    return Mixpanel()


@pytest.fixture
def vendor(project: Mixpanel, home: Home) -> Iterator[Vendor]:
    with project.server().up() as server:
        home.connect("mixpanel", server, user=USER, project_id=PROJECT)
        yield server


def events(home: Home, day: str) -> list[str]:
    return [json.loads(line)["event"] for line in home.file(f"{EVENTS}/{day}.jsonl").read_text().splitlines()]


def test_each_day_that_is_over_is_a_file(project: Mixpanel, vendor: Vendor, home: Home) -> None:
    project.event("Asked", "2026-03-08T00:00:00Z")
    project.event("Answered", "2026-03-08T23:59:59Z")
    project.event("Asked", "2026-03-10T01:00:00Z")
    result = home.pull("mixpanel")
    assert result.error is None and (result.records, result.pages) == (2, 9)
    assert home.files(EVENTS)[-1] == "2026-03-09.jsonl", "today is not over"
    assert events(home, "2026-03-08") == ["Asked", "Answered"]


def test_late_events_within_five_days_replace_the_day(project: Mixpanel, vendor: Vendor, home: Home) -> None:
    project.event("Asked", "2026-03-06T10:00:00Z")
    home.pull("mixpanel")
    project.event("Late", "2026-03-06T11:00:00Z")
    vendor.requests.clear()
    home.pull("mixpanel", days=1)
    assert events(home, "2026-03-06") == ["Asked", "Late"]
    assert [request.one("from_date") for request in vendor.requests] == [f"2026-03-{day:02}" for day in range(5, 11)]


def test_only_the_events_that_are_needed_are_asked_for(project: Mixpanel, vendor: Vendor, home: Home) -> None:
    home.connect("mixpanel", vendor, user=USER, project_id=PROJECT, events=["Asked"])
    project.event("Asked", "2026-03-06T10:00:00Z")
    project.event("Signed up", "2026-03-06T11:00:00Z")
    home.pull("mixpanel")
    assert events(home, "2026-03-06") == ["Asked"]


@pytest.mark.parametrize(
    "broken",
    [
        Response(b'{"event": "Asked", "properties": {"time": 1}}\nterminated early\n'),
        Response(b'{"event": "Asked", "proper'),
        Response(b"x" * 500_000, cut=100),
        Response(gzip.compress(b'{"event": "A"}\n' * 9_000)[:-90], headers={"Content-Encoding": "gzip"}),
        Response(b"<html>bad gateway</html>"),
    ],
    ids=["terminated early", "truncated", "cut", "gzip cut", "page"],
)
def test_an_export_that_broke_off_is_asked_for_again(
    project: Mixpanel, vendor: Vendor, home: Home, broken: Response
) -> None:
    project.event("Asked", "2026-03-01T10:00:00Z")
    vendor.fail(broken)
    assert home.pull("mixpanel").error is None and len(home.clock.waits) == 1
    assert events(home, "2026-03-01") == ["Asked"]
    vendor.fail(*[broken] * 6)
    error = home.pull("mixpanel", days=1).error
    assert error is not None and "6 times in a row" in error
    assert events(home, "2026-03-01") == ["Asked"], "what was whole stays"
    assert not list(home.file(EVENTS).glob("*.part")), "what was broken goes"


def test_sixty_an_hour_is_kept(project: Mixpanel, vendor: Vendor, home: Home) -> None:
    home.pull("mixpanel", since="2025-12-20")
    assert len(vendor.requests) == 80 and home.clock.waits == [3600.0]


def test_a_wrong_secret_is_said(vendor: Vendor, home: Home) -> None:
    vendor.authorized = lambda _: False
    error = home.pull("mixpanel").error
    assert error is not None and "the secret of a service account" in error
