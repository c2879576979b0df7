"""Ways through a vendor's pages that several connectors share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.pulls.check import records_of
from pipelines.pulls.errors import PullError
from pipelines.pulls.spec import Answer, Api, Json, Page, Position, Window
from pipelines.sources.spec import Format

SHORTEST = timedelta(seconds=2)
"""An interval that is not halved any more."""


@dataclass(frozen=True)
class Listed:
    """A page of a list: how many records the list has where it says so, and whether there are further pages."""

    answer: Answer
    records: list[Json]
    total: int | None
    has_more: bool


def by_intervals(
    window: Window, position: Position | None, most: int, ask: Callable[[datetime, datetime, int], Listed]
) -> Iterator[Page]:
    """The pages of a list that ends after `most` records: a window that holds more is cut in halves.

    Args:
        window: What to list.
        position: Where an earlier pull stopped in it.
        most: How many records the vendor lists at most.
        ask: Gives the page of a number, from 0, of an interval; the first one has the total.

    Raises:
        PullError: more than `most` records are within two seconds.
    """
    intervals, number = [(window.start, window.end)], 0
    if position is not None:
        intervals = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in position["intervals"]]
        number = position["page"]
    while intervals:
        start, end = intervals[0]
        page = ask(start, end, number)
        if number == 0 and (page.total or 0) > most:
            middle = (start + (end - start) / 2).replace(microsecond=0)
            if end - start < SHORTEST:
                raise PullError(f"{window.name}: there are more than {most:,} records in the second after {start}")
            intervals[:1] = [(start, middle), (middle, end)]
            continue
        number += 1
        if not page.has_more:
            intervals, number = intervals[1:], 0
        rest = [[a.isoformat(), b.isoformat()] for a, b in intervals]
        yield Page(page.answer.body, page.records, {"intervals": rest, "page": number}, is_last=not rest)


def by_next_page(
    api: Api, path: str, asked: Mapping[str, Json], position: Position | None, form: Format, what: str
) -> Iterator[Page]:
    """The pages of a list that say `has_more`, and give the next one's token as `next_page`.

    Args:
        api: Whom to ask.
        path: The list's.
        asked: The parameters of each request: a token is good for the query it came from alone.
        position: Where an earlier pull stopped.
        form: The format that reads the pages.
        what: The list, for messages.

    Raises:
        PullError: a page has no list of records, or says that there are more and not where.
    """
    while True:
        answer = api.get(path, {**asked, **(position or {})})
        records = records_of(form, answer.json, what)
        has_more, token = answer.json.get("has_more") is True, answer.json.get("next_page")
        if has_more and not token:
            raise PullError(f"{what}: the answer has no `next_page`, and says that there are further pages")
        position = {"page": token} if has_more else None
        yield Page(answer.body, records, position, is_last=not has_more)
        if not has_more:
            return
