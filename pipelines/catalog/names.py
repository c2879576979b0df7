"""Identifiers of members in other systems: those in the catalog, and the line that adds one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.tables import catalog_tables


class Name(NamedTuple):
    """An identifier in a system: its kind, its key (for a tag; else empty) and its value."""

    source: str
    kind: str
    key: str
    value: str


ELSEWHERE = {
    "event": ("qualifying_events: [{}]", "a feature of a member"),
    "experiment": ("key: {}", "a file in experiments/"),
    "survey": ("survey: {}", "a survey of a member"),
    "project_code": ("codes: [{}]", "a file in projects/"),
}
"""Kinds of name that are not identifiers of a member: the line that declares one, and where it goes."""


def declared_names(catalog: Catalog) -> set[Name]:
    """Every identifier in the catalog, for any validity interval."""
    return set(_declared(catalog))


def _declared(catalog: Catalog) -> Iterator[Name]:
    tables = {table: rows.to_pylist() for table, rows in catalog_tables(catalog).items()}
    for row in tables["identifiers"]:
        yield Name(row["source"], row["identifier_kind"], row["identifier_key"] or "", row["identifier_value"])
    for row in tables["pool_matches"]:
        yield Name("cloud_billing", row["identifier_kind"], row["identifier_key"] or "", row["identifier_value"])
    sources = {row["feature_id"]: row["source"] for row in tables["features"]}
    for row in tables["feature_events"]:
        yield Name(sources[row["feature_id"]], "event", "", row["event_name"])
    for row in tables["surveys"]:
        yield Name(row["source"], "survey", "", row["survey_key"])
    for row in tables["experiments"]:
        yield Name("experiments", "experiment", "", row["experiment_key"])
    for row in tables["project_codes"]:
        yield Name("finance", "project_code", "", row["project_code"])


def line_for(name: Name) -> str:
    """The YAML that maps `name`: an identifier of a member, or an entry of `ELSEWHERE`."""
    if name.kind in ELSEWHERE:
        line, _ = ELSEWHERE[name.kind]
        return line.format(_flow(name.value))
    key = {"key": name.key} if name.key else {}
    return f"- {_flow({'source': name.source, 'kind': name.kind, **key, 'value': name.value})}"


def place_for(name: Name) -> str:
    """Where in the catalog the line goes."""
    if name.kind in ELSEWHERE:
        line, place = ELSEWHERE[name.kind]
        return f"`{line.format('…')}` goes into {place}."
    return "A line goes under `identifiers:` of a member in workforce/, or under `match:` of a pool in shared_costs/."


def _flow(value: object) -> str:
    """`value` as YAML on one line."""
    # PyYAML ends a document that is a scalar with three dots.
    return (
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
        .removesuffix("...\n")
        .strip()
    )
