"""What the logs truly say of each metric: exact sums over the units of each variant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from pipelines.scenario.experiments.logs import LATE_AGE, LATE_BY, Drawn, is_late
from pipelines.scenario.experiments.plans import DAY, HOUR, WINDOW, Events, Whole
from pipelines.scenario.world import World


def truth(world: World, drawn: Drawn) -> dict[str, Any]:
    """What the delivered files hold of the experiment, counted from the draws."""
    plan, end = drawn.plan, world.days * DAY
    late = is_late(drawn)
    delivered = (drawn.at < end) & ~(late & (world.days <= LATE_AGE + LATE_BY))
    # Who meets the other variant after the experiment's end was in one variant while it ran.
    both = drawn.both & ~late & (drawn.at + HOUR < min(end, (plan.end or world.days) * DAY))
    counted = delivered & ~both
    if plan.closed_only:
        counted &= drawn.at + WINDOW <= end
    variants: dict[str, dict[str, Any]] = {
        variant: {"units": int((counted & (drawn.variant == i)).sum())} for i, variant in enumerate(plan.variants)
    }
    events = {e.name: e for e in drawn.events}
    for metric, (kind, name, per) in plan.metrics.items():
        x = _per_user(drawn, events.get(name), end, 0, WINDOW, kind)
        d = _per_user(drawn, events.get(per or ""), end, 0, WINDOW, kind)
        pre = _per_user(drawn, events.get(name), end, -plan.pre_days * DAY, 0, kind)
        cents = name in events and events[name].cents is not None and kind != "proportion"
        scale = Decimal(100 if cents else 1)
        for i, variant in enumerate(plan.variants):
            mine = counted & (drawn.variant == i)
            sums = {
                "sum_x": Decimal(int(x[mine].sum())) / scale,
                "sum_xx": Decimal(int((x[mine] ** 2).sum())) / scale**2,
            }
            if per is not None:
                sums |= {
                    "sum_d": Decimal(int(d[mine].sum())),
                    "sum_dd": Decimal(int((d[mine] ** 2).sum())),
                    "sum_xd": Decimal(int((x[mine] * d[mine]).sum())),
                }
            if plan.pre_days and kind != "ratio":
                sums |= {
                    "sum_pre": Decimal(int(pre[mine].sum())) / scale,
                    "sum_pre_pre": Decimal(int((pre[mine] ** 2).sum())) / scale**2,
                    "sum_x_pre": Decimal(int((x[mine] * pre[mine]).sum())) / scale**2,
                }
            variants[variant][metric] = {key: str(value) for key, value in sums.items()}
    return {
        "planted": {metric: {"control": level, "lift": lift} for metric, (level, lift) in plan.planted.items()},
        "is_srm": plan.split != plan.planned_split,
        "exposed_users": int(delivered.sum()),
        "users_in_both_variants": int((delivered & both).sum()),
        "test_users": max(0, min(plan.end or world.days, world.days) - plan.start),
        "variants": variants,
    }


def _per_user(drawn: Drawn, events: Events | None, end: int, after: int, before: int, kind: str) -> Whole:
    """What each user's events within `[exposure + after, exposure + before)` add up to: cents, or how many."""
    size = drawn.at.size
    if events is None:
        return np.zeros(size, np.int64)
    since = events.at - drawn.at[events.user]
    counts = (events.at < end) & (since >= after) & (since < before)
    weights = np.ones(events.at.size, np.int64) if events.cents is None or kind == "proportion" else events.cents
    total = np.zeros(size, np.int64)
    np.add.at(total, events.user[counts], weights[counts])
    return np.minimum(total, 1) if kind == "proportion" else total
