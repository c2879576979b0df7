"""OpenAI's connector: a day a file, asked for again until its month is billed, and what is never asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.pulls.conftest import Home
from tests.pulls.openai import COSTS, OpenAi
from tests.pulls.vendor import Response, Vendor

FOLDER = "cloud_billing/pulled/openai/costs"


@pytest.fixture
def organization() -> OpenAi:
    return OpenAi()


@pytest.fixture
def vendor(organization: OpenAi, home: Home) -> Iterator[Vendor]:
    with organization.server().up() as server:
        home.connect("openai", server)
        yield server


def costs(home: Home) -> dict[str, list[tuple[str, str, float]]]:
    return {
        name: [
            (row["project_id"], row["line_item"], row["amount"]["value"])
            for bucket in buckets
            for row in bucket["results"]
        ]
        for name, buckets in home.records(FOLDER, "data").items()
    }


def test_each_day_that_is_over_is_a_file_by_project_and_line_item(
    organization: OpenAi, vendor: Vendor, home: Home
) -> None:
    organization.spend("2026-03-02", 1.5, "gpt-5, input", "proj_a")
    organization.spend("2026-03-02", 0.25, "gpt-5, output", "proj_a")
    organization.spend("2026-03-02", 2.0, "gpt-5, input", "proj_b")
    organization.spend("2026-03-10", 9.0, "gpt-5, input", "proj_a")
    result = home.pull("openai")
    assert result.error is None and result.warnings == []
    assert home.files(FOLDER) == [f"2026-03-{day:02}.json" for day in range(1, 10)], "10 March is not over"
    found = costs(home)
    assert found["2026-03-02.json"] == [
        ("proj_a", "gpt-5, input", 1.5),
        ("proj_a", "gpt-5, output", 0.25),
        ("proj_b", "gpt-5, input", 2.0),
    ]
    assert found["2026-03-03.json"] == [], "a day without costs is known to be one"


def test_a_day_is_asked_for_from_midnight_to_midnight(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    home.pull("openai")
    first = vendor.asked(COSTS)[0]
    assert first.query == {
        "start_time": ["1772323200"],  # 2026-03-01T00:00:00Z
        "end_time": ["1772409600"],
        "bucket_width": ["1d"],
        "group_by": ["project_id", "line_item"],
        "limit": ["1"],
    }


def test_a_page_is_written_as_it_came(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    organization.spend("2026-03-02", "0.8958740000000000", "gpt-5, input", "proj_a")
    home.pull("openai")
    request = vendor.asked(COSTS)[1]
    assert home.file(f"{FOLDER}/2026-03-02.json").read_bytes() == organization.answer(request).content + b"\n"


def test_a_day_that_has_changed_is_replaced(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    changed = organization.spend("2026-03-08", 1.0, "gpt-5, input", "proj_a")
    home.pull("openai")
    changed["value"] = 3.0
    result = home.pull("openai", days=1)
    assert costs(home)["2026-03-08.json"] == [("proj_a", "gpt-5, input", 3.0)]
    assert result.files == 2, "the day that changed, and a new one"


def test_a_day_is_asked_for_again_for_35_days(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    home.pull("openai")
    home.pull("openai", days=40)
    vendor.requests.clear()
    home.pull("openai", days=1)
    starts = [int(request.one("start_time")) for request in vendor.asked(COSTS)]
    assert (len(starts), starts[0]) == (36, 1773532800), "from 15 March, 35 days before the last pull, to 19 April"


def test_further_pages_are_followed_with_the_same_query(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    # A server that gives the results of a day on two pages: nothing documented rules it out.
    first = {"object": "page", "data": [{"start_time": 1, "end_time": 2, "results": []}], "has_more": True}
    vendor.fail(Response(first | {"next_page": "page_|1772323200-1772409600-project_id,line_item|0"}))
    assert home.pull("openai").error is None
    one, two = vendor.asked(COSTS)[:2]
    assert two.query == {**one.query, "page": ["page_|1772323200-1772409600-project_id,line_item|0"]}
    assert len(home.records(FOLDER, "data")["2026-03-01.json"]) == 2


def test_further_pages_without_a_token_stop_the_pull(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"object": "page", "data": [], "has_more": True, "next_page": None}))
    error = home.pull("openai").error
    assert error is not None and "openai, costs: the answer has no `next_page`, and says that there are" in error
    assert home.files(FOLDER) == []


def test_the_limit_of_the_vendor_is_waited_for(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    limit = {
        "error": {"message": "Rate limit reached", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    }
    vendor.fail(Response(limit, 429, {"Retry-After": "20"}))
    assert home.pull("openai").error is None
    assert 20 <= home.clock.waits[0] <= 21
    assert len(home.files(FOLDER)) == 9


def test_a_key_of_a_project_says_which_key_is_needed(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    scope = "You have insufficient permissions for this operation. Missing scopes: api.usage.read."
    vendor.fail(Response({"error": {"message": scope, "type": "server_error", "param": None, "code": None}}, 403))
    error = home.pull("openai").error
    assert error is not None and scope in error and "an admin key of the organization" in error


def test_a_pull_that_was_stopped_goes_on_with_the_day(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    vendor.fail(None, None, None, Response({"error": {"message": "suspended"}}, 403))
    assert home.pull("openai").error is not None
    assert home.files(FOLDER) == [f"2026-03-0{day}.json" for day in (1, 2, 3)]
    vendor.requests.clear()
    home.clock.time += timedelta(hours=1)
    assert home.pull("openai").error is None
    assert vendor.asked(COSTS)[0].one("start_time") == "1772582400", "4 March"


def test_usage_users_and_keys_are_not_asked_for(organization: OpenAi, vendor: Vendor, home: Home) -> None:
    home.pull("openai")
    assert {request.path for request in vendor.requests} == {COSTS}
    assert {group for request in vendor.requests for group in request.query["group_by"]} == {"project_id", "line_item"}
