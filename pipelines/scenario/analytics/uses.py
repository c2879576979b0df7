"""What people do on a day, feature by feature: the events, before any vendor writes them down.

The mess of real use is planted too: users who log in later, shared and second devices, renamed users, test users.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.scenario.analytics.plan import (
    KIOSK,
    KIOSK_USERS,
    PLANS,
    QUIET_DAY,
    Flags,
    Numbers,
    People,
    Plan,
    number_of,
)
from pipelines.scenario.analytics.truth import Ledger
from pipelines.scenario.world import World

IDENTITY_LOOKBACK = 30
"""Days between an anonymous event and a log-in on its device within which the event is the user's."""
_IDENTIFIES_EVERY = 7
_EVENTS_PER_USE = 1.6


@dataclass
class Calls:
    """Events of one source and day, a list of column blocks that become one table."""

    blocks: list[pa.Table] = field(default_factory=list)

    def add(self, key: str, event: str, millis: Numbers, **columns: NDArray[np.generic]) -> None:
        """Add a block of events; text columns read '' as null."""
        size = len(millis)
        if size == 0:
            return
        text = {}
        for name in ("user_id", "device_id", "person_id", "email", "account_type", "from_id"):
            values = columns.get(name, np.full(size, ""))
            text[name] = pa.array(np.asarray(values, dtype=object), pa.string(), mask=values == "")
        self.blocks.append(
            pa.table(
                {
                    "key": pa.array([f"{key}/{i}" for i in range(size)], pa.string()),
                    "event": pa.array([event] * size, pa.string()),
                    "millis": pa.array(millis, pa.int64()),
                    "delay": pa.array(np.zeros(size, np.int64)),
                    **text,
                }
            )
        )

    def table(self) -> pa.Table | None:
        """All blocks as one table, None when there is none."""
        return pa.concat_tables(self.blocks) if self.blocks else None


def use(world: World, plan: Plan, people: People, ledger: Ledger, age: int, calls: Calls) -> None:
    """A day of one feature: who sees it, who uses it, on what device, logged in or not."""
    day = world.dates[age]
    rng = world.rng("analytics", plan.feature, day)
    total = len(people.ids)
    roll_use, roll_see, roll_device, clock = rng.random((4, total))
    exists = _present(plan, people, age)
    open_today = not (plan.source == "segment" and age == QUIET_DAY)
    chance = plan.weekend if day.weekday() >= 5 else plan.weekday
    uses = exists & (age >= people.adopts) & (roll_use < chance) & open_today
    sees = (exists & (roll_see < chance / 2) & open_today) | uses
    onboards = exists & (age == people.adopts) & (np.arange(total) % 10 != 0) & open_today
    if plan.onboarded is None:
        onboards[:] = False

    on_second = (people.links_second >= 0) & (roll_device < 0.4)
    known_from = np.where(on_second, people.links_second, people.logs_in)
    known = age >= known_from
    # Late enough to be linked back, and the log-in has happened by the end of the data.
    theirs = known | ((known_from - age <= IDENTITY_LOOKBACK) & (known_from < world.days))
    devices = np.char.add(np.char.add(people.ids, np.where(on_second, "-phone", "-desk")), f"-{plan.source[0]}")
    if plan.source == "amplitude":
        devices = np.where(known & on_second, _new_phones(devices, np.arange(total)), devices)
    ids = np.where(age < people.renamed_on, people.former_ids, people.ids)
    accounts = people.account_type(age) if plan.source == "mixpanel" else np.full(total, "")
    persons = np.array([str(10**9 + number_of(plan, i)) for i in range(total)])
    strangers = np.array([str(2 * 10**9 + number_of(plan, i)) for i in range(total)])

    def emit(event: str, who: Flags, offset: float, each: Numbers | None = None) -> None:
        users = np.flatnonzero(who)
        if each is not None:
            users = np.repeat(users, each[users])
        spread = rng.integers(0, 3_600_000, len(users))
        at = millis_of(world, day) + ((7 + offset + 11 * clock[users]) * 3_600_000).astype(np.int64)
        is_known = known[users]
        calls.add(
            f"{plan.feature}/{event}/{age}",
            event,
            at + spread,
            user_id=np.where(is_known, ids[users], ""),
            device_id=devices[users],
            person_id=np.where(is_known | ~on_second[users], persons[users], strangers[users]),
            email=np.where(is_known & (plan.source != "segment"), people.emails[users], ""),
            account_type=np.where(is_known, accounts[users], ""),
        )

    times = 1 + rng.poisson((_EVENTS_PER_USE - 1) * world.scale, total).astype(np.int64)
    emit(plan.exposed, sees, 0.0)
    if plan.onboarded is not None:
        emit(plan.onboarded, onboards, 1.0)
    emit(plan.qualifying, uses, 2.0, times)
    ledger.stages["exposed"][:, age] = sees & theirs
    ledger.stages["onboarded"][:, age] = onboards & theirs
    ledger.stages["qualifying"][:, age] = uses & theirs
    ledger.events[age] += int(times[uses & theirs & people.counted].sum())
    if plan.source == "mixpanel":
        noted = (sees | onboards) & known
        ledger.observed[:, age] = np.where(noted, accounts, "")

    _log_in(world, plan, people, ledger, age, calls)


