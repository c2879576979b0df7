"""Zendesk's connector: a feed that says where to go on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.pulls import run
from tests.pulls.conftest import Home
from tests.pulls.vendor import Response, Vendor
from tests.pulls.zendesk import USER, Zendesk

TICKETS = "zendesk/pulled/tickets"


@pytest.fixture
def account() -> Zendesk:
    return Zendesk()


@pytest.fixture
def vendor(account: Zendesk, home: Home) -> Iterator[Vendor]:
    with account.server().up() as server:
        home.connect("zendesk", server, user=USER)
        yield server


def tickets(home: Home) -> list[list[tuple[int, str]]]:
    files = home.records(TICKETS, "tickets").values()
    return sorted([(row["id"], row["status"]) for row in rows] for rows in files)


def test_each_pull_goes_on_at_the_cursor_of_the_last(account: Zendesk, vendor: Vendor, home: Home) -> None:
    account.page_size = 2
    account.ticket(7, "2026-02-01T10:00:00Z", "2026-02-27T10:00:00Z")
    for number in range(3):
        account.ticket(number, "2026-03-02T10:00:00Z", f"2026-03-0{2 + number}T10:00:00Z", "open")
    assert home.pull("zendesk").error is None
    account.ticket(1, "2026-03-02T10:00:00Z", "2026-03-10T12:00:00Z", "deleted")
    home.pull("zendesk", days=1)
    assert tickets(home) == [[(0, "open"), (1, "open"), (2, "open")], [(1, "deleted")]], "7 is before the first day"
    assert home.files(TICKETS) == ["2026-03-10T060000Z.json", "2026-03-11T060000Z.json"]
    assert [bool(request.one("cursor")) for request in vendor.requests] == [False, True, True]


def test_a_pull_without_changes_writes_nothing(vendor: Vendor, home: Home) -> None:
    assert home.pull("zendesk").error is None and home.pull("zendesk", days=1).files == 0
    assert home.files(TICKETS) == []


def test_a_large_export_is_several_files_and_the_cursor_moves_after_each(
    account: Zendesk, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "FEED_BYTES", 1)
    account.page_size = 1
    for number in range(4):
        account.ticket(number, "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z")
    vendor.fail(None, None, Response({"error": "Forbidden"}, 403))
    assert home.pull("zendesk").error is not None
    assert tickets(home) == [[(0, "solved")], [(1, "solved")]]
    assert home.pull("zendesk", days=30).error is None
    assert tickets(home) == [[(0, "solved")], [(1, "solved")], [(2, "solved")], [(3, "solved")]]


def test_a_pull_that_stopped_in_a_file_goes_on_in_it(account: Zendesk, vendor: Vendor, home: Home) -> None:
    account.page_size = 1
    for number in range(3):
        account.ticket(number, "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z")
    vendor.fail(None, None, Response({"error": "Forbidden"}, 403))
    assert home.pull("zendesk").error is not None and tickets(home) == []
    account.ticket(3, "2026-03-02T10:00:00Z", "2026-03-10T06:30:00Z")
    assert home.pull("zendesk", days=0.1).error is None
    assert tickets(home) == [[(number, "solved") for number in range(4)]]
    assert len(vendor.requests) == 3 + 2


def test_a_pull_that_stopped_long_ago_begins_at_its_last_cursor(account: Zendesk, vendor: Vendor, home: Home) -> None:
    account.page_size = 1
    for number in range(2):
        account.ticket(number, "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z")
    vendor.fail(None, Response({"error": "Forbidden"}, 403))
    assert home.pull("zendesk").error is not None
    assert home.pull("zendesk", days=2).error is None
    assert tickets(home) == [[(0, "solved"), (1, "solved")]]


def test_since_begins_the_feed_at_that_day(account: Zendesk, vendor: Vendor, home: Home) -> None:
    account.ticket(1, "2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z")
    home.pull("zendesk")
    home.pull("zendesk", since="2026-01-01", days=1)
    assert tickets(home) == [[(1, "solved")]]
    assert home.pull("zendesk", days=1).files == 0


def test_the_rate_of_ten_a_minute_is_kept(account: Zendesk, vendor: Vendor, home: Home) -> None:
    account.page_size = 1
    for number in range(21):
        account.ticket(number, "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z")
    home.pull("zendesk")
    assert len(vendor.requests) == 21 and home.clock.waits == [60.0, 60.0]


def test_a_limit_that_others_used_up_is_waited_for(account: Zendesk, vendor: Vendor, home: Home) -> None:
    account.ticket(1, "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z")
    vendor.fail(Response({"error": "APIRateLimitExceeded"}, 429, {"Retry-After": "38"}))
    assert home.pull("zendesk").error is None
    assert len(home.clock.waits) == 1 and 38 < home.clock.waits[0] < 40


def test_an_answer_without_a_cursor_ends_the_pull(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"tickets": [], "end_of_stream": False}))
    error = home.pull("zendesk").error
    assert error is not None and "has no `after_cursor`" in error
