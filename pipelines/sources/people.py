"""Ids of people in product analytics, and what programs write where they know none. No source lives here."""

from __future__ import annotations

from pipelines.sources import values

NOBODY = (
    "", "anon", "anonymous", "nil", "<nil>", "none", "null", "n/a", "na", "nan", "undefined", "unknown",
    "not_authenticated", "0", "-1", "true", "false", "[]", "{}", "[object object]",
    "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
"""Ids that name nobody, in lower case: Mixpanel, Amplitude and PostHog reject them today, and kept them formerly. Were
they ids, all who share one would be a single user, and an alias of one would merge everybody."""


def person(value: str) -> str:
    """`value`, SQL for the id of a user or a device, as the text of an id; null where it names nobody."""
    nobody = ", ".join(f"'{text}'" for text in NOBODY)
    return f"case when lower(trim({value})) not in ({nobody}) then {values.identifier(value)} end"
