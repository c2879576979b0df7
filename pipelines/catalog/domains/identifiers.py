"""Identifiers of members in other systems; on any day an identifier belongs to one member.

The names of features, surveys, experiments and projects are declared with these; `names` reports unmapped ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogTable, Row, text
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Claim, Entries, Place, overlapping
from pipelines.catalog.parts import Exact, Validity
from pipelines.sources import all_sources

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


IDENTIFIER_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {source.name: source.identifiers for source in all_sources().values() if source.identifiers}
)
"""The kinds of identifier in each source. Product analytics uses the member's features instead."""
if TYPE_CHECKING:
    IdentifierSource = str
else:
    IdentifierSource = Literal[tuple(IDENTIFIER_KINDS)]
KEYED_KIND: Final = "tag"
"""The kind with a key and a value; the others have only a value."""


def _kinds_by_source(schema: dict[str, Any]) -> None:
    schema["allOf"] = [
        {
            "if": {"properties": {"source": {"const": source}}, "required": ["source"]},
            "then": {"properties": {"kind": {"enum": list(kinds)}}},
        }
        for source, kinds in IDENTIFIER_KINDS.items()
    ]


def _kinds_of_billing(schema: dict[str, Any]) -> None:
    schema["properties"]["kind"]["enum"] = list(IDENTIFIER_KINDS["cloud_billing"])


class Identifier(Validity):
    """An identifier in another system."""

    model_config = ConfigDict(json_schema_extra=_kinds_by_source)

    source: IdentifierSource = Field(description="The system that uses this identifier.")
    kind: str = Field(
        description="The kind of identifier: "
        + "; ".join(f"{source}: {', '.join(kinds)}" for source, kinds in IDENTIFIER_KINDS.items())
        + "."
    )
    key: Exact | None = Field(
        None,
        validate_default=True,
        description="The tag's key, case-sensitive as billed; tags only.",
    )
    value: Exact = Field(description="The identifier, exactly as in that system.")

    @field_validator("kind")
    @classmethod
    def _check_kind(cls, kind: str, info: ValidationInfo) -> str:
        source = info.data.get("source")
        if source is not None and kind not in IDENTIFIER_KINDS[source]:
            allowed = ", ".join(f"`{allowed}`" for allowed in IDENTIFIER_KINDS[source])
            raise ValueError(f"expected a kind that `{source}` has: {allowed}")
        return kind

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind == KEYED_KIND and key is None:
            raise ValueError("expected the tag's key")
        if kind is not None and kind != KEYED_KIND and key is not None:
            raise ValueError(f"expected no key: `{kind}` has only a value")
        return key


class BillingIdentifier(Identifier):
    """An identifier on a cloud bill."""

    model_config = ConfigDict(json_schema_extra=_kinds_of_billing)

    source: Literal["cloud_billing"] = Field(
        "cloud_billing", description="Shared costs come from cloud bills; optional."
    )


def check(entries: Entries) -> Iterator[Problem]:
    """Identifiers claimed by two members, or by a member and a shared pool, on the same days."""
    claims: defaultdict[tuple[str, str, str | None, str], list[Claim]] = defaultdict(list)
    for member in entries.members:
        for i, name in enumerate(member.value.identifiers):
            place = Place(member.document, ("identifiers", i, "value"))
            claim = Claim(place, f"`{member.value.id}`", name)
            claims[name.source, name.kind, name.key, name.value].append(claim)
    for pool in entries.pools:
        for i, name in enumerate(pool.value.match):
            place = Place(pool.document, ("match", i, "value"))
            claim = Claim(place, f"the shared pool `{pool.value.id}`", name)
            claims[name.source, name.kind, name.key, name.value].append(claim)
    for (source, kind, key, value), claimed in claims.items():
        for first, second in overlapping(claimed):
            written = f"{key}={value}" if key else value
            yield second.place.problem(
                f"found the {source} {kind} `{written}` that {first.claimant} claims on the same days ({first.place})",
                "Keep one of them, or let one end (`to`) where the other begins (`from`)",
            )


def _identifiers(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for name in member.identifiers:
            yield (
                member.id,
                name.source,
                name.kind,
                name.key,
                name.value,
                name.valid_from,
                name.valid_to,
            )


NAME_COLUMNS: Final = (
    text("identifier_kind", "What the name is there: tag, resource_id, model_name, service_id, …."),
    text("identifier_key", "The tag's key, case kept; null for all but tags."),
    text("identifier_value", "The identifier, exactly as in that system."),
)


TABLES: Final = (
    CatalogTable(
        "identifiers",
        "One row per identifier of a member in a source, and its validity interval. On any day an "
        "identifier belongs to one member at most.",
        (MEMBER_ID, text("source", "The source that uses the name."), *NAME_COLUMNS, *VALIDITY),
        ("source", "identifier_kind", "identifier_key", "identifier_value", "valid_from"),
        _identifiers,
    ),
)
