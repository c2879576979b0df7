"""Intervals of one sample, and value over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from bench.calibration import COVERAGE, Case, Held, covers
from bench.calibration.experiments import Draw, lognormal, normal, zero_inflated
from pipelines.estimates.experiments import Moments, compare
from pipelines.estimates.intervals import bootstrap, mean, wilson
from pipelines.estimates.value import Exposed, over_time


def rates(n: int, low: float, high: float) -> Callable[[np.random.Generator], Held]:
    """A true rate drawn each time: at one rate, coverage depends on where it falls between the counts."""

    def simulate(rng: np.random.Generator) -> Held:
        rate = rng.uniform(low, high)
        return {"coverage": covers(wilson(int(rng.binomial(n, rate)), n), rate)}

    return simulate


def means(draw: Draw, truth: float, n: int) -> Callable[[np.random.Generator], Held]:
    """A mean from its sums."""

    def simulate(rng: np.random.Generator) -> Held:
        sample = draw(rng, n)
        return {"coverage": covers(mean(n, float(sample.sum()), float(sample @ sample)), truth)}

    return simulate


def medians(draw: Draw, truth: float, n: int) -> Callable[[np.random.Generator], Held]:
    """A median by the bootstrap."""

    def simulate(rng: np.random.Generator) -> Held:
        seed = int(rng.integers(2**32))
        return {"coverage": covers(bootstrap(draw(rng, n), np.median, seed=seed, resamples=1000), truth)}

    return simulate


def bootstrapped_means(draw: Draw, truth: float, n: int) -> Callable[[np.random.Generator], Held]:
    """A mean by the bootstrap."""

    def simulate(rng: np.random.Generator) -> Held:
        seed = int(rng.integers(2**32))
        return {"coverage": covers(bootstrap(draw(rng, n), np.mean, seed=seed, resamples=1000), truth)}

    return simulate


def value(rng: np.random.Generator) -> Held:
    """Two experiments' effects, 0.5 and 1, over 30 days each of which ten overlap; the second fades by half."""
    effects = {
        name: compare(Moments.of(normal(rng, 300)), Moments.of(normal(rng, 300) + truth)).absolute
        for name, truth in (("first", 0.5), ("second", 1.0))
    }
    start = date(2026, 1, 1)
    rows = [
        *(Exposed(start + timedelta(day), "first", 1000, 2.0) for day in range(30)),
        *(Exposed(start + timedelta(day + 20), "second", 500, 2.0, 0.5) for day in range(30)),
    ]
    last = over_time(rows, effects)[-1]
    return {"coverage": covers(last.cumulative, 30 * 1000 * 2 * 0.5 + 30 * 500 * 2 * 0.5 * 1.0)}


WANTED = {"coverage": COVERAGE}
SKEWED = "The mean's own distribution is still skewed at this n."
CASES = (
    Case("rate, Wilson", "2 to 50 % of 50", rates(50, 0.02, 0.5), WANTED),
    Case("rate, Wilson", "0.1 to 5 % of 1,000", rates(1000, 0.001, 0.05), WANTED),
    Case("mean, Student's t", "normal, 10", means(normal, 10, 10), WANTED),
    Case("mean, Student's t", "lognormal, 2,000", means(lognormal, np.exp(0.5), 2000), WANTED),
    Case("mean, Student's t", "lognormal, 50", means(lognormal, np.exp(0.5), 50), WANTED, SKEWED),
    Case("mean, Student's t", "zero-inflated, 5,000", means(zero_inflated, np.exp(0.5) / 10, 5000), WANTED),
    Case("median, BCa bootstrap", "lognormal, 101", medians(lognormal, 1.0, 101), WANTED),
    Case("mean, BCa bootstrap", "lognormal, 400", bootstrapped_means(lognormal, np.exp(0.5), 400), WANTED, SKEWED),
    Case("mean, BCa bootstrap", "lognormal, 50", bootstrapped_means(lognormal, np.exp(0.5), 50), WANTED, SKEWED),
    Case("cumulative value", "two experiments, 50 days", value, WANTED),
)
