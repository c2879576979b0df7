"""Costs shared by several members: the charges of a pool, its members, and the driver of the split.

The names of a single member's own charges are its `identifiers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogTable, Row, text
from pipelines.catalog.documents import Problem
from pipelines.catalog.domains.identifiers import NAME_COLUMNS, BillingIdentifier
from pipelines.catalog.entries import Claim, Entries, Located, Place, no_member, overlapping, unique_ids
from pipelines.catalog.parts import Part, Slug, Text, Validity

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


class PoolMember(Validity):
    """A member that uses a shared pool."""

    member: Slug = Field(description="The id of a model, agent or decision system.")


class SharedPool(Part):
    """Costs shared by several members, and how they are split."""

    id: Slug = Field(description="Its id, unique among shared pools.")
    name: Text = Field(description="Its name on the scorecard.")
    match: tuple[BillingIdentifier, ...] = Field(
        min_length=1, description="The charges in the pool: those that match any of these."
    )
    members: tuple[PoolMember, ...] = Field(min_length=1, description="The members that share it.")
    driver: Literal["busy_seconds", "tokens", "predictions", "equal"] = Field(
        description="The driver of the split. A driver without data is replaced by the next of "
        "busy_seconds, tokens, predictions, equal; an equal split is flagged."
    )


def check(entries: Entries) -> Iterator[Problem]:
    """Duplicate pools, unknown members, members that share a pool twice on a day."""
    yield from unique_ids(entries.pools)
    for pool in entries.pools:
        yield from _check_members(pool, entries.kind_by_id)


def _check_members(pool: Located[SharedPool], kind_by_id: Mapping[str, str]) -> Iterator[Problem]:
    intervals: defaultdict[str, list[Claim]] = defaultdict(list)
    for i, interval in enumerate(pool.value.members):
        place = Place(pool.document, ("members", i, "member"))
        intervals[interval.member].append(Claim(place, pool.value.id, interval))
        if kind_by_id.get(interval.member, "team") == "team":
            yield no_member(place, kind_by_id)
    for claims in intervals.values():
        for first, second in overlapping(claims):
            yield second.place.problem(
                f"found the member again on the same days, first at {first.place}",
                "Keep one of them, or let one end (`to`) where the other begins (`from`)",
            )


def _shared_pools(catalog: Catalog) -> Iterator[Row]:
    for pool in catalog.pools:
        yield pool.id, pool.name, pool.driver


def _pool_matches(catalog: Catalog) -> Iterator[Row]:
    for pool in catalog.pools:
        for name in pool.match:
            yield pool.id, name.kind, name.key, name.value, name.valid_from, name.valid_to


def _pool_members(catalog: Catalog) -> Iterator[Row]:
    for pool in catalog.pools:
        for interval in pool.members:
            yield pool.id, interval.member, interval.valid_from, interval.valid_to


_POOL_ID: Final = text("pool_id", "The shared pool.")


TABLES: Final = (
    CatalogTable(
        "shared_pools",
        "One row per pool of costs shared by several members.",
        (
            _POOL_ID,
            text("name", "Its name on the scorecard."),
            text(
                "driver",
                "The driver of the split; without data, the next of `busy_seconds`, `tokens`, `predictions`, `equal`.",
            ),
        ),
        ("pool_id",),
        _shared_pools,
    ),
    CatalogTable(
        "pool_matches",
        "One row per billing identifier of the pool, and its validity interval.",
        (_POOL_ID, *NAME_COLUMNS, *VALIDITY),
        ("identifier_kind", "identifier_key", "identifier_value", "valid_from"),
        _pool_matches,
    ),
    CatalogTable(
        "pool_members",
        "One row per pool, member and validity interval in which the member shares the pool.",
        (_POOL_ID, MEMBER_ID, *VALIDITY),
        ("pool_id", "member_id", "valid_from"),
        _pool_members,
    ),
)
