"""Anthropic's connector: whole days from midnight to midnight, asked for again until their month is billed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulls.anthropic import REPORT, Anthropic
from tests.pulls.conftest import Home
from tests.pulls.vendor import Response, Vendor

FOLDER = "cloud_billing/pulled/anthropic/cost_report"


@pytest.fixture
def organization(home: Home) -> Anthropic:
    return Anthropic(home.clock)


@pytest.fixture
def vendor(organization: Anthropic, home: Home) -> Iterator[Vendor]:
    with organization.server().up() as server:
        home.connect("anthropic", server)
        yield server


def costs(home: Home) -> dict[str, list[tuple[str | None, str, str]]]:
    return {
        name: [(row["workspace_id"], row["model"], row["amount"]) for bucket in buckets for row in bucket["results"]]
        for name, buckets in home.records(FOLDER, "data").items()
    }


def test_each_day_that_is_over_is_a_file_by_workspace_and_description(
    organization: Anthropic, vendor: Vendor, home: Home
) -> None:
    organization.spend(
        "2026-03-02", "41280.000000", "Claude Opus 4.1 Usage - Input Tokens", "wrkspc_a", "claude-opus-4-1"
    )
    organization.spend("2026-03-02", "0.125", "Claude Haiku 4.5 Usage - Input Tokens", None, "claude-haiku-4-5")
    result = home.pull("anthropic")
    assert result.error is None and result.warnings == []
    assert home.files(FOLDER) == [f"2026-03-{day:02}.json" for day in range(1, 10)], "10 March is not over"
    found = costs(home)
    assert found["2026-03-02.json"] == [
        ("wrkspc_a", "claude-opus-4-1", "41280.000000"),
        (None, "claude-haiku-4-5", "0.125"),
    ]
    assert found["2026-03-03.json"] == []


def test_both_ends_are_midnights_and_the_version_is_stated(organization: Anthropic, vendor: Vendor, home: Home) -> None:
    home.pull("anthropic")
    asked = vendor.asked(REPORT)
    assert asked[0].query == {
        "starting_at": ["2026-03-01T00:00:00Z"],
        "ending_at": ["2026-03-02T00:00:00Z"],
        "bucket_width": ["1d"],
        "group_by[]": ["workspace_id", "description"],
        "limit": ["1"],
    }
    assert asked[-1].one("ending_at") == "2026-03-10T00:00:00Z", "a day that is not over is an error"


def test_a_day_that_has_changed_is_replaced(organization: Anthropic, vendor: Vendor, home: Home) -> None:
    changed = organization.spend("2026-03-08", "100", "Web Search Usage", "wrkspc_a", None)
    home.pull("anthropic")
    changed["cents"] = "300"
    result = home.pull("anthropic", days=1)
    assert costs(home)["2026-03-08.json"] == [("wrkspc_a", None, "300")]
    assert result.files == 2, "the day that changed, and a new one"


def test_a_day_is_asked_for_again_for_35_days(organization: Anthropic, vendor: Vendor, home: Home) -> None:
    home.pull("anthropic")
    home.pull("anthropic", days=40)
    vendor.requests.clear()
    home.pull("anthropic", days=1)
    starts = [request.one("starting_at") for request in vendor.asked(REPORT)]
    assert (len(starts), starts[0]) == (36, "2026-03-15T00:00:00Z"), "35 days before the last pull"


def test_requests_are_spread_and_a_limit_is_waited_for(organization: Anthropic, vendor: Vendor, home: Home) -> None:
    limit = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
    vendor.fail(Response(limit, 429, {"Retry-After": "30"}))
    assert home.pull("anthropic", since="2026-01-20").error is None
    assert 30 <= home.clock.waits[0] <= 31
    assert sum(home.clock.waits) > 60, "49 days at 30 requests a minute"
    assert len(home.files(FOLDER)) == 49


def test_a_key_that_is_no_admin_key_says_which_one_is_needed(vendor: Vendor, home: Home) -> None:
    said = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
    vendor.fail(Response(said, 401))
    error = home.pull("anthropic").error
    assert error is not None and "invalid x-api-key" in error and "an Admin API key (sk-ant-admin…)" in error


def test_an_error_names_what_the_vendor_said(organization: Anthropic, vendor: Vendor, home: Home) -> None:
    message = "Invalid date range: ending date must be after starting date"
    vendor.fail(Response({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, 400))
    error = home.pull("anthropic").error
    assert error is not None and message in error and "did not understand the request" in error


def test_usage_members_and_keys_are_not_asked_for(organization: Anthropic, vendor: Vendor, home: Home) -> None:
    home.pull("anthropic")
    assert {request.path for request in vendor.requests} == {REPORT}
