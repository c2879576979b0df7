"""How records of incidents are named by their addresses, wherever another system's text holds one.

A source that has incidents has a line here; who reads a text then links to its records too.
"""

from __future__ import annotations

from typing import Final

ADDRESSES: Final = {
    "pagerduty": r"pagerduty\.com\\?/incidents\\?/([A-Z0-9]+)",
    "incident_io": r"app\.incident\.io\\?/(?:[A-Za-z0-9_-]+\\?/)?incidents\\?/([A-Za-z0-9]+)",
    "jira": r"\\?/browse\\?/([A-Z][A-Z0-9_]+-[0-9]+)",
}
"""Source → a regular expression for a record's address, its key the one group; slashes may be escaped, as in JSON."""


def mentioned(text: str, by: str) -> str:
    """SQL of the records of sources other than `by` with an address in `text` (SQL): a list of `source:key`."""
    return " || ".join(
        named(f"regexp_extract_all({text}, '{address}', 1)", source)
        for source, address in ADDRESSES.items()
        if source != by
    )


def named(keys: str, source: str) -> str:
    """SQL of the records of `source` that have these `keys` (SQL of a list): a list of `source:key`."""
    return f"list_transform({keys}, lambda key: '{source}:' || key)"
