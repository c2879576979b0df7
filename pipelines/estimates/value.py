"""Value over time: effect per unit × units exposed × what a unit is worth, day by day, the interval carried along.

What a unit is worth and how long an effect counts are the catalog's; effects come from `experiments` and `causal`.
Formulas and sources: docs/statistics/value.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.estimates.intervals import Estimate, Interval


@dataclass(frozen=True)
class Exposed:
    """What one effect worked on, on one day.

    Args:
        day: the day.
        effect: the effect's key.
        volume: units exposed.
        unit_value: dollars per unit of the effect; below 0 where more of the metric costs.
        remaining: the share of the effect still counted, see `remaining`.
    """

    day: date
    effect: str
    volume: float
    unit_value: float
    remaining: float = 1.0


@dataclass(frozen=True)
class ValueDay:
    """A day's value in dollars, and the value of all days up to it."""

    day: date
    value: Interval
    cumulative: Interval


def remaining(
    age_days: float, *, half_life_days: float | None = None, expires_after_days: float | None = None
) -> float:
    """The remaining share of an effect N days after it was measured.

    It halves every `half_life_days` and is 0 from `expires_after_days` on; without either it stays 1. Before it was
    measured (a negative age) it counts in full.

    Raises:
        ValueError: for a half-life or an expiry that is not above 0.
    """
    for name, days in (("half-life", half_life_days), ("expiry", expires_after_days)):
        if days is not None and days <= 0:
            raise ValueError(f"a {name} is above 0 days; found {days}")
    if expires_after_days is not None and age_days >= expires_after_days:
        return 0.0
    return 1.0 if half_life_days is None or age_days <= 0 else 0.5 ** (age_days / half_life_days)


def over_time(exposed: Iterable[Exposed], effects: Mapping[str, Estimate]) -> list[ValueDay]:
    """Each day's value and the cumulative one, in the order of days; a day without exposure has no row.

    The days of one effect err together (their correlation is 1: one estimate is multiplied), two effects apart (0).
    Intervals are combined by the square-and-add rule (MOVER; Zou and Donner 2008) from each effect's own interval, so
    that one effect's value keeps exactly its interval, also an always-valid or asymmetric one.

    Args:
        exposed: in any order; rows of one day and effect add up.
        effects: key → the effect per unit with its interval.

    Returns:
        A day with an undefined effect at work has no value, and no cumulative value exists from it on; likewise the
        interval if an effect has none. An effect with no remaining share is inactive.

    Raises:
        KeyError: for an effect that is not given.
    """
    weights: dict[date, dict[str, float]] = {}
    for row in exposed:
        effects[row.effect]
        of_day = weights.setdefault(row.day, {})
        of_day[row.effect] = of_day.get(row.effect, 0.0) + row.volume * row.unit_value * row.remaining
    so_far: dict[str, float] = {}
    days = []
    at_work: set[str] = set()
    for day in sorted(weights):
        for key, weight in weights[day].items():
            so_far[key] = so_far.get(key, 0.0) + weight
            # Opposite weights may cancel to 0 later on; an undefined effect stays one that was at work.
            at_work |= {key} if weight else set()
        today = {key: weight for key, weight in weights[day].items() if weight}
        days.append(ValueDay(day, _sum(today, effects), _sum({key: so_far[key] for key in sorted(at_work)}, effects)))
    return days


def _sum(weights: Mapping[str, float], effects: Mapping[str, Estimate]) -> Interval:
    terms = [(weight, effects[key]) for key, weight in sorted(weights.items())]
    values = [effect.value for _, effect in terms]
    if any(value is None for value in values):
        return Interval()
    total = math.fsum(weight * (effect.value or 0.0) for weight, effect in terms)
    down, up = _reach(terms)
    return Interval(total, None if down is None else total - down, None if up is None else total + up)


def _reach(terms: Sequence[tuple[float, Estimate]]) -> tuple[float | None, float | None]:
    """How far the sum's interval reaches below and above it."""
    down, up = [], []
    for weight, effect in terms:
        if effect.value is None or effect.ci_low is None or effect.ci_high is None:
            return None, None
        reach = abs(weight) * (effect.value - effect.ci_low), abs(weight) * (effect.ci_high - effect.value)
        down.append(reach[0] if weight > 0 else reach[1])
        up.append(reach[1] if weight > 0 else reach[0])
    return math.hypot(*down), math.hypot(*up)
