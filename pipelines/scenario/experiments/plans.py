"""The randomised experiments: their variants, how users of each behave, and the effects planted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
HOUR = 3_600_000
DAY = 24 * HOUR
WINDOW = 72 * HOUR
"""Milliseconds, as are all times here, counted from the world's first midnight."""


@dataclass
class Events:
    """Events of one name: whose (index into the users), when, how many cents (None: it is only counted)."""

    name: str
    user: Whole
    at: Whole
    cents: Whole | None = None


@dataclass(frozen=True)
class Users:
    """The users of one day's cohort: when each met its variant first, and which (0: the control)."""

    at: Whole
    variant: Whole

    @property
    def size(self) -> int:
        """How many they are."""
        return self.at.size


@dataclass(frozen=True)
class Plan:
    """An experiment as it was run. `split` is the share the treatment truly got, `behave` what users then do.

    Ages are days after the world's start; without an end it runs on. `both_variants` is the share of users that meet
    the other variant as well; `planted` is what the laws say of each metric: the control's level and the lift.
    """

    id: str
    key: str
    variants: tuple[str, str]
    start: int
    end: int | None
    daily_users: int
    behave: Callable[[np.random.Generator, Users, int], list[Events]]
    metrics: dict[str, tuple[str, str, str | None]]
    planted: dict[str, tuple[float, float]]
    split: float = 0.5
    planned_split: float = 0.5
    both_variants: float = 0.002
    pre_days: int = 0
    log: str = "growthbook"
    closed_only: bool = False
    """Whether users within their conversion window are left out, as the catalog says of it."""


BUYERS, MEDIAN_CENTS, OF_USERS, OF_PURCHASES = 0.92, 4_000, 0.5, 0.25
"""Share of users who buy, and the median and both spreads (log-normal) of what a purchase is worth."""
REVENUE_LIFT = 0.10
HELD, NOT_HELD, PAYMENTS, FEWER_ALARMS = 2.0, 28.0, 4.0, 0.25
"""The beta law of a card's chance of a false alarm per payment, payments after the first, and the planted fall."""
DRAFTS, NOVELTY, HALF_LIFE = 5.0, 0.4, 4
"""Drafts a user accepts; how many more on the first day of new hints, and after how many days that has halved."""


