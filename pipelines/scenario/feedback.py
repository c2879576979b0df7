"""What people think of the sample company's models: surveys, ratings, overrides, tickets, notes and campaigns.

In the formats of the systems that collect it, with the mess they collect: test answers, answers exported twice,
offline ones that come days late, a renamed question, markup and emoji in comments, a survey the catalog does not
know. What the pipeline makes of it is not known here.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.scenario.incidents import planned_incidents
from pipelines.scenario.world import MEMBERS, Member, World

HARMLESS_RELEASE, HURTFUL_RELEASE, MENDING_RELEASE = 9, 30, 51
"""Ages of the support assistant's v2, which nobody minds, v3, which its users like less, and v4, which mends it."""
USUAL, HURT = 0.80, 0.60
"""Mean satisfaction with the support assistant on the scale 0 to 1, and while v3 serves."""
NPS_ANSWER, DRAFT_RATING = 0.82, 0.70
"""The same of the recommender and of the writing assistant, all along."""
THUMBS_USUAL, THUMBS_HURT = 0.85, 0.70
OVERRIDE_FIRST, OVERRIDE_LAST, OVERRIDE_DAYS = 0.20, 0.08, 60
"""Triage's override rate falls in a straight line over so many days, and stays."""
FRAUD_OVERRIDE_RATE = 0.15
LATE_SHARE, OVERRULED_NEXT_DAY = 0.04, 0.2
EXPORT_EVERY, EXPORT_REACHES = 7, 14
"""Days between exports of a survey, and the days back each export holds: most answers come twice."""
RENAME_AGE = 28
"""When the support survey's column and the shop's question are renamed."""
QUALTRICS_ZONE = "America/Denver"
QUALTRICS_STATUS = {"preview": "Survey Preview", "spam": "Spam", "live": "IP Address"}
CHOICES = (
    "Extremely dissatisfied", "Somewhat dissatisfied", "Neither satisfied nor dissatisfied", "Somewhat satisfied",
    "Extremely satisfied",
)  # fmt: skip
COMMENTS = (
    "Saves me time \U0001f389",
    "<p>Drafts are <b>too long</b> &amp; formal.</p>",
    "It invents order numbers, \nI check every one.",
    'He said "fine", so do I',
    "",
    "",
)
UNKNOWN_TAG = "billing"
TICKET_TAGS = {
    "recommendations": ("recommender", 12.0),
    "support_copilot": ("support-assistant", 5.0),
    "writer": ("writing-assistant", 4.0),
    UNKNOWN_TAG: ("unmapped", 6.0),
}
"""Zendesk tags: the member each is of, and tickets on a usual day; twice that on the two days after an incident."""


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


def write_feedback(world: World, landing: Path) -> dict[str, object]:
    """Write every system's files under `landing`; return the counts, sums and effects that were planted."""
    scores: list[dict[str, object]] = []
    for asked in SURVEYS:
        answers = _answers(world, asked)
        if asked.system == "qualtrics":
            _write_qualtrics(world, landing / "qualtrics" / asked.key, asked, answers)
        else:
            _write_typeform(world, landing / "typeform" / asked.key, asked, answers)
        scores += _counted(world, asked, answers)
    scores += _write_ratings(world, landing / "ratings")
    return {
        "scores": scores,
        "decisions": _write_decisions(world, landing / "ratings"),
        "tickets": _write_tickets(world, landing / "zendesk"),
        "annotations": _write_campaigns(world, landing / "campaigns"),
        "notes": _write_notes(world, landing / "notes"),
        "override_law": {
            "triage": {"first": OVERRIDE_FIRST, "last": OVERRIDE_LAST, "days": OVERRIDE_DAYS},
            "fraud-detector": {"first": FRAUD_OVERRIDE_RATE, "last": FRAUD_OVERRIDE_RATE, "days": OVERRIDE_DAYS},
        },
        "release_effects": [
            {"model_id": "support-assistant", "measure": measure, "age": age, "effect": effect}
            for measure, size in (("csat", HURT - USUAL), ("thumbs", THUMBS_HURT - THUMBS_USUAL))
            for age, effect in ((HARMLESS_RELEASE, 0.0), (HURTFUL_RELEASE, size), (MENDING_RELEASE, -size))
        ],
        "score_law": {
            "support-assistant": [USUAL if not _is_hurt(age) else HURT for age in range(world.days)],
            "recommender": [NPS_ANSWER] * world.days,
            "writing-assistant": [DRAFT_RATING] * world.days,
        },
    }


