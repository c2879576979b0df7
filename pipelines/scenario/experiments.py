"""Experiments: assignment logs, users' metric events, panels and studies of units, with the lifts that were planted.

What was true of each arm is counted here, apart from the pipeline, from the same draws; the catalog beside the sample
company declares the experiments.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from pipelines.scenario.world import World

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

HOUR = 3_600_000
DAY = 24 * HOUR
WINDOW = 72 * HOUR
"""Milliseconds, as are all times here, counted from the world's first midnight."""
LATE_AGE, LATE_BY = 20, 5
"""Part of the exposures of the 21st day is delivered five days late."""


@dataclass
class Events:
    """Events of one name: whose (index into the users), when, how many cents (None: it is only counted)."""

    name: str
    user: Whole
    at: Whole
    cents: Whole | None = None


@dataclass(frozen=True)
class Users:
    """The users of one day's cohort: when each met its arm first, and which (0: the control)."""

    at: Whole
    arm: Whole

    @property
    def size(self) -> int:
        """How many they are."""
        return self.at.size


@dataclass(frozen=True)
class Plan:
    """An experiment as it was run. `split` is the share the treatment truly got, `behave` what users then do.

    Ages are days after the world's start; without an end it runs on. `both_arms` is the share of users that meet the
    other arm as well; `planted` is what the laws say of each metric: the control's level, and the relative lift.
    """

    id: str
    key: str
    arms: tuple[str, str]
    start: int
    end: int | None
    daily_users: int
    behave: Callable[[np.random.Generator, Users, int], list[Events]]
    metrics: dict[str, tuple[str, str, str | None]]
    planted: dict[str, tuple[float, float]]
    split: float = 0.5
    planned_split: float = 0.5
    both_arms: float = 0.002
    pre_days: int = 0
    log: str = "growthbook"
    closed_only: bool = False
    """Whether users within their conversion window are left out, as the catalog says of it."""


@dataclass
class _Drawn:
    """All users of an experiment and what they did."""

    plan: Plan
    at: Whole
    arm: Whole
    both: Flags
    twice: Flags
    again: Whole
    """How long after the first exposure the arm is met again; 0: never."""
    events: list[Events] = field(default_factory=list)


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
        [spent(buys, np.where(users.arm[buys] == 1, 1 + REVENUE_LIFT, 1.0)), spent(past, 1.0), spent(tardy, 3.0)]
    )
    return [Events("purchase", who, at, cents)]


