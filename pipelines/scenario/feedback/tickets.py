"""Tickets, as Zendesk's incremental export pages them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.scenario.feedback.files import write_text, zulu
from pipelines.scenario.incidents.plan import planned_incidents
from pipelines.scenario.world import World

UNKNOWN_TAG = "billing"
TICKET_TAGS = {
    "recommendations": ("recommender", 12.0),
    "support_copilot": ("support-assistant", 5.0),
    "writer": ("writing-assistant", 4.0),
    UNKNOWN_TAG: ("unmapped", 6.0),
}
"""Zendesk tags: the member each is of, and tickets on a usual day; twice that on the two days after an incident."""


def write_tickets(world: World, folder: Path) -> list[dict[str, object]]:
    """Write the incremental export, page by page; returns tickets by member and day."""
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
            rng = world.rng("tickets", tag, day)
            counts: Counter[str] = Counter()
            for _ in range(int(rng.poisson(daily * (2 if shaken[model_id, day] else 1)))):
                number += 1
                opened = world.at(day) + timedelta(seconds=int(rng.integers(86_400)))
                ticket = _ticket(number, tag, opened)
                snapshots[age].append(ticket)
                ends, fate = age + int(rng.integers(1, 4)), rng.uniform()
                offered, rated, good = rng.uniform() < 0.6, rng.uniform() < 0.4, rng.uniform() < 0.8
                if ends >= world.days:
                    counts["ticket_count"] += 1
                    continue
                later = ticket | {"updated_at": zulu(world.at(world.dates[ends], 9.0)), "status": "solved"}
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
        write_text(folder / f"tickets-{day.isoformat()}.json", json.dumps(page))
    return truth


def _ticket(number: int, tag: str, opened: datetime) -> dict[str, object]:
    return {
        "id": 30_000 + number,
        "url": f"https://meridian.zendesk.com/api/v2/tickets/{30_000 + number}.json",
        "external_id": None,
        "via": {"channel": "web"},
        "created_at": zulu(opened),
        "updated_at": zulu(opened),
        "type": "problem",
        "subject": f"About {tag}",
        "priority": "normal",
        "status": "open",
        "tags": [tag, "web"],
        "custom_fields": [{"id": 360_000_001, "value": tag}],
        "satisfaction_rating": {"score": "unoffered"},
    }
