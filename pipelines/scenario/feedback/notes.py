"""Campaigns, price changes and holidays as CSV; interviews and reviews as Markdown and CSV."""

from __future__ import annotations

from pathlib import Path

from pipelines.scenario.feedback.files import write_csv, write_text
from pipelines.scenario.world import MEMBERS, World


def write_campaigns(world: World, folder: Path) -> list[dict[str, object]]:
    """Write the calendar of campaigns; returns what is in it."""
    known = [
        (20, 27, "Clearance sale", "campaign", "recommender", "Twice the visitors, half of them new"),
        (40, None, "Token price cut", "price_change", "support-assistant;writing-assistant", ""),
        (18, 18, "Group holiday", "holiday", "", "Offices are closed"),
        (45, 47, "New catalogue", "campaign", "recommender; route-optimiser", ""),
        (
            21,
            None,
            "Triage at the first six sites",
            "other",
            "triage",
            "Screens at the desk, two hours of training each",
        ),
        (28, None, "Optimised routes at half of the depots", "other", "route-optimiser", "Twenty of forty depots"),
        (30, None, "Ranking on cheaper machines", "other", "recommender", "From ml.g5.2xlarge to ml.inf2.xlarge"),
        (35, None, "Triage at six more sites", "other", "triage", "Reasons are shown beside the priority"),
        (38, None, "Adaptive thresholds for all payments", "other", "fraud-detector", "Decided after the A/B test"),
        (42, None, "Triage at eighteen sites", "other", "triage", ""),
        (42, None, "Third ranking model for all shoppers", "other", "recommender", "Decided after the A/B test"),
    ]
    held = [c for c in known if c[0] < world.days and (c[1] or 0) < world.days]
    rows: list[list[object]] = [["start", "end", "name", "kind", "models", "note"]]
    truth: list[dict[str, object]] = []
    for begins, ends, name, kind, models, note in held:
        start = world.dates[begins].isoformat()
        rows.append([start, "" if ends is None else world.dates[ends].isoformat(), name, kind, models, note])
        members = [m.strip() for m in models.split(";")] if models else [m.id for m in MEMBERS]
        truth += [{"model_id": m, "kind": kind, "title": name, "start": start} for m in members]
    write_csv(folder / "annotations.csv", rows)
    return truth


def write_notes(world: World, folder: Path) -> list[dict[str, object]]:
    """Write the notes; returns what they say of whom."""
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
        (50, "triage", "review", "model owner", "trust", "positive", "Overrides fell by half since the roll-out."),
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
            write_text(folder / f"{day}-{model}.md", f"---\n{head}\n---\n\n# {text}\n\nTold at the round table.\n")
        else:
            rows.append([day, model, kind, role, text, theme, sentiment])
    write_csv(folder / "notes.csv", rows)
    return truth
