"""Days as Dagster partitions, and ranges of them: however many days, one run.

One asset has partitions: the days that are built (`marts.BUILT`). Dagster records every partition of every asset as an
event; what is made from or for a day reads the days from the run instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from pipelines.settings import Settings

DAY = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ONE_RUN = dg.BackfillPolicy.single_run()


def day_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """A partition per UTC day from the first that is ever built up to today."""
    return dg.DailyPartitionsDefinition(start_date=settings.first_day.isoformat(), end_offset=1)


def days_of(context: dg.AssetExecutionContext) -> list[date] | None:
    """The days the run is asked for; None where it names none, which asks for every stale one."""
    tags = context.run.tags
    if RANGE_START in tags:
        first, last = date.fromisoformat(tags[RANGE_START]), date.fromisoformat(tags[RANGE_END])
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [date.fromisoformat(tags[DAY])] if DAY in tags else None


def range_tags(first: date, last: date) -> dict[str, str]:
    """The run tags that ask for every day from `first` to `last`, both included."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def stretches(days: Iterable[date], apart: int = 1) -> Iterator[tuple[date, date]]:
    """(first, last) of each stretch of `days` that are at most so many days `apart`, in order."""
    stretch: list[date] = []
    for day in sorted(days):
        if stretch and day - stretch[-1] > timedelta(days=apart):
            yield stretch[0], stretch[-1]
            stretch = []
        stretch.append(day)
    if stretch:
        yield stretch[0], stretch[-1]


def up_to_today(days: Iterable[date]) -> list[date]:
    """`days` without those to come: a row whose clock runs ahead waits for its day."""
    today = datetime.now(UTC).date()
    return [day for day in days if day <= today]
