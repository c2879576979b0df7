"""Qualtrics' connector: a job for each survey, asked after until its file is there."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator

import pytest

from tests.pulls.conftest import Home
from tests.pulls.qualtrics import SURVEY, Qualtrics
from tests.pulls.vendor import Response, Vendor

FOLDER = f"qualtrics/pulled/{SURVEY}"


@pytest.fixture
def survey() -> Qualtrics:
    return Qualtrics()


@pytest.fixture
def vendor(survey: Qualtrics, home: Home) -> Iterator[Vendor]:
    with survey.server().up() as server:
        home.connect("qualtrics", server, surveys=[SURVEY])
        yield server


def table(home: Home, name: str) -> list[list[str]]:
    with zipfile.ZipFile(home.file(f"{FOLDER}/{name}")) as files:
        text = files.read(files.namelist()[0]).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def ids(home: Home, name: str) -> list[str]:
    header, _, _, *rows = table(home, name)
    return [row[header.index("ResponseId")] for row in rows]


def test_a_survey_is_one_file_since_the_first_of_a_month(survey: Qualtrics, vendor: Vendor, home: Home) -> None:
    survey.respond(1, "2026-02-27 10:00:00", "5")
    survey.respond(2, "2026-03-02 10:00:00", "4")
    survey.respond(3, "2026-03-09 10:00:00", "1")
    result = home.pull("qualtrics")
    assert result.error is None and (result.pages, result.records) == (1, 2)
    assert home.files(FOLDER) == ["since-2026-03.zip"] and ids(home, "since-2026-03.zip") == ["R_2", "R_3"]


def test_neither_addresses_nor_embedded_data_are_asked_for(survey: Qualtrics, vendor: Vendor, home: Home) -> None:
    home.connect("qualtrics", vendor, surveys=[SURVEY], questions=["QID1"])
    survey.respond(1, "2026-03-02 10:00:00", "4")
    home.pull("qualtrics")
    assert vendor.requests[0].body == {
        "format": "csv",
        "startDate": "2026-03-01T00:00:00Z",
        "timeZone": "UTC",
        "surveyMetadataIds": [
            "startDate", "endDate", "status", "progress", "finished", "recordedDate", "_recordId",
            "distributionChannel",
        ],
        "embeddedDataIds": [],
        "questionIds": ["QID1"],
    }  # fmt: skip
    header = table(home, "since-2026-03.zip")[0]
    assert header[-1] == "Q1" and not {"IPAddress", "RecipientEmail", "Q2"} & set(header)


def test_a_job_is_asked_after_less_and_less_often(survey: Qualtrics, vendor: Vendor, home: Home) -> None:
    survey.polls = 7
    assert home.pull("qualtrics").error is None
    assert home.clock.waits == [2, 4, 8, 16, 32, 60, 60]
    assert len([request for request in vendor.requests if request.method == "POST"]) == 1


def test_a_job_that_fails_or_never_ends_stops_the_pull(survey: Qualtrics, vendor: Vendor, home: Home) -> None:
    survey.ends = "failed"
    error = home.pull("qualtrics").error
    assert error is not None and "the export ES_1 is `failed`" in error
    survey.polls = 1_000
    error = home.pull("qualtrics").error
    assert error is not None and "the export ES_2 has not finished in an hour" in error
    assert home.files(FOLDER) == []
    survey.polls, survey.ends = 0, "complete"
    assert home.pull("qualtrics").error is None and home.files(FOLDER) == ["since-2026-03.zip"]


def test_responses_recorded_two_weeks_late_replace_their_file(survey: Qualtrics, vendor: Vendor, home: Home) -> None:
    survey.respond(1, "2026-03-09 10:00:00", "4")
    home.pull("qualtrics")
    survey.respond(2, "2026-03-20 10:00:00", "5")
    home.pull("qualtrics", days=12)
    assert home.files(FOLDER) == ["since-2026-03.zip"] and ids(home, "since-2026-03.zip") == ["R_1", "R_2"]
    survey.respond(3, "2026-04-05 10:00:00", "5")
    home.pull("qualtrics", days=15)
    assert ids(home, "since-2026-03.zip") == ["R_1", "R_2", "R_3"], "two weeks back is March"
    home.pull("qualtrics", days=25)
    assert home.files(FOLDER) == ["since-2026-03.zip"]
    home.pull("qualtrics", days=1)
    assert ids(home, "since-2026-04.zip") == ["R_3"]


@pytest.mark.parametrize("broken", [Response(b"<html>"), Response(b"PK\x03\x04" + b"x" * 9_000)], ids=["page", "cut"])
def test_a_file_that_broke_off_is_asked_for_again(
    survey: Qualtrics, vendor: Vendor, home: Home, broken: Response
) -> None:
    survey.polls = 0
    survey.respond(1, "2026-03-02 10:00:00", "4")
    vendor.fail(None, None, broken)
    assert home.pull("qualtrics").error is None and ids(home, "since-2026-03.zip") == ["R_1"]


def test_a_limit_is_waited_for_and_a_wrong_token_said(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({"meta": {"httpStatus": "429 - Too Many Requests"}}, 429, {"Retry-After": "12"}))
    assert home.pull("qualtrics").error is None and 12 < home.clock.waits[0] < 14
    vendor.authorized = lambda _: False
    error = home.pull("qualtrics", days=1).error
    assert error is not None and "Account Settings → Qualtrics IDs" in error