def _is_hurt(age: int) -> bool:
    return HURTFUL_RELEASE <= age < MENDING_RELEASE


SURVEYS = (
    Asked(
        "qualtrics", "SV_6kSupportPulse", "support-assistant", "csat", 9.0,
        lambda dice, age: 1 + int(dice.binomial(4, HURT if _is_hurt(age) else USUAL)),
    ),
    Asked(
        "qualtrics", "SV_2bTriageTrust", "triage", "stated_trust", 5.0,
        lambda dice, age: 1 + int(dice.binomial(6, 0.62 + 0.10 * min(age, 60) / 60)),
    ),
    Asked("typeform", "n3tPr0m0", "recommender", "nps", 40.0, lambda dice, _: int(dice.binomial(10, NPS_ANSWER))),
    Asked(
        "typeform", "wR1t3rPu", "writing-assistant", "rating", 6.0,
        lambda dice, _: 1 + int(dice.binomial(4, DRAFT_RATING)),
    ),
    Asked("typeform", "canteen", "unmapped", "unmapped", 2.0, lambda dice, _: 1 + int(dice.binomial(4, 0.5))),
)  # fmt: skip


def _answers(world: World, asked: Asked) -> list[Answer]:
    answers = []
    for age, day in enumerate(world.dates):
        dice = world.rng("survey", asked.key, day)
        for _ in range(int(dice.poisson(asked.daily))):
            started = world.at(day) + timedelta(seconds=int(dice.integers(6 * 3600, 20 * 3600)))
            submitted = started + timedelta(seconds=int(dice.integers(40, 900)))
            fate = str(dice.choice(("live", "unfinished", "preview", "spam"), p=(0.9, 0.06, 0.03, 0.01)))
            if asked.system == "typeform" and fate in ("preview", "spam"):
                fate = "live"
            late = asked.system == "qualtrics" and dice.uniform() < LATE_SHARE
            score: int | None = asked.draw(dice, age)
            if dice.uniform() < 0.03:
                score = None
            answers.append(
                Answer(
                    id=_code(dice, 15 if asked.system == "qualtrics" else 32),
                    age=age,
                    fate=fate,
                    started=started,
                    submitted=submitted,
                    recorded=submitted + timedelta(days=3 if late else 0, seconds=1),
                    score=score,
                    comment=str(dice.choice(COMMENTS)),
                )
            )
    return answers


def _exports(world: World) -> Iterable[tuple[int, date]]:
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


def _write_qualtrics(world: World, folder: Path, asked: Asked, answers: Sequence[Answer]) -> None:
    zone = ZoneInfo(QUALTRICS_ZONE)

    def told(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"

    def imported(name: str) -> str:
        zoned = {"timeZone": QUALTRICS_ZONE} if name in ("startDate", "endDate", "recordedDate") else {}
        return json.dumps({"ImportId": name} | zoned, separators=(",", ":"))

    scored, why = ("QID2", "QID3") if asked.measure == "csat" else ("QID1", "QID2")
    for age, day in _exports(world):
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
        _write_csv(folder / f"export_{day.isoformat()}.csv", rows, bom=True)


def _write_typeform(world: World, folder: Path, asked: Asked, answers: Sequence[Answer]) -> None:
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
    for age, day in _exports(world):
        held = _in_export(world, answers, day)
        if age < RENAME_AGE - EXPORT_EVERY:
            items = [_typeform_item(a, ref) for a in held]
            page = {"total_items": len(items), "page_count": 1, "items": items}
            _write_text(folder / f"responses-{day.isoformat()}.json", json.dumps(page, ensure_ascii=False))
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
        _write_csv(folder / f"responses-{day.isoformat()}.csv", rows)


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
        "landed_at": _zulu(a.started),
        "staged_at": None if done else _zulu(a.submitted),
        "submitted_at": _zulu(a.submitted) if done else "0001-01-01T00:00:00Z",
        "metadata": {"user_agent": "Mozilla/5.0", "platform": "other", "network_id": "f00dcafe01"},
        "hidden": {"segment": "web"},
        "calculated": {"score": 0},
        "answers": answers,
    }  # fmt: skip


