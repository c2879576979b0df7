"""Typeform: completed responses of each form, by the Responses API.

Not asked for: answers to questions for an address, a phone number, a contact or a file, by the form's own definition
(`fields`). Hidden fields and what is known of the browser come unasked; the source's tables have neither.

A page has at most 1,000 responses, newest first; the next one is asked for by the token of its last response
(`before`). Two requests a second are allowed (https://www.typeform.com/developers/responses/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.pulls.check import format_of, listed, records_of
from pipelines.pulls.spec import Api, Asker, Connector, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import PullSettings, TypeformPullSettings

LIMIT = 1_000
RESPONSES = "Typeform Responses API"
PERSONAL = {"email", "phone_number", "contact_info", "address", "file_upload", "calendly", "payment"}
"""Types of question that ask who answers."""


class _Form:
    """A form; its questions are asked for once a pull."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._fields: str | None = None

    def responses(self, api: Api, window: Window, position: Position | None) -> Iterator[Page]:
        if self._fields is None:
            self._fields = ",".join(_questions(api.get(f"/forms/{self._form}").json))
        # Both ends are included, to the second.
        end = window.end - timedelta(seconds=1)
        asked: dict[str, Any] = {
            "since": f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
            "until": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "page_size": LIMIT,
            "fields": self._fields,
        }
        path = f"/forms/{self._form}/responses"
        while True:
            answer = api.get(path, asked | (dict(position) if position else {}))
            records = records_of(format_of("typeform", RESPONSES), answer.json, f"typeform, {path}")
            is_last = not records or (answer.json.get("page_count") or 1) <= 1
            position = {"before": records[-1]["token"]} if records else None
            yield Page(answer.body, records, position, is_last)
            if is_last:
                return


def _questions(form: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the questions that do not ask who answers; a group's are within it."""
    for field in form.get("fields") or []:
        if field.get("type") in PERSONAL:
            continue
        yield field["id"]
        yield from _questions(field.get("properties") or {})


def _streams(settings: PullSettings) -> list[Stream]:
    assert isinstance(settings, TypeformPullSettings)  # noqa: S101 - what PullsSettings has under this name
    plan = Plan("day", overlap=timedelta(days=7))
    # The folder names the form: no answer does.
    return [Stream(form, RESPONSES, plan, _Form(form).responses) for form in settings.forms]


def _look(vendor: Asker, _: PullSettings, __: datetime) -> list[Listing]:
    answer = vendor.get("/forms", {"page_size": 200})
    names = [(row["id"], row.get("title")) for row in listed(answer.json, "items", "typeform, /forms")]
    return [Listing(("form", "forms"), names, "survey", "forms", (answer.json.get("page_count") or 1) <= 1)]


CONNECTOR = Connector(
    name="typeform",
    source="typeform",
    title="Typeform",
    base_url="https://api.typeform.com",
    permission="a personal token with the scopes forms:read and responses:read",
    headers=lambda _, token: {"Authorization": f"Bearer {token}"},
    streams=_streams,
    rate=Rate(2, 1),
    look=_look,
)
