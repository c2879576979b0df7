"""Surveys of a member: their scales, questions, waves and the measure that is primary."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog.load import load_catalog
from tests.unit.test_catalog_load import MODEL, member, problems, write

SURVEY = """\
surveys:
  - id: pulse
    name: Pulse
    source: qualtrics
    survey: SV_1
    questions: [QID1, QID2]
    measure: csat
    worst: 1
    best: 5
"""
WRONG_SURVEY = {
    "a scale without ends": (SURVEY.replace("best: 5", "best: 1"), 7, "surveys[0]"),
    "nps off its scale": (SURVEY.replace("csat", "nps"), 7, "surveys[0]"),
    "two scales of one measure": (
        SURVEY
        + SURVEY.removeprefix("surveys:\n")
        .replace("pulse", "p2")
        .replace("SV_1", "SV_2")
        .replace("best: 5", "best: 7"),
        21,
        "surveys[1].worst",
    ),
    "one question of two": (
        SURVEY + SURVEY.removeprefix("surveys:\n").replace("pulse", "p2").replace("QID1, QID2", "QID3, QID2"),
        19,
        "surveys[1].questions[1]",
    ),
    "two waves on a day": (
        SURVEY + "    invited:\n      - {from: 2026-01-01, count: 3}\n      - {from: 2026-01-01, count: 4}\n",
        17,
        "surveys[0].invited[1].from",
    ),
    "primary survey unnamed": (
        SURVEY + "satisfaction:\n  - {from: 2026-01-01, primary: survey}\n",
        16,
        "satisfaction[0]",
    ),
    "a measure nothing asks": (
        SURVEY + "satisfaction:\n  - {from: 2026-01-01, primary: trust, survey: nps}\n",
        16,
        "satisfaction[0].survey",
    ),
}


@pytest.mark.parametrize(("more", "line", "field"), WRONG_SURVEY.values(), ids=WRONG_SURVEY)
def test_a_wrong_survey_is_rejected_at_its_line_and_field(tmp_path: Path, more: str, line: int, field: str) -> None:
    found = problems(write(tmp_path, workforce__ranker=MODEL + more))
    assert found == [("ranker.yaml", line, field)]


def test_a_question_passes_from_one_member_to_another_on_a_day(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        workforce__ranker=member(SURVEY + "    to: 2026-02-01\n"),
        workforce__sorter=member(SURVEY.replace("pulse", "p2") + "    from: 2026-02-01\n", id="sorter"),
    )
    assert len(load_catalog(folder).members) == 2
