"""The periods of reviews: whole weeks, months and quarters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pipelines.catalog.domains.company import Cadence

GRAINS: Final[dict[Cadence, str]] = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}
CADENCES: Final[dict[str, Cadence]] = {
    "weekly": "weekly",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "launch": "monthly",
}
"""Kind of review → its periods; a launch review uses months."""


@dataclass(frozen=True)
class Period:
    """A week (ISO), month or quarter by its first day."""

    cadence: Cadence
    start: date

    @classmethod
    def holding(cls, cadence: Cadence, day: date) -> Period:
        """The period that `day` is in."""
        if cadence == "weekly":
            return cls(cadence, day - timedelta(days=day.weekday()))
        month = day.month if cadence == "monthly" else 3 * ((day.month - 1) // 3) + 1
        return cls(cadence, date(day.year, month, 1))

    @classmethod
    def last_whole(cls, cadence: Cadence, day: date) -> Period:
        """The newest period that is over when `day` is."""
        found = cls.holding(cadence, day)
        return found if found.end == day else found.before

    @property
    def end(self) -> date:
        """Its last day."""
        return self.after.start - timedelta(days=1)

    @property
    def after(self) -> Period:
        """The next one."""
        reach = {"weekly": 7, "monthly": 31, "quarterly": 92}[self.cadence]
        return Period.holding(self.cadence, self.start + timedelta(days=reach))

    @property
    def before(self) -> Period:
        """The one before."""
        return Period.holding(self.cadence, self.start - timedelta(days=1))

    @property
    def grain(self) -> str:
        """Its length in the marts' terms: week, month or quarter."""
        return GRAINS[self.cadence]

    @property
    def key(self) -> str:
        """`2026-W08`, `2026-02` or `2026-Q1`."""
        if self.cadence == "weekly":
            year, week, _ = self.start.isocalendar()
            return f"{year}-W{week:02}"
        if self.cadence == "monthly":
            return f"{self.start:%Y-%m}"
        return f"{self.start.year}-Q{(self.start.month + 2) // 3}"

    @property
    def name(self) -> str:
        """`Week 8 of 2026`, `February 2026` or `Q1 2026`."""
        if self.cadence == "weekly":
            year, week, _ = self.start.isocalendar()
            return f"Week {week} of {year}"
        if self.cadence == "monthly":
            return f"{self.start:%B %Y}"
        return f"Q{(self.start.month + 2) // 3} {self.start.year}"
