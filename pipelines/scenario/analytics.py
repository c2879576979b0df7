"""The sample company's product analytics: Mixpanel, Amplitude and Segment exports, and who truly used what.

Truth is counted from the planted uses, a user-by-day matrix per feature, never from the files. The mess of
real exports is planted too: users who log in later, shared and second devices, renamed users, test users,
duplicates, late and skewed events, broken lines, a day without events. Volumes: populations are the
catalog's, `World.scale` multiplies the events of a use. One day is in memory at a time.
"""

from __future__ import annotations

import gzip
import re
import shutil
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import IO

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.scenario.world import World

IDENTITY_LOOKBACK = 30
"""Days between an anonymous event and a log-in on its device within which the event is the user's."""
TARGET_BASE_DAYS = 90
"""Days a user stays in a base told by rule after the property was last seen."""
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
_KIOSK_USERS = (0, 1)
_IDENTIFIES_EVERY = 7
_EVENTS_PER_USE = 1.6


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


def write_analytics(world: World, landing: Path) -> dict[str, object]:
    """Write the analytics exports under `landing` and return what was planted.

    Per feature: distinct users and events by day, trailing 7 and 28 days, the target base, funnel, weekly
    cohorts, and the day the 28-day rate passed 70 % (null if it did not). Per source: rows written, of
    which duplicates, and the rows that must be quarantined.
    """
    crowds = {plan.feature: _people(world, plan) for plan in PLANS}
    ledgers = {plan.feature: _Ledger(plan, crowds[plan.feature], world.days) for plan in PLANS}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set preserve_insertion_order = true")
        writers = [_Writer(world, landing, source, connection) for source in _LINES]
        for age, day in enumerate(world.dates):
            for writer in writers:
                calls = Calls()
                for plan in PLANS:
                    if plan.source == writer.source:
                        _use(world, plan, crowds[plan.feature], ledgers[plan.feature], age, calls)
                if writer.source == "amplitude":
                    _use_kiosk(world, crowds["triage-dashboard"], ledgers["triage-dashboard"], age, calls)
                _look_around(world, writer.source, age, calls)
                writer.write(age, day, calls.table())
    _write_merges(world, landing, crowds["triage-dashboard"])
    return {
        "features": {name: ledger.truth(world) for name, ledger in ledgers.items()},
        "sources": {writer.source: writer.rows for writer in writers},
    }


def _people(world: World, plan: Plan) -> People:
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
        values[list(_KIOSK_USERS)] = -1
        if plan.source == "segment":
            values[values == QUIET_DAY] += 1
    former = np.array([f"{user}-old" for user in ids])
    return People(ids, former, emails, counted, adopts, logs_in, links, renamed, becomes, leaves, kinds)


class _Ledger:
    """The planted uses of one feature, and the truth that follows from them."""

    def __init__(self, plan: Plan, people: People, days: int) -> None:
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


def _use(world: World, plan: Plan, people: People, ledger: _Ledger, age: int, calls: Calls) -> None:
    """A day of one feature: who sees it, who uses it, on what device, logged in or not."""
    day = world.dates[age]
    rng = world.rng("analytics", plan.feature, day)
    total = len(people.ids)
    roll_use, roll_see, roll_device, clock = rng.random((4, total))
    exists = np.arange(total) < (plan.sizes[0][1] if plan.sizes else plan.population)
    for start, size in plan.sizes:
        if age >= start:
            exists = np.arange(total) < size
    exists |= ~people.counted
    exists[list(_KIOSK_USERS)] = False
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
    persons = np.array([str(10**9 + _number(plan, i)) for i in range(total)])
    strangers = np.array([str(2 * 10**9 + _number(plan, i)) for i in range(total)])

    def emit(event: str, who: Flags, offset: float, each: Numbers | None = None) -> None:
        users = np.flatnonzero(who)
        if each is not None:
            users = np.repeat(users, each[users])
        spread = rng.integers(0, 3_600_000, len(users))
        at = _millis(world, day) + ((7 + offset + 11 * clock[users]) * 3_600_000).astype(np.int64)
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


