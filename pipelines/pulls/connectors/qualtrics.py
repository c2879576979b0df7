"""Qualtrics: the responses of each survey, by a job that exports them: start it, ask until it is done, download a zip.

Not asked for: names, addresses, IP addresses, locations of respondents, embedded data. Free text is asked for with the
other answers, unless `questions` names those that are needed.

The filter is by the time a response was recorded; one that was left open is recorded a week or more after it was last
touched. So one file has all since the first of a month, at least two weeks back, and each pull replaces it
(https://api.qualtrics.com/ZG9jOjg3NzY3MA-survey-response-import-export-api).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.pulls.errors import PullError
from pipelines.pulls.spec import Api, Connector, Download, Json, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings, QualtricsPullSettings

CSV = "Qualtrics CSV export"
METADATA = (
    "startDate", "endDate", "status", "progress", "finished", "recordedDate", "_recordId", "distributionChannel",
)  # fmt: skip
HEADERS = 3
FIRST_WAIT, LONGEST_WAIT, LONGEST_JOB = 2.0, 60.0, 3_600.0
"""Seconds before a job is asked after, doubled each time and at most; and until it is given up."""


def _responses(
    survey: str, settings: QualtricsPullSettings, api: Api, window: Window, position: Position | None
) -> Iterator[Page]:
    path = f"/API/v3/surveys/{survey}/export-responses"
    asked: dict[str, Any] = {
        "format": "csv",
        "startDate": f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
        "timeZone": "UTC",
        "surveyMetadataIds": list(METADATA),
        "embeddedDataIds": [],
    }
    if settings.questions:
        asked["questionIds"] = list(settings.questions)
    job = _text(api.post(path, asked).json, "progressId", path)
    file = _finished(api, f"{path}/{job}")
    yield Page(Download(f"{path}/{file}/file", {}, _is_whole, _rows), is_last=True)


def _finished(api: Api, path: str) -> str:
    """The id of the job's file, once there is one."""
    wait, waited = FIRST_WAIT, 0.0
    while waited < LONGEST_JOB:
        answer = api.get(path).json
        status = _text(answer, "status", path)
        if status == "complete":
            return _text(answer, "fileId", path)
        if status != "inProgress":
            raise PullError(f"qualtrics: the export {path.rsplit('/', 1)[-1]} is `{status}`. Pull again")
        api.wait(wait)
        waited += wait
        wait = min(2 * wait, LONGEST_WAIT)
    raise PullError(f"qualtrics: the export {path.rsplit('/', 1)[-1]} has not finished in an hour. Pull again later")


def _text(answer: Json, field: str, path: str) -> str:
    found = (answer.get("result") or {}).get(field) if isinstance(answer, dict) else None
    if not isinstance(found, str) or not found:
        raise PullError(f"qualtrics, {path}: the answer has no `result.{field}`: the vendor's API has changed")
    return found


def _is_whole(first: bytes, last: bytes) -> None:
    if not (first.startswith(b"PK") and b"PK\x05\x06" in last):
        raise ValueError(f"is no whole zip file: it begins with `{first[:20].decode(errors='replace')}`")


def _rows(path: Path) -> int:
    rows = 0
    with zipfile.ZipFile(path) as files:
        for name in files.namelist():
            with files.open(name) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
                rows += max(0, sum(1 for _ in csv.reader(text)) - HEADERS)
    return rows


def _streams(settings: PullSettings) -> list[Stream]:
    assert isinstance(settings, QualtricsPullSettings)  # noqa: S101 - what PullsSettings has under this name
    plan = Plan("since", overlap=timedelta(days=14))
    # The folder names the survey: no response does.
    return [Stream(survey, CSV, plan, partial(_responses, survey, settings), ".zip") for survey in settings.surveys]


CONNECTOR = Connector(
    name="qualtrics",
    source="qualtrics",
    title="Qualtrics",
    base_url=None,
    permission="an API token of a user who may view the surveys' responses (Account Settings → Qualtrics IDs)",
    headers=lambda _, token: {"X-API-TOKEN": token},
    streams=_streams,
    rate=Rate(60, 60),
)
