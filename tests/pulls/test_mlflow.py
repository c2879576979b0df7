"""MLflow's connector: all versions in one file, which each pull replaces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulls.conftest import Home
from tests.pulls.mlflow import USER, Mlflow
from tests.pulls.vendor import Response, Vendor

FOLDER = "mlflow/pulled/model_versions"


@pytest.fixture
def registry() -> Mlflow:
    return Mlflow()


@pytest.fixture
def vendor(registry: Mlflow, home: Home) -> Iterator[Vendor]:
    with registry.server().up() as server:
        home.connect("mlflow", server, user=USER)
        yield server


def versions(home: Home) -> list[tuple[str, str]]:
    return [(row["name"], row["version"]) for row in home.records(FOLDER, "model_versions")["all.json"]]


def test_all_versions_are_one_file_of_every_page(registry: Mlflow, vendor: Vendor, home: Home) -> None:
    registry.page_size = 2
    for number in range(1, 6):
        registry.version("ranker", str(number), "2024-01-01T10:00:00Z")
    result = home.pull("mlflow")
    assert result.error is None and result.warnings == [] and (result.pages, result.records) == (3, 5)
    assert home.files(FOLDER) == ["all.json"]
    assert versions(home) == [("ranker", str(number)) for number in range(1, 6)]
    assert [request.one("max_results") for request in vendor.requests] == ["1000"] * 3


def test_the_next_pull_replaces_it(registry: Mlflow, vendor: Vendor, home: Home) -> None:
    first = registry.version("ranker", "1", "2026-03-01T10:00:00Z")
    assert home.pull("mlflow").error is None
    registry.versions.remove(first)
    registry.version("ranker", "2", "2026-03-02T10:00:00Z")
    assert home.pull("mlflow", days=40).error is None
    assert home.files(FOLDER) == ["all.json"] and versions(home) == [("ranker", "2")]
    assert home.pull("mlflow", days=1).files == 0, "what is the same is not written again"


def test_a_registry_without_versions_is_an_empty_list(vendor: Vendor, home: Home) -> None:
    assert home.pull("mlflow").error is None
    assert versions(home) == []


def test_a_token_alone_is_a_bearer(registry: Mlflow, vendor: Vendor, home: Home) -> None:
    home.connect("mlflow", vendor)
    registry.version("ranker", "1", "2026-03-01T10:00:00Z")
    assert home.pull("mlflow").error is None and versions(home) == [("ranker", "1")]
    assert vendor.requests[0].headers["authorization"].startswith("Bearer ")


def test_a_pull_that_stopped_goes_on_at_its_page(registry: Mlflow, vendor: Vendor, home: Home) -> None:
    registry.page_size = 1
    for number in range(1, 4):
        registry.version("ranker", str(number), "2026-03-01T10:00:00Z")
    vendor.fail(None, None, Response({"error_code": "PERMISSION_DENIED", "message": "no"}, 403))
    assert home.pull("mlflow").error is not None and home.files(FOLDER) == []
    vendor.requests.clear()
    assert home.pull("mlflow").error is None
    assert versions(home) == [("ranker", "1"), ("ranker", "2"), ("ranker", "3")] and len(vendor.requests) == 1


def test_a_limit_is_waited_for_and_a_wrong_token_said(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}, 429, {"Retry-After": "7"}))
    assert home.pull("mlflow").error is None and 7 < home.clock.waits[0] < 9
    vendor.authorized = lambda _: False
    error = home.pull("mlflow", days=1).error
    assert error is not None and "a user who may read the registered models" in error


def test_an_answer_without_the_list_stops_the_pull(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"registered_models": []}))
    error = home.pull("mlflow").error
    assert error is not None and "expected one with a list `model_versions`" in error
