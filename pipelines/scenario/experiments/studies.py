"""Comparisons without chance: panels of units and days, and units that come once each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from pipelines.scenario.experiments.logs import day_of
from pipelines.scenario.world import World


@dataclass(frozen=True)
class Panel:
    """Units watched day by day, treated from an age on (None: never); effects and levels in the metric's unit.

    The units' own levels add up to nothing within those treated from the same day, so that the relative effect is
    exactly `effect / level`.
    """

    id: str
    key: str
    prefix: str
    groups: tuple[tuple[int, int | None], ...]
    metrics: dict[str, tuple[float, float, float]]
    """Metric → (level without treatment, effect, standard deviation of a unit's day)."""


PANELS: tuple[Panel, ...] = (
    Panel(
        "triage-waiting", "triage_waiting", "site", ((6, 21), (6, 35), (6, 42), (6, None)),
        {"waiting-minutes": (45.0, -9.0, 4.0), "cases-per-hour": (4.0, 8.0, 0.6)},
    ),
    Panel("route-fuel", "route_fuel", "depot", ((20, 28), (20, None)), {"fuel-usd": (120.0, -18.0, 18.0)}),
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """Units seen once each, a day's worth on every day of [start, end). Ages are days after the world's start.

    Who is treated hangs on what moves the outcome too, so that comparing treated with untreated units misleads.
    `effect` is the same for all; `draw` gives a day's columns: the outcome without it under `value`, and `treatment`.
    """

    id: str
    key: str
    metric: str
    prefix: str
    start: int
    end: int
    daily_units: int
    effect: float
    draw: Callable[[np.random.Generator, int], dict[str, NDArray[np.float64]]]
    extension: str


def _cases(rng: np.random.Generator, size: int) -> dict[str, NDArray[np.float64]]:
    """Hard cases on busy days are worked with a draft sooner, and take longer."""
    complexity, backlog = rng.normal(5.0, 2.0, size), rng.poisson(12.0, size).astype(np.float64)
    leaning = 0.5 * (complexity - 5.5) + 0.1 * (backlog - 14.0)
    return {
        "value": 40 + 3 * (complexity - 5) + 0.5 * (backlog - 12) + rng.normal(0.0, 5.0, size),
        "treatment": (rng.random(size) < 1 / (1 + np.exp(-leaning))).astype(np.float64),
        "complexity": complexity,
        "backlog": backlog,
    }


def _invited(rng: np.random.Generator, size: int) -> dict[str, NDArray[np.float64]]:
    """Half are invited by lot. The keen write more in any case, and take it up whether invited or not."""
    keen = rng.normal(0.0, 1.0, size)
    invited = (rng.random(size) < 0.5).astype(np.float64)
    return {
        "value": 8 + 1.5 * keen + rng.normal(0.0, 1.0, size),
        "treatment": (keen + 1.2 * invited - 0.6 + rng.normal(0.0, 0.5, size) > 0).astype(np.float64),
        "instrument": invited,
    }


STUDIES: tuple[Study, ...] = (
    Study("assistant-cases", "assistant_cases", "handling-minutes", "case", 20, 50, 60, -6.0, _cases, "csv"),
    Study(
        "writer-invitation", "writer_invitation", "documents-per-week", "staff", 15, 45, 40, 2.0, _invited, "parquet"
    ),
)  # fmt: skip


def write_panel(world: World, panel: Panel, folder: Path) -> dict[str, Any]:
    """A file a day with every unit's outcomes; return each metric's level and effect."""
    (folder / "outcomes").mkdir(parents=True, exist_ok=True)
    units = sum(size for size, _ in panel.groups)
    group = np.repeat(np.arange(len(panel.groups)), [size for size, _ in panel.groups])
    starts = [panel.groups[g][1] for g in group]
    own: dict[str, NDArray[np.float64]] = {}
    for metric, (level, _, _) in panel.metrics.items():
        drawn = world.rng("experiments", panel.id, metric).normal(0.0, 0.15 * level, units)
        own[metric] = drawn - np.array([drawn[group == g].mean() for g in group])
    for age, day in enumerate(world.dates):
        lines = ["date,experiment_id,unit_id,metric,value,treated_from"]
        for metric, (level, effect, spread) in panel.metrics.items():
            rng = world.rng("experiments", panel.id, metric, age)
            common = 0.05 * level * np.sin(2 * np.pi * day.weekday() / 7) + rng.normal(0.0, 0.02 * level)
            noise = rng.normal(0.0, spread, units)
            for unit, start in enumerate(starts):
                treated = start is not None and age >= start
                value = level + own[metric][unit] + common + noise[unit] + (effect if treated else 0.0)
                since = day_of(world, start) if start is not None else ""
                lines.append(f"{day},{panel.key},{panel.prefix}-{unit:02d},{metric},{value:.4f},{since}")
        (folder / "outcomes" / f"{panel.id}-{day}.csv").write_text("\n".join(lines) + "\n")
    return {
        metric: {"level": level, "effect": effect, "relative": effect / level, "units": units}
        for metric, (level, effect, _) in panel.metrics.items()
    }


def write_study(world: World, study: Study, folder: Path) -> dict[str, Any]:
    """A file a day with the units observed on it."""
    (folder / "units").mkdir(parents=True, exist_ok=True)
    size = round(study.daily_units * world.scale)
    apart: dict[bool, list[float]] = {True: [], False: []}
    for age, day in enumerate(world.dates[study.start : study.end], study.start):
        columns = study.draw(world.rng("experiments", study.id, age), size)
        treated = columns["treatment"] > 0
        columns["value"] = columns["value"] + study.effect * columns["treatment"]
        for side, values in apart.items():
            values += columns["value"][treated == side].tolist()
        rows = pa.table(
            {
                "date": pa.array([day] * size, pa.date32()),
                "experiment_id": pa.array([study.key] * size, pa.string()),
                "unit_id": pa.array([f"{study.prefix}-{age:03d}-{i:04d}" for i in range(size)], pa.string()),
                "metric": pa.array([study.metric] * size, pa.string()),
                **{name: np.round(values, 4) for name, values in columns.items()},
            }
        )
        write = csv.write_csv if study.extension == "csv" else parquet.write_table
        write(rows, folder / "units" / f"{study.id}-{day}.{study.extension}")
    return {
        "metric": study.metric,
        "effect": study.effect,
        "units": len(apart[True]) + len(apart[False]),
        "difference": float(np.mean(apart[True]) - np.mean(apart[False])) if all(apart.values()) else None,
    }