def _present(plan: Plan, people: People, age: int) -> Flags:
    """Users who have it on the day: of the counted ones as many as the base then is, and nobody at the kiosk."""
    number = np.arange(len(people.ids))
    exists: Flags = number < (plan.sizes[0][1] if plan.sizes else plan.population)
    for start, size in plan.sizes:
        if age >= start:
            exists = number < size
    exists |= ~people.counted
    exists[list(KIOSK_USERS)] = False
    return exists


def _new_phones(devices: NDArray[np.str_], users: Numbers) -> NDArray[np.str_]:
    """Half of the phones take a new id at log-in: only the merge tells whose the old one was."""
    return np.where(users % 2 == 0, np.char.add(devices, "-new"), devices)


def _log_in(world: World, plan: Plan, people: People, ledger: Ledger, age: int, calls: Calls) -> None:
    """The day's first log-ins on a device, before anything else happens on it, and the renamed users."""
    day = world.dates[age]
    at = millis_of(world, day) + 1_800_000
    weekly = plan.source == "segment" and age != QUIET_DAY
    for name, days_in, suffix in (
        ("desk", people.logs_in, "-desk"),
        ("phone", people.links_second, "-phone"),
    ):
        users = np.flatnonzero(days_in == age)
        devices = np.char.add(np.char.add(people.ids[users], suffix), f"-{plan.source[0]}")
        if plan.source == "amplitude" and name == "phone":
            devices = _new_phones(devices, users)
        accounts = people.account_type(age)[users] if plan.source == "mixpanel" else np.full(len(users), "")
        calls.add(
            f"{plan.feature}/log-in/{name}/{age}",
            {"mixpanel": "$identify", "amplitude": "Session Started", "segment": "identify"}[plan.source],
            np.full(len(users), at),
            user_id=people.ids[users],
            device_id=devices,
            person_id=np.array([str(10**9 + number_of(plan, int(i))) for i in users]),
            email=people.emails[users],
            account_type=accounts,
        )
        if plan.source == "mixpanel":
            ledger.observed[users, age] = accounts
    if weekly:
        settled = (people.logs_in < age) & (age >= people.renamed_on)
        turn = np.arange(len(people.ids)) % _IDENTIFIES_EVERY == age % _IDENTIFIES_EVERY
        users = np.flatnonzero(settled & (turn | (age == 0)))
        calls.add(
            f"{plan.feature}/identify/{age}",
            "identify",
            np.full(len(users), at),
            user_id=people.ids[users],
            device_id=np.char.add(people.ids[users], "-desk-s"),
            email=people.emails[users],
        )
        users = np.flatnonzero(people.renamed_on == age)
        calls.add(
            f"{plan.feature}/alias/{age}",
            "alias",
            np.full(len(users), at),
            user_id=people.ids[users],
            from_id=people.former_ids[users],
        )


def use_kiosk(world: World, people: People, ledger: Ledger, age: int, calls: Calls) -> None:
    """The shared screen on a working day: A logs in, somebody accepts, B logs in, somebody accepts.

    What nobody was logged in for belongs to who logs in next, within the lookback, else to who was before.
    """
    day = world.dates[age]
    if day.weekday() >= 5:
        return
    first, second = KIOSK_USERS
    start = millis_of(world, day)
    plan = next(plan for plan in PLANS if plan.feature == "triage-dashboard")
    for user, hour in ((first, 8), (second, 10)):
        calls.add(
            f"kiosk/in/{user}/{age}",
            "Session Started",
            np.array([start + hour * 3_600_000]),
            user_id=people.ids[[user]],
            device_id=np.array([KIOSK]),
            person_id=np.array([str(10**9 + number_of(plan, user))]),
            email=people.emails[[user]],
        )
    for hour in (9, 18):
        calls.add(
            f"kiosk/use/{hour}/{age}",
            plan.qualifying,
            np.array([start + hour * 3_600_000]),
            device_id=np.array([KIOSK]),
            person_id=np.array(["3000000000"]),
        )
    returns = any(later.weekday() < 5 for later in world.dates[age + 1 : age + 1 + IDENTITY_LOOKBACK])
    active = ledger.stages["qualifying"]
    active[second, age] = True
    active[first if returns else second, age] = True
    ledger.events[age] += 2


def look_around(world: World, source: str, age: int, calls: Calls) -> None:
    """Events of no AI feature, and visitors who never log in."""
    if source == "segment" and age == QUIET_DAY:
        return
    rng = world.rng("analytics", source, "other", age)
    size = rng.poisson(120 * world.scale)
    visitors = np.array([f"visitor-{source[0]}-{i}" for i in rng.integers(0, 400, size)])
    at = millis_of(world, world.dates[age]) + rng.integers(0, 86_400_000, size)
    persons = np.array([f"4000{i:06}" for i in rng.integers(0, 400, size)], dtype=str)
    calls.add(f"{source}/page/{age}", "Page Viewed", at, device_id=visitors, person_id=persons)
    few = size // 6
    event = {"mixpanel": "Recommendations Viewed", "amplitude": "Triage Opened", "segment": "Cart Updated"}
    calls.add(f"{source}/stranger/{age}", event[source], at[:few], device_id=visitors[:few], person_id=persons[:few])


def millis_of(world: World, day: date) -> int:
    """Midnight of `day` in milliseconds since 1970."""
    return int(world.at(day).timestamp() * 1000)
