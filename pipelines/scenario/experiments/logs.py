"""Assignment and event logs of the randomised experiments, with what is late, doubled and broken in them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.scenario.experiments.plans import DAY, HOUR, PLANS, Events, Flags, Plan, Users, Whole
from pipelines.scenario.world import World

LATE_AGE, LATE_BY = 20, 5
"""Part of the exposures of the 21st day is delivered five days late."""


@dataclass
class Drawn:
    """All users of an experiment and what they did."""

    plan: Plan
    at: Whole
    variant: Whole
    both: Flags
    twice: Flags
    again: Whole
    """How long after the first exposure the variant is met again; 0: never."""
    events: list[Events] = field(default_factory=list)


def draw(world: World, plan: Plan) -> Drawn:
    """Every cohort from a generator of its own, so that a longer scenario begins with a shorter one's files."""
    last = min(plan.end or world.days, world.days + plan.pre_days)
    cohorts: list[tuple[Whole, ...]] = [(np.empty(0, np.int64),) * 5]
    events: defaultdict[str, list[Events]] = defaultdict(list)
    count = 0
    for age in range(plan.start, last):
        rng = world.rng("experiments", plan.id, age)
        size = round(plan.daily_users * world.scale)
        users = Users(age * DAY + np.sort(rng.integers(0, DAY, size)), (rng.random(size) < plan.split).astype(np.int64))
        both, twice = rng.random(size) < plan.both_variants, rng.random(size) < 0.01
        again = np.where(rng.random(size) < 0.2, rng.integers(DAY // 2, 2 * DAY, size), 0)
        cohorts.append((users.at, users.variant, both.astype(np.int64), twice.astype(np.int64), again))
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
    at, variant, both, twice, again = (np.concatenate(parts) for parts in zip(*cohorts, strict=True))
    return Drawn(plan, at, variant, both == 1, twice == 1, again, joined)


def _user_ids(plan: Plan, index: Whole) -> NDArray[np.str_]:
    return np.char.mod(f"{plan.id}-u%06d", index)


def is_late(drawn: Drawn) -> Flags:
    """Whose first exposure comes in the file that is late: a tenth of one day's, of the logs that GrowthBook keeps."""
    if drawn.plan.log != "growthbook":
        return np.zeros(drawn.at.size, np.bool_)
    late: Flags = (drawn.at // DAY == LATE_AGE) & (np.arange(drawn.at.size) % 10 == 3)
    return late


def log_exposures(world: World, drawn: Drawn, connection: duckdb.DuckDBPyConnection) -> None:
    """First exposures, some delivered twice, and met again later; the other variant for users that see both."""
    plan, size = drawn.plan, drawn.at.size
    index = np.arange(size)
    late = is_late(drawn)
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
    variant = np.concatenate([drawn.variant, drawn.variant[twice], drawn.variant[again], 1 - drawn.variant[both]])
    age = at // DAY
    age[:size] = np.where(late, LATE_AGE + LATE_BY, age[:size])
    ids = _user_ids(plan, who)
    # The nightly acceptance test meets every variation.
    nights = np.arange(plan.start, min(plan.end or world.days, world.days))
    tests = np.repeat(nights, 2)
    at = np.concatenate([at, tests * DAY + 3 * HOUR])
    age = np.concatenate([age, tests])
    ids = np.concatenate([ids, np.char.add("qa-night-", tests.astype(str))])
    variant = np.concatenate([variant, np.tile(np.array([0, 1]), nights.size)])
    rows = pa.table(
        {
            "log": pa.array([plan.log] * at.size),
            "age": age,
            "ms": at,
            "user_id": pa.array(ids.tolist()),
            "key": pa.array([plan.key] * at.size),
            "variant": pa.array(np.asarray(plan.variants)[variant].tolist()),
        }
    )
    connection.register("rows", rows)
    connection.execute("insert into exposures select * from rows")


def log_events(drawn: Drawn, connection: duckdb.DuckDBPyConnection) -> None:
    """Add what the experiment's users did to the table of events."""
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
        "variant as variation_id, "
        '\'{"country":"CH"}\' as attributes',
        "exposures/{day}.csv",
        "format csv, header",
    ),
    "statsig": (
        "select 'meridian' as company_id, user_id as unit_id, 'user_id' as unit_type, "
        "'get_experiment' as exposure_type, key as name, variant as experiment_group, "
        "strftime(logged_at, '%Y-%m-%d %H:%M:%S.%g') as first_exposure_utc, "
        "cast(logged_at as date) as as_of_pst_date",
        "statsig/{day}.csv",
        "format csv, header",
    ),
    "eppo": (
        "select key as experiment, user_id as subject, variant as variation, "
        "strftime(logged_at, '%Y-%m-%dT%H:%M:%S.%gZ') as timestamp, key as \"featureFlag\", 'all-cards' as allocation, "
        "{'channel': 'card'} as \"subjectAttributes\"",
        "eppo/{day}.jsonl",
        "format json",
    ),
}
"""Log → what a row says, where the day's file lies, how it is written."""


def write_logs(world: World, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Write the tables of exposures and events as the logs' daily files."""
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
                connection.execute(f"copy ({select} {found} order by ms, user_id, variant) to '{target}' ({form})")
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


def day_of(world: World, age: int) -> date:
    """The day so many days after the start."""
    return world.start + timedelta(days=age)
