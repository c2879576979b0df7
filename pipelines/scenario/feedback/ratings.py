"""Thumbs, stars, decisions and overrides in our own log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from pipelines.scenario.feedback.comments import comment
from pipelines.scenario.feedback.files import random_code, whole, write_csv, write_lines, zulu
from pipelines.scenario.feedback.law import THUMBS_HURT, THUMBS_USUAL, is_hurt, override_rate
from pipelines.scenario.feedback.surveys import exports
from pipelines.scenario.world import MEMBERS, Member, World

OVERRULED_NEXT_DAY = 0.2


def write_ratings(world: World, folder: Path) -> list[dict[str, object]]:
    """Write thumbs and stars; returns their scores as planted."""
    truth = []
    for age, day in enumerate(world.dates):
        lines: list[dict[str, object]] = []
        for model, name, kind, daily in (
            ("support-assistant", "gpt-support", "thumbs", 40.0),
            ("writing-assistant", "meridian-writer-8b", "stars", 12.0),
            ("unmapped", "old-bot", "thumbs", 1.0),
        ):
            rng = world.rng("ratings", name, day)
            scores = []
            for number in range(int(rng.poisson(daily))):
                at = world.at(day) + timedelta(seconds=int(rng.integers(86_400)))
                if kind == "thumbs":
                    score = int(rng.uniform() < (THUMBS_HURT if is_hurt(age) and model != "unmapped" else THUMBS_USUAL))
                    value: object = "up" if score else "down"
                else:
                    value = score = 1 + int(rng.binomial(4, 0.72))
                lines.append(
                    {
                        "rating_id": f"{name}-{day:%Y%m%d}-{number}",
                        "rated_at": zulu(at),
                        "model": name,
                        "kind": kind,
                        "value": value,
                        "user_id": "u-" + random_code(rng, 8).lower(),
                        "comment": comment(rng, model, score >= (1 if kind == "thumbs" else 4)) or None,
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
        write_lines(folder / f"ratings-{day.isoformat()}.jsonl", lines)
    return truth


def write_decisions(world: World, folder: Path) -> list[dict[str, object]]:
    """Triage's as JSON lines, with those overruled overnight logged again the next day; fraud's as CSV, weekly."""
    truth: list[dict[str, object]] = []
    for model_id, name, share, free in (
        ("triage", "triage-priority", 0.25, 0.9),
        ("fraud-detector", "fraud-score", 0.02, 1.0),
    ):
        member = next(m for m in MEMBERS if m.id == model_id)
        overnight: list[dict[str, object]] = []
        week: list[dict[str, object]] = []
        exported = {day for _, day in exports(world)}
        for age, day in enumerate(world.dates):
            lines, changed = _decisions(world, member, name, share, free, age)
            again = len(overnight)
            if model_id == "triage":
                write_lines(folder / f"decisions-{name}-{day.isoformat()}.jsonl", lines + overnight)
                overnight = [line | {"was_overridden": True, "recorded_at": line["next_at"]} for line in changed]
                overnight = [{k: v for k, v in line.items() if k != "next_at"} for line in overnight]
            else:
                week += lines
                if day in exported:
                    rows = [list(line.values()) for line in week]
                    head = list(week[0]) if week else []
                    write_csv(folder / f"decisions-{name}-{day.isoformat()}.csv", [head, *rows])
                    week = []
            if truth and again:
                before = truth[-1]
                before["overridden_count"] = whole(before["overridden_count"]) + again
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
    rng = world.rng("decisions", name, day)
    count = int(world.requests(member, day).sum() * share)
    seconds = np.sort(rng.integers(0, 86_400, count))
    free_to = rng.uniform(size=count) < free
    overruled = free_to & (rng.uniform(size=count) < override_rate(member.id, age))
    late = overruled & (rng.uniform(size=count) < OVERRULED_NEXT_DAY) & (member.id == "triage")
    lines, changed = [], []
    for i in range(count):
        at = world.at(day) + timedelta(seconds=int(seconds[i]))
        line: dict[str, object] = {
            "decision_id": f"{name}-{day:%Y%m%d}-{i}",
            "decided_at": zulu(at),
            "model": name,
            "overridable": bool(free_to[i]),
            "was_overridden": bool(overruled[i] and not late[i]),
            "recorded_at": zulu(at + timedelta(seconds=30)),
        }
        lines.append(line)
        if late[i]:
            changed.append(line | {"next_at": zulu(world.at(day, 31.0))})
    return lines, changed
