"""Langfuse's connector: a day a file, by cursors, and what is never asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulls.conftest import Home
from tests.pulls.langfuse import PATH, PUBLIC_KEY, Langfuse
from tests.pulls.vendor import Response, Vendor

FOLDER = "serving_logs/pulled/langfuse/observations"


@pytest.fixture
def project() -> Langfuse:
    return Langfuse()


@pytest.fixture
def vendor(project: Langfuse, home: Home) -> Iterator[Vendor]:
    with project.server().up() as server:
        home.connect("langfuse", server, public_key=PUBLIC_KEY)
        yield server


def ids(home: Home, day: str) -> list[str]:
    return [row["id"] for row in home.records(FOLDER, "data")[f"{day}.json"]]


def test_each_day_is_a_file_of_every_page(project: Langfuse, vendor: Vendor, home: Home) -> None:
    project.page_size = 2
    for number in range(5):
        project.observe(f"o{number}", f"2026-03-02T10:00:0{number}.000Z", None)
    project.observe("midnight", "2026-03-03T00:00:00.000Z", None)
    result = home.pull("langfuse")
    assert result.error is None and result.warnings == [] and result.records == 6
    assert home.files(FOLDER) == [f"2026-03-{day:02}.json" for day in range(1, 11)], "today is pulled too"
    assert ids(home, "2026-03-02") == ["o4", "o3", "o2", "o1", "o0"]
    assert ids(home, "2026-03-03") == ["midnight"] and ids(home, "2026-03-04") == []


def test_a_page_without_observations_is_not_the_last_while_it_has_a_cursor(
    project: Langfuse, vendor: Vendor, home: Home
) -> None:
    project.pauses = 2
    project.observe("late", "2026-03-02T10:00:00.000Z", None)
    assert home.pull("langfuse").error is None
    assert ids(home, "2026-03-02") == ["late"]


def test_neither_prompts_nor_answers_are_asked_for(project: Langfuse, vendor: Vendor, home: Home) -> None:
    project.observe("o", "2026-03-02T10:00:00.000Z", None)
    home.pull("langfuse")
    (first, *_) = vendor.asked(PATH)
    assert first.query == {
        "fromStartTime": ["2026-03-01T00:00:00Z"],
        "toStartTime": ["2026-03-02T00:00:00Z"],
        "fields": ["core,basic,time,model,usage,trace_context"],
        "limit": ["1000"],
    }
    assert b"a prompt" not in b"".join(home.content().values())


def test_what_ended_later_is_replaced_within_three_days(project: Langfuse, vendor: Vendor, home: Home) -> None:
    open_one = project.observe("o", "2026-03-08T10:00:00.000Z", None)
    home.pull("langfuse")
    open_one["endTime"] = "2026-03-08T10:00:02.000Z"
    vendor.requests.clear()
    home.pull("langfuse", days=1)
    assert home.records(FOLDER, "data")["2026-03-08.json"][0]["endTime"] == "2026-03-08T10:00:02.000Z"
    assert [request.one("fromStartTime")[:10] for request in vendor.requests] == [
        f"2026-03-{day:02}" for day in range(7, 12)
    ]


def test_a_pull_that_stopped_within_a_day_goes_on_at_its_cursor(project: Langfuse, vendor: Vendor, home: Home) -> None:
    project.page_size = 1
    for number in range(3):
        project.observe(f"o{number}", f"2026-03-01T10:00:0{number}.000Z", None)
    vendor.fail(None, None, Response({"message": "Forbidden"}, 403))
    assert home.pull("langfuse").error is not None and home.files(FOLDER) == []
    vendor.requests.clear()
    assert home.pull("langfuse").error is None
    assert ids(home, "2026-03-01") == ["o2", "o1", "o0"]
    assert vendor.requests[0].one("cursor"), "the two pages there are, are not asked for again"


def test_a_used_up_limit_is_waited_for(project: Langfuse, vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"message": "429 - rate limit exceeded"}, 429, {"Retry-After": "41"}))
    assert home.pull("langfuse").error is None
    assert len(home.clock.waits) == 1 and 41 < home.clock.waits[0] < 43


def test_thirty_a_minute_is_kept(vendor: Vendor, home: Home) -> None:
    home.pull("langfuse", since="2026-01-25")
    assert len(vendor.requests) == 45 and home.clock.waits == [60.0]


def test_an_older_server_and_a_wrong_key_are_said(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"message": "Not found"}, 404))
    error = home.pull("langfuse").error
    assert error is not None and "self-hosted, Langfuse 4 or later" in error
    vendor.authorized = lambda _: False
    error = home.pull("langfuse").error
    assert error is not None and "the secret key of the project" in error
