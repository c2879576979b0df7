"""Planning an experiment: power, units per variant, and the least effect that can be found (MDE).

By the normal approximation, two-sided, for the comparison that `experiments.compare` makes at the end. Effects are in
the metric's unit; a relative one is over |mean|. Formulas and sources: docs/statistics/power.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from scipy import special

from pipelines.estimates.experiments import Metric, Moments, compare


@dataclass(frozen=True)
class Baseline:
    """The metric as it is without the treatment.

    Args:
        mean: over units, or the share, or the ratio.
        variance: per unit; a ratio's by the delta method.
        metric: a proportion's variance moves with its mean, the others' is taken to stay.

    Raises:
        ValueError: for a negative variance, or a proportion outside 0..1.
    """

    mean: float
    variance: float
    metric: Metric = "mean"

    def __post_init__(self) -> None:
        """Reject what is no baseline."""
        if self.metric == "proportion" and not 0 <= self.mean <= 1:
            raise ValueError(f"a proportion lies between 0 and 1; found {self.mean}")
        if not (math.isfinite(self.mean) and math.isfinite(self.variance) and self.variance >= 0):
            raise ValueError(f"a baseline has a finite mean and a variance of 0 or more; found {self}")

    @classmethod
    def proportion(cls, share: float) -> Self:
        """The baseline of a share."""
        return cls(share, share * (1 - share), "proportion")

    @classmethod
    def of(cls, moments: Moments, metric: Metric = "mean") -> Self | None:
        """The baseline seen in the past; None where its mean or variance is undefined."""
        # A variant compared with itself: its variance per unit is half of the difference's, n times.
        found = compare(moments, moments, metric)
        if found.control is None or found.absolute.standard_error is None:
            return None
        return cls(found.control, found.absolute.standard_error**2 * moments.n / 2, metric)

    def adjusted(self, correlation: float) -> Baseline:
        """The same after CUPED, with this correlation of the pre-period with the metric."""
        return Baseline(self.mean, self.variance * (1 - correlation**2), "mean")


@dataclass(frozen=True)
class Variants:
    """Units of each variant."""

    control: int
    treatment: int


@dataclass(frozen=True)
class Detectable:
    """The least increase found with the power asked for: in the metric's unit, and over |mean|; None where none is."""

    absolute: float | None
    relative: float | None


def power(
    baseline: Baseline, effect: float, variants: Variants, *, relative: bool = False, alpha: float = 0.05
) -> float | None:
    """The chance that an effect of this size is found: 1 − Φ(z − Δ/σ) + Φ(−z − Δ/σ), z = z_{1−α/2}.

    Args:
        baseline: the metric without the treatment.
        effect: treatment − control, in the metric's unit; with `relative`, over |mean|.
        variants: units of each.
        relative: whether the relative lift is what is tested.
        alpha: of the two-sided test.

    Returns:
        None when a variant is empty, nothing varies, the mean is 0 and the effect relative, or a share leaves 0..1.
    """
    terms = _terms(baseline, relative)
    if terms is None or min(variants.control, variants.treatment) < 1:
        return None
    difference = effect * abs(baseline.mean) if relative else effect
    variance = _variance(baseline, difference, terms, variants.control, variants.treatment)
    if variance is None or variance <= 0:
        return None
    z, ratio = float(special.ndtri(1 - alpha / 2)), difference / math.sqrt(variance)
    return float(special.ndtr(ratio - z) + special.ndtr(-z - ratio))


def sample_size(
    baseline: Baseline,
    effect: float,
    *,
    relative: bool = False,
    chance: float = 0.8,
    allocation: float = 1.0,
    alpha: float = 0.05,
) -> Variants | None:
    """The units per variant with which an effect of this size is found with this chance.

    Args:
        baseline: the metric without the treatment.
        effect: as in `power`.
        relative: as in `power`.
        chance: the power wanted, 0..1.
        allocation: treatment units per control unit.
        alpha: of the two-sided test.

    Returns:
        None for an effect of 0 or a baseline for which power is undefined.

    Raises:
        ValueError: unless the allocation is above 0 and the chance between alpha and 1.
    """
    k = _multiple(chance, alpha)
    if allocation <= 0:
        raise ValueError(f"an allocation is above 0; found {allocation}")
    terms = _terms(baseline, relative)
    difference = effect * abs(baseline.mean) if relative else effect
    if terms is None or difference == 0:
        return None
    # The variance of the difference with one control unit; with n of them it is an n-th.
    variance = _variance(baseline, difference, terms, 1, allocation)
    if variance is None or variance <= 0:
        return None
    units = k**2 * variance / difference**2
    return Variants(max(1, math.ceil(units)), max(1, math.ceil(units * allocation)))


def detectable(baseline: Baseline, variants: Variants, *, chance: float = 0.8, alpha: float = 0.05) -> Detectable:
    """The least increase that these variants find with this chance (MDE).

    Both solve Δ² = k²·σ²(Δ), a quadratic since a proportion's variance and the relative lift's error grow with Δ. It
    has no solution where the error outgrows the effect, that is for too few units, or where a share would exceed 1.

    Raises:
        ValueError: unless the chance lies between alpha and 1.
    """
    k = _multiple(chance, alpha)

    def solve(relative: bool) -> float | None:
        terms = _terms(baseline, relative)
        if terms is None or min(variants.control, variants.treatment) < 1:
            return None
        v = baseline.variance
        lead = 1 - k**2 * (terms.square / variants.treatment + terms.scale**2 * v / variants.control)
        linear = k**2 * (terms.slope / variants.treatment + 2 * terms.scale * v / variants.control)
        constant = k**2 * v * (1 / variants.control + 1 / variants.treatment)
        if lead <= 0 or constant <= 0:
            return None
        difference = (linear + math.sqrt(linear**2 + 4 * lead * constant)) / (2 * lead)
        if baseline.metric == "proportion" and baseline.mean + difference > 1:
            return None
        return difference / abs(baseline.mean) if relative else difference

    return Detectable(solve(False), solve(True))


@dataclass(frozen=True)
class _Terms:
    """σ²(Δ) = (v + slope·Δ + square·Δ²)/n_T + v·(1 + scale·Δ)²/n_C."""

    slope: float
    square: float
    scale: float


def _terms(baseline: Baseline, relative: bool) -> _Terms | None:
    if baseline.variance == 0 or (relative and baseline.mean == 0):
        return None
    slope, square = (1 - 2 * baseline.mean, -1.0) if baseline.metric == "proportion" else (0.0, 0.0)
    return _Terms(slope, square, 1 / baseline.mean if relative else 0.0)


def _variance(baseline: Baseline, difference: float, terms: _Terms, control: float, treatment: float) -> float | None:
    if baseline.metric == "proportion" and not 0 <= baseline.mean + difference <= 1:
        return None
    v = baseline.variance
    treated = v + terms.slope * difference + terms.square * difference**2
    return treated / treatment + v * (1 + terms.scale * difference) ** 2 / control


def _multiple(chance: float, alpha: float) -> float:
    if not 0 < alpha < chance < 1:
        raise ValueError(f"power lies between alpha and 1; found power {chance}, alpha {alpha}")
    return float(special.ndtri(1 - alpha / 2) + special.ndtri(chance))
