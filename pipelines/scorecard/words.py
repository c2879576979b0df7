"""Formats numbers, days and states as text, for all text written in Python."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Final

NONE: Final = "–"
NBSP: Final = "\u00a0"
"""Keeps a number and its sign on one line."""
STATUSES: Final = {
    "on_target": "on target",
    "at_risk": "at risk",
    "off_target": "off target",
    "no_target": "no target set",
    "no_data": "no data",
}
GRADES: Final = {
    "randomised": "A/B test",
    "quasi_experiment": "quasi-experiment",
    "modelled": "modelled",
    "declared": "unverified claim",
}
ROLES: Final = {"ai_program_lead": "AI program lead", "sre": "SRE"}
"""Roles that are not written like their id with blanks."""
Number = float | int | Decimal


def number(value: Number | None, digits: int = 3) -> str:
    """`value` in three significant digits, a whole number from 1,000 on; a dash for None."""
    if value is None:
        return NONE
    value = round(float(value), 9)  # removes the rounding error of a difference
    size = abs(value)
    # Not by `g` alone, which writes 0.00001 and 12345 as powers of ten.
    text = f"{size:,.0f}" if size >= 1000 else _plain(f"{size:.{digits}g}")
    return f"−{text}" if value < 0 and text.strip("0.,") else text


def amount(value: Number | None, unit: str) -> str:
    """`value` in its unit: a share in percent, USD with its sign, else the bare number."""
    if value is None:
        return NONE
    if unit.startswith("share"):
        return percent(value)
    if unit.startswith("USD"):
        text = number(value)
        return f"−${text[1:]}" if text.startswith("−") else f"${text}"
    return number(value)


def unit_of(unit: str) -> str:
    """The rest of a unit after `amount`: `predictions per hour`, `a month`; empty for a share."""
    return "" if unit.startswith("share") else unit.removeprefix("USD").strip()


def change(value: Number | None, unit: str) -> str:
    """A difference, always signed; for shares in percentage points."""
    if value is None:
        return NONE
    sign = "" if value < 0 or not number(value).strip("0.") else "+"
    if unit.startswith("share"):
        return f"{sign}{number(100 * float(value))} points"
    return f"{sign}{amount(value, unit)}"


def percent(value: Number | None, *, signed: bool = False) -> str:
    """A share in percent; one that is nearly all of a whole is not rounded to it: 99.95 %."""
    if value is None:
        return NONE
    rest = round(1 - float(value), 12)
    text = f"{100 - 100 * rest:.{min(6, -math.floor(math.log10(rest)) - 2)}f}" if 0 < rest < 0.005 else None
    return f"{'+' if signed and value > 0 else ''}{text or number(100 * float(value))}{NBSP}%"


def interval(low: Number | None, high: Number | None, unit: str) -> str:
    """`low to high`; empty where there is no interval."""
    return "" if low is None or high is None else f"{amount(low, unit)} to {amount(high, unit)}"


def change_interval(low: Number | None, high: Number | None, unit: str) -> str:
    """The same for a difference, with the unit once."""
    if low is None or high is None:
        return ""
    if unit.startswith("share"):
        return f"{change(low, unit).removesuffix(' points')} to {change(high, unit)}"
    return f"{change(low, unit)} to {change(high, unit)}"


def role(name: str) -> str:
    """A role's id as people write it: `data steward`, `SRE`."""
    return ROLES.get(name, name.replace("_", " "))


def roles_sql(column: str) -> str:
    """SQL that writes `column`, ids of roles with a comma between them, likewise: `data steward, SRE`."""
    for name, text in ROLES.items():
        column = f"replace({column}, '{name}', '{text}')"
    return f"replace(replace({column}, '_', ' '), ',', ', ')"


def day(value: date | None) -> str:
    """`16 February 2026`."""
    return NONE if value is None else f"{value.day} {value:%B %Y}"


def short_day(value: date | None) -> str:
    """`16 Feb`."""
    return NONE if value is None else f"{value.day}{NBSP}{value:%b}"


def span(first: date, last: date) -> str:
    """`16 to 22 February 2026`, as much of it as differs."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    return f"{first.day} {first:%B}{f' {first.year}' if first.year != last.year else ''} to {day(last)}"


def moment(value: datetime | None) -> str:
    """`16 Feb 14:05`, UTC."""
    return NONE if value is None else f"{short_day(value)}{NBSP}{value:%H:%M}"


def duration(seconds: float | None) -> str:
    """Minutes, hours or days, whichever reads best."""
    if seconds is None:
        return NONE
    for size, unit in ((86_400 * 2, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{number(seconds / {'d': 86_400, 'h': 3_600, 'min': 60}[unit], 2)}{NBSP}{unit}"
    return f"{number(seconds, 2)}{NBSP}s"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 model`, `2 models`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _plain(text: str) -> str:
    return f"{Decimal(text):f}" if "e" in text else text
