"""The planted features and people: how many there are, who adopts what and when, and who is not counted.

Volumes: populations are the catalog's, `World.scale` multiplies the events of a use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scenario.world import World

QUIET_DAY = 17
"""Days after the start on which the staff's tools stood still: Segment's file of that day holds late calls
of the days before and not one of its own."""
NEVER = 10**6
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """A feature's planted adoption.

    Of `population` users, `adopters[0]` use it from the first day and `adopters[1]` from day `ramp` on;
    `grows` adds users to the base on a day after the start. `anonymous`, `second_device` and `renamed` are
    shares of the users.
    """

    feature: str
    source: str
    exposed: str
    qualifying: str
    onboarded: str | None
    prefix: str
    population: int
    adopters: tuple[int, int]
    ramp: int
    weekday: float
    weekend: float
    sizes: tuple[tuple[int, int], ...] = ()
    anonymous: float = 0.08
    second_device: float = 0.12
    renamed: float = 0.0


PLANS: tuple[Plan, ...] = (
    Plan(
        "recs-widget", "mixpanel", "Recommendations Viewed", "Recommendation Clicked", None,
        "cust", 1_500, (500, 900), 50, 0.12, 0.18,
    ),
    Plan(
        "triage-dashboard", "amplitude", "Triage Opened", "Triage Suggestion Accepted",
        "Training Completed", "clin", 440, (120, 372), 60, 0.55, 0.2, ((0, 400), (31, 440)),
    ),
    Plan(
        "support-copilot", "segment", "Copilot Shown", "Copilot Reply Sent", "Copilot Enabled",
        "agent", 250, (130, 160), 30, 0.6, 0.1, ((0, 250),),
    ),
    Plan(
        "writer", "segment", "Editor Opened", "Draft Inserted", None,
        "staff", 600, (110, 280), 60, 0.35, 0.04, ((0, 600),), renamed=0.02,
    ),
)  # fmt: skip
KIOSK = "kiosk-er-1"
"""A shared screen at the emergency desk: two clinicians log in on it in turn, and suggestions are accepted
on it while nobody is logged in."""
KIOSK_USERS = (0, 1)


@dataclass
class People:
    """The users of one feature, a value each: users of the base first, then those who do not count."""

    ids: NDArray[np.str_]
    former_ids: NDArray[np.str_]
    emails: NDArray[np.str_]
    counted: Flags
    adopts: Numbers
    logs_in: Numbers
    links_second: Numbers
    renamed_on: Numbers
    becomes: Numbers
    leaves: Numbers
    kinds: NDArray[np.str_]

    def account_type(self, age: int) -> NDArray[np.str_]:
        """What the shop's account of each user is on a day."""
        kinds = np.where(age < self.becomes, "guest", self.kinds)
        return np.where(age >= self.leaves, "closed", kinds)


def people_of(world: World, plan: Plan) -> People:
    """The people of the feature's plan, drawn once."""
    rng = world.rng("analytics", "people", plan.feature)
    size, extra = plan.population, 12
    total = size + extra
    ids = np.array([f"{plan.prefix}-{i:05d}" for i in range(total)])
    emails = np.array([f"{user}@example.com" for user in ids])
    counted = np.arange(total) < size
    # Colleagues who try it are told by their address, robots by their name.
    for i in range(size, size + 6):
        ids[i] = f"qa-{plan.prefix}-{i - size}"
        emails[i] = f"{ids[i]}@example.com"
    for i in range(size + 6, total):
        emails[i] = f"dev{i - size}@meridian.test"
    adopts = np.full(total, NEVER, np.int64)
    first, last = plan.adopters
    order = rng.permutation(np.arange(2, size))[: last - 2]
    adopts[order[: first - 2]] = 0
    late = order[first - 2 :]
    adopts[late] = 1 + (np.arange(len(late)) * plan.ramp) // max(1, len(late))
    adopts[~counted] = 0
    logs_in = np.full(total, -1, np.int64)
    logs_in_later = rng.random(total) < plan.anonymous
    logs_in[logs_in_later] = rng.integers(1, 28, logs_in_later.sum())
    # Some log in only after their first uses are too old to be theirs.
    too_late = logs_in_later & (rng.random(total) < 0.1)
    logs_in[too_late] = rng.integers(36, 50, too_late.sum())
    links = np.full(total, -1, np.int64)
    second = (rng.random(total) < plan.second_device) & ~logs_in_later
    links[second] = rng.integers(3, 58, second.sum())
    renamed = np.full(total, -1, np.int64)
    if plan.renamed:
        chosen = (rng.random(total) < plan.renamed) & ~logs_in_later & ~second
        renamed[chosen] = rng.integers(5, 25, chosen.sum())
    becomes, leaves = np.zeros(total, np.int64), np.full(total, NEVER, np.int64)
    kinds = np.full(total, "customer", dtype="<U8")
    if plan.source == "mixpanel":
        roll = rng.random(total)
        kinds[roll < 0.04] = "merchant"
        grows = (roll >= 0.04) & (roll < 0.08)
        becomes[grows] = rng.integers(5, 45, grows.sum())
        goes = (roll >= 0.08) & (roll < 0.10)
        leaves[goes] = rng.integers(20, 55, goes.sum())
    for values in (logs_in, links, renamed):
        values[~counted] = -1
        values[list(KIOSK_USERS)] = -1
        if plan.source == "segment":
            values[values == QUIET_DAY] += 1
    former = np.array([f"{user}-old" for user in ids])
    return People(ids, former, emails, counted, adopts, logs_in, links, renamed, becomes, leaves, kinds)


def number_of(plan: Plan, user: int) -> int:
    """The user's number over all features."""
    return PLANS.index(plan) * 100_000 + user
