"""The parts of a review: sections of text, lists, tables and charts, rendered as a page and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["on_target", "at_risk", "off_target", "no_target", "no_data"]


@dataclass(frozen=True)
class Cell:
    """A table cell.

    Args:
        text: the main text.
        note: smaller text below it.
        status: sets its colour, mark and label.
        trend: the values of the weeks before, None if missing; drawn on the page only.
    """

    text: str
    note: str = ""
    status: str | None = None
    trend: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table; the first column names its rows.

    Args:
        caption: what it shows, also for screen readers.
        head: the columns' names.
        rows: one cell per column.
        numbers: the indexes of numeric columns.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A chart and its text summary; Markdown has only the summary."""

    svg: str
    reading: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[str, ...]


Block = Table | Picture | Text | Items


@dataclass(frozen=True)
class Section:
    """A part of a review; `says` is its one sentence."""

    key: str
    title: str
    says: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Review:
    """A whole review.

    Args:
        title: its title.
        company: the company's name.
        facts: name and text of its properties: period, team, data range.
        sections: in reading order.
        made: its footer: how it was made and from which data.
        page: the page's view of the same period and team or model, as a relative address.
    """

    title: str
    company: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    made: str
    page: str


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell | str]], numbers: Sequence[int] = ()
) -> Table:
    """A table; plain text becomes cells."""
    made = (tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)
    return Table(caption, tuple(head), tuple(made), frozenset(numbers))
