"""The half of the page that does not depend on data, cached on disk: Vega's bundle, and the charts compiled to Vega.

Making it takes two seconds and Altair's import; it changes only with the charts and the libraries' versions.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypedDict

from pipelines import files

CHARTS: Final = Path(__file__).with_name("charts.py")
COMPILERS: Final = ("altair", "vl-convert-python")


class CompiledCharts(TypedDict):
    """Vega's bundle for the page, and every chart by name as a Vega specification."""

    libraries: str
    specifications: dict[str, dict[str, Any]]


def compiled_charts(cache_folder: Path, ready_snippet: str) -> CompiledCharts:
    """The charts, from `cache_folder` or compiled and stored there; the bundle ends with `ready_snippet`."""
    inputs = [ready_snippet, CHARTS.read_text(encoding="utf-8"), *map(version, COMPILERS)]
    path = cache_folder / f"{hashlib.sha256(chr(0).join(inputs).encode()).hexdigest()[:16]}.json"
    if path.exists():
        found: CompiledCharts = json.loads(path.read_bytes())
        return found
    from pipelines.scorecard.charts import bundle, specifications

    made: CompiledCharts = {"libraries": bundle(ready_snippet), "specifications": specifications()}
    files.replace(path, json.dumps(made))
    for old in cache_folder.glob("*.json"):
        if old != path:
            old.unlink(missing_ok=True)
    return made
