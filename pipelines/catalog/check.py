"""Constraints between the entries of a catalog: each domain's checks, and one entry per day in a history.

What one field or entry can know of itself lives in its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from pipelines.catalog.documents import Document, Location, Problem
from pipelines.catalog.domains import all_domains
from pipelines.catalog.entries import Entries, Place, once
from pipelines.catalog.parts import AsOf, Part

CHECKS: Final = [domain.check for domain in all_domains() if hasattr(domain, "check")]


def check(entries: Entries) -> Iterator[Problem]:
    """All problems between the entries."""
    for member in entries.members:
        yield from _one_a_day(member.document, member.value)
    for project in entries.projects:
        yield from _one_a_day(project.document, project.value)
    for domain_check in CHECKS:
        yield from domain_check(entries)


def _one_a_day(document: Document, part: Part) -> Iterator[Problem]:
    for location, history in _histories(part):
        seen: dict[tuple[str | None, date], Place] = {}
        for i, entry in enumerate(history):
            # Guardrails and KPIs have a history each, in one list.
            key = (getattr(entry, "id", getattr(entry, "kpi", None)), entry.valid_from)
            yield from once(seen, key, Place(document, (*location, i, "from")), "Keep one entry a day")


def _histories(part: Part, at: Location = ()) -> Iterator[tuple[Location, Sequence[AsOf]]]:
    """Every history in `part`, with its location."""
    for name, field in type(part).model_fields.items():
        held, here = getattr(part, name), (*at, field.alias or name)
        if isinstance(held, Part):
            yield from _histories(held, here)
        elif isinstance(held, tuple):
            if held and isinstance(held[0], AsOf):
                yield here, held
            for i, entry in enumerate(held):
                if isinstance(entry, Part):
                    yield from _histories(entry, (*here, i))
