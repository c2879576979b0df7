"""GitHub's connector: deployments newest first, their statuses, runs by day and their attempts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.pulls.connectors import github as connector
from pipelines.pulls.files import read_pages
from tests.pulls.conftest import Home
from tests.pulls.github import REPOSITORY, GitHub
from tests.pulls.pagerduty import PagerDuty
from tests.pulls.vendor import Response, Vendor

DEPLOYMENTS, STATUSES, RUNS = (f"github/pulled/{name}/{REPOSITORY}" for name in ("deployments", "statuses", "runs"))


@pytest.fixture
def account() -> GitHub:
    return GitHub()


@pytest.fixture
def vendor(account: GitHub, home: Home) -> Iterator[Vendor]:
    with account.server().up() as server:
        home.connect("github", server, repositories=[REPOSITORY])
        yield server


def documents(home: Home, path: str) -> list[Any]:
    return list(read_pages(home.file(path)))


def ids(home: Home, path: str) -> list[int]:
    return [row["id"] for rows in documents(home, path) for row in rows]


def test_deployments_are_listed_until_one_is_older_than_the_month(account: GitHub, vendor: Vendor, home: Home) -> None:
    for number in range(450):
        account.deploy(number, f"2026-0{1 + number // 200}-{1 + number % 9:02}T10:00:00Z", "v1")
    assert home.pull("github").error is None
    assert home.files(DEPLOYMENTS) == ["since-2026-03.json"]
    assert [request.one("page") for request in vendor.asked(f"/repos/{REPOSITORY}/deployments")] == ["1"]
    assert {*range(400, 450)} <= set(ids(home, f"{DEPLOYMENTS}/since-2026-03.json"))
    asked = [request for request in vendor.requests if request.path.endswith("/statuses")]
    assert len(asked) == 50 == len(ids(home, f"{STATUSES}/since-2026-03.json")), "of the month's alone"


def test_a_new_month_keeps_the_file_of_the_last(account: GitHub, vendor: Vendor, home: Home) -> None:
    account.deploy(1, "2026-03-02T10:00:00Z", "v1")
    home.pull("github")
    account.deploy(2, "2026-04-09T10:00:00Z", "v2", "in_progress")
    home.pull("github", days=30)
    assert home.files(DEPLOYMENTS) == ["since-2026-03.json"], "the 9th of March less 7 days is in March"
    account.status(2, "success", "2026-04-10T10:00:00Z")
    home.pull("github", days=2)
    assert home.files(DEPLOYMENTS) == ["since-2026-03.json", "since-2026-04.json"]
    states = [row["state"] for rows in documents(home, f"{STATUSES}/since-2026-04.json") for row in rows]
    assert states == ["success", "in_progress"]


def test_the_overlap_pulls_new_statuses_again(account: GitHub, vendor: Vendor, home: Home) -> None:
    account.deploy(1, "2026-03-09T10:00:00Z", "v1", "queued")
    home.pull("github")
    account.status(1, "failure", "2026-03-10T10:00:00Z")
    home.pull("github", days=1)
    states = [row["state"] for rows in documents(home, f"{STATUSES}/since-2026-03.json") for row in rows]
    assert states == ["failure", "queued"]


def test_a_run_is_pulled_with_its_earlier_attempts(account: GitHub, vendor: Vendor, home: Home) -> None:
    account.run(1, "2026-03-04T10:00:00Z", "failure")
    home.pull("github")
    account.run(1, "2026-03-05T10:00:00Z", "failure")
    account.run(1, "2026-03-10T12:00:00Z")
    home.pull("github", days=1)
    first, second, page = documents(home, f"{RUNS}/2026-03-04.json")
    attempts = [first, second, *page["workflow_runs"]]
    assert [(row["run_attempt"], row["conclusion"]) for row in attempts] == [
        (1, "failure"),
        (2, "failure"),
        (3, "success"),
    ]


def test_a_day_with_more_runs_than_the_api_lists_is_cut_in_halves(
    account: GitHub, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.most = 100
    monkeypatch.setattr(connector, "MOST", 100)
    for number in range(380):
        account.run(number, f"2026-03-04T{number // 60:02}:{number % 60:02}:30Z")
    assert home.pull("github").error is None
    found = [run["id"] for page in documents(home, f"{RUNS}/2026-03-04.json") for run in page["workflow_runs"]]
    assert sorted(found) == list(range(380))


def test_only_the_workflows_that_deploy_can_be_asked_for(account: GitHub, vendor: Vendor, home: Home) -> None:
    home.connect("github", vendor, repositories=[REPOSITORY], workflows=["deploy.yml"])
    account.run(1, "2026-03-04T10:00:00Z")
    assert home.pull("github").error is None
    assert len(home.files(f"{RUNS}/deploy.yml")) == 10
    assert vendor.asked(f"/repos/{REPOSITORY}/actions/runs") == []


def test_a_pull_goes_on_at_the_status_where_it_stopped(account: GitHub, vendor: Vendor, home: Home) -> None:
    for number in range(5):
        account.deploy(number, f"2026-03-0{1 + number}T10:00:00Z", "v1")
    vendor.fail(None, None, None, Response({"message": "Resource not accessible"}, 403))
    error = home.pull("github").error
    assert error is not None and "read access to Deployments and Actions" in error
    vendor.requests.clear()
    assert home.pull("github").error is None
    assert vendor.requests[0].path == f"/repos/{REPOSITORY}/deployments/2/statuses", "4 and 3 are there"
    assert sorted(ids(home, f"{STATUSES}/since-2026-03.json")) == [0, 100, 200, 300, 400]


def test_a_repository_that_is_not_there_is_said_and_stops_no_other_source(vendor: Vendor, home: Home) -> None:
    home.connect("github", vendor, repositories=["acme/gone"])
    with PagerDuty().server().up() as pagerduty:
        home.connect("pagerduty", pagerduty)
        result = home.pull()
    assert (result.source, result.error, result.files) == ("pagerduty", None, 20)
    error = home.pull("github").error
    assert error is not None and "deployments is 404: Not Found" in error and "[pulls.github]" in error


def test_a_pull_without_deployments_writes_no_statuses(vendor: Vendor, home: Home) -> None:
    assert home.pull("github").error is None
    assert home.file(f"{DEPLOYMENTS}/since-2026-03.json").read_bytes() == b"[]\n"
    assert home.files(STATUSES) == []
