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
PAGE: Final = "../scorecard.html"
"""The page, from the folder of the reviews."""
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
    found = _written(file_names)
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


def links(file_names: Iterable[str]) -> list[dict[str, str | None]]:
    """What the page links to of the reviews among `file_names`, newest first: address, kind, period, team or model."""
    found = []
    for one in _written(file_names):
        period = _period(one.key)
        found.append(
            {
                "href": f"{FOLDER}/{one.stem}.html",
                "title": f"{KINDS[one.kind]}, {named(one.kind, one.key)}",
                "kind": one.kind,
                "period": period.grain,
                "start": period.start.isoformat(),
                "of": one.of,
            }
        )
    return found


def named(kind: str, key: str) -> str:
    """`2026-W08` of a weekly review in words."""
    period = _period(key)
    if period.cadence == "weekly":
        return f"{period.name}, {words.span(period.start, period.end)}"
    return f"as of {period.name}" if kind == "launch" else period.name


def _written(file_names: Iterable[str]) -> list[Written]:
    return [
        Written(match["kind"], match["key"], match["of"], match[0].removesuffix(".html"))
        for match in map(_NAME.fullmatch, sorted(file_names, reverse=True))
        if match
    ]


def _period(key: str) -> Period:
    year, part = key.split("-")
    if part.startswith("W"):
        return Period("weekly", date.fromisocalendar(int(year), int(part[1:]), 1))
    if part.startswith("Q"):
        return Period("quarterly", date(int(year), 3 * int(part[1:]) - 2, 1))
    return Period("monthly", date(int(year), int(part), 1))
