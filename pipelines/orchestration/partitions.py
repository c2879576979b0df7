"""Days as Dagster partitions, the days that runs need, and date ranges: one run for any number of days.

One asset has partitions: the days that are built (`marts.BUILT`). Dagster records every partition of every asset as an
event; what is made from or for a day reads the days from the run instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from pipelines.settings import Settings
from pipelines.warehouse.status import Status

DAY = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ONE_RUN = dg.BackfillPolicy.single_run()
MAX_GAP_DAYS = 31
"""Stale days further apart than this get separate runs: Dagster records every day of a run's range, and every run
rebuilds the non-incremental tables in full."""


def day_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """A partition per UTC day, from the first built day to today."""
    return dg.DailyPartitionsDefinition(start_date=settings.first_day.isoformat(), end_offset=1)


def days_of(context: dg.AssetExecutionContext) -> list[date] | None:
    """The days requested by the run; None requests every stale day."""
    tags = context.run.tags
    if RANGE_START in tags:
        first, last = date.fromisoformat(tags[RANGE_START]), date.fromisoformat(tags[RANGE_END])
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [date.fromisoformat(tags[DAY])] if DAY in tags else None


def range_tags(first: date, last: date) -> dict[str, str]:
    """The run tags that request every day from `first` to `last`, inclusive."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def range_of(tags: Mapping[str, str]) -> tuple[str, str]:
    """The first and the last day that a run's `tags` request, as in `range_tags`; empty if they request none."""
    return tags.get(RANGE_START, ""), tags.get(RANGE_END, "")


def ranges_to_run(
    found: Status, asked: tuple[date | None, date | None] = (None, None), force: bool = False
) -> list[tuple[date, date]]:
    """The first and the last day of each run that the home needs, in order.

    The stale days, or with `force` every covered one, from the first to the last day `asked` for. Where no day is stale
    but models have changed or marts are not published, the newest covered day; today where nothing is covered, so that
    the marts exist, without rows.
    """
    first, last = asked
    covered = up_to_today(found.covered)
    days = covered if force else up_to_today(found.stale_days)
    if not force and not days and (found.unpublished or found.changed_models):
        days = covered[-1:] or [datetime.now(UTC).date()]
    return list(date_ranges(day for day in days if (first or date.min) <= day <= (last or date.max)))


def date_ranges(days: Iterable[date], max_gap: int = MAX_GAP_DAYS) -> Iterator[tuple[date, date]]:
    """(first, last) of each date range of `days` with at most `max_gap` days from one to the next, in order."""
    current: list[date] = []
    for day in sorted(days):
        if current and day - current[-1] > timedelta(days=max_gap):
            yield current[0], current[-1]
            current = []
        current.append(day)
    if current:
        yield current[0], current[-1]


def up_to_today(days: Iterable[date]) -> list[date]:
    """`days` without future ones: a row with a time in the future waits for its day."""
    today = datetime.now(UTC).date()
    return [day for day in days if day <= today]
