"""PagerDuty's connector: pages, windows, cursor, overlap, and what its source makes of what it wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.pulls.connectors import pagerduty as connector
from tests.pulls.conftest import Home
from tests.pulls.pagerduty import PagerDuty
from tests.pulls.vendor import Response, Vendor

INCIDENTS, ENTRIES = "pagerduty/pulled/incidents", "pagerduty/pulled/log_entries"


@pytest.fixture
def account() -> PagerDuty:
    return PagerDuty()


@pytest.fixture
def vendor(account: PagerDuty, home: Home) -> Iterator[Vendor]:
    with account.server().up() as server:
        home.connect("pagerduty", server)
        yield server


def numbers(home: Home) -> dict[str, list[int]]:
    return {
        name: [record["incident_number"] for record in records]
        for name, records in home.records(INCIDENTS, "incidents").items()
    }


def test_each_day_is_a_file_with_all_its_pages(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    for number in range(250):
        account.incident(number, f"2026-03-02T{number % 24:02}:00:00Z")
    result = home.pull("pagerduty")
    assert result.error is None
    days = [f"2026-03-{day:02}.json" for day in range(1, 11)]
    assert home.files(INCIDENTS) == home.files(ENTRIES) == days, "quiet days too: they are known to be quiet"
    assert sorted(numbers(home)["2026-03-02.json"]) == list(range(250))
    assert (result.pages, result.records, result.files) == (9 + 3 + 9 + 3, 500, 20)
    assert [request.one("offset") for request in vendor.asked("/incidents")[1:4]] == ["0", "100", "200"]


def test_a_page_is_written_as_it_came(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    account.incident(1, "2026-03-02T00:00:00Z", field_of_next_year={"b": 1, "a": 1.10})
    home.pull("pagerduty")
    request = next(r for r in vendor.asked("/incidents") if r.one("since").startswith("2026-03-02"))
    assert home.file(f"{INCIDENTS}/2026-03-02.json").read_bytes() == account.answer(request).content + b"\n"


def test_a_day_with_more_than_the_api_lists_is_cut_in_halves(
    account: PagerDuty, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.most = 200
    monkeypatch.setattr(connector, "MOST", 200)
    for number in range(700):
        account.incident(number, f"2026-03-02T{number // 60:02}:{number % 60:02}:00Z")
    assert home.pull("pagerduty").error is None
    assert sorted(numbers(home)["2026-03-02.json"]) == list(range(700))


def test_a_change_within_the_overlap_replaces_the_day(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    changed = account.incident(1, "2026-03-02T10:00:00Z")
    account.incident(2, "2026-03-02T11:00:00Z")
    home.pull("pagerduty")
    account.resolve(changed, "2026-03-11T09:00:00Z")
    account.incidents.remove(next(row for row in account.incidents if row["incident_number"] == 2))
    result = home.pull("pagerduty", days=2)
    records = home.records(INCIDENTS, "incidents")["2026-03-02.json"]
    assert [(row["incident_number"], row["status"]) for row in records] == [(1, "resolved")], "2 is deleted"
    assert result.files == 1 + 2 + 2, "the incidents' day, and two new days of both"


def test_days_before_the_overlap_are_not_asked_for_again(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    home.pull("pagerduty")
    home.pull("pagerduty", days=40)
    vendor.requests.clear()
    home.pull("pagerduty", days=1)
    asked = [request.one("since")[:10] for request in vendor.asked("/incidents")]
    assert (asked[0], asked[-1], len(asked)) == ("2026-03-15", "2026-04-20", 37), "35 days before the last pull"
    assert next(request.one("since")[:10] for request in vendor.asked("/log_entries")) == "2026-04-17"


def test_since_pulls_again_from_that_day(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    home.pull("pagerduty")
    account.incident(1, "2026-02-02T10:00:00Z")
    vendor.requests.clear()
    home.pull("pagerduty", since="2026-02-01")
    assert numbers(home)["2026-02-02.json"] == [1]
    vendor.requests.clear()
    home.pull("pagerduty", days=1)
    assert vendor.asked("/incidents")[0].one("since")[:10] == "2026-02-03"


def test_unchanged_days_keep_their_files(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    account.incident(1, "2026-03-02T10:00:00Z")
    home.pull("pagerduty")
    before = home.file(f"{INCIDENTS}/2026-03-02.json").stat().st_mtime_ns
    assert home.pull("pagerduty").files == 0
    assert home.file(f"{INCIDENTS}/2026-03-02.json").stat().st_mtime_ns == before


def test_persons_are_not_asked_for(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    home.pull("pagerduty")
    assert {key for request in vendor.requests for key in request.query} == {
        *("since", "until", "limit", "offset", "time_zone", "total", "sort_by"),
    }


def test_the_lists_name_is_missing(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"data": [], "more": False}))
    error = home.pull("pagerduty").error
    assert error is not None and "found an answer with data, more; expected one with a list `incidents`" in error
