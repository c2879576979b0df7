"""Writing a review: find its period, read the marts, put its sections in the order of its meeting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

import pyarrow as pa

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.company import Cadence
from pipelines.scorecard import words
from pipelines.scorecard.reviews import decisions, sections, shelf
from pipelines.scorecard.reviews.document import Review, Section
from pipelines.scorecard.reviews.facts import Facts
from pipelines.scorecard.reviews.periods import Period
from pipelines.scorecard.reviews.queries import KNOWN, QUERIES

Reader = Callable[[Mapping[str, str], Mapping[str, object]], Mapping[str, pa.Table]]
"""Answers queries, by name, over the published marts, with the values they name."""

TITLES: Final[Mapping[Cadence, str]] = {
    "weekly": "Weekly operations review",
    "monthly": "Monthly metric review",
    "quarterly": "Quarterly business impact review",
}
ORDER: Final[Mapping[Cadence, tuple[Callable[[Facts], Section], ...]]] = {
    "weekly": (
        decisions.open_decisions,
        sections.headline,
        sections.off_target,
        sections.alerts,
        sections.incidents,
        sections.budgets,
        sections.moved,
        sections.why,
        decisions.gates,
        decisions.experiments,
        decisions.notes,
        decisions.governance,
    ),
    "monthly": (
        decisions.open_decisions,
        sections.headline,
        sections.moved,
        sections.why,
        sections.off_target,
        sections.alerts,
        decisions.gates,
        decisions.experiments,
        decisions.notes,
        decisions.governance,
    ),
    "quarterly": (
        decisions.open_decisions,
        sections.headline,
        decisions.roi,
        sections.moved,
        sections.why,
        sections.off_target,
        decisions.experiments,
        decisions.gates,
        sections.alerts,
        decisions.notes,
        decisions.governance,
    ),
}

LAUNCH: Final[tuple[Callable[[Facts], Section], ...]] = (
    decisions.open_decisions,
    decisions.launch_gates,
    decisions.since_launch,
    sections.moved,
    sections.why,
    sections.alerts,
    sections.incidents,
    decisions.experiments,
    decisions.notes,
    decisions.governance,
)
"""For one model, at its 30, 60 and 90 days."""


class NothingKnownError(Exception):
    """A review was requested for days without data."""


def review(
    read: Reader,
    catalog: Catalog,
    period: Period,
    team: str | None = None,
    model: str | None = None,
    published_at: datetime | None = None,
) -> Review:
    """The review of `period`, for the whole workforce, one team of it, or the launch of one model.

    Args:
        read: answers queries over the published marts.
        catalog: provides names, roles and meetings.
        period: a week, month or quarter; one in progress is marked as such.
        team: the id of a team: models it ran at the period's end.
        model: the id of a launched model: its post-launch review, with its gates and months so far.
        published_at: when the marts were published, UTC.

    Raises:
        NothingKnownError: when no day of the period has data, but others have.
    """
    first, last = known_days(read)
    if first is not None and last is not None and (period.start > last or period.end < first):
        raise NothingKnownError(
            f"there is no data for {words.span(period.start, period.end)}: the published marts cover {first} to "
            f"{last}. Choose a day in this range with --as-of, or update the marts: scorecard run"
        )
    values = {
        "start": period.start,
        "end": period.end,
        "horizon": period.after.end,
        "period": period.grain,
        "team": team,
        "model": model,
    }
    tables = {name: table.to_pylist() for name, table in read(QUERIES, values).items()}
    facts = Facts(period, last or period.end, catalog, tables)
    whole = facts.until == period.end
    team_name = next((one.name for one in catalog.teams if one.id == team), team)
    member = next((one for one in catalog.members if one.id == model), None)
    launched = (("Launched", words.day(member.launched)),) if member else ()
    return Review(
        title=f"Post-launch review: {member.name}" if member else f"{TITLES[period.cadence]}: {period.name}",
        company=catalog.company.name,
        facts=(
            (
                "Period",
                words.span(period.start, period.end) + ("" if whole else f", data up to {words.day(facts.until)}"),
            ),
            *(launched or (("Team", team_name or "all teams"), ("Models", str(len(facts["models"]))))),
        ),
        sections=tuple(section(facts) for section in (LAUNCH if model else ORDER[period.cadence])),
        made=(
            f"Written from the marts published at {decisions.known_until(published_at)}. Alerts, incidents and values "
            "are those of the period; decisions, gates, experiments and finance are as known now. Intervals are 95 % "
            "confidence intervals. A change is significant if its adjusted p-value is below 5 % and it exceeds 2 %; it "
            "is not proof of causation."
        ),
        page=page_address(period, team, model),
    )


def page_address(period: Period, team: str | None, model: str | None) -> str:
    """The page's view of `period`, of a `team` or `model` if one is given, from the folder of the reviews."""
    chosen = {"period": period.grain, "start": period.start.isoformat(), "team": team, "model": model}
    return f"{shelf.PAGE}#{urlencode({name: value for name, value in chosen.items() if value})}"


def known_days(read: Reader) -> tuple[date | None, date | None]:
    """The first and the last day covered by the published marts; None if they are empty."""
    (row,) = read({"known": KNOWN}, {})["known"].to_pylist()
    return row["first_day"], row["last_day"]


def period_of(read: Reader, cadence: Cadence, as_of: date | None, today: date) -> Period:
    """The newest period over by `as_of` (by default the last known day), or the one in progress if there is none.

    `today` is used if there is no data at all.
    """
    first, last = known_days(read)
    day = as_of or last or today
    found = Period.last_whole(cadence, day)
    return Period.holding(cadence, day) if first is not None and found.end < first <= day else found
