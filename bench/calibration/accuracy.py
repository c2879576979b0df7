"""Measures of accuracy, from their sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from bench.calibration import COVERAGE, Case, Held
from pipelines.estimates.accuracy import (
    Interval,
    auc_interval,
    f1_interval,
    ratio_interval,
    root_mean_square_interval,
)


def _held(interval: Interval, truth: float) -> Held:
    """Whether the one window's interval holds the truth; None where it is undefined."""
    low, high = float(interval[0][0]), float(interval[1][0])
    return {"coverage": None if np.isnan(low) else low <= truth <= high}


def f1s(n: int, positive: float, recall: float, fall_out: float) -> Callable[[np.random.Generator], Held]:
    """F1 of a confusion matrix with four cells drawn together."""
    chances = (positive * recall, (1 - positive) * fall_out, positive * (1 - recall), (1 - positive) * (1 - fall_out))
    truth = 2 * chances[0] / (2 * chances[0] + chances[1] + chances[2])

    def simulate(rng: np.random.Generator) -> Held:
        hits, alarms, misses, _ = rng.multinomial(n, chances)
        return _held(f1_interval([hits], [alarms], [misses]), truth)

    return simulate


def areas(positives: int, negatives: int, apart: float, spread: float = 1.0) -> Callable[[np.random.Generator], Held]:
    """The area under the curve of normal scores `apart` from each other, the positives' so much more spread."""
    truth = float(stats.norm.cdf(apart / np.sqrt(1 + spread**2)))

    def simulate(rng: np.random.Generator) -> Held:
        above, below = np.sort(rng.normal(apart, spread, positives)), np.sort(rng.normal(0, 1, negatives))
        negatives_below = np.searchsorted(below, above)
        positives_above = positives - np.searchsorted(above, below)
        sums = ([negatives_below.sum()], [(negatives_below**2).sum()], [(positives_above**2).sum()])
        return _held(auc_interval([positives], [negatives], *sums), truth)

    return simulate


def root_mean_squares(rng: np.random.Generator) -> Held:
    """The root mean square of normal errors."""
    errors = rng.normal(0, 3, 300)
    return _held(root_mean_square_interval([(errors**2).sum()], [(errors**4).sum()], [300]), 3.0)


def forecasts(rng: np.random.Generator) -> Held:
    """Mean absolute error over mean value: errors grow with the value."""
    actual = rng.gamma(3, 10, 300)
    error = np.abs(rng.normal(0, 0.2 * actual))
    sums = (error.sum(), actual.sum(), error @ error, actual @ actual, error @ actual)
    return _held(ratio_interval(*([one] for one in sums), [300]), 0.2 * np.sqrt(2 / np.pi))


AUC = "AUC, DeLong with half a case more"
WANTED = {"coverage": COVERAGE}
FEW = "Cautious: hardly any positive is misranked, so the spread cannot be estimated."
CASES = (
    Case("F1, Wilson carried over", "2,000, 20 % positive", f1s(2000, 0.2, 0.8, 0.05), WANTED),
    Case("F1, Wilson carried over", "2,000, 5 % positive", f1s(2000, 0.05, 0.7, 0.01), WANTED),
    Case(AUC, "100 against 900, AUC 0.86", areas(100, 900, 1.5), WANTED),
    Case(AUC, "30 against 600, AUC 0.92", areas(30, 600, 2.0), WANTED, FEW),
    Case(AUC, "30 against 600, AUC 0.80, positives twice as spread", areas(30, 600, 1.9, 2.0), WANTED),
    Case(AUC, "30 against 30, AUC 0.76", areas(30, 30, 1.0), WANTED),
    Case(AUC, "30 against 600, AUC 0.99", areas(30, 600, 3.3), WANTED, FEW),
    Case(AUC, "10 against 100, AUC 0.98", areas(10, 100, 2.9), WANTED, FEW),
    Case("RMSE, Student's t on the log scale", "normal errors, 300", root_mean_squares, WANTED),
    Case("forecast accuracy, delta method", "errors grow with the value, 300", forecasts, WANTED),
)
