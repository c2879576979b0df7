"""Texts, times and codes as the exports write them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np


def zulu(at: datetime) -> str:
    """The moment in UTC to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def random_code(rng: np.random.Generator, length: int) -> str:
    """A code of capital letters and digits."""
    return "".join(rng.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"), length))


def write_lines(path: Path, lines: Sequence[dict[str, object]]) -> None:
    """Write `lines` as JSON, one a line."""
    write_text(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def write_csv(path: Path, rows: Sequence[Sequence[object]], bom: bool = False) -> None:
    """Write `rows` as CSV, with a byte order mark if asked."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    write_text(path, ("\ufeff" if bom else "") + text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write `text` as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def whole(value: object) -> int:
    """The value, which is a whole number."""
    assert isinstance(value, int)  # noqa: S101
    return value
