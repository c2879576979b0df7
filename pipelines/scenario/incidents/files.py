"""What both systems' exports share: their addresses, and files of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

SITE = "https://meridian.atlassian.net"
ACCOUNT = "https://meridian.pagerduty.com"


def write_lines(path: Path, documents: Iterable[object]) -> None:
    """Write `documents`, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
