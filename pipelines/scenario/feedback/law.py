"""How satisfied and trusting people are, as planted, day by day."""

from __future__ import annotations

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


def is_hurt(age: int) -> bool:
    """Whether the release that hurts is serving."""
    return HURTFUL_RELEASE <= age < MENDING_RELEASE


def override_rate(model_id: str, age: int) -> float:
    """The chance that a person overrules the model, of the decisions they could overrule."""
    if model_id == "fraud-detector":
        return FRAUD_OVERRIDE_RATE
    return OVERRIDE_FIRST + (OVERRIDE_LAST - OVERRIDE_FIRST) * min(age, OVERRIDE_DAYS) / OVERRIDE_DAYS
