"""A charge as it was caused, and what the planted prices are made of.

How a vendor writes it down is the vendor's module; which charges there are, `caused`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from pipelines.scenario.billing.files import hour_of
from pipelines.scenario.world import COST_FALL, INSTANCE_CHANGE_DAY, MEMBERS, Member, World

UNALLOCATED = "unallocated"
UNUSED = "unused_commitment"
GPU_POOL = "gpu-a"
PLATFORM_POOL = "platform"
# What answering one prediction costs about, in the vendor's currency, amortised.
UNIT_COST = {
    "recommender": Decimal("0.001"),
    "fraud-detector": Decimal("0.011"),
    "triage": Decimal("0.018"),
    "route-optimiser": Decimal("0.0009"),
    "support-assistant": Decimal("0.00445"),
    "writing-assistant": Decimal("0.021"),
}
UNIT_COST_AFTER = UNIT_COST["recommender"] * (1 - Decimal(str(COST_FALL)))
IDLE_AT_WEEKENDS, UNIT_COST_SPREAD = 0.06, 0.04
"""By how much a prediction costs more at weekends, and differs from day to day either way."""
WHOLE_DAY = Decimal(24)
"""Hours of a machine that serves all day."""
PRELIMINARY = Decimal("1.08")
"""By how much month-to-date exports overstate usage, before the vendor's rating is final."""


class Costs(NamedTuple):
    """A charge's four costs."""

    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal


@dataclass(frozen=True)
class Charge:
    """A charge as it was caused: whose it is, for what, and its four costs in the vendor's currency."""

    day: date
    owner: str
    category: str
    service: str
    service_category: str
    meter: str
    costs: Costs
    tags: dict[str, str] = field(default_factory=dict)
    kind: str = "Usage"
    instance_type: str | None = None
    resource_id: str | None = None
    commitment: str | None = None
    commitment_status: str | None = None
    corrects: bool = False
    quantity: Decimal = Decimal(1)
    unit: str = "Hours"

    @property
    def hours(self) -> Decimal:
        """What was metered, in hours."""
        return self.quantity / 3600 if self.unit == "seconds" else self.quantity

    @property
    def billing_month(self) -> date:
        """The first day of the month it is invoiced in: a correction comes with the next month's bill."""
        first = self.day.replace(day=1)
        return next_month(first) if self.corrects else first


@dataclass(frozen=True)
class Messy:
    """Rows that must not count: delivered and replaced later, or broken."""

    superseded_rows: int = 0
    superseded_effective_usd: Decimal = Decimal(0)
    broken_rows: int = 0

    def __add__(self, other: Messy) -> Messy:
        """Both together."""
        return Messy(
            self.superseded_rows + other.superseded_rows,
            self.superseded_effective_usd + other.superseded_effective_usd,
            self.broken_rows + other.broken_rows,
        )

    def as_truth(self) -> dict[str, object]:
        """As `truth.json` holds it."""
        return {
            "superseded_rows": self.superseded_rows,
            "superseded_effective_usd": plain(self.superseded_effective_usd),
            "quarantined_rows": self.broken_rows,
        }


def member_named(member_id: str) -> Member:
    """The member of this id."""
    return next(member for member in MEMBERS if member.id == member_id)


def unit_cost(world: World, member_id: str, day: date) -> Decimal:
    """What a prediction costs on that day: machines are less used at weekends, and no day is like another."""
    unit = UNIT_COST[member_id]
    if member_id == "recommender" and (day - world.start).days >= INSTANCE_CHANGE_DAY:
        unit = UNIT_COST_AFTER
    idle = IDLE_AT_WEEKENDS if day.weekday() >= 5 else 0.0
    used = float(world.rng("billing", "unit-cost", member_id, day).uniform(-UNIT_COST_SPREAD, UNIT_COST_SPREAD))
    return (unit * Decimal(round(1 + idle + used, 3))).quantize(Decimal("0.00000001"), ROUND_HALF_EVEN)


def serving_cost(world: World, member_id: str, day: date) -> Decimal:
    """Predictions of the day times what one costs: exact, so that the planted fall is."""
    unit = unit_cost(world, member_id, day)
    return unit * int(world.predictions(member_named(member_id), day).sum())


def varied(world: World, name: str, day: date, mean: str, spread: float = 0.15) -> Decimal:
    """About `mean` dollars, different each day, to the hundredth of a cent."""
    factor = 1.0 + spread * float(world.rng("billing", name, day).uniform(-1, 1))
    return (Decimal(mean) * Decimal(factor)).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def on_demand(cost: Decimal) -> Costs:
    """A charge without any discount."""
    return Costs(cost, cost, cost, cost)


def month_starts(days: Iterable[date]) -> list[date]:
    """The first day of each month that `days` lie in."""
    return sorted({day.replace(day=1) for day in days})


def next_month(first: date) -> date:
    """The first day of the month after the one that begins on `first`."""
    return (first + timedelta(days=32)).replace(day=1)


def closed(world: World, month: date, day: int) -> datetime:
    """When a month's bill is out: on `day` of the next month, or two days after the world ends within it."""
    if next_month(month) > world.dates[-1] + timedelta(days=1):
        return hour_of(world.dates[-1], 72)
    return hour_of(next_month(month).replace(day=day))


def rated(charge: Charge, factor: Decimal) -> Charge:
    """The charge with each of its costs times `factor`."""
    return replace(charge, costs=Costs(*(cost * factor for cost in charge.costs)))


def plain(amount: Decimal) -> str:
    """The amount with all its digits, and no more."""
    return format(amount.normalize(), "f")
