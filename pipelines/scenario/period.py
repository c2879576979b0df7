"""When the sample company lives: its first and last day, and its planted dates seen from there.

The catalog and the writers were written for a company that starts on `FIRST_DAY`. One that starts on another day keeps
the ages of everything planted. What is known here is dates alone, not what happens on them.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from pipelines.scenario.world import FIRST_DAY

LEAST_DAYS = 60
"""By then everything planted has happened."""
_DAY = re.compile(r"(?<!\d)(20\d{2})-(\d{2})-(\d{2})(?!\d)")
_MONTH = re.compile(r'(?<=")(20\d{2})-(\d{2})(?=")')


def sample_period(today: date) -> tuple[date, int]:
    """The first day and the number of days of a company that ends yesterday.

    It starts with a month, so that its first month is a whole one, and lasts `LEAST_DAYS` days or up to a month more.
    """
    yesterday = today - timedelta(days=1)
    start = (yesterday - timedelta(days=LEAST_DAYS - 1)).replace(day=1)
    return start, (yesterday - start).days + 1


def moved(day: date, start: date) -> date:
    """A day written for a company that starts on `FIRST_DAY`, for one that starts on `start`.

    The first of a month becomes the first of a month, since targets and prices change with months; any other day keeps
    its distance from the start.
    """
    if day.day == 1:
        months = start.year * 12 + start.month - (FIRST_DAY.year * 12 + FIRST_DAY.month)
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        return date(year, month + 1, 1)
    return day + (start - FIRST_DAY)


def moved_text(text: str, start: date) -> str:
    """`text` with every day in it (2026-01-31) and every month in quotation marks ("2026-01") moved."""

    def day(found: re.Match[str]) -> str:
        return moved(date(*map(int, found.groups())), start).isoformat()

    def month(found: re.Match[str]) -> str:
        return f"{moved(date(int(found[1]), int(found[2]), 1), start):%Y-%m}"

    return _MONTH.sub(month, _DAY.sub(day, text))
