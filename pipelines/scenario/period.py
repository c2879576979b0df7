"""The sample company's dates: the day it starts on, and its catalog's dates moved to it.

Its catalog and its projects are written for a company that starts on `FIRST_DAY`; the writers count days from the start
and need no moving. What is known here is dates alone, not what happens on them.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from pipelines.scenario.world import FIRST_DAY

_DAY = re.compile(r"(?<!\d)(20\d{2})-(\d{2})-(\d{2})(?!\d)")
_MONTH = re.compile(r'(?<=")(20\d{2})-(\d{2})(?=")')


def first_day(today: date) -> date:
    """The day on which a company that ends the day before `today` starts: the first of the month before last.

    Marts of money are read over whole months. So it has two, always its first two, and what is planted shows in them
    whatever the day; a span of a fixed length has one or none of them on some days, and only its beginning.
    """
    return ((today.replace(day=1) - timedelta(days=1)).replace(day=1) - timedelta(days=1)).replace(day=1)


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
