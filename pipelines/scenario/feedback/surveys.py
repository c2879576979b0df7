"""Surveys, as Qualtrics and Typeform export them: previews, spam, renamed columns and answers exported twice."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.scenario.feedback.comments import comment
from pipelines.scenario.feedback.files import random_code, write_csv, write_text, zulu
from pipelines.scenario.feedback.law import DRAFT_RATING, HURT, NPS_ANSWER, USUAL, is_hurt
from pipelines.scenario.world import World

EXPORT_EVERY, EXPORT_REACHES = 7, 14
"""Days between exports of a survey, and the days back each export holds: most answers come twice."""
LATE_SHARE = 0.04
RENAME_AGE = 28
"""When the support survey's column and the shop's question are renamed."""
QUALTRICS_ZONE = "America/Denver"
QUALTRICS_STATUS = {"preview": "Survey Preview", "spam": "Spam", "live": "IP Address"}
CHOICES = (
    "Extremely dissatisfied", "Somewhat dissatisfied", "Neither satisfied nor dissatisfied", "Somewhat satisfied",
    "Extremely satisfied",
)  # fmt: skip
CONTENT_FROM = {"csat": 4, "stated_trust": 5, "nps": 8, "rating": 4, "unmapped": 3}
"""The score from which an answer's comment is a kind one."""


@dataclass(frozen=True)
class Asked:
    """A survey: where it is asked, how often it is answered, and how an answer is drawn at an age."""

    system: str
    key: str
    model_id: str
    measure: str
    daily: float
    draw: Callable[[np.random.Generator, int], int]


@dataclass
class Answer:
    """A response: what became of it, and its score."""

    id: str
    age: int
    fate: str
    started: datetime
    submitted: datetime
    recorded: datetime
    score: int | None
    comment: str
    deliveries: int = 0


SURVEYS = (
    Asked(
        "qualtrics", "SV_6kSupportPulse", "support-assistant", "csat", 9.0,
        lambda rng, age: 1 + int(rng.binomial(4, HURT if is_hurt(age) else USUAL)),
    ),
    Asked(
        "qualtrics", "SV_2bTriageTrust", "triage", "stated_trust", 5.0,
        lambda rng, age: 1 + int(rng.binomial(6, 0.62 + 0.10 * min(age, 60) / 60)),
    ),
    Asked("typeform", "n3tPr0m0", "recommender", "nps", 40.0, lambda rng, _: int(rng.binomial(10, NPS_ANSWER))),
    Asked(
        "typeform", "wR1t3rPu", "writing-assistant", "rating", 6.0,
        lambda rng, _: 1 + int(rng.binomial(4, DRAFT_RATING)),
    ),
    Asked("typeform", "canteen", "unmapped", "unmapped", 2.0, lambda rng, _: 1 + int(rng.binomial(4, 0.5))),
)  # fmt: skip


def draw_answers(world: World, asked: Asked) -> list[Answer]:
    """The survey's answers, in order."""
    answers = []
    for age, day in enumerate(world.dates):
        rng = world.rng("survey", asked.key, day)
        for _ in range(int(rng.poisson(asked.daily))):
            started = world.at(day) + timedelta(seconds=int(rng.integers(6 * 3600, 20 * 3600)))
            submitted = started + timedelta(seconds=int(rng.integers(40, 900)))
            fate = str(rng.choice(("live", "unfinished", "preview", "spam"), p=(0.9, 0.06, 0.03, 0.01)))
            if asked.system == "typeform" and fate in ("preview", "spam"):
                fate = "live"
            late = asked.system == "qualtrics" and rng.uniform() < LATE_SHARE
            score: int | None = asked.draw(rng, age)
            is_content = score is None or score >= CONTENT_FROM[asked.measure]
            if rng.uniform() < 0.03:
                score = None
            answers.append(
                Answer(
                    id=random_code(rng, 15 if asked.system == "qualtrics" else 32),
                    age=age,
                    fate=fate,
                    started=started,
                    submitted=submitted,
                    recorded=submitted + timedelta(days=3 if late else 0, seconds=1),
                    score=score,
                    comment=comment(rng, asked.model_id, is_content),
                )
            )
    return answers


