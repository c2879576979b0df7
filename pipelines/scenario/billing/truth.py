"""What the bills truly cost whom: reckoned from the charges as caused, in decimals, never from the files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from pipelines.scenario.billing.charge import (
    GPU_POOL,
    PLATFORM_POOL,
    UNALLOCATED,
    Charge,
    plain,
    unit_cost,
)
from pipelines.scenario.world import INSTANCE_CHANGE_DAY, MEMBERS, World


def truth(
    world: World,
    bills: dict[tuple[str, str], list[Charge]],
    rates: dict[date, Decimal],
) -> dict[str, object]:
    """What the marts must find, in dollars at the day's rate; amounts are texts, to keep every digit."""

    def dollars(currency: str, day: date) -> Decimal:
        if currency == "USD":
            return Decimal(1)
        return rates[max(published for published in rates if published <= day)]

    costs: dict[tuple[str, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    invoiced: dict[tuple[str, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    compute: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    hours: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for (provider, currency), charges in bills.items():
        for charge in charges:
            rate = dollars(currency, charge.day)
            for basis, amount in charge.costs._asdict().items():
                invoiced[provider, currency, str(charge.day)][basis] += amount
                for owner, share in _shares(world, charge, amount * rate):
                    costs[owner, charge.category, str(charge.day)][basis] += share
            if charge.category in ("serving", "external_api"):
                compute[charge.owner, str(charge.day)] += charge.costs.effective * rate
            if charge.category == "serving" and charge.instance_type:
                hours[charge.owner, str(charge.day), charge.instance_type] += charge.hours
    return {
        "bills": [
            {"provider": provider, "currency": currency, "day": day, **{k: plain(v) for k, v in sums.items()}}
            for (provider, currency, day), sums in sorted(invoiced.items())
        ],
        "allocated": [
            {"owner": owner, "category": category, "day": day, **{k: plain(v) for k, v in sums.items()}}
            for (owner, category, day), sums in sorted(costs.items())
        ],
        "compute_usd": [
            {"model": member.id, "day": str(day), "effective": plain(compute[member.id, str(day)])}
            for member in MEMBERS
            for day in world.dates
        ],
        "serving_hours": [
            {"model": owner, "day": day, "instance_type": instance_type, "hours": plain(amount)}
            for (owner, day, instance_type), amount in sorted(hours.items())
            if owner != UNALLOCATED
        ],
        "recommender": {
            "instance_change_day": str(world.start + timedelta(days=INSTANCE_CHANGE_DAY)),
            "cost_per_prediction": {str(day): plain(unit_cost(world, "recommender", day)) for day in world.dates},
        },
        "shared": {
            GPU_POOL: "under its own name in `allocated`: its split follows the logs' busy seconds",
            PLATFORM_POOL: "split by predictions in `allocated`",
        },
    }


def _shares(world: World, charge: Charge, amount: Decimal) -> Iterator[tuple[str, Decimal]]:
    """Who bears `amount`: its owner, or every member by the day's predictions, remainders to the largest."""
    if charge.owner != PLATFORM_POOL:
        yield charge.owner, amount
        return
    predictions = {member.id: int(world.predictions(member, charge.day).sum()) for member in MEMBERS}
    total = sum(predictions.values())
    sign = -1 if amount < 0 else 1
    units = int(abs(amount).scaleb(12))
    exact = {member: divmod(units * weight, total) for member, weight in predictions.items()}
    left = units - sum(quotient for quotient, _ in exact.values())
    by_remainder = sorted(exact, key=lambda member: (-exact[member][1], member))
    for position, member in enumerate(by_remainder):
        share = exact[member][0] + (1 if position < left else 0)
        yield member, Decimal(sign * share).scaleb(-12)