def _new_phones(devices: NDArray[np.str_], users: Numbers) -> NDArray[np.str_]:
    """Half of the phones take a new id at log-in: only the merge tells whose the old one was."""
    return np.where(users % 2 == 0, np.char.add(devices, "-new"), devices)


def _number(plan: Plan, user: int) -> int:
    return PLANS.index(plan) * 100_000 + user


def _log_in(world: World, plan: Plan, people: People, ledger: _Ledger, age: int, calls: Calls) -> None:
    """The day's first log-ins on a device, before anything else happens on it, and the renamed users."""
    day = world.dates[age]
    at = _millis(world, day) + 1_800_000
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
            person_id=np.array([str(10**9 + _number(plan, int(i))) for i in users]),
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


def _use_kiosk(world: World, people: People, ledger: _Ledger, age: int, calls: Calls) -> None:
    """The shared screen on a working day: A logs in, somebody accepts, B logs in, somebody accepts.

    What nobody was logged in for belongs to who logs in next, within the lookback, else to who was before.
    """
    day = world.dates[age]
    if day.weekday() >= 5:
        return
    first, second = _KIOSK_USERS
    start = _millis(world, day)
    plan = next(plan for plan in PLANS if plan.feature == "triage-dashboard")
    for user, hour in ((first, 8), (second, 10)):
        calls.add(
            f"kiosk/in/{user}/{age}",
            "Session Started",
            np.array([start + hour * 3_600_000]),
            user_id=people.ids[[user]],
            device_id=np.array([KIOSK]),
            person_id=np.array([str(10**9 + _number(plan, user))]),
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


def _look_around(world: World, source: str, age: int, calls: Calls) -> None:
    """Events of no AI feature, and visitors who never log in."""
    if source == "segment" and age == QUIET_DAY:
        return
    rng = world.rng("analytics", source, "other", age)
    size = rng.poisson(120 * world.scale)
    visitors = np.array([f"visitor-{source[0]}-{i}" for i in rng.integers(0, 400, size)])
    at = _millis(world, world.dates[age]) + rng.integers(0, 86_400_000, size)
    persons = np.array([f"4000{i:06}" for i in rng.integers(0, 400, size)], dtype=str)
    calls.add(f"{source}/page/{age}", "Page Viewed", at, device_id=visitors, person_id=persons)
    few = size // 6
    event = {"mixpanel": "Recommendations Viewed", "amplitude": "Triage Opened", "segment": "Cart Updated"}
    calls.add(f"{source}/stranger/{age}", event[source], at[:few], device_id=visitors[:few], person_id=persons[:few])


def _millis(world: World, day: date) -> int:
    return int(world.at(day).timestamp() * 1000)


_MIXPANEL = """
select to_json({
    'event': event,
    'properties': {
        'time': case when {day} % 2 = 0 then millis // 1000 else millis end,
        'distinct_id': coalesce(user_id, '$device:' || device_id),
        '$insert_id': case when hash(key) % 50 > 0 then md5(key) end,
        '$device_id': device_id,
        '$user_id': user_id,
        'mp_processing_time_ms': millis + delay + 2000,
        '$email': email,
        'account_type': account_type,
        '$browser': 'Firefox',
        'mp_lib': 'web'
    }
})::varchar as line from calls
"""

_AMPLITUDE_TIME = "strftime(make_timestamp(({}) * 1000), '%Y-%m-%d %H:%M:%S.%f')"
_AMPLITUDE = f"""
select to_json({{
    '$insert_id': md5(key),
    'amplitude_id': cast(person_id as bigint),
    'client_event_time': {_AMPLITUDE_TIME.format("millis + case when hash(key) % 100 = 1 then 260000000 else 40 end")},
    'client_upload_time': {_AMPLITUDE_TIME.format("millis + delay + 1000")},
    'device_id': device_id,
    'event_properties': {{'screen': 'board'}},
    'event_time': {_AMPLITUDE_TIME.format("millis")},
    'event_type': event,
    'platform': 'Web',
    'server_received_time': {_AMPLITUDE_TIME.format("millis + delay + 1500")},
    'server_upload_time': {_AMPLITUDE_TIME.format("millis + delay + 1600")},
    'user_id': user_id,
    'user_properties': {{'email': email, 'role': 'clinician'}},
    'uuid': md5('uuid' || key)
}})::varchar as line from (from calls order by ((millis + delay + 1600) // 3600000) % 24, key)
"""

_SEGMENT_TIME = "strftime(make_timestamp(({}) * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')"
_SKEW = "case when hash(key) % 80 = 1 then 400000000 else 0 end"
_SEGMENT = f"""
select to_json({{
    'type': case when event in ('identify', 'alias') then event when event = 'Page Viewed' then 'page' else 'track' end,
    'event': case when event not in ('identify', 'alias', 'Page Viewed') then event end,
    'name': case when event = 'Page Viewed' then event end,
    'messageId': 'ajs-' || md5(key),
    'anonymousId': device_id,
    'userId': user_id,
    'previousId': from_id,
    'originalTimestamp': {_SEGMENT_TIME.format(f"millis + {_SKEW}")},
    'sentAt': {_SEGMENT_TIME.format(f"millis + delay + 20 + {_SKEW}")},
    'receivedAt': {_SEGMENT_TIME.format("millis + delay + 20")},
    'timestamp': {_SEGMENT_TIME.format("millis")},
    'properties': {{'path': '/desk'}},
    'traits': case when event = 'identify' then {{'email': email}} end,
    'context': {{'library': {{'name': 'analytics.js', 'version': '2.1.0'}}}}
}})::varchar as line from calls
"""

_LINES = {"mixpanel": _MIXPANEL, "amplitude": _AMPLITUDE, "segment": _SEGMENT}
_BROKEN = {
    "mixpanel": '{"event":"Recommendation Clicked","properties":{"time":17',
    "amplitude": '{"$insert_id":"broken","event_type":"Triage Opened","event_ti',
    "segment": '{"type":"track","event":"Draft Inserted","messageId":"ajs-bro',
}
_WRONG_CLOCK = (
    '{"event":"Recommendation Clicked","properties":'
    '{"time":%d,"distinct_id":"cust-00007","$user_id":"cust-00007","mp_processing_time_ms":%d}}'
)


class _Writer:
    """One source's files, a file an upload day, with what goes wrong on the way."""

    def __init__(self, world: World, landing: Path, source: str, connection: duckdb.DuckDBPyConnection) -> None:
        self.world, self.source, self.connection = world, source, connection
        self.folder = landing / source
        self.folder.mkdir(parents=True, exist_ok=True)
        self.waiting: dict[int, list[pa.Table]] = defaultdict(list)
        self.rows = {"rows": 0, "duplicates": 0, "quarantined": 0}

    def write(self, age: int, day: date, calls: pa.Table | None) -> None:
        """Write the file uploaded on `day`: its events but for the late ones, and those now arriving."""
        rng = self.world.rng("analytics", self.source, "delivery", day)
        now = self.waiting.pop(age, [])
        if calls is not None:
            size = calls.num_rows
            delay = np.where(rng.random(size) < 0.02, rng.integers(1, 6, size), 0)
            delay[age + delay >= self.world.days] = 0
            if self.source == "segment" and age == QUIET_DAY - 1:
                delay[:3] = 1
            calls = calls.set_column(calls.schema.get_field_index("delay"), "delay", pa.array(delay * 86_400_000))
            for days in range(1, 6):
                self._hold(age + days, calls, delay == days)
            now.append(calls.filter(pa.array(delay == 0)))
            again = (rng.random(size) < 0.01) & (delay == 0)
            if self.source == "mixpanel":
                # Without an insert id nothing tells a second delivery from a second event.
                again &= self._has_insert_id(calls)
            tomorrow = again & (rng.random(size) < 0.5) & (age + 1 < self.world.days)
            self._hold(age + 1, calls, tomorrow)
            now.append(calls.filter(pa.array(again & ~tomorrow)))
            self.rows["duplicates"] += int(again.sum())
        table = pa.concat_tables(now) if now else None
        broken = self._broken(age)
        self.rows["rows"] += 0 if table is None else table.num_rows
        self.rows["quarantined"] += len(broken)
        self._write_file(day, table, broken)

    def _hold(self, until: int, calls: pa.Table, chosen: Flags) -> None:
        if chosen.any():
            self.waiting[until].append(calls.filter(pa.array(chosen)))

    def _has_insert_id(self, calls: pa.Table) -> Flags:
        self.connection.register("calls", calls)
        found = self.connection.sql("select hash(key) % 50 > 0 as has from calls").fetchnumpy()
        return np.asarray(found["has"], np.bool_)

    def _broken(self, age: int) -> list[str]:
        broken = [_BROKEN[self.source]] if age % 10 == 4 else []
        if self.source == "mixpanel" and age % 15 == 6:
            now = _millis(self.world, self.world.dates[age])
            broken += [_WRONG_CLOCK % (time, now) for time in (86_400, now // 1000 + 2 * 365 * 86_400)]
        return broken

    def _write_file(self, day: date, table: pa.Table | None, broken: list[str]) -> None:
        name = self.folder / f"{day.isoformat()}.jsonl"
        self.connection.register("calls", table if table is not None else _EMPTY)
        self.connection.register("broken", pa.table({"line": pa.array(broken, pa.string())}))
        lines = _LINES[self.source].replace("{day}", str(day.toordinal()))
        # A delimiter and no quotes that JSON could hold: each line is written as it is.
        self.connection.execute(
            f"copy ({lines} union all select line from broken) to '{name}' "
            "(format csv, header false, delimiter '\x01', quote '', escape '')"
        )
        if self.source == "amplitude":
            _zip_hours(name, day)
        else:
            with Path(f"{name}.gz").open("wb") as target, name.open("rb") as plain, _gzipped(target) as packed:
                shutil.copyfileobj(plain, packed, 2**20)
        name.unlink()


_PROJECT = "287416"
_UPLOAD_HOUR = re.compile(r'"server_upload_time":"[-0-9]{10} ([0-9]{2})')
_EMPTY = pa.table(
    {
        **{
            name: pa.array([], pa.string())
            for name in (
                "key", "event", "user_id", "device_id", "person_id", "email", "account_type", "from_id"
            )
        },
        **{name: pa.array([], pa.int64()) for name in ("millis", "delay")},
    }
)  # fmt: skip


def _gzipped(target: IO[bytes]) -> gzip.GzipFile:
    # No name and no time inside: the same world gives the same bytes.
    return gzip.GzipFile("", "wb", 6, target, 0)


def _zip_hours(lines: Path, day: date) -> None:
    """A day's upload as Amplitude's export zips it: a gzipped file for each hour of upload."""
    hour = "00"

    def upload_hour(line: str) -> str:
        nonlocal hour
        found = _UPLOAD_HOUR.search(line)
        # A broken line lies beside the one before it.
        hour = found[1] if found else hour
        return hour

    with zipfile.ZipFile(lines.with_suffix(".zip"), "w") as archive, lines.open() as text:
        for uploaded, group in groupby(text, upload_hour):
            inner = f"{_PROJECT}/{_PROJECT}_{day.isoformat()}_{int(uploaded)}#0.json.gz"
            member = zipfile.ZipInfo(inner, date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(member, "w", force_zip64=True) as target, _gzipped(target) as packed:
                packed.writelines(line.encode() for line in group)


def _write_merges(world: World, landing: Path, people: People) -> None:
    """Amplitude's `MERGE_IDS`: whose second device it turned out to be."""
    plan = next(plan for plan in PLANS if plan.feature == "triage-dashboard")
    lines = []
    linked = (people.links_second >= 0) & (people.links_second < world.days)
    for user in (int(i) for i in np.flatnonzero(linked)):
        at = world.at(world.dates[int(people.links_second[user])]) + timedelta(minutes=30)
        lines.append(
            f'{{"amplitude_id":{10**9 + _number(plan, user)},'
            f'"merged_amplitude_id":{2 * 10**9 + _number(plan, user)},'
            f'"merge_event_time":"{_naive(at)}","merge_server_time":"{_naive(at + timedelta(hours=1))}"}}\n'
        )
    if lines:
        folder = landing / "amplitude" / "merge_ids"
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(sorted(lines)).encode()
        (folder / "MERGE_IDS.json.gz").write_bytes(gzip.compress(text, mtime=0))


def _naive(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