def _pay(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    """False alarms −25 % per payment scored; some cards attract more of them than others."""
    payments = np.repeat(np.arange(users.size), 1 + rng.poisson(PAYMENTS, users.size))
    at = users.at[payments] + rng.integers(0, WINDOW, payments.size)
    chance = rng.beta(HELD, NOT_HELD, users.size) * np.where(users.arm == 1, 1 - FEWER_ALARMS, 1.0)
    alarmed = rng.random(payments.size) < chance[payments]
    return [
        Events("payment_scored", payments, at),
        Events("false_alarm", payments[alarmed], at[alarmed] + 1),
    ]


def _converts(event: str, rates: tuple[float, float]) -> Callable[[np.random.Generator, Users, int], list[Events]]:
    def behave(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
        who = np.flatnonzero(rng.random(users.size) < np.asarray(rates)[users.arm])
        return [Events(event, who, users.at[who] + rng.integers(0, WINDOW, who.size))]

    return behave


def _baskets(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    who = np.arange(users.size)
    cents = np.rint(5_000 * rng.lognormal(0.0, 0.4, users.size)).astype(np.int64)
    return [Events("basket_closed", who, users.at + rng.integers(0, WINDOW, users.size), cents)]


def _drafts(rng: np.random.Generator, users: Users, age: int) -> list[Events]:
    """New hints are tried by everybody: +40 % on the first day, half of it four days later, and so on."""
    drafts = rng.poisson(DRAFTS * np.where(users.arm == 1, 1 + _novelty(age), 1.0))
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
        split=0.44, both_arms=0.02,
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


@dataclass(frozen=True)
class Panel:
    """Units watched day by day, treated from an age on (None: never); effects and levels in the metric's unit.

    The units' own levels add up to nothing within those treated from the same day, so that the relative effect is
    exactly `effect / level`.
    """

    id: str
    key: str
    prefix: str
    groups: tuple[tuple[int, int | None], ...]
    metrics: dict[str, tuple[float, float, float]]
    """Metric → (level without treatment, effect, standard deviation of a unit's day)."""


PANELS: tuple[Panel, ...] = (
    Panel(
        "triage-waiting", "triage_waiting", "site", ((6, 21), (6, 35), (6, 42), (6, None)),
        {"waiting-minutes": (45.0, -9.0, 4.0), "cases-per-hour": (4.0, 8.0, 0.6)},
    ),
    Panel("route-fuel", "route_fuel", "depot", ((20, 28), (20, None)), {"fuel-usd": (900.0, -135.0, 45.0)}),
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """Units seen once each, a day's worth on every day of [start, end). Ages are days after the world's start.

    Who is treated hangs on what moves the outcome too, so that comparing treated with untreated units misleads.
    `effect` is the same for all; `draw` gives a day's columns: the outcome without it under `value`, and `treatment`.
    """

    id: str
    key: str
    metric: str
    prefix: str
    start: int
    end: int
    daily_units: int
    effect: float
    draw: Callable[[np.random.Generator, int], dict[str, NDArray[np.float64]]]
    extension: str


def _cases(rng: np.random.Generator, size: int) -> dict[str, NDArray[np.float64]]:
    """Hard cases on busy days are worked with a draft sooner, and take longer."""
    complexity, backlog = rng.normal(5.0, 2.0, size), rng.poisson(12.0, size).astype(np.float64)
    leaning = 0.5 * (complexity - 5.5) + 0.1 * (backlog - 14.0)
    return {
        "value": 40 + 3 * (complexity - 5) + 0.5 * (backlog - 12) + rng.normal(0.0, 5.0, size),
        "treatment": (rng.random(size) < 1 / (1 + np.exp(-leaning))).astype(np.float64),
        "complexity": complexity,
        "backlog": backlog,
    }


def _invited(rng: np.random.Generator, size: int) -> dict[str, NDArray[np.float64]]:
    """Half are invited by lot. The keen write more in any case, and take it up whether invited or not."""
    keen = rng.normal(0.0, 1.0, size)
    invited = (rng.random(size) < 0.5).astype(np.float64)
    return {
        "value": 8 + 1.5 * keen + rng.normal(0.0, 1.0, size),
        "treatment": (keen + 1.2 * invited - 0.6 + rng.normal(0.0, 0.5, size) > 0).astype(np.float64),
        "instrument": invited,
    }


STUDIES: tuple[Study, ...] = (
    Study("assistant-cases", "assistant_cases", "handling-minutes", "case", 20, 50, 60, -6.0, _cases, "csv"),
    Study(
        "writer-invitation", "writer_invitation", "documents-per-week", "staff", 15, 45, 40, 2.0, _invited, "parquet"
    ),
)  # fmt: skip


def write_experiments(world: World, landing: Path) -> dict[str, object]:
    """Write assignment logs, events and panels under `landing/experiments`; return what was planted.

    Per experiment: each metric's planted level and lift, users in both arms, and per metric and arm the units and exact
    sums (text of decimals) over files delivered; `is_srm` where the split was broken. Per panel: each metric's effect
    and level. Per study: the effect, the units, and how far treated and untreated ones are apart.
    """
    folder = landing / "experiments"
    drawn = [_draw(world, plan) for plan in PLANS]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        connection.execute(
            "create table exposures (log text, age bigint, ms bigint, user_id text, key text, arm text); "
            "create table events (age bigint, ms bigint, user_id text, event text, amount decimal(18, 2), id text)"
        )
        for experiment in drawn:
            _log_exposures(world, experiment, connection)
            _log_events(experiment, connection)
        _write_logs(world, folder, connection)
    panels = {panel.id: _write_panel(world, panel, folder) for panel in PANELS}
    return {
        "experiments": {experiment.plan.id: _truth(world, experiment) for experiment in drawn},
        "panels": panels,
        "studies": {study.id: _write_study(world, study, folder) for study in STUDIES},
    }


def _draw(world: World, plan: Plan) -> _Drawn:
    """Every cohort from its own dice, so that a longer scenario begins with a shorter one's files."""
    last = min(plan.end or world.days, world.days + plan.pre_days)
    cohorts: list[tuple[Whole, ...]] = [(np.empty(0, np.int64),) * 5]
    events: defaultdict[str, list[Events]] = defaultdict(list)
    count = 0
    for age in range(plan.start, last):
        rng = world.rng("experiments", plan.id, age)
        size = round(plan.daily_users * world.scale)
        users = Users(age * DAY + np.sort(rng.integers(0, DAY, size)), (rng.random(size) < plan.split).astype(np.int64))
        both, twice = rng.random(size) < plan.both_arms, rng.random(size) < 0.01
        again = np.where(rng.random(size) < 0.2, rng.integers(DAY // 2, 2 * DAY, size), 0)
        cohorts.append((users.at, users.arm, both.astype(np.int64), twice.astype(np.int64), again))
        for found in plan.behave(rng, users, age):
            found.user = found.user + count
            events[found.name].append(found)
        count += size
    joined = [
        Events(
            name,
            np.concatenate([e.user for e in parts]),
            np.concatenate([e.at for e in parts]),
            np.concatenate([e.cents for e in parts if e.cents is not None]) if parts[0].cents is not None else None,
        )
        for name, parts in events.items()
    ]
    at, arm, both, twice, again = (np.concatenate(parts) for parts in zip(*cohorts, strict=True))
    return _Drawn(plan, at, arm, both == 1, twice == 1, again, joined)


def _user_ids(plan: Plan, index: Whole) -> NDArray[np.str_]:
    return np.char.mod(f"{plan.id}-u%06d", index)


def _is_late(drawn: _Drawn) -> Flags:
    """Whose first exposure comes in the file that is late: a tenth of one day's, of the logs that GrowthBook keeps."""
    if drawn.plan.log != "growthbook":
        return np.zeros(drawn.at.size, np.bool_)
    late: Flags = (drawn.at // DAY == LATE_AGE) & (np.arange(drawn.at.size) % 10 == 3)
    return late


def _log_exposures(world: World, drawn: _Drawn, connection: duckdb.DuckDBPyConnection) -> None:
    """First exposures, some delivered twice, and met again later; the other arm for users that see both."""
    plan, size = drawn.plan, drawn.at.size
    index = np.arange(size)
    late = _is_late(drawn)
    # What is late is met once, or the log would know it in time.
    again = np.flatnonzero((drawn.again > 0) & ~late)
    twice = np.flatnonzero(drawn.twice & ~late)
    both = np.flatnonzero(drawn.both & ~late)
    who = np.concatenate([index, twice, again, both])
    at = np.concatenate(
        [
            drawn.at,
            drawn.at[twice],
            drawn.at[again] + drawn.again[again],
            drawn.at[both] + HOUR,
        ]
    )
    arm = np.concatenate([drawn.arm, drawn.arm[twice], drawn.arm[again], 1 - drawn.arm[both]])
    age = at // DAY
    age[:size] = np.where(late, LATE_AGE + LATE_BY, age[:size])
    ids = _user_ids(plan, who)
    # The nightly acceptance test meets every variation.
    nights = np.arange(plan.start, min(plan.end or world.days, world.days))
    tests = np.repeat(nights, 2)
    at = np.concatenate([at, tests * DAY + 3 * HOUR])
    age = np.concatenate([age, tests])
    ids = np.concatenate([ids, np.char.add("qa-night-", tests.astype(str))])
    arm = np.concatenate([arm, np.tile(np.array([0, 1]), nights.size)])
    rows = pa.table(
        {
            "log": pa.array([plan.log] * at.size),
            "age": age,
            "ms": at,
            "user_id": pa.array(ids.tolist()),
            "key": pa.array([plan.key] * at.size),
            "arm": pa.array(np.asarray(plan.arms)[arm].tolist()),
        }
    )
    connection.register("rows", rows)
    connection.execute("insert into exposures select * from rows")


def _log_events(drawn: _Drawn, connection: duckdb.DuckDBPyConnection) -> None:
    for events in drawn.events:
        size = events.at.size
        rows = pa.table(
            {
                "age": events.at // DAY,
                "ms": events.at,
                "user_id": pa.array(_user_ids(drawn.plan, events.user).tolist(), pa.string()),
                "event": pa.array([events.name] * size, pa.string()),
                "cents": events.cents if events.cents is not None else pa.nulls(size, pa.int64()),
                "number": np.arange(size),
            }
        )
        connection.register("rows", rows)
        # A hundredth of them is delivered twice, under the same id.
        connection.execute(
            "insert into events select age, ms, user_id, event, cents * 0.01, concat_ws('-', user_id, event, number) "
            "from (from rows union all from rows where number % 100 = 7)"
        )


_LOGS = {
    "growthbook": (
        "select strftime(logged_at, '%Y-%m-%dT%H:%M:%S.%gZ') as timestamp, user_id, key as experiment_id, "
        "arm as variation_id, "
        '\'{"country":"CH"}\' as attributes',
        "exposures/{day}.csv",
        "format csv, header",
    ),
    "statsig": (
        "select 'meridian' as company_id, user_id as unit_id, 'user_id' as unit_type, "
        "'get_experiment' as exposure_type, key as name, arm as experiment_group, "
        "strftime(logged_at, '%Y-%m-%d %H:%M:%S.%g') as first_exposure_utc, "
        "cast(logged_at as date) as as_of_pst_date",
        "statsig/{day}.csv",
        "format csv, header",
    ),
    "eppo": (
        "select key as experiment, user_id as subject, arm as variation, "
        "strftime(logged_at, '%Y-%m-%dT%H:%M:%S.%gZ') as timestamp, key as \"featureFlag\", 'all-cards' as allocation, "
        "{'channel': 'card'} as \"subjectAttributes\"",
        "eppo/{day}.jsonl",
        "format json",
    ),
}
"""Log → what a row says, where the day's file lies, how it is written."""


def _write_logs(world: World, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    for name in ("exposures", "statsig", "eppo", "events"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    midnight = f"timestamp '{world.start} 00:00:00'"
    logged = f"select *, {midnight} + to_milliseconds(ms) as logged_at"
    for age, day in enumerate(world.dates):
        for log, (select, path, form) in _LOGS.items():
            found = f"from ({logged} from exposures where log = '{log}' and age = {age})"
            first = [plan.start for plan in PLANS if plan.log == log]
            if age >= min(first):
                target = folder / path.format(day=day)
                connection.execute(f"copy ({select} {found} order by ms, user_id, arm) to '{target}' ({form})")
        connection.execute(
            "copy (select logged_at as timestamp, user_id, event as event_name, amount as value, id as event_id "
            f"from ({logged} from events where age = {age}) order by ms, id) "
            f"to '{folder / 'events' / f'{day}.parquet'}' (format parquet)"
        )
    if world.days > 4:
        broken = folder / "exposures" / f"{world.dates[4]}-broken.csv"
        broken.write_text(
            "timestamp,user_id,experiment_id,variation_id\n"
            f"yesterday evening,somebody,recs_ranking_v3,control\n{world.dates[4]}T08:00:00Z,,recs_ranking_v3,control\n"
        )


def _write_panel(world: World, panel: Panel, folder: Path) -> dict[str, Any]:
    """A file a day with every unit's outcomes; return each metric's level and effect."""
    (folder / "outcomes").mkdir(parents=True, exist_ok=True)
    units = sum(size for size, _ in panel.groups)
    group = np.repeat(np.arange(len(panel.groups)), [size for size, _ in panel.groups])
    starts = [panel.groups[g][1] for g in group]
    own: dict[str, NDArray[np.float64]] = {}
    for metric, (level, _, _) in panel.metrics.items():
        drawn = world.rng("experiments", panel.id, metric).normal(0.0, 0.15 * level, units)
        own[metric] = drawn - np.array([drawn[group == g].mean() for g in group])
    for age, day in enumerate(world.dates):
        lines = ["date,experiment_id,unit_id,metric,value,treated_from"]
        for metric, (level, effect, spread) in panel.metrics.items():
            rng = world.rng("experiments", panel.id, metric, age)
            common = 0.05 * level * np.sin(2 * np.pi * day.weekday() / 7) + rng.normal(0.0, 0.02 * level)
            noise = rng.normal(0.0, spread, units)
            for unit, start in enumerate(starts):
                treated = start is not None and age >= start
                value = level + own[metric][unit] + common + noise[unit] + (effect if treated else 0.0)
                since = _day(world, start) if start is not None else ""
                lines.append(f"{day},{panel.key},{panel.prefix}-{unit:02d},{metric},{value:.4f},{since}")
        (folder / "outcomes" / f"{panel.id}-{day}.csv").write_text("\n".join(lines) + "\n")
    return {
        metric: {"level": level, "effect": effect, "relative": effect / level, "units": units}
        for metric, (level, effect, _) in panel.metrics.items()
    }


def _write_study(world: World, study: Study, folder: Path) -> dict[str, Any]:
    """A file a day with the units observed on it."""
    (folder / "units").mkdir(parents=True, exist_ok=True)
    size = round(study.daily_units * world.scale)
    apart: dict[bool, list[float]] = {True: [], False: []}
    for age, day in enumerate(world.dates[study.start : study.end], study.start):
        columns = study.draw(world.rng("experiments", study.id, age), size)
        treated = columns["treatment"] > 0
        columns["value"] = columns["value"] + study.effect * columns["treatment"]
        for side, values in apart.items():
            values += columns["value"][treated == side].tolist()
        rows = pa.table(
            {
                "date": pa.array([day] * size, pa.date32()),
                "experiment_id": pa.array([study.key] * size, pa.string()),
                "unit_id": pa.array([f"{study.prefix}-{age:03d}-{i:04d}" for i in range(size)], pa.string()),
                "metric": pa.array([study.metric] * size, pa.string()),
                **{name: np.round(values, 4) for name, values in columns.items()},
            }
        )
        write = csv.write_csv if study.extension == "csv" else parquet.write_table
        write(rows, folder / "units" / f"{study.id}-{day}.{study.extension}")
    return {
        "metric": study.metric,
        "effect": study.effect,
        "units": len(apart[True]) + len(apart[False]),
        "difference": float(np.mean(apart[True]) - np.mean(apart[False])) if all(apart.values()) else None,
    }


def _day(world: World, age: int) -> date:
    return world.start + timedelta(days=age)


def _truth(world: World, drawn: _Drawn) -> dict[str, Any]:
    """What the delivered files hold of the experiment, counted from the draws."""
    plan, end = drawn.plan, world.days * DAY
    late = _is_late(drawn)
    delivered = (drawn.at < end) & ~(late & (world.days <= LATE_AGE + LATE_BY))
    # Who meets the other arm after the experiment's end was in one arm while it ran.
    both = drawn.both & ~late & (drawn.at + HOUR < min(end, (plan.end or world.days) * DAY))
    counted = delivered & ~both
    if plan.closed_only:
        counted &= drawn.at + WINDOW <= end
    arms: dict[str, dict[str, Any]] = {
        arm: {"units": int((counted & (drawn.arm == i)).sum())} for i, arm in enumerate(plan.arms)
    }
    events = {e.name: e for e in drawn.events}
    for metric, (kind, name, per) in plan.metrics.items():
        x = _per_user(drawn, events.get(name), end, 0, WINDOW, kind)
        d = _per_user(drawn, events.get(per or ""), end, 0, WINDOW, kind)
        pre = _per_user(drawn, events.get(name), end, -plan.pre_days * DAY, 0, kind)
        cents = name in events and events[name].cents is not None and kind != "proportion"
        scale = Decimal(100 if cents else 1)
        for i, arm in enumerate(plan.arms):
            mine = counted & (drawn.arm == i)
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
            arms[arm][metric] = {key: str(value) for key, value in sums.items()}
    return {
        "planted": {metric: {"control": level, "lift": lift} for metric, (level, lift) in plan.planted.items()},
        "is_srm": plan.split != plan.planned_split,
        "exposed_users": int(delivered.sum()),
        "users_in_both_arms": int((delivered & both).sum()),
        "test_users": max(0, min(plan.end or world.days, world.days) - plan.start),
        "arms": arms,
    }


def _per_user(drawn: _Drawn, events: Events | None, end: int, after: int, before: int, kind: str) -> Whole:
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
