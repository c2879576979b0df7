"""What a review is made of: sections of text, lists, tables and pictures. Page and Markdown are two views of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["on_target", "at_risk", "off_target", "no_target", "no_data"]


@dataclass(frozen=True)
class Cell:
    """What stands in a table at one place.

    Args:
        text: what is read first.
        note: what is said below it, smaller.
        status: coloured and marked by it; the mark's word is said too.
        trend: the values of the weeks before; None where one is missing. Drawn, on the page only.
    """

    text: str
    note: str = ""
    status: str | None = None
    trend: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table; the first column names its rows.

    Args:
        caption: what it shows, for those who cannot see it.
        head: the columns' names.
        rows: as many cells each.
        numbers: the places of the columns that hold numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A picture, and the words that say the same; Markdown has the words alone."""

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
        title: what it is.
        company: whose.
        facts: name and text of what it is of: period, team, how far the data reach.
        sections: in the order they are read.
        made: how and from what it was made, at the end.
    """

    title: str
    company: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    made: str


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell | str]], numbers: Sequence[int] = ()
) -> Table:
    """A table whose plain cells are given as text."""
    made = (tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)
    return Table(caption, tuple(head), tuple(made), frozenset(numbers))
