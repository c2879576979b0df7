"""The loaded entries of a catalog with their locations, and helpers for the domains' checks.

A domain's own checks live in its module, what one field or entry can know of itself in its type.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING, Generic, TypeVar

from pipelines.catalog.documents import Document, Location, Problem
from pipelines.catalog.parts import Validity

if TYPE_CHECKING:
    from pipelines.catalog.domains.company import Company
    from pipelines.catalog.domains.costs import SharedPool
    from pipelines.catalog.domains.experiments import Experiment
    from pipelines.catalog.domains.members import AiMember, Team
    from pipelines.catalog.domains.projects import Project


T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Located(Generic[T]):
    """An entry with the document it was loaded from."""

    document: Document
    value: T


@dataclass(frozen=True)
class Entries:
    """All entries that could be loaded."""

    members: Sequence[Located[AiMember]]
    teams: Sequence[Located[Team]]
    pools: Sequence[Located[SharedPool]]
    projects: Sequence[Located[Project]]
    experiments: Sequence[Located[Experiment]] | None
    """None: one has an error of its own, so a name that seems unknown may be in it."""
    company: Located[Company] | None
    kind_by_id: Mapping[str, str]
    """Workforce id → kind, of every file that states one, valid or not: a file with an error is not also missing."""


@dataclass(frozen=True)
class Place:
    """A location in a catalog file."""

    document: Document
    location: Location

    def __str__(self) -> str:
        """The file and line."""
        return f"{self.document.path}:{self.document.problem(self.location, '', '').line}"

    def problem(self, fault: str, remedy: str) -> Problem:
        """A problem here."""
        return self.document.problem(self.location, fault, remedy)


@dataclass(frozen=True)
class Claim:
    """An identifier, question or share claimed on the days of `validity`."""

    place: Place
    claimant: str
    validity: Validity


def unique_ids(
    entries: Iterable[Located[AiMember] | Located[Team] | Located[SharedPool] | Located[Project]],
) -> Iterator[Problem]:
    """A problem for each of `entries` with an id that is already used."""
    seen: dict[str, Place] = {}
    for entry in entries:
        yield from once(seen, entry.value.id, Place(entry.document, ("id",)), "Give one of them another id")


def once(seen: dict[K, Place], key: K, place: Place, remedy: str) -> Iterator[Problem]:
    """A problem at `place` where `key` was `seen` before; else it is now."""
    if key in seen:
        yield place.problem(f"found {place.document.written(place.location)} again, first at {seen[key]}", remedy)
    else:
        seen[key] = place


def overlapping(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Each pair of `claims` that are valid on the same day."""
    for first, second in combinations(claims, 2):
        if _begins_before_end(first.validity, second.validity) and _begins_before_end(second.validity, first.validity):
            yield first, second


def _begins_before_end(one: Validity, other: Validity) -> bool:
    return (one.valid_from or date.min) < (other.valid_to or date.max)


def listed(names: Iterable[str]) -> str:
    """`names` as a message lists them."""
    return ", ".join(f"`{name}`" for name in sorted(names)) or "there is none yet"


def no_member(place: Place, kind_by_id: Mapping[str, str]) -> Problem:
    """The problem that no AI member has the id at `place`; `kind_by_id`: those of `Entries`."""
    members = listed(name for name, kind in kind_by_id.items() if kind != "team")
    return place.problem(
        f"found {place.document.written(place.location)}, expected a model, agent or decision system: {members}",
        "Correct the id, or add its file",
    )
