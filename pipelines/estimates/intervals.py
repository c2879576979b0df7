"""An estimate with its error, and the intervals of one sample: Wilson, Student's t, bootstrap.

Comparisons of two variants live in `experiments`, of treated and untreated units in `causal`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value and its error; what is undefined is None, field by field.

    Args:
        value: the estimate.
        standard_error: of the value; never 0, since data without variation say nothing of their error.
        ci_low: lower bound of the interval asked for.
        ci_high: its upper bound.
        p_value: two-sided, against a true value of 0.
    """

    value: float | None = None
    standard_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None


UNDEFINED = Estimate()


@dataclass(frozen=True)
class Interval:
    """A value with an interval that was not made from a standard error; None where undefined."""

    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def from_variance(
    value: float, variance: float | None, degrees_of_freedom: float = math.inf, confidence: float = 0.95
) -> Estimate:
    """An estimate with an error that is normal (infinite degrees of freedom) or Student's t.

    Args:
        value: the point estimate.
        variance: of the estimate itself, that is its squared standard error; None if unknown.
        degrees_of_freedom: of the t distribution.
        confidence: of the interval, 0..1.

    Returns:
        Error, interval and p-value are None when the variance is None or not above 0, or no degree of freedom is left.
    """
    check_confidence(confidence)
    if variance is None or not (variance > 0) or not math.isfinite(variance) or not (degrees_of_freedom > 0):
        return Estimate(value)
    error = math.sqrt(variance)
    # The functions behind scipy.stats.t, which spends forty times as long on its arguments.
    half = float(special.stdtrit(degrees_of_freedom, (1 + confidence) / 2)) * error
    p_value = 2 * float(special.stdtr(degrees_of_freedom, -abs(value) / error))
    return Estimate(value, error, value - half, value + half, p_value)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """A rate with Wilson's score interval, as dbt's macro `wilson` has it in SQL.

    Source: Wilson (1927); Brown, Cai and DasGupta (2001) recommend it for every n. Undefined when n is 0.

    Raises:
        ValueError: unless 0 ≤ successes ≤ n.
    """
    check_confidence(confidence)
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie in 0..n; found {successes} of {n}")
    if n == 0:
        return Interval()
    low, high = wilson_bounds(successes, n, confidence)
    return Interval(successes / n, float(low), float(high))


def wilson_bounds(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
    """The lower and upper bounds of `wilson` for columns of counts; NaN where n is 0."""
    k, trials = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(special.ndtri((1 + confidence) / 2))
    some = np.where(trials == 0, np.nan, trials)
    rate = k / some
    centre = (rate + z**2 / (2 * some)) / (1 + z**2 / some)
    half = z / (1 + z**2 / some) * np.sqrt(np.maximum(rate * (1 - rate) / some + z**2 / (4 * some**2), 0))
    # At 0 and at n one bound is the value itself, which rounding would miss.
    low = np.where(k == 0, np.where(np.isnan(rate), np.nan, 0.0), centre - half)
    high = np.where(k == trials, np.where(np.isnan(rate), np.nan, 1.0), centre + half)
    return low, high


def mean(n: int, sum_x: float, sum_xx: float, confidence: float = 0.95) -> Estimate:
    """The mean of n values from Σx and Σx², with Student's t interval.

    Undefined when n is 0; its error when n is 1 or the values do not vary.
    """
    if n == 0:
        return UNDEFINED
    variance = sum_of_squares(n, sum_x, sum_xx) / (n - 1) if n > 1 else None
    return from_variance(sum_x / n, None if variance is None else variance / n, n - 1, confidence)


def bootstrap(
    sample: Sequence[float] | Array,
    statistic: Callable[..., Array],
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> Interval:
    """A statistic of one sample with its bias-corrected and accelerated (BCa) bootstrap interval.

    Source: Efron (1987), by `scipy.stats.bootstrap`. The same seed gives the same interval.

    Args:
        sample: independent values.
        statistic: as NumPy's reductions are: takes an array and `axis`.
        seed: of the resampling.
        confidence: of the interval, 0..1.
        resamples: how many samples are drawn.

    Returns:
        Undefined when the sample is empty; the interval is undefined when it holds fewer than two distinct values.
    """
    check_confidence(confidence)
    values = np.asarray(sample, dtype=np.float64)
    if values.size == 0:
        return Interval()
    value = float(statistic(values, axis=-1))
    if np.unique(values).size < 2:
        return Interval(value)
    drawn = stats.bootstrap(
        (values,),
        statistic,
        n_resamples=resamples,
        confidence_level=confidence,
        method="BCa",
        vectorized=True,
        batch=max(1, 2_000_000 // values.size),
        rng=np.random.default_rng(seed),
    )
    low, high = float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)
    if math.isnan(low) or math.isnan(high):
        return Interval(value)
    return Interval(value, low, high)


def sum_of_squares(n: int, sum_x: float, sum_xx: float) -> float:
    """Σ(x − mean)² from the sums; rounding below zero is zero.

    Raises:
        ValueError: when Σx² is less than any n values of that sum can have.
    """
    centred = sum_xx - sum_x * sum_x / n
    if centred < -1e-9 * abs(sum_xx):
        raise ValueError(f"no {n} values have the sum {sum_x} and the sum of squares {sum_xx}")
    # What is left of equal values is rounding, not variation.
    return centred if centred > 1e-12 * abs(sum_xx) else 0.0


def check_confidence(confidence: float) -> None:
    """Reject what is no confidence level.

    Raises:
        ValueError: unless it lies between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1; found {confidence}")
