"""Mixpanel: events, by the raw export, a day of the project's at a time.

Not asked for: user profiles. Events have what the company sends with them; `events` names those that are needed, where
the others are none of this pipeline's business.

A day of a large project is gigabytes, so it is copied to its file as it comes. An export that fails on Mixpanel's side
after its head was sent ends with `terminated early` and a good status (https://github.com/singer-io/tap-mixpanel), so
the last line must be an event. 60 exports an hour (https://docs.mixpanel.com/docs/rate-limits).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

from pipelines.pulls.spec import Api, Asker, Connector, Download, Listing, Page, Plan, Position, Rate, Stream, Window
from pipelines.settings.pulls import MixpanelPullSettings, PullSettings

EXPORT = "/api/2.0/export"
PIECE = 2**20
LOOKED_AT = 1_000
"""Events that are enough to see what they are called."""


def _events(settings: MixpanelPullSettings, api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    day = f"{window.start:%Y-%m-%d}"
    asked = {"from_date": day, "to_date": day, "project_id": str(settings.project_id)}
    if settings.events:
        asked["event"] = json.dumps(settings.events)
    yield Page(Download(EXPORT, asked, _is_whole, _lines), is_last=True)


def _is_whole(first: bytes, last: bytes) -> None:
    text = last.rstrip()
    if text and not (first.lstrip().startswith(b"{") and text.endswith(b"}")):
        line = text.rsplit(b"\n", 1)[-1][-80:].decode(errors="replace")
        raise ValueError(f"does not end with an event: found `{line}`")


def _lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(piece.count(b"\n") for piece in iter(partial(stream.read, PIECE), b""))


def _headers(settings: PullSettings, token: str) -> dict[str, str]:
    assert isinstance(settings, MixpanelPullSettings)  # noqa: S101 - what PullsSettings has under this name
    basic = base64.b64encode(f"{settings.user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


def _streams(settings: PullSettings) -> list[Stream]:
    assert isinstance(settings, MixpanelPullSettings)  # noqa: S101
    # Devices send events up to five days late; a day is asked for once it is over.
    plan = Plan("day", overlap=timedelta(days=5), settled=timedelta(hours=2))
    return [Stream(f"events/{settings.project_id}", "mixpanel_export", plan, partial(_events, settings), ".jsonl")]


def _look(vendor: Asker, settings: PullSettings, now: datetime) -> list[Listing]:
    assert isinstance(settings, MixpanelPullSettings)  # noqa: S101
    first, last = (f"{now - timedelta(days=days):%Y-%m-%d}" for days in (7, 1))
    asked = {"from_date": first, "to_date": last, "project_id": str(settings.project_id), "limit": str(LOOKED_AT)}
    into = BytesIO()
    vendor.download(Download(EXPORT, asked, _is_whole, _lines), into)
    lines = into.getvalue().splitlines()
    names = sorted({str(json.loads(line).get("event", "")) for line in lines if line.strip()})
    found = [(name, None) for name in names if name and not name.startswith("$")]
    return [Listing(("event of last week", "events of last week"), found, "event", is_whole=len(lines) < LOOKED_AT)]


CONNECTOR = Connector(
    name="mixpanel",
    source="mixpanel",
    title="Mixpanel",
    base_url="https://data.mixpanel.com",
    permission="the secret of a service account with the role Analyst or above in the project",
    headers=_headers,
    streams=_streams,
    rate=Rate(60, 3_600),
    look=_look,
    variable="MIXPANEL_SECRET",
)
