"""Qualtrics' server: jobs that export responses, as https://api.qualtrics.com documents them."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.pulls.vendor import TOKEN, Request, Response, Vendor

SURVEY = "SV_6kSupportPulse"
COLUMNS = {
    "startDate": "StartDate", "endDate": "EndDate", "status": "Status", "ipAddress": "IPAddress",
    "progress": "Progress", "finished": "Finished", "recordedDate": "RecordedDate", "_recordId": "ResponseId",
    "recipientEmail": "RecipientEmail", "distributionChannel": "DistributionChannel",
}  # fmt: skip


@dataclass
class Qualtrics:
    """A survey, and what it answers. `polls`: how often a job is asked after before it is done; `ends`: as what."""

    polls: int = 1
    ends: str = "complete"
    responses: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def server(self) -> Vendor:
        """The server."""
        return Vendor(self.answer, lambda request: request.headers.get("x-api-token") == TOKEN)

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        path = f"/API/v3/surveys/{SURVEY}/export-responses"
        if request.method == "POST" and request.path == path:
            job = f"ES_{len(self.jobs) + 1}"
            self.jobs[job] = {"asked": request.body, "polls": self.polls}
            return _result({"progressId": job, "percentComplete": 0.0, "status": "inProgress"})
        if found := re.fullmatch(f"{path}/(ES_[0-9]+)", request.path):
            return self._progress(found[1])
        if found := re.fullmatch(f"{path}/file-(ES_[0-9]+)/file", request.path):
            return Response(self._archive(self.jobs[found[1]]["asked"]))
        return Response({"meta": {"httpStatus": "404 - Not Found", "error": {"errorMessage": "no such thing"}}}, 404)

    def respond(self, number: int, recorded: str, answer: str) -> None:
        """A response to the survey."""
        self.responses.append(
            {"_recordId": f"R_{number}", "recordedDate": recorded, "startDate": recorded, "endDate": recorded}
            | {"status": "0", "ipAddress": "10.0.0.1", "progress": "100", "finished": "1"}
            | {
                "recipientEmail": "jane@acme.example",
                "distributionChannel": "anonymous",
                "QID1": answer,
                "QID2": "text",
            }
        )

    def _progress(self, job: str) -> Response:
        if self.jobs[job]["polls"] > 0:
            self.jobs[job]["polls"] -= 1
            return _result({"percentComplete": 50.0, "status": "inProgress"})
        file = {"fileId": f"file-{job}"} if self.ends == "complete" else {"fileId": None}
        return _result({"percentComplete": 100.0, "status": self.ends, **file})

    def _archive(self, asked: dict[str, Any]) -> bytes:
        names = asked.get("surveyMetadataIds") or list(COLUMNS)
        questions = asked.get("questionIds") or ["QID1", "QID2"]
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow([*(COLUMNS[name] for name in names), *(f"Q{name[3:]}" for name in questions)])
        rows.writerow([*names, *(f"Question {name}?" for name in questions)])
        zone = {"timeZone": asked["timeZone"]}
        rows.writerow(
            [
                *(json.dumps({"ImportId": name} | (zone if name.endswith("Date") else {})) for name in names),
                *(json.dumps({"ImportId": name}) for name in questions),
            ]
        )
        start = datetime.fromisoformat(asked["startDate"]).replace(tzinfo=None)
        for row in self.responses:
            if datetime.fromisoformat(row["recordedDate"]) >= start:
                rows.writerow([*(row[name] for name in names), *(row[name] for name in questions)])
        into = io.BytesIO()
        with zipfile.ZipFile(into, "w") as files:
            files.writestr(zipfile.ZipInfo("Support pulse.csv"), "\ufeff" + text.getvalue())
        return into.getvalue()


def _result(result: dict[str, Any]) -> Response:
    return Response({"result": result, "meta": {"requestId": "r", "httpStatus": "200 - OK"}})