def exports(world: World) -> Iterable[tuple[int, date]]:
    """Ages and days on whose evening surveys are exported: every week, and at the end."""
    for age, day in enumerate(world.dates):
        if age % EXPORT_EVERY == EXPORT_EVERY - 1 or age == world.days - 1:
            yield age, day


def _in_export(world: World, answers: Sequence[Answer], day: date) -> list[Answer]:
    until = world.at(day + timedelta(days=1))
    held = [a for a in answers if until - timedelta(days=EXPORT_REACHES) <= a.recorded < until]
    for answer in held:
        answer.deliveries += 1
    return held


def write_qualtrics(world: World, folder: Path, asked: Asked, answers: Sequence[Answer]) -> None:
    """Write the survey's weekly CSV exports."""
    zone = ZoneInfo(QUALTRICS_ZONE)

    def told(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"

    def imported(name: str) -> str:
        zoned = {"timeZone": QUALTRICS_ZONE} if name in ("startDate", "endDate", "recordedDate") else {}
        return json.dumps({"ImportId": name} | zoned, separators=(",", ":"))

    scored, why = ("QID2", "QID3") if asked.measure == "csat" else ("QID1", "QID2")
    for age, day in exports(world):
        column = scored.removeprefix("QID")
        column = "overall_satisfaction" if asked.measure == "csat" and age >= RENAME_AGE else f"Q{column}"
        columns = (
            ("StartDate", "Start Date", "startDate"), ("EndDate", "End Date", "endDate"),
            ("Status", "Response Type", "status"), ("IPAddress", "IP Address", "ipAddress"),
            ("Progress", "Progress", "progress"), ("Duration (in seconds)", "Duration (in seconds)", "duration"),
            ("Finished", "Finished", "finished"), ("RecordedDate", "Recorded Date", "recordedDate"),
            ("ResponseId", "Response ID", "_recordId"),
            ("RecipientLastName", "Recipient Last Name", "recipientLastName"),
            ("RecipientFirstName", "Recipient First Name", "recipientFirstName"),
            ("RecipientEmail", "Recipient Email", "recipientEmail"),
            ("ExternalReference", "External Data Reference", "externalDataReference"),
            ("LocationLatitude", "Location Latitude", "locationLatitude"),
            ("LocationLongitude", "Location Longitude", "locationLongitude"),
            ("DistributionChannel", "Distribution Channel", "distributionChannel"),
            ("UserLanguage", "User Language", "userLanguage"),
            (column, "Overall,\nhow do you find it?", scored), ("Q_why", "Why do you say so?", why),
            ("team", "team", "team"),
        )  # fmt: skip
        rows: list[list[object]] = [[c[0] for c in columns], [c[1] for c in columns], [imported(c[2]) for c in columns]]
        for a in _in_export(world, answers, day):
            score = "" if a.score is None else CHOICES[a.score - 1] if asked.measure == "csat" else a.score
            rows.append(
                [
                    told(a.started), told(a.submitted), QUALTRICS_STATUS.get(a.fate, "IP Address"), "*******",
                    60 if a.fate == "unfinished" else 100, (a.submitted - a.started).seconds,
                    a.fate != "unfinished", told(a.recorded), f"R_{a.id}", "", "", "", "", "", "",
                    "preview" if a.fate == "preview" else "anonymous", "EN", score, a.comment, "ward-3",
                ]
            )  # fmt: skip
        write_csv(folder / f"export_{day.isoformat()}.csv", rows, bom=True)


def write_typeform(world: World, folder: Path, asked: Asked, answers: Sequence[Answer]) -> None:
    """Pages of the API for the first exports, then the CSV, whose question is renamed on the way."""
    first, second, ref = {
        "nps": (
            "How likely are you to recommend us?",
            "How likely are you to recommend us to a friend?",
            "nps_score",
        ),
        "rating": ("How good are the drafts?", "How good are the drafts?", "draft_quality"),
        "unmapped": ("How was lunch?", "How was lunch?", "lunch"),
    }[asked.measure]
    for age, day in exports(world):
        held = _in_export(world, answers, day)
        if age < RENAME_AGE - EXPORT_EVERY:
            items = [_typeform_item(a, ref) for a in held]
            page = {"total_items": len(items), "page_count": 1, "items": items}
            write_text(folder / f"responses-{day.isoformat()}.json", json.dumps(page, ensure_ascii=False))
            continue
        question = second if age >= RENAME_AGE else first
        rows: list[list[object]] = [
            ["#", question, "What is the reason?", "segment", "Response Type", "Start Date (UTC)", "Stage Date (UTC)",
             "Submit Date (UTC)", "Network ID", "Tags"],
        ]  # fmt: skip
        for a in held:
            done = a.fate != "unfinished"
            score = "" if a.score is None else a.score
            begun, ended = f"{a.started:%Y-%m-%d %H:%M:%S}", f"{a.submitted:%Y-%m-%d %H:%M:%S}"
            last = ["completed", begun, "", ended] if done else ["partial", begun, ended, ""]
            rows.append([a.id.lower(), score, a.comment, "web", *last, "f00dcafe01", ""])
        write_csv(folder / f"responses-{day.isoformat()}.csv", rows)


def _typeform_item(a: Answer, ref: str) -> dict[str, object]:
    done = a.fate != "unfinished"
    answers: list[dict[str, object]] = []
    if a.score is not None:
        answers.append(
            {"field": {"id": "Zq1" + ref[:5], "type": "opinion_scale", "ref": ref}, "type": "number", "number": a.score}
        )
    if a.comment:
        answers.append(
            {"field": {"id": "Zq2why", "type": "long_text", "ref": "nps_why"}, "type": "text", "text": a.comment}
        )
    return {
        "landing_id": a.id.lower(),
        "token": a.id.lower(),
        "response_id": a.id.lower(),
        "response_type": "completed" if done else "partial",
        "landed_at": zulu(a.started),
        "staged_at": None if done else zulu(a.submitted),
        "submitted_at": zulu(a.submitted) if done else "0001-01-01T00:00:00Z",
        "metadata": {"user_agent": "Mozilla/5.0", "platform": "other", "network_id": "f00dcafe01"},
        "hidden": {"segment": "web"},
        "calculated": {"score": 0},
        "answers": answers,
    }  # fmt: skip


def counted_scores(world: World, asked: Asked, answers: Sequence[Answer]) -> list[dict[str, object]]:
    """Per day of submission what stands in the exports: nothing of an answer that none of them holds."""
    days: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for a in answers:
        if not a.deliveries:
            continue
        day = days[a.age]
        day["duplicate_response_count"] += a.deliveries - 1
        if a.fate != "live":
            day[f"{a.fate}_response_count"] += 1
            continue
        day["late_response_count"] += a.recorded - a.submitted > timedelta(hours=24)
        if a.score is None and asked.measure != "unmapped":
            day["unscored_response_count"] += 1
            continue
        day["response_count"] += 1
        if asked.measure != "unmapped":
            day["score_sum"] += a.score or 0
            day["score_square_sum"] += (a.score or 0) ** 2
        if asked.measure == "nps":
            group = "promoter" if (a.score or 0) >= 9 else "passive" if (a.score or 0) >= 7 else "detractor"
            day[f"{group}_count"] += 1
    return [
        {"model_id": asked.model_id, "measure": asked.measure, "date": world.dates[age].isoformat(), **counts}
        for age, counts in sorted(days.items())
    ]
