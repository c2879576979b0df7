"""Benchmarks: each module here with a `run()` measures itself beside its peer, as a ratio within one run.

Seconds of one machine say nothing about another; a ratio of two things measured in turns does. `python -m bench`
runs them all, `python -m bench serving` one.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # `bench.references` runs where the field's libraries are, not what settings are read with
    from pipelines.settings import Settings


@dataclass(frozen=True)
class Figure:
    """One measured figure: `value` is good when it is at most `bound`; `detail` says how it came about."""

    name: str
    value: float
    unit: str
    bound: float
    detail: str

    @property
    def holds(self) -> bool:
        """Whether the bound holds."""
        return self.value <= self.bound


Task: TypeAlias = "Callable[[Settings], None]"


def ratio(name: str, ours: Task, peer: Task, settings: Settings, bound: float, pairs: int, about: str) -> Figure:
    """How many times as long `ours` takes as `peer`, both on the home of `settings`, in turns; `about` says on what."""
    peer(settings)  # warms the page cache for both
    seconds = [(_timed(ours, settings), _timed(peer, settings)) for _ in range(pairs)]
    ratios = [mine / other for mine, other in seconds]
    mine, other = (statistics.median(column) for column in zip(*seconds, strict=True))
    detail = (
        f"median of {pairs} pairs, {min(ratios):.2f} to {max(ratios):.2f}; {about}, {mine:.2f} s against {other:.2f} s"
    )
    return Figure(name, statistics.median(ratios), "times", bound, detail)


def peak(name: str, module: str, settings: Settings, bound: float) -> Figure:
    """The gigabytes of memory that `module`, run on the home of `settings`, says it took (`ru_maxrss`)."""
    alone = subprocess.run(  # noqa: S603 -- a module of ours, with a folder of ours
        [sys.executable, "-m", module, str(settings.home)], check=True, capture_output=True, text=True
    )
    gigabytes = int(alone.stdout.splitlines()[-1]) / 2**20
    return Figure(name, gigabytes, "GB", bound, "a process of its own, ru_maxrss")


def _timed(what: Task, settings: Settings) -> float:
    began = time.perf_counter()
    what(settings)
    return time.perf_counter() - began