def _shop(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    """Revenue +10 %: what a user spent before tells much of what it will spend."""
    level = rng.lognormal(0.0, OF_USERS, users.size)

    def spent(user: Whole, factor: NDArray[np.float64] | float) -> Whole:
        amount = MEDIAN_CENTS * level[user] * rng.lognormal(0.0, OF_PURCHASES, user.size) * factor
        return np.maximum(1, np.rint(amount)).astype(np.int64)

    buys = np.flatnonzero(rng.random(users.size) < BUYERS)
    past = np.concatenate([np.flatnonzero(rng.random(users.size) < 0.8) for _ in range(3)])
    tardy = np.flatnonzero(rng.random(users.size) < 0.05)
    who = np.concatenate([buys, past, tardy])
    at = np.concatenate(
        [
            users.at[buys] + rng.integers(0, WINDOW, buys.size),
            users.at[past] - rng.integers(1, 14 * DAY, past.size),
            users.at[tardy] + WINDOW + rng.integers(0, DAY, tardy.size),
        ]
    )
    cents = np.concatenate(
        [spent(buys, np.where(users.variant[buys] == 1, 1 + REVENUE_LIFT, 1.0)), spent(past, 1.0), spent(tardy, 3.0)]
    )
    return [Events("purchase", who, at, cents)]


def _pay(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    """False alarms −25 % per payment scored; some cards attract more of them than others."""
    payments = np.repeat(np.arange(users.size), 1 + rng.poisson(PAYMENTS, users.size))
    at = users.at[payments] + rng.integers(0, WINDOW, payments.size)
    chance = rng.beta(HELD, NOT_HELD, users.size) * np.where(users.variant == 1, 1 - FEWER_ALARMS, 1.0)
    alarmed = rng.random(payments.size) < chance[payments]
    return [
        Events("payment_scored", payments, at),
        Events("false_alarm", payments[alarmed], at[alarmed] + 1),
    ]


def _converts(event: str, rates: tuple[float, float]) -> Callable[[np.random.Generator, Users, int], list[Events]]:
    def behave(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
        who = np.flatnonzero(rng.random(users.size) < np.asarray(rates)[users.variant])
        return [Events(event, who, users.at[who] + rng.integers(0, WINDOW, who.size))]

    return behave


def _baskets(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    who = np.arange(users.size)
    cents = np.rint(5_000 * rng.lognormal(0.0, 0.4, users.size)).astype(np.int64)
    return [Events("basket_closed", who, users.at + rng.integers(0, WINDOW, users.size), cents)]


def _drafts(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    """New hints are tried by everybody: +40 % on the first day, half of it four days later, and so on."""
    drafts = rng.poisson(DRAFTS * np.where(users.variant == 1, 1 + _novelty(age), 1.0))
    who = np.repeat(np.arange(users.size), drafts)
    return [Events("draft_accepted", who, users.at[who] + rng.integers(0, WINDOW, who.size))]


def _novelty(age: int) -> float:
    return NOVELTY * float(0.5 ** ((age - HINTS_START) / HALF_LIFE))


def _revenue() -> tuple[float, float]:
    """What a user spends on average, and what the 90th of a hundred does, in dollars."""
    spread = math.hypot(OF_USERS, OF_PURCHASES)
    ninetieth = NormalDist(0.0, spread).inv_cdf(1 - (1 - 0.9) / BUYERS)
    return BUYERS * MEDIAN_CENTS * math.exp(spread**2 / 2) / 100, MEDIAN_CENTS * math.exp(ninetieth) / 100


def _alarmed(factor: float) -> float:
    """The share of cards with a false alarm, when each card's chance is multiplied by `factor`."""
    chance = (np.arange(100_000) + 0.5) / 100_000
    density = chance ** (HELD - 1) * (1 - chance) ** (NOT_HELD - 1)
    spared = (1 - factor * chance) * np.exp(-PAYMENTS * factor * chance)
    return 1 - float((density * spared).sum() / density.sum())


HINTS_START, HINTS_END = 12, 40
REVENUE, NINETIETH = _revenue()
PLANS: tuple[Plan, ...] = (
    Plan(
        "recs-ranking", "recs_ranking_v3", ("control", "ranker-v3"), 14, 42, 720, _shop,
        {"revenue-per-user": ("mean", "purchase", None), "buyers": ("proportion", "purchase", None)},
        {
            "revenue-per-user": (REVENUE, REVENUE_LIFT),
            "buyers": (BUYERS, 0.0),
            "revenue-per-user-p90": (NINETIETH, REVENUE_LIFT),
        },
        pre_days=14,
    ),
    Plan(
        "fraud-threshold", "fraud-threshold", ("current", "adaptive"), 10, 38, 360, _pay,
        {
            "false-alarms-per-payment": ("ratio", "false_alarm", "payment_scored"),
            "cards-alarmed": ("proportion", "false_alarm", None),
        },
        {
            "false-alarms-per-payment": (HELD / (HELD + NOT_HELD), -FEWER_ALARMS),
            "cards-alarmed": (_alarmed(1.0), _alarmed(1 - FEWER_ALARMS) / _alarmed(1.0) - 1),
        },
        log="eppo",
    ),
    Plan(
        "recs-basket", "recs_basket", ("off", "on"), 19, 33, 220, _baskets,
        {"basket-value": ("mean", "basket_closed", None)}, {"basket-value": (50 * math.exp(0.08), 0.0)},
        split=0.44, both_variants=0.02,
    ),
    Plan(
        "assistant-tone", "assistant_tone", ("plain", "warm"), 19, 29, 40, _converts("case_resolved", (0.60, 0.62)),
        {"resolved-cases": ("proportion", "case_resolved", None)}, {"resolved-cases": (0.60, 0.62 / 0.60 - 1)},
    ),
    Plan(
        "writer-hints", "writer_hints", ("none", "inline"), HINTS_START, HINTS_END, 130, _drafts,
        {"drafts-per-user": ("mean", "draft_accepted", None)},
        {
            "drafts-per-user": (
                DRAFTS, math.fsum(map(_novelty, range(HINTS_START, HINTS_END))) / (HINTS_END - HINTS_START)
            )
        },
        log="statsig",
    ),
    # A tenth keeps writing without it.
    Plan(
        "writer-holdout", "writer_holdout", ("without", "with"), 20, 50, 60, _converts("report_filed", (0.30, 0.45)),
        {"reports-filed": ("proportion", "report_filed", None)}, {"reports-filed": (0.30, 0.5)},
        split=0.9, planned_split=0.9,
    ),
    Plan(
        "support-deflect", "support_deflect", ("form", "assistant"), 14, None, 150,
        _converts("case_deflected", (0.30, 0.30)), {"deflected-cases": ("proportion", "case_deflected", None)},
        {"deflected-cases": (0.30, 0.0)}, closed_only=True,
    ),
)  # fmt: skip
