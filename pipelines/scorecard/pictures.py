"""The half of the page that no data changes, kept on disk: Vega's bundle, and the pictures compiled to Vega.

To make it takes two seconds and Altair's import; it changes with the charts and the libraries' versions alone.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypedDict

CHARTS: Final = Path(__file__).with_name("charts.py")
MAKERS: Final = ("altair", "vl-convert-python")


class Pictures(TypedDict):
    """The script that draws, as it goes into the page, and every picture by name as a Vega specification."""

    libraries: str
    specifications: dict[str, dict[str, Any]]


def pictures(kept: Path, once_run: str) -> Pictures:
    """The pictures, from the folder `kept` or made and put there; the bundle does `once_run` when it has run."""
    made_by = [once_run, CHARTS.read_text(encoding="utf-8"), *map(version, MAKERS)]
    path = kept / f"{hashlib.sha256(chr(0).join(made_by).encode()).hexdigest()[:16]}.json"
    if path.exists():
        found: Pictures = json.loads(path.read_bytes())
        return found
    from pipelines.scorecard.charts import bundle, specifications

    made: Pictures = {"libraries": bundle(once_run), "specifications": specifications()}
    kept.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(made), encoding="utf-8")
    fresh.replace(path)
    for old in kept.glob("*.json"):
        if old != path:
            old.unlink(missing_ok=True)
    return made
