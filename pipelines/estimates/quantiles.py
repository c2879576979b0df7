"""A quantile of two variants compared, from the tally of each: the percentile bootstrap.

Formulas, assumptions and sources: docs/statistics/experiments.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from pipelines.estimates.experiments import FEWEST_EXPECTED
from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence


@dataclass(frozen=True)
class Tally:
    """Values and how often each was seen: a sample (all counts 1) or a histogram (its buckets' values).

    Args:
        values: ascending.
        counts: as many, not negative.

    Raises:
        ValueError: when they are not as many, not ascending, or negative.
    """

    values: tuple[float, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Reject what is no tally."""
        if len(self.values) != len(self.counts):
            raise ValueError(f"{len(self.values)} values for {len(self.counts)} counts")
        if min(self.counts, default=0) < 0:
            raise ValueError("a value cannot be seen fewer than 0 times")
        if not np.isfinite(self.values).all() or (np.diff(self.values) < 0).any():
            raise ValueError("values must be finite and ascend")

    @classmethod
    def of(cls, sample: Sequence[float] | Array) -> Self:
        """The tally of a sample held in memory."""
        values = np.sort(np.asarray(sample, dtype=np.float64))
        return cls(tuple(values.tolist()), (1,) * values.size)

    @property
    def n(self) -> int:
        """How many values were seen."""
        return sum(self.counts)


@dataclass(frozen=True)
class QuantileComparison:
    """A quantile in both variants and its difference; None without units."""

    control: float | None
    treatment: float | None
    absolute: Estimate
    relative: Estimate


def compare_quantiles(
    control: Tally,
    treatment: Tally,
    quantile: float,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> QuantileComparison:
    """Compare a quantile of two variants by the percentile bootstrap.

    The quantile interpolates between order statistics, as NumPy's default does. A resample's order statistic is the
    inverse of the tally at an order statistic of uniforms, which is a Beta variate: so the bootstrap is exact and costs
    the same for ten values and for ten million. Values are taken as independent: for several values of one unit, tally
    one value per unit.

    Args:
        control: the variant compared with.
        treatment: the variant compared.
        quantile: 0..1, both excluded.
        seed: the same seed gives the same interval.
        confidence: of the intervals, 0..1.
        resamples: how many are drawn; no p-value is below 2/(resamples + 1).

    Returns:
        Undefined for a variant without values; errors and intervals when a variant has too few for the quantile to lie
        inside its sample (n·q or n·(1−q) below 5) or neither variant varies; the relative one when the control is 0.

    Raises:
        ValueError: when the quantile lies outside.
    """
    check_confidence(confidence)
    if not 0 < quantile < 1:
        raise ValueError(f"a quantile lies between 0 and 1; found {quantile}")
    if control.n == 0 or treatment.n == 0:
        sole = [_quantile(variant, quantile) if variant.n else None for variant in (control, treatment)]
        return QuantileComparison(sole[0], sole[1], UNDEFINED, UNDEFINED)
    base, changed = _quantile(control, quantile), _quantile(treatment, quantile)
    absolute = Estimate(changed - base)
    relative = UNDEFINED if base == 0 else Estimate((changed - base) / abs(base))
    fewest = min(control.n, treatment.n) * min(quantile, 1 - quantile)
    if fewest >= FEWEST_EXPECTED:
        rng = np.random.default_rng(seed)
        old = _resampled_quantiles(control, quantile, rng, resamples)
        new = _resampled_quantiles(treatment, quantile, rng, resamples)
        absolute = _percentile(changed - base, new - old, confidence)
        if base != 0 and np.all(old != 0) and np.all(np.sign(old) == np.sign(base)):
            relative = _percentile((changed - base) / abs(base), (new - old) / np.abs(old), confidence)
    return QuantileComparison(base, changed, absolute, relative)


def _quantile(tally: Tally, quantile: float) -> float:
    position = (tally.n - 1) * quantile
    low, high = (
        tally.values[int(np.searchsorted(np.cumsum(tally.counts), rank, side="right"))]
        for rank in (math.floor(position), math.ceil(position))
    )
    return low + (high - low) * (position - math.floor(position))


def _resampled_quantiles(tally: Tally, quantile: float, rng: np.random.Generator, resamples: int) -> Array:
    """The quantile of `resamples` bootstrap samples of the tally."""
    n = tally.n
    position = (n - 1) * quantile
    rank = math.floor(position) + 1
    uniform = rng.beta(rank, n - rank + 1, resamples)
    above = uniform
    if rank < n:
        # Given the rank-th of n uniforms, the next is the least of n − rank uniforms on what is left above it.
        above = uniform + (1 - uniform) * rng.beta(1, n - rank, resamples)
    ends, values = np.cumsum(tally.counts), np.asarray(tally.values)

    def inverse(at: Array) -> Array:
        drawn = np.minimum(np.floor(at * n), n - 1)
        return np.asarray(values[np.searchsorted(ends, drawn, side="right")], dtype=np.float64)

    low, high = inverse(uniform), inverse(above)
    return low + (high - low) * (position - math.floor(position))


def _percentile(value: float, drawn: Array, confidence: float) -> Estimate:
    error = float(drawn.std(ddof=1))
    if error == 0:
        return Estimate(value)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    below, above = int((drawn <= 0).sum()), int((drawn >= 0).sum())
    p_value = min(1.0, 2 * (min(below, above) + 1) / (drawn.size + 1))
    return Estimate(value, error, float(low), float(high), p_value)
