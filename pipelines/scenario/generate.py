"""Writing the sample company: every vendor's files, the catalog, and the truth that was planted.

Each writer beside this module knows one kind of system; this one calls them all and keeps what they planted.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from pipelines.scenario.analytics.write import write_analytics
from pipelines.scenario.billing.write import write_billing
from pipelines.scenario.deployments.write import write_deployments
from pipelines.scenario.experiments.write import write_experiments
from pipelines.scenario.features import write_features
from pipelines.scenario.feedback.write import write_feedback
from pipelines.scenario.finance import write_finance
from pipelines.scenario.incidents.write import write_incidents
from pipelines.scenario.period import moved_text
from pipelines.scenario.predictions import write_predictions
from pipelines.scenario.serving import write_serving
from pipelines.scenario.world import FIRST_DAY, World
from pipelines.settings import SAMPLE_CATALOG

FILE_DATE = re.compile(r"(20\d{2})-?(\d{2})-?(\d{2})")
WRITERS: dict[str, Callable[[World, Path], dict[str, object]]] = {
    "serving": write_serving,
    "billing": write_billing,
    "incidents": write_incidents,
    "analytics": write_analytics,
    "feedback": write_feedback,
    "features": write_features,
    "finance": write_finance,
    "deployments": write_deployments,
    "experiments": write_experiments,
    "predictions": write_predictions,
}


def generate(
    out: Path,
    days: int,
    seed: int,
    scale: float = 1.0,
    start: date = FIRST_DAY,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write `out/landing`, `out/catalog` and `out/truth.json`; returns the latter's path.

    The same arguments give the same files, byte for byte. `scale` multiplies the traffic: at 1 the company serves
    some 20,000 requests a day. `progress` is told what is being written. Landing files already there stay.
    """
    world = World(days=days, seed=seed, scale=scale, start=start)
    landing = out / "landing"
    landing.mkdir(parents=True, exist_ok=True)
    truth: dict[str, object] = {
        "days": days,
        "seed": seed,
        "scale": scale,
        "start": start.isoformat(),
    }
    began = time.time()
    for folder, write in WRITERS.items():
        progress(f"writing {folder} of {days} days")
        truth[folder] = write(world, landing)
    _stamp(world, landing, began)
    _write_catalog(start, out / "catalog")
    path = out / "truth.json"
    path.write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
    return path


def _write_catalog(start: date, folder: Path) -> None:
    """Write the catalog with its dates moved to `start`."""
    for path in sorted(SAMPLE_CATALOG.rglob("*.*")):
        target = folder / path.relative_to(SAMPLE_CATALOG)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        target.write_text(text if path.suffix == ".json" else moved_text(text, start), encoding="utf-8")


def _stamp(world: World, landing: Path, since: float) -> None:
    """Let each file written since then bear the time it would have been delivered: the morning after its day.

    Files whose writer stamped them itself (a restated bill comes weeks later) keep their time. Nothing is delivered in
    the future.
    """
    for path in landing.rglob("*"):
        if not path.is_file():
            continue
        delivered = path.stat().st_mtime
        if delivered >= since:
            day = FILE_DATE.search(path.name)
            last = date(*(int(part) for part in day.groups())) if day else world.dates[-1]
            delivered = world.at(last, 24 + 3).timestamp()
        delivered = min(delivered, since)
        os.utime(path, (delivered, delivered))
