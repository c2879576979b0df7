"""Amplitude's connector: a day of uploads a file, in as many ranges as it takes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from tests.pulls.amplitude import API_KEY, Amplitude, archive
from tests.pulls.conftest import Home
from tests.pulls.vendor import Response, Vendor

FOLDER = "amplitude/pulled/events"


@pytest.fixture
def project() -> Amplitude:
    return Amplitude()


@pytest.fixture
def vendor(project: Amplitude, home: Home) -> Iterator[Vendor]:
    with project.server().up() as server:
        home.connect("amplitude", server, api_key=API_KEY)
        yield server


def events(home: Home, day: str) -> list[str]:
    text = gzip.decompress(home.file(f"{FOLDER}/{day}.json.gz").read_bytes())
    return [json.loads(line)["event_type"] for line in text.splitlines()]


def asked(vendor: Vendor) -> list[tuple[str, str]]:
    return [(request.one("start"), request.one("end")) for request in vendor.requests]


def test_each_day_that_is_over_is_a_file_of_all_its_hours(project: Amplitude, vendor: Vendor, home: Home) -> None:
    project.event("Asked", "2026-03-08T00:00:00")
    project.event("Answered", "2026-03-08T23:59:59")
    project.event("Asked", "2026-03-10T01:00:00")
    result = home.pull("amplitude")
    assert result.error is None and (result.records, result.pages) == (2, 9)
    assert home.files(FOLDER)[-1] == "2026-03-09.json.gz", "today is not over"
    assert events(home, "2026-03-08") == ["Asked", "Answered"]
    assert asked(vendor)[7] == ("20260308T00", "20260308T23")


def test_a_day_without_events_is_known_to_be_one(vendor: Vendor, home: Home) -> None:
    assert home.pull("amplitude").error is None
    assert events(home, "2026-03-03") == []


def test_a_day_that_is_too_large_is_asked_for_in_halves(project: Amplitude, vendor: Vendor, home: Home) -> None:
    project.most = 2
    for hour in range(5):
        project.event(f"Asked {hour}", f"2026-03-01T{hour:02}:00:00")
    assert home.pull("amplitude").error is None
    assert events(home, "2026-03-01") == [f"Asked {hour}" for hour in range(5)]
    assert asked(vendor)[:9] == [
        ("20260301T00", "20260301T23"),
        ("20260301T00", "20260301T11"),
        ("20260301T00", "20260301T05"),
        ("20260301T00", "20260301T02"),
        ("20260301T00", "20260301T00"),
        ("20260301T01", "20260301T02"),
        ("20260301T03", "20260301T05"),
        ("20260301T06", "20260301T11"),
        ("20260301T12", "20260301T23"),
    ]


def test_an_hour_that_is_too_large_stops_the_pull(project: Amplitude, vendor: Vendor, home: Home) -> None:
    project.most = 0
    project.event("Asked", "2026-03-01T00:00:00")
    error = home.pull("amplitude").error
    assert error is not None and "is 400: The file size of the exported data is too large" in error
    assert home.files(FOLDER) == []


def test_a_pull_that_stopped_within_a_day_goes_on_at_its_range(project: Amplitude, vendor: Vendor, home: Home) -> None:
    project.most = 1
    project.event("First", "2026-03-01T01:00:00")
    project.event("Second", "2026-03-01T13:00:00")
    vendor.fail(None, None, Response(b"", 403))
    assert home.pull("amplitude").error is not None
    vendor.requests.clear()
    assert home.pull("amplitude").error is None
    assert events(home, "2026-03-01") == ["First", "Second"]
    assert asked(vendor)[0] == ("20260301T12", "20260301T23")


def test_a_day_that_was_not_complete_is_pulled_by_the_next_pull(project: Amplitude, vendor: Vendor, home: Home) -> None:
    project.event("Asked", "2026-03-09T23:00:00")
    home.pull("amplitude", days=-5 / 24)
    assert home.files(FOLDER)[-1] == "2026-03-08.json.gz", "at 01:00 its last hours may be missing"
    home.pull("amplitude", days=1)
    assert events(home, "2026-03-09") == ["Asked"]


@pytest.mark.parametrize(
    "broken",
    [Response(b"<html>bad gateway</html>"), Response(b"PK\x03\x04" + b"x" * 9_000), Response(b"PK" + b"x" * 99, cut=9)],
    ids=["page", "without its end", "cut"],
)
def test_an_archive_that_broke_off_is_asked_for_again(
    project: Amplitude, vendor: Vendor, home: Home, broken: Response
) -> None:
    project.event("Asked", "2026-03-01T10:00:00")
    vendor.fail(broken)
    assert home.pull("amplitude").error is None and len(home.clock.waits) == 1
    assert events(home, "2026-03-01") == ["Asked"]


def test_a_damaged_archive_stops_the_pull_and_leaves_nothing(project: Amplitude, vendor: Vendor, home: Home) -> None:
    event = project.event("Asked", "2026-03-01T10:00:00")
    whole = archive([event])
    vendor.fail(Response(whole.replace(b"\x1f\x8b", b"\x1f\x8c", 1)))
    error = home.pull("amplitude").error
    assert error is not None and "is damaged" in error
    assert home.files(FOLDER) == [] and not list(home.settings.pulls_dir.glob("*.answer"))


def test_a_used_up_limit_is_waited_for(project: Amplitude, vendor: Vendor, home: Home) -> None:
    vendor.fail(Response(b"", 429, {"Retry-After": "20"}))
    assert home.pull("amplitude").error is None
    assert len(home.clock.waits) == 1 and 20 < home.clock.waits[0] < 22


def test_a_wrong_secret_is_said(vendor: Vendor, home: Home) -> None:
    vendor.authorized = lambda _: False
    error = home.pull("amplitude").error
    assert error is not None and "the secret key of the project" in error
