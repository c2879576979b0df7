"""Every feedback system's files, and the counts, sums and effects that were planted in them."""

from __future__ import annotations

from pathlib import Path

from pipelines.scenario.feedback.law import (
    DRAFT_RATING,
    FRAUD_OVERRIDE_RATE,
    HARMLESS_RELEASE,
    HURT,
    HURTFUL_RELEASE,
    MENDING_RELEASE,
    NPS_ANSWER,
    OVERRIDE_DAYS,
    OVERRIDE_FIRST,
    OVERRIDE_LAST,
    THUMBS_HURT,
    THUMBS_USUAL,
    USUAL,
    is_hurt,
)
from pipelines.scenario.feedback.notes import write_campaigns, write_notes
from pipelines.scenario.feedback.ratings import write_decisions, write_ratings
from pipelines.scenario.feedback.surveys import SURVEYS, counted_scores, draw_answers, write_qualtrics, write_typeform
from pipelines.scenario.feedback.tickets import write_tickets
from pipelines.scenario.world import World


def write_feedback(world: World, landing: Path) -> dict[str, object]:
    """Write every system's files under `landing`; return the counts, sums and effects that were planted."""
    scores: list[dict[str, object]] = []
    for asked in SURVEYS:
        answers = draw_answers(world, asked)
        if asked.system == "qualtrics":
            write_qualtrics(world, landing / "qualtrics" / asked.key, asked, answers)
        else:
            write_typeform(world, landing / "typeform" / asked.key, asked, answers)
        scores += counted_scores(world, asked, answers)
    scores += write_ratings(world, landing / "ratings")
    return {
        "scores": scores,
        "decisions": write_decisions(world, landing / "ratings"),
        "tickets": write_tickets(world, landing / "zendesk"),
        "annotations": write_campaigns(world, landing / "campaigns"),
        "notes": write_notes(world, landing / "notes"),
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
            "support-assistant": [USUAL if not is_hurt(age) else HURT for age in range(world.days)],
            "recommender": [NPS_ANSWER] * world.days,
            "writing-assistant": [DRAFT_RATING] * world.days,
        },
    }
