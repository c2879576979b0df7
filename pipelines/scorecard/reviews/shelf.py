"""What written reviews are called, and the page that lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from pipelines.catalog.domains.company import Cadence
from pipelines.scorecard import words
from pipelines.scorecard.reviews import render
from pipelines.scorecard.reviews.periods import Period

FOLDER: Final = "reviews"
KINDS: Final = {
    "weekly": "Weekly operations",
    "monthly": "Monthly metrics",
    "quarterly": "Quarterly business impact",
    "launch": "After a launch",
}
_NAME: Final = re.compile(
    r"(?P<kind>weekly|monthly|quarterly|launch)-(?P<key>\d{4}-(?:W\d\d|\d\d|Q\d))(?:-(?P<of>[a-z0-9-]+))?\.html"
)


@dataclass(frozen=True)
class Written:
    """A review that is on the shelf; `of` is the team or model it is of."""

    kind: str
    key: str
    of: str | None
    stem: str


def stem(period: Period, team: str | None = None, model: str | None = None) -> str:
    """The file name without its ending: `weekly-2026-W08`, `monthly-2026-02-payments`, `launch-2026-02-triage`."""
    kind: Cadence | str = "launch" if model else period.cadence
    return "-".join(part for part in (kind, period.key, model or team) if part)


def index(file_names: Iterable[str], company: str, names: dict[str, str]) -> str:
    """The page that lists the reviews among `file_names`, the newest first; `names` are those of teams and models."""
    found = [
        Written(match["kind"], match["key"], match["of"], match[0].removesuffix(".html"))
        for match in map(_NAME.fullmatch, sorted(file_names, reverse=True))
        if match
    ]
    shelves = [(title, [one for one in found if one.kind == kind]) for kind, title in KINDS.items()]
    return render.as_index(
        company,
        [
            (
                title,
                [(one.stem, named(one.kind, one.key), names.get(one.of, one.of) if one.of else "") for one in written],
            )
            for title, written in shelves
            if written
        ],
    )


def named(kind: str, key: str) -> str:
    """`2026-W08` of a weekly review in words."""
    year, part = key.split("-")
    if part.startswith("W"):
        week = Period("weekly", date.fromisocalendar(int(year), int(part[1:]), 1))
        return f"{week.name}, {words.span(week.start, week.end)}"
    if part.startswith("Q"):
        return Period("quarterly", date(int(year), 3 * int(part[1:]) - 2, 1)).name
    month = Period("monthly", date(int(year), int(part), 1)).name
    return f"as of {month}" if kind == "launch" else month
