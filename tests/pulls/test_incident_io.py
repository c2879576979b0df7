"""incident.io's connector: incidents by the day of their last change, with their updates and attachments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.pulls.conftest import Home
from tests.pulls.incident_io import IncidentIo
from tests.pulls.vendor import Response, Vendor

INCIDENTS, UPDATES, ATTACHMENTS = (f"incident_io/pulled/{name}" for name in ("incidents", "updates", "attachments"))


@pytest.fixture
def account() -> IncidentIo:
    return IncidentIo()


@pytest.fixture
def vendor(account: IncidentIo, home: Home) -> Iterator[Vendor]:
    with account.server().up() as server:
        home.connect("incident_io", server)
        yield server


def found(home: Home, folder: str, key: str, field: str) -> dict[str, list[Any]]:
    return {name: [row[field] for row in rows] for name, rows in home.records(folder, key).items() if rows}


def test_a_day_has_its_incidents_with_updates_and_attachments(account: IncidentIo, vendor: Vendor, home: Home) -> None:
    account.page_size = 2
    for number in range(3):
        row = account.incident(number, f"2026-03-04T1{number}:00:00Z")
        account.update(row, f"2026-03-04T2{number}:00:00Z", "Closed", "closed")
        account.attach(row, f"2026-03-04T1{number}:05:00Z", "jira_issue", f"OPS-{number}")
    assert home.pull("incident_io").error is None
    # The day after is asked for too, so the day before has them as well.
    references = [f"INC-{number}" for number in range(3)]
    assert found(home, INCIDENTS, "incidents", "reference") == dict.fromkeys(
        ["2026-03-03.json", "2026-03-04.json"], references
    )
    assert len(home.files(INCIDENTS)) == 10 and home.files(UPDATES) == ["2026-03-03.json", "2026-03-04.json"]
    assert len(found(home, UPDATES, "incident_updates", "id")["2026-03-04.json"]) == 6
    resources = found(home, ATTACHMENTS, "incident_attachments", "resource")["2026-03-04.json"]
    assert [row["external_id"] for row in resources] == ["OPS-0", "OPS-1", "OPS-2"]


def test_a_changed_incident_moves_to_the_day_of_its_change(account: IncidentIo, vendor: Vendor, home: Home) -> None:
    row = account.incident(1, "2026-03-08T10:00:00Z")
    home.pull("incident_io")
    account.update(row, "2026-03-11T09:00:00Z", "Closed", "closed")
    home.pull("incident_io", days=2)
    statuses = found(home, INCIDENTS, "incidents", "incident_status")
    assert {name: rows[0]["name"] for name, rows in statuses.items()} == {
        "2026-03-10.json": "Closed",
        "2026-03-11.json": "Closed",
    }


def test_a_page_that_is_not_full_is_the_last_one(account: IncidentIo, vendor: Vendor, home: Home) -> None:
    account.incident(1, "2026-03-08T10:00:00Z")
    home.pull("incident_io")
    assert not any(request.one("after") for request in vendor.requests)


def test_a_pull_goes_on_at_the_incident_where_it_stopped(account: IncidentIo, vendor: Vendor, home: Home) -> None:
    for number in range(3):
        account.incident(number, "2026-03-01T10:00:00Z")
    vendor.fail(*[None] * 11, Response({"type": "authorization_error", "status": 403}, 403))
    error = home.pull("incident_io").error
    assert error is not None and "an API key that may view data" in error
    vendor.requests.clear()
    assert home.pull("incident_io").error is None
    assert vendor.requests[0].path == "/v2/incident_updates"
    assert len(list(vendor.asked("/v2/incident_updates"))) == 2, "one of three was done"
    assert vendor.asked("/v2/incidents") == [], "all of them were done"
    assert len(found(home, UPDATES, "incident_updates", "id")["2026-03-01.json"]) == 3