def _counted(world: World, asked: Asked, answers: Sequence[Answer]) -> list[dict[str, object]]:
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


def _write_ratings(world: World, folder: Path) -> list[dict[str, object]]:
    truth = []
    for age, day in enumerate(world.dates):
        lines: list[dict[str, object]] = []
        for model, name, kind, daily in (
            ("support-assistant", "gpt-support", "thumbs", 40.0),
            ("writing-assistant", "meridian-writer-8b", "stars", 12.0),
            ("unmapped", "old-bot", "thumbs", 1.0),
        ):
            dice = world.rng("ratings", name, day)
            scores = []
            for number in range(int(dice.poisson(daily))):
                at = world.at(day) + timedelta(seconds=int(dice.integers(86_400)))
                if kind == "thumbs":
                    score = int(
                        dice.uniform() < (THUMBS_HURT if _is_hurt(age) and model != "unmapped" else THUMBS_USUAL)
                    )
                    value: object = "up" if score else "down"
                else:
                    value = score = 1 + int(dice.binomial(4, 0.72))
                lines.append(
                    {
                        "rating_id": f"{name}-{day:%Y%m%d}-{number}",
                        "rated_at": _zulu(at),
                        "model": name,
                        "kind": kind,
                        "value": value,
                        "user_id": "u-" + _code(dice, 8).lower(),
                        "comment": str(dice.choice(COMMENTS)) or None,
                    }
                )
                scores.append(score)
            duplicates = len(scores) // 25
            lines += lines[len(lines) - duplicates :] if duplicates else []
            if scores:
                truth.append(
                    {
                        "model_id": model,
                        "measure": kind,
                        "date": day.isoformat(),
                        "response_count": len(scores),
                        "score_sum": sum(scores),
                        "score_square_sum": sum(s * s for s in scores),
                        "duplicate_response_count": duplicates,
                    }
                )
        _write_lines(folder / f"ratings-{day.isoformat()}.jsonl", lines)
    return truth


def override_rate(model_id: str, age: int) -> float:
    """The chance that a person overrules the model, of the decisions they could overrule."""
    if model_id == "fraud-detector":
        return FRAUD_OVERRIDE_RATE
    return OVERRIDE_FIRST + (OVERRIDE_LAST - OVERRIDE_FIRST) * min(age, OVERRIDE_DAYS) / OVERRIDE_DAYS


def _write_decisions(world: World, folder: Path) -> list[dict[str, object]]:
    """Triage's as JSON lines, with those overruled overnight logged again the next day; fraud's as CSV, weekly."""
    truth: list[dict[str, object]] = []
    for model_id, name, share, free in (
        ("triage", "triage-priority", 0.25, 0.9),
        ("fraud-detector", "fraud-score", 0.02, 1.0),
    ):
        member = next(m for m in MEMBERS if m.id == model_id)
        overnight: list[dict[str, object]] = []
        week: list[dict[str, object]] = []
        exported = {day for _, day in _exports(world)}
        for age, day in enumerate(world.dates):
            lines, changed = _decisions(world, member, name, share, free, age)
            again = len(overnight)
            if model_id == "triage":
                _write_lines(folder / f"decisions-{name}-{day.isoformat()}.jsonl", lines + overnight)
                overnight = [line | {"was_overridden": True, "recorded_at": line["next_at"]} for line in changed]
                overnight = [{k: v for k, v in line.items() if k != "next_at"} for line in overnight]
            else:
                week += lines
                if day in exported:
                    rows = [list(line.values()) for line in week]
                    head = list(week[0]) if week else []
                    _write_csv(folder / f"decisions-{name}-{day.isoformat()}.csv", [head, *rows])
                    week = []
            if truth and again:
                before = truth[-1]
                before["overridden_count"] = _whole(before["overridden_count"]) + again
                before["duplicate_decision_count"] = again
            truth.append(
                {
                    "model_id": model_id,
                    "date": day.isoformat(),
                    "decision_count": len(lines),
                    "overridable_count": sum(x["overridable"] is True for x in lines),
                    "overridden_count": sum(x["was_overridden"] is True for x in lines),
                    "duplicate_decision_count": 0,
                }
            )
    return truth


