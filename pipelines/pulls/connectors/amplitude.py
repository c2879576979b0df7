"""Amplitude: the events of a project, by the Export API, a day of uploads at a time.

Not asked for: users, cohorts. Events have what the company sends with them; the source's tables have their properties.

An answer is a zip of gzipped JSON lines; these are joined to one gzip file, which needs no unpacking. A range without
events is 404, one of more than 4 GB is 400, and one that takes too long 504: it is asked for in halves, down to an hour
(https://amplitude.com/docs/apis/analytics/export, https://github.com/airbytehq/airbyte/issues/7900). A day is by the
time of upload and never changes, but is complete only two hours after its end.
"""

from __future__ import annotations

import base64
import gzip
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from pipelines.pulls.errors import PullError, StatusError
from pipelines.pulls.spec import Api, Connector, Download, Page, Plan, Position, Stream, Window, Written
from pipelines.settings.pulls import AmplitudePullSettings, PullSettings

HOUR = timedelta(hours=1)
NO_DATA, TOO_LARGE = 404, (400, 504)
PIECE = 2**20
EMPTY = gzip.compress(b"", mtime=0)
"""A gzip file without a line, so that a day without events is known to be one."""


def _events(api: Api, window: Window, position: Position | None) -> Iterator[Page]:
    ranges = [(window.start, window.end)]
    if position is not None:
        ranges = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in position["ranges"]]
    while ranges:
        start, end = ranges[0]
        # Both hours are included.
        asked = {"start": f"{start:%Y%m%dT%H}", "end": f"{end - HOUR:%Y%m%dT%H}"}
        rest = {"ranges": [[a.isoformat(), b.isoformat()] for a, b in ranges[1:]]}
        try:
            with api.file(Download("/api/2/export", asked, _is_whole)) as archive:
                yield Page(Written(partial(_joined, archive)), (), rest, is_last=len(ranges) == 1)
        except StatusError as error:
            if error.code in TOO_LARGE and end - start > HOUR:
                middle = start + (end - start) // HOUR // 2 * HOUR
                ranges[:1] = [(start, middle), (middle, end)]
                continue
            if error.code != NO_DATA:
                raise
            yield Page(Written(_nothing), (), rest, is_last=len(ranges) == 1)
        ranges = ranges[1:]


def _is_whole(first: bytes, last: bytes) -> None:
    if not (first.startswith(b"PK") and b"PK\x05\x06" in last):
        raise ValueError(f"is no whole zip file: it begins with `{first[:20].decode(errors='replace')}`")


def _joined(archive: Path, into: BinaryIO) -> int:
    """Append the archive's gzip files, which are one when joined; returns the number of their lines."""
    lines = 0
    try:
        with zipfile.ZipFile(archive) as files:
            for name in sorted(files.namelist()):
                if not name.endswith(".gz"):
                    continue
                with files.open(name) as member, gzip.open(member) as text:
                    lines += sum(piece.count(b"\n") for piece in iter(partial(text.read, PIECE), b""))
                with files.open(name) as member:
                    copyfileobj(member, into, PIECE)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise PullError(f"amplitude: the zip file that was exported is damaged ({error}): pull again") from None
    return lines


def _nothing(into: BinaryIO) -> int:
    into.write(EMPTY)
    return 0


def _headers(settings: PullSettings, token: str) -> dict[str, str]:
    assert isinstance(settings, AmplitudePullSettings)  # noqa: S101 - what PullsSettings has under this name
    basic = base64.b64encode(f"{settings.api_key}:{token}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


def _streams(_: PullSettings) -> list[Stream]:
    # Two days, so that one that was not complete at the last pull is not left out.
    plan = Plan("day", overlap=timedelta(days=2), settled=timedelta(hours=3))
    return [Stream("events", "amplitude_export", plan, _events, ".json.gz")]


CONNECTOR = Connector(
    name="amplitude",
    source="amplitude",
    title="Amplitude",
    base_url="https://amplitude.com",
    permission="the secret key of the project that `api_key` belongs to, which an admin can see",
    headers=_headers,
    streams=_streams,
)
