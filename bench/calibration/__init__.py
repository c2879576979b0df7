"""Whether an estimator's stated error is its true one: thousands of simulated data sets, the truth of each known.

A module here is a family: its docstring's first line heads its table, its tuple `CASES` is what is run. A `Case`
simulates one data set from the generator it is given and says what held on it, quantity by quantity: `True`, `False`,
or `None` where the estimator is undefined. The shares are set against the bounds wanted of them:

    def simulate(rng: np.random.Generator) -> Held:
        sample = rng.normal(size=50)
        return {"coverage": covers(intervals.mean(...), 0.0)}

    CASES = (Case("mean, Student's t", "normal, n = 50", simulate, {"coverage": COVERAGE}),)

Seeds are fixed: a case's generator is seeded by its name, so adding a case moves no other. `make calibration` runs all
and writes docs/statistics/calibration.md; `python -m bench.calibration drift` runs one family and writes its section.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.estimates.intervals import Estimate, Interval

SEED = 20_260_101
RUNS = 4000
"""Data sets per case: a coverage of 95 % is then known to ± 0.34 % (one standard error)."""

COVERAGE = (0.94, 0.96)
REJECTION = (0.042, 0.058)
"""Of an A/A comparison by a test at 5 %."""
ANYTIME = (0.0, 0.05)
"""An error that may be spent at most, at all looks or over a whole family together."""

Held = dict[str, bool | None]
"""Quantity → whether it held on one data set; None where the estimator is undefined on it."""


@dataclass(frozen=True)
class Case:
    """One estimator on one shape of data.

    Args:
        estimator: what is evaluated.
        data: on which data.
        simulate: one data set, and what held on it.
        wanted: quantity → the least and the largest share wanted.
        caveat: why a share is known to lie outside, for the page to say; empty where it should hold.
        runs: data sets simulated.
    """

    estimator: str
    data: str
    simulate: Callable[[np.random.Generator], Held]
    wanted: Mapping[str, tuple[float, float]]
    caveat: str = ""
    runs: int = RUNS


@dataclass(frozen=True)
class Measured:
    """One quantity of one case: its share over the data sets on which it was defined."""

    estimator: str
    data: str
    quantity: str
    low: float
    high: float
    caveat: str
    share: float
    defined: int
    runs: int

    @property
    def standard_error(self) -> float:
        """The Monte-Carlo error of the share."""
        return math.sqrt(self.share * (1 - self.share) / self.defined) if self.defined else math.nan

    @property
    def holds(self) -> bool:
        """Whether the share lies within the bounds wanted."""
        return self.low <= self.share <= self.high

    def near(self, errors: float) -> bool:
        """Whether the share is within N Monte Carlo errors of the bounds, for runs with few data sets."""
        low, high = (
            errors * math.sqrt(max(bound * (1 - bound), 1 / self.defined) / self.defined)
            for bound in (self.low, self.high)
        )
        return self.low - low <= self.share <= self.high + high


def run(case: Case, runs: int | None = None) -> list[Measured]:
    """Simulate a case; `runs` data sets are the first ones of the full set."""
    rng = np.random.default_rng([SEED, zlib.crc32(f"{case.estimator}|{case.data}".encode())])
    wanted = runs or case.runs
    seen = [case.simulate(rng) for _ in range(wanted)]
    measured = []
    for quantity, (low, high) in case.wanted.items():
        held = [one[quantity] for one in seen if one[quantity] is not None]
        share = sum(map(bool, held)) / len(held) if held else math.nan
        about = (case.estimator, case.data, quantity, low, high, case.caveat)
        measured.append(Measured(*about, share, len(held), wanted))
    return measured


def families() -> dict[str, tuple[str, tuple[Case, ...]]]:
    """Family → its heading and its cases."""
    modules = {
        name: importlib.import_module(f"{__name__}.{name}")
        for _, name, _ in pkgutil.iter_modules(__path__)
        if name != "__main__"
    }
    return {
        name: ((module.__doc__ or name).splitlines()[0].rstrip("."), module.CASES) for name, module in modules.items()
    }


def covers(estimate: Estimate | Interval, truth: float) -> bool | None:
    """Whether the interval holds the truth; None without an interval."""
    if estimate.ci_low is None or estimate.ci_high is None:
        return None
    return estimate.ci_low <= truth <= estimate.ci_high


def rejects(estimate: Estimate, alpha: float = 0.05) -> bool | None:
    """Whether the test rejects an effect of 0; None without a p-value."""
    return None if estimate.p_value is None else estimate.p_value < alpha