def _decisions(
    world: World, member: Member, name: str, share: float, free: float, age: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The day's decisions as first logged, and those of them that are overruled after midnight."""
    day = world.dates[age]
    dice = world.rng("decisions", name, day)
    count = int(world.requests(member, day).sum() * share)
    seconds = np.sort(dice.integers(0, 86_400, count))
    free_to = dice.uniform(size=count) < free
    overruled = free_to & (dice.uniform(size=count) < override_rate(member.id, age))
    late = overruled & (dice.uniform(size=count) < OVERRULED_NEXT_DAY) & (member.id == "triage")
    lines, changed = [], []
    for i in range(count):
        at = world.at(day) + timedelta(seconds=int(seconds[i]))
        line: dict[str, object] = {
            "decision_id": f"{name}-{day:%Y%m%d}-{i}",
            "decided_at": _zulu(at),
            "model": name,
            "overridable": bool(free_to[i]),
            "was_overridden": bool(overruled[i] and not late[i]),
            "recorded_at": _zulu(at + timedelta(seconds=30)),
        }
        lines.append(line)
        if late[i]:
            changed.append(line | {"next_at": _zulu(world.at(day, 31.0))})
    return lines, changed


def _write_tickets(world: World, folder: Path) -> list[dict[str, object]]:
    incidents, _ = planned_incidents(world)
    shaken = Counter(
        (incident.model_id, incident.detected.date() + timedelta(days=after))
        for incident in incidents
        for after in (0, 1)
    )
    snapshots: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
    truth: list[dict[str, object]] = []
    number = 0
    for age, day in enumerate(world.dates):
        for tag, (model_id, daily) in TICKET_TAGS.items():
            dice = world.rng("tickets", tag, day)
            counts: Counter[str] = Counter()
            for _ in range(int(dice.poisson(daily * (2 if shaken[model_id, day] else 1)))):
                number += 1
                opened = world.at(day) + timedelta(seconds=int(dice.integers(86_400)))
                ticket = _ticket(number, tag, opened)
                snapshots[age].append(ticket)
                ends, fate = age + int(dice.integers(1, 4)), dice.uniform()
                offered, rated, good = dice.uniform() < 0.6, dice.uniform() < 0.4, dice.uniform() < 0.8
                if ends >= world.days:
                    counts["ticket_count"] += 1
                    continue
                later = ticket | {"updated_at": _zulu(world.at(world.dates[ends], 9.0)), "status": "solved"}
                if fate < 0.03:
                    later |= {"status": "closed", "tags": [tag, "closed_by_merge"]}
                    counts["merged_ticket_count"] += 1
                elif fate < 0.04:
                    later |= {"status": "deleted"}
                    counts["deleted_ticket_count"] += 1
                else:
                    counts["ticket_count"] += 1
                    score = ("good" if good else "bad") if offered and rated else "offered" if offered else "unoffered"
                    later["satisfaction_rating"] = {"score": score}
                    counts[f"{score}_count"] += score != "unoffered"
                snapshots[ends].append(later)
            if counts:
                truth.append({"model_id": model_id, "date": day.isoformat(), **counts})
        page = {
            "tickets": snapshots[age],
            "count": len(snapshots[age]),
            "end_of_stream": True,
            "after_cursor": f"c{age}",
        }
        _write_text(folder / f"tickets-{day.isoformat()}.json", json.dumps(page))
    return truth


def _ticket(number: int, tag: str, opened: datetime) -> dict[str, object]:
    return {
        "id": 30_000 + number,
        "url": f"https://meridian.zendesk.com/api/v2/tickets/{30_000 + number}.json",
        "external_id": None,
        "via": {"channel": "web"},
        "created_at": _zulu(opened),
        "updated_at": _zulu(opened),
        "type": "problem",
        "subject": f"About {tag}",
        "priority": "normal",
        "status": "open",
        "tags": [tag, "web"],
        "custom_fields": [{"id": 360_000_001, "value": tag}],
        "satisfaction_rating": {"score": "unoffered"},
    }


def _write_campaigns(world: World, folder: Path) -> list[dict[str, object]]:
    known = [
        (20, 27, "Winter sale", "campaign", "recommender", "Twice the visitors, half of them new"),
        (40, None, "Token price cut", "price_change", "support-assistant;writing-assistant", ""),
        (18, 18, "Group holiday", "holiday", "", "Offices are closed"),
        (45, 47, "Spring catalogue", "campaign", "recommender; route-optimiser", ""),
    ]
    held = [c for c in known if c[0] < world.days and (c[1] or 0) < world.days]
    rows: list[list[object]] = [["start", "end", "name", "kind", "models", "note"]]
    truth: list[dict[str, object]] = []
    for begins, ends, name, kind, models, note in held:
        start = world.dates[begins].isoformat()
        rows.append([start, "" if ends is None else world.dates[ends].isoformat(), name, kind, models, note])
        members = [m.strip() for m in models.split(";")] if models else [m.id for m in MEMBERS]
        truth += [{"model_id": m, "kind": kind, "title": name, "start": start} for m in members]
    _write_csv(folder / "annotations.csv", rows)
    return truth


def _write_notes(world: World, folder: Path) -> list[dict[str, object]]:
    notes = [
        (5, "triage", "interview", "clinician", "trust", "negative", "I overrule it when the pulse is missing."),
        (
            33,
            "support-assistant",
            "interview",
            "support agent",
            "quality",
            "negative",
            "Since the new version drafts ramble.",
        ),
        (50, "triage", "review", "model owner", "trust", "positive", "Overrides fell by half since January."),
        (53, "support-assistant", "review", "product manager", "release", "mixed", "Version 4 mends what 3 broke."),
    ]
    truth: list[dict[str, object]] = []
    rows: list[list[object]] = [["date", "model", "kind", "role", "text", "theme", "sentiment"]]
    for place, (age, model, kind, role, theme, sentiment, text) in enumerate(notes):
        if age >= world.days:
            continue
        day = world.dates[age].isoformat()
        truth.append({"model_id": model, "date": day, "kind": kind, "theme": theme, "sentiment": sentiment})
        if place % 2 == 0:
            front = {"date": day, "model": model, "kind": kind, "role": role, "theme": theme, "sentiment": sentiment}
            head = "\n".join(f"{key}: {value}" for key, value in front.items())
            _write_text(folder / f"{day}-{model}.md", f"---\n{head}\n---\n\n# {text}\n\nTold at the round table.\n")
        else:
            rows.append([day, model, kind, role, text, theme, sentiment])
    _write_csv(folder / "notes.csv", rows)
    return truth


def _whole(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101
    return value


def _zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _code(dice: np.random.Generator, length: int) -> str:
    return "".join(dice.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"), length))


def _write_lines(path: Path, lines: Sequence[dict[str, object]]) -> None:
    _write_text(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def _write_csv(path: Path, rows: Sequence[Sequence[object]], bom: bool = False) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    _write_text(path, ("\ufeff" if bom else "") + text.getvalue())


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
