"""Typeform's connector: a form's responses by day, newest first, without the questions for who answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from pipelines.settings.pulls import TypeformPullSettings
from tests.pulls.conftest import Home
from tests.pulls.typeform import FORM, Typeform
from tests.pulls.vendor import Response, Vendor

FOLDER = f"typeform/pulled/{FORM}"


@pytest.fixture
def form() -> Typeform:
    return Typeform()


@pytest.fixture
def vendor(form: Typeform, home: Home) -> Iterator[Vendor]:
    with form.server().up() as server:
        home.connect("typeform", server, forms=[FORM])
        yield server


def tokens(home: Home) -> dict[str, list[str]]:
    found = home.records(FOLDER, "items")
    return {name: sorted(row["token"] for row in rows) for name, rows in found.items() if rows}


def test_a_day_has_all_pages_of_its_responses(form: Typeform, vendor: Vendor, home: Home) -> None:
    form.page_size = 2
    for number in range(5):
        form.response(number, f"2026-03-04T0{number}:00:00Z")
    form.response(9, "2026-03-05T00:00:00Z")
    assert home.pull("typeform").error is None
    assert tokens(home) == {"2026-03-04.json": [f"t{n:04}" for n in range(5)], "2026-03-05.json": ["t0009"]}
    assert len(home.files(FOLDER)) == 10


def test_who_answers_is_not_asked_for(form: Typeform, vendor: Vendor, home: Home) -> None:
    form.response(1, "2026-03-04T10:00:00Z")
    home.pull("typeform")
    assert vendor.asked(f"/forms/{FORM}/responses")[0].one("fields") == "q1,g1,q3"
    assert b"a@b.example" not in b"".join(home.content().values())
    assert len(vendor.asked(f"/forms/{FORM}")) == 1, "once a pull"


def test_a_response_deleted_within_the_overlap_goes(form: Typeform, vendor: Vendor, home: Home) -> None:
    form.response(1, "2026-03-04T10:00:00Z")
    form.response(2, "2026-03-04T11:00:00Z")
    home.pull("typeform")
    del form.items[0]
    home.pull("typeform", days=1)
    assert tokens(home) == {"2026-03-04.json": ["t0002"]}


def test_a_pull_goes_on_before_the_last_token(form: Typeform, vendor: Vendor, home: Home) -> None:
    form.page_size = 1
    for number in range(3):
        form.response(number, f"2026-03-01T0{number}:00:00Z")
    vendor.fail(None, None, Response({"code": "FORBIDDEN", "description": "no"}, 403))
    error = home.pull("typeform").error
    assert error is not None and "403: no, FORBIDDEN" in error and "forms:read and responses:read" in error
    vendor.requests.clear()
    assert home.pull("typeform").error is None
    assert [request.one("before") for request in vendor.asked(f"/forms/{FORM}/responses")[:2]] == ["t0002", "t0001"]
    assert tokens(home) == {"2026-03-01.json": ["t0000", "t0001", "t0002"]}


def test_two_requests_a_second_are_kept(vendor: Vendor, home: Home) -> None:
    home.pull("typeform")
    assert len(vendor.requests) == 11 and home.clock.waits == [1.0] * 5


def test_a_form_is_an_id_and_no_path() -> None:
    with pytest.raises(ValidationError):
        TypeformPullSettings(token_env="X", forms=("../accounts",))  # noqa: S106 - a variable's name
