"""What was truly used: counted from the planted uses, a user-by-day matrix per feature, never from the files."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import numpy as np

from pipelines.scenario.analytics.plan import NEVER, Flags, People, Plan
from pipelines.scenario.world import World

TARGET_BASE_DAYS = 90
"""Days a user stays in a base told by rule after the property was last seen."""


class Ledger:
    """The planted uses of one feature, and the truth that follows from them."""

    def __init__(self, plan: Plan, people: People, days: int) -> None:
        """Nothing has been used yet."""
        shape = (len(people.ids), days)
        self.plan, self.people = plan, people
        self.stages = {s: np.zeros(shape, np.bool_) for s in ("exposed", "onboarded", "qualifying")}
        self.events = np.zeros(days, np.int64)
        self.observed = np.full(shape, "", dtype="<U8")

    def truth(self, world: World) -> dict[str, object]:
        """What the marts must say of this feature."""
        counted = self.people.counted
        active = self.stages["qualifying"] & counted[:, None]
        member, base = self._base(world, counted)
        trailing = {
            f"active_{k}d_user_count": [
                int((active[:, max(0, d - k + 1) : d + 1].any(axis=1) & member[:, d]).sum()) for d in range(world.days)
            ]
            for k in (1, 7, 28)
        }
        rates = [
            users / size if size else None for users, size in zip(trailing["active_28d_user_count"], base, strict=True)
        ]
        passed = next((d for d, rate in enumerate(rates) if rate is not None and rate > 0.7), None)
        return {
            "source": self.plan.source,
            "dates": [day.isoformat() for day in world.dates],
            **trailing,
            "target_user_count": base,
            "qualifying_event_count": [int(n) for n in self.events],
            "adoption_28d_passed_70_on": None if passed is None else world.dates[passed].isoformat(),
            "funnel": self._funnel(world, active, base),
            "retention": self._retention(world, active),
        }

    def _base(self, world: World, counted: Flags) -> tuple[Flags, list[int]]:
        if self.plan.sizes:
            sizes = [
                next(size for start, size in reversed(self.plan.sizes) if age >= start) for age in range(world.days)
            ]
            return np.broadcast_to(counted[:, None], self.observed.shape), sizes
        member = np.zeros(self.observed.shape, np.bool_)
        value = np.full(len(counted), "", dtype="<U8")
        seen = np.full(len(counted), -NEVER, np.int64)
        for age in range(world.days):
            now = self.observed[:, age]
            value, seen = np.where(now != "", now, value), np.where(now != "", age, seen)
            member[:, age] = counted & (value == "customer") & (age - seen < TARGET_BASE_DAYS)
        return member, [int(n) for n in member.sum(axis=0)]

    def _target(self) -> Flags:
        """Users the feature is for, by what was last known of them."""
        if self.plan.sizes:
            return self.people.counted
        value = np.full(len(self.people.ids), "", dtype="<U8")
        for age in range(self.observed.shape[1]):
            now = self.observed[:, age]
            value = np.where(now != "", now, value)
        return np.asarray(self.people.counted & (value == "customer"))

    def _funnel(self, world: World, active: Flags, base: list[int]) -> dict[str, int]:
        target = self._target()
        first = np.where(active.any(axis=1), active.argmax(axis=1), NEVER)
        again = np.zeros(len(first), np.bool_)
        for user in np.flatnonzero(target & (first < NEVER)):
            again[user] = active[user, first[user] + 7 : first[user] + 14].any()
        observable = target & (first + 13 < world.days)
        used = target & (first < NEVER)
        return {
            "eligible": base[-1] if self.plan.sizes else int(target.sum()),
            "exposed": int((self.stages["exposed"].any(axis=1) & target).sum()),
            "onboarded": int((self.stages["onboarded"].any(axis=1) & target).sum()),
            "first_use": int(used.sum()),
            "retained": int((again & observable).sum()),
            "observable": int(observable.sum()),
        }

    def _retention(self, world: World, active: Flags) -> dict[str, dict[str, int]]:
        mondays = [day - timedelta(days=day.weekday()) for day in world.dates]
        weeks: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        active = active & self._target()[:, None]
        first = active.argmax(axis=1)
        for user, age in zip(*np.nonzero(active), strict=True):
            cohort = mondays[first[user]]
            weeks[cohort.isoformat()][str((mondays[age] - cohort).days // 7)].add(int(user))
        return {c: {w: len(users) for w, users in row.items()} for c, row in weeks.items()}
