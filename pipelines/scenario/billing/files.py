"""Writing a delivered file: the same world gives the same bytes and times."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path


def hour_of(day: date, hours: float = 0) -> datetime:
    """So many hours into `day`, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)


def iso_day(day: date) -> str:
    """Midnight of `day` as FOCUS writes it."""
    return f"{day}T00:00:00Z"


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, object]], at: datetime) -> None:
    """Write `rows` as CSV, packed where the path ends so, as delivered `at`."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    write: Callable[[Path, str, datetime], None] = write_gzip if path.suffix == ".gz" else _plain_file
    write(path, text.getvalue(), at)


def _cell(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


def write_gzip(path: Path, text: str, at: datetime) -> None:
    """Write `text` packed, as delivered `at`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # No time stamp in the archive: the same world gives the same bytes.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    stamp(path, at)


def _plain_file(path: Path, text: str, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    stamp(path, at)


def stamp(path: Path, at: datetime) -> None:
    """Let the file have been modified `at`."""
    os.utime(path, (at.timestamp(), at.timestamp()))
