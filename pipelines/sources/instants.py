"""Instants that a vendor writes in two ways, as one text; `values.instant` then reads it. No source lives here."""

from __future__ import annotations


def iso_or_milliseconds(value: str) -> str:
    """`value`, an SQL text of ISO time or of milliseconds since 1970, as text the loader casts to an instant."""
    return (
        f"case when regexp_full_match({value}, '[0-9]+') "
        f"then cast(make_timestamp(cast({value} as bigint) * 1000) as varchar) else {value} end"
    )
