"""Whether an answer is what its source reads: the fields that the source's format requires.

Fields that nobody asked about pass. A list that is missing stops the pull; a record that lacks a field is written all
the same, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipelines.pulls.errors import PullError
from pipelines.sources import all_sources
from pipelines.sources.spec import Format


def format_of(source: str, form: str) -> Format:
    """The format called `form` of `source`."""
    return next(item for item in all_sources()[source].formats if item.name == form)


def records_of(form: Format, document: Any, what: str) -> list[Any]:
    """The records of a page; of a form without a path, the document's own.

    Raises:
        PullError: the list that the format has its records in is not there.
    """
    if not form.records:
        return document if isinstance(document, list) else [document]
    for path in form.records:
        found = document.get(path.removeprefix("$.")) if isinstance(document, dict) else None
        if isinstance(found, list):
            return found
    raise _no_list(document, form.records[0].removeprefix("$."), what)


def listed(document: Any, key: str, what: str) -> list[Any]:
    """The list that an answer has under `key`; with an empty key, the answer itself.

    Raises:
        PullError: there is none; `what` was asked for.
    """
    found = document.get(key) if key and isinstance(document, dict) else None if key else document
    if isinstance(found, list):
        return found
    raise _no_list(document, key, what)


class Missing:
    """Counts the required fields that records lack."""

    def __init__(self, form: Format) -> None:
        """None is missing yet."""
        self._form, self._counts, self._seen = form, Counter[str](), 0

    def look(self, records: Sequence[Any]) -> None:
        """Count those of these records."""
        self._seen += len(records)
        for path in self._form.requires:
            keys = path.removeprefix("$.").split(".")
            self._counts[".".join(keys)] += sum(not _has(record, keys) for record in records)

    def sentences(self, what: str) -> list[str]:
        """A sentence for each field that is missing."""
        return [
            f"{what}: {count:,} of {self._seen:,} records have no `{field}`, which the source requires"
            for field, count in self._counts.items()
            if count
        ]


def _no_list(document: Any, key: str, what: str) -> PullError:
    keys = ", ".join(sorted(document)) if isinstance(document, dict) else type(document).__name__
    expected = f"one with a list `{key}`" if key else "a list"
    return PullError(
        f"{what}: found an answer with {keys or 'no fields'}; expected {expected}. "
        "The vendor's API has changed, or `base_url` is another API's"
    )


def _has(record: Any, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(record, dict) or key not in record:
            return False
        record = record[key]
    return True
