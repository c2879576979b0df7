"""Randomised experiments: two variants compared from their sufficient statistics, and whether to trust it.

SQL sums over the units of a variant (`Moments`); `compare` gives their absolute and relative lift. Whether
the split is the declared one (`sample_ratio`) and several metrics at once (`adjust`) are here too; SQL says whether it
leaks (`is_split_leaking`). Quantile metrics are in `quantiles`, planning an experiment in `power`, effects without
randomisation in `causal`.
Formulas, assumptions and sources: docs/statistics/experiments.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy import special, stats

from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence, from_variance, sum_of_squares

Metric = Literal["mean", "proportion", "ratio"]
"""A mean over units; a share of units (x is 0 or 1); a ratio of sums Σx/Σd over units."""

SRM_P_VALUE = 0.001
"""Below this a split is not the one that was declared, and the experiment is invalid."""
FEWEST_EXPECTED = 5
"""Units expected in a variant for the chi-square distribution to hold: Cochran (1954)."""


@dataclass(frozen=True)
class Moments:
    """One variant's sufficient statistics: sums over its units, one term per unit. Variants add up with `+`.

    Args:
        n: units.
        sum_x: Σx of the metric, or of a ratio metric's numerator.
        sum_xx: Σx².
        sum_d: Σd of a ratio metric's denominator.
        sum_dd: Σd².
        sum_xd: Σx·d.
        sum_pre: Σ of the same metric before exposure, 0 for a unit without a past.
        sum_pre_pre: its Σpre².
        sum_x_pre: Σx·pre.

    Raises:
        ValueError: for a negative n, a value that is not finite, or sums that no values have.
    """

    n: int
    sum_x: float
    sum_xx: float
    sum_d: float | None = None
    sum_dd: float | None = None
    sum_xd: float | None = None
    sum_pre: float | None = None
    sum_pre_pre: float | None = None
    sum_x_pre: float | None = None

    def __post_init__(self) -> None:
        """Reject impossible sums where they enter, not where they first give a strange lift."""
        if self.n < 0:
            raise ValueError(f"a variant has no {self.n} units")
        for name, value in vars(self).items():
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; sums are finite or absent")
        for first, second in (("sum_x", "sum_xx"), ("sum_d", "sum_dd"), ("sum_pre", "sum_pre_pre")):
            total, squares = getattr(self, first), getattr(self, second)
            if self.n and total is not None and squares is not None:
                sum_of_squares(self.n, total, squares)

    @classmethod
    def of(
        cls,
        x: Sequence[float] | Array,
        d: Sequence[float] | Array | None = None,
        pre: Sequence[float] | Array | None = None,
    ) -> Self:
        """The moments of units held in memory: the metric, and if given its denominator and its past, unit by unit."""
        metric = np.asarray(x, dtype=np.float64)
        below = None if d is None else np.asarray(d, dtype=np.float64)
        past = None if pre is None else np.asarray(pre, dtype=np.float64)
        return cls(
            n=metric.size,
            sum_x=float(metric.sum()),
            sum_xx=float(metric @ metric),
            sum_d=None if below is None else float(below.sum()),
            sum_dd=None if below is None else float(below @ below),
            sum_xd=None if below is None else float(metric @ below),
            sum_pre=None if past is None else float(past.sum()),
            sum_pre_pre=None if past is None else float(past @ past),
            sum_x_pre=None if past is None else float(metric @ past),
        )

    def __add__(self, other: Moments) -> Moments:
        """The moments of both variants' units; a sum that one of them lacks is absent."""

        def both(name: str) -> float | None:
            mine, yours = getattr(self, name), getattr(other, name)
            return None if mine is None or yours is None else mine + yours

        return Moments(
            self.n + other.n,
            self.sum_x + other.sum_x,
            self.sum_xx + other.sum_xx,
            *(both(name) for name in ("sum_d", "sum_dd", "sum_xd", "sum_pre", "sum_pre_pre", "sum_x_pre")),
        )


@dataclass(frozen=True)
class Comparison:
    """What the treatment changed.

    Args:
        control: the control's mean, share or ratio, not adjusted; None without units.
        treatment: the treatment's.
        absolute: treatment − control, in the metric's unit, adjusted where CUPED was asked for.
        relative: the same over |control|; 0.05 is five per cent more. Undefined when the control is 0.
        theta: CUPED's slope of the metric on its past; None where it was not asked for or the past does not vary.
    """

    control: float | None
    treatment: float | None
    absolute: Estimate
    relative: Estimate
    theta: float | None = None


def compare(
    control: Moments,
    treatment: Moments,
    metric: Metric = "mean",
    *,
    cuped: bool = False,
    sequential: float | None = None,
    confidence: float = 0.95,
) -> Comparison:
    """Compare two variants: Welch's interval and test, fixed-horizon or always valid.

    Args:
        control: the variant compared with.
        treatment: the variant compared.
        metric: what the sums are of. A ratio needs the sums of d.
        cuped: adjust by the pre-period, one θ for both variants (Deng et al. 2013). Needs the sums of `pre`; a ratio
            metric is not adjusted.
        sequential: N*, the total units at which an always-valid interval should be tightest, for an experiment that
            may be stopped any day; None for one that is read once, at its planned end.
        confidence: of the intervals, 0..1.

    Returns:
        Values are None for a variant without units (or with Σd = 0), errors and intervals for one of one unit or two
        variants that do not vary.

    Raises:
        ValueError: when sums that the metric or CUPED needs are absent, or CUPED is asked for a ratio.
    """
    check_confidence(confidence)
    variants = (_variant(control, metric), _variant(treatment, metric))
    base, changed = variants[0].value, variants[1].value
    if base is None or changed is None:
        return Comparison(base, changed, UNDEFINED, UNDEFINED)
    theta = _theta(control, treatment, metric) if cuped else None
    past = (_past(control), _past(treatment)) if theta is not None else (_Past(), _Past())
    slope = theta or 0.0
    difference = changed - base - slope * (past[1].mean - past[0].mean)
    variances = [
        _adjusted(variant.variance, 1.0, slope, before) / n if variant.variance is not None else None
        for variant, before, n in zip(variants, past, (control.n, treatment.n), strict=True)
    ]
    freedom = _welch(variances[0], variances[1], control.n, treatment.n)
    total = None if variances[0] is None or variances[1] is None else variances[0] + variances[1]

    def estimate(value: float, variance: float | None) -> Estimate:
        if sequential is None:
            return from_variance(value, variance, freedom, confidence)
        return always_valid(value, variance, control.n + treatment.n, sequential, confidence)

    relative = UNDEFINED
    if base != 0:
        scaled = None
        if variants[0].variance is not None and variants[1].variance is not None:
            # The delta method at the unadjusted control mean, θ held fixed.
            scaled = (
                _adjusted(variants[1].variance, 1.0, slope, past[1]) / treatment.n
                + _adjusted(variants[0].variance, changed / base, slope, past[0]) / control.n
            ) / base**2
        relative = estimate(difference / abs(base), scaled)
    return Comparison(base, changed, estimate(difference, total), relative, theta)


@dataclass(frozen=True)
class Holdout:
    """What serving the model changed, per unit and over all units served."""

    comparison: Comparison
    total: Estimate


def holdout(
    kept_out: Moments,
    served: Moments,
    metric: Metric = "mean",
    *,
    cuped: bool = False,
    sequential: float | None = None,
    confidence: float = 0.95,
) -> Holdout:
    """Compare the units served with a group kept out at random; `compare` with the group kept out as control.

    Returns:
        The comparison, and its absolute lift times the units served. A ratio has no total: its lift is per unit of d.

    Raises:
        ValueError: as `compare`.
    """
    found = compare(kept_out, served, metric, cuped=cuped, sequential=sequential, confidence=confidence)
    lift, n = found.absolute, served.n
    if metric == "ratio" or lift.value is None:
        return Holdout(found, UNDEFINED)
    if lift.standard_error is None or lift.ci_low is None or lift.ci_high is None:
        return Holdout(found, Estimate(n * lift.value))
    total = Estimate(n * lift.value, n * lift.standard_error, n * lift.ci_low, n * lift.ci_high, lift.p_value)
    return Holdout(found, total)


def always_valid(value: float, variance: float | None, n: int, tuning: float, confidence: float = 0.95) -> Estimate:
    """An estimate with an always-valid interval and p-value.

    Source: Waudby-Smith et al., "Time-uniform central limit theory and asymptotic confidence sequences", eq. 9 (the
    half-width), 155 (the e-value) and 161 (ρ); asymptotic, so the first look needs some hundred units.

    Args:
        value: the point estimate.
        variance: of the estimate itself.
        n: units of both variants together.
        tuning: N*, the n at which the interval is tightest.
        confidence: that the interval covers at all looks together.

    Returns:
        Error, interval and p-value are None when the variance is None or not above 0.

    Raises:
        ValueError: when the tuning is not above 0.
    """
    check_confidence(confidence)
    if tuning <= 0:
        raise ValueError(f"the tuning N* must be above 0; found {tuning}")
    if variance is None or variance <= 0 or n <= 0:
        return Estimate(value)
    alpha = 1 - confidence
    error = math.sqrt(variance)
    rho_squared = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / tuning
    scale = n * rho_squared
    half = error * math.sqrt(2 * (scale + 1) / scale * math.log(math.sqrt(scale + 1) / alpha))
    log_e_value = (value / error) ** 2 * scale / (2 * (scale + 1)) - math.log(scale + 1) / 2
    return Estimate(value, error, value - half, value + half, math.exp(min(0.0, -log_e_value)))


@dataclass(frozen=True)
class SampleRatio:
    """Whether units fell on the variants as declared.

    Args:
        chi_square: Σ(observed − expected)²/expected over the variants of weight above 0.
        p_value: of the split, had it been the declared one.
        is_mismatch: p below `SRM_P_VALUE`: the experiment is invalid. None when it is undefined.
    """

    chi_square: float | None = None
    p_value: float | None = None
    is_mismatch: bool | None = None


def sample_ratio(counts: Sequence[int], weights: Sequence[float]) -> SampleRatio:
    """The sample-ratio-mismatch test over the variants of weight above 0.

    Undefined with fewer than two such variants, or with fewer than `FEWEST_EXPECTED` units expected in one.

    Args:
        counts: units exposed to each variant.
        weights: each variant's declared share, in any unit.

    Raises:
        ValueError: when they are not as many, or one is negative.
    """
    if len(counts) != len(weights):
        raise ValueError(f"{len(counts)} counts for {len(weights)} weights")
    if min((*counts, *weights), default=0) < 0:
        raise ValueError(f"counts and weights are not negative; found {list(counts)} and {list(weights)}")
    observed = np.array([count for count, weight in zip(counts, weights, strict=True) if weight > 0], dtype=np.float64)
    declared = np.array([weight for weight in weights if weight > 0], dtype=np.float64)
    if declared.size < 2:
        return SampleRatio()
    expected = declared / declared.sum() * observed.sum()
    if expected.min() < FEWEST_EXPECTED:
        return SampleRatio()
    chi_square = float(((observed - expected) ** 2 / expected).sum())
    p_value = float(special.chdtrc(declared.size - 1, chi_square))
    return SampleRatio(chi_square, p_value, p_value < SRM_P_VALUE)


def adjust(p_values: Sequence[float | None], method: Literal["holm", "bh"]) -> list[float | None]:
    """The p-values of one family, adjusted: Holm bounds any false alarm, Benjamini–Hochberg their share.

    An undefined p-value stays undefined and does not count towards the family: nothing was tested.

    Raises:
        ValueError: when one lies outside 0..1.
    """
    known = [p for p in p_values if p is not None]
    if not known:
        return [None] * len(p_values)
    if not all(0 <= p <= 1 for p in known):
        raise ValueError(f"p-values lie between 0 and 1; found {known}")
    adjusted = iter(_holm(known) if method == "holm" else stats.false_discovery_control(known, method="bh").tolist())
    return [None if p is None else next(adjusted) for p in p_values]


@dataclass(frozen=True)
class _Arm:
    """A variant's value and its variance per unit; the variance is None for fewer than two units."""

    value: float | None
    variance: float | None


@dataclass(frozen=True)
class _Past:
    """A variant's pre-period: mean and variance per unit, and the covariance with the metric."""

    mean: float = 0.0
    variance: float = 0.0
    covariance: float = 0.0


def _variant(moments: Moments, metric: Metric) -> _Arm:
    n = moments.n
    if n == 0:
        return _Arm(None, None)
    if metric == "ratio":
        sum_d, sum_dd, sum_xd = moments.sum_d, moments.sum_dd, moments.sum_xd
        if sum_d is None or sum_dd is None or sum_xd is None:
            raise ValueError("a ratio metric needs Σd, Σd² and Σx·d")
        if sum_d == 0:
            return _Arm(None, None)
        ratio = moments.sum_x / sum_d
        if n < 2:
            return _Arm(ratio, None)
        variance_x = sum_of_squares(n, moments.sum_x, moments.sum_xx) / (n - 1)
        variance_d = sum_of_squares(n, sum_d, sum_dd) / (n - 1)
        covariance = (sum_xd - moments.sum_x * sum_d / n) / (n - 1)
        spread = variance_x + ratio**2 * variance_d
        residual = spread - 2 * ratio * covariance
        # A ratio that is the same in every unit has no error, whatever rounding leaves.
        return _Arm(ratio, residual / (sum_d / n) ** 2 if residual > 1e-12 * spread else 0.0)
    average = moments.sum_x / n
    if n < 2:
        return _Arm(average, None)
    if metric == "proportion":
        if not 0 <= average <= 1:
            raise ValueError(f"a proportion counts 0 or 1 per unit; found {moments.sum_x} over {n} units")
        return _Arm(average, average * (1 - average))
    return _Arm(average, sum_of_squares(n, moments.sum_x, moments.sum_xx) / (n - 1))


def _theta(control: Moments, treatment: Moments, metric: Metric) -> float | None:
    """CUPED's slope over both variants' units taken together, as GrowthBook pools it."""
    if metric == "ratio":
        raise ValueError("a ratio metric is not adjusted by CUPED")
    joint = control + treatment
    if joint.sum_pre is None or joint.sum_pre_pre is None or joint.sum_x_pre is None:
        raise ValueError("CUPED needs Σpre, Σpre² and Σx·pre of both variants")
    spread = sum_of_squares(joint.n, joint.sum_pre, joint.sum_pre_pre)
    if min(control.n, treatment.n) < 2 or spread == 0:
        return None
    return (joint.sum_x_pre - joint.sum_x * joint.sum_pre / joint.n) / spread


def _past(moments: Moments) -> _Past:
    n, sum_pre, sum_pre_pre, sum_x_pre = moments.n, moments.sum_pre, moments.sum_pre_pre, moments.sum_x_pre
    if sum_pre is None or sum_pre_pre is None or sum_x_pre is None:
        raise ValueError("CUPED needs Σpre, Σpre² and Σx·pre of both variants")
    return _Past(
        sum_pre / n,
        sum_of_squares(n, sum_pre, sum_pre_pre) / (n - 1),
        (sum_x_pre - moments.sum_x * sum_pre / n) / (n - 1),
    )


def _adjusted(variance: float, weight: float, theta: float, past: _Past) -> float:
    """The variance per unit of weight·x − θ·pre; rounding below zero is zero."""
    spread = weight**2 * variance + theta**2 * past.variance
    left = spread - 2 * theta * weight * past.covariance
    return left if left > 1e-12 * spread else 0.0


def _welch(first: float | None, second: float | None, first_n: int, second_n: int) -> float:
    """Welch–Satterthwaite degrees of freedom from the variances of two means."""
    if first is None or second is None or first + second <= 0:
        return 0.0
    return (first + second) ** 2 / (first**2 / (first_n - 1) + second**2 / (second_n - 1))


def _holm(p_values: list[float]) -> list[float]:
    # statsmodels has it too, and collects garbage at each call: 50 ms in a process that holds little.
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    steps = np.asarray(p_values)[order] * np.arange(len(p_values), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(p) for p in adjusted]
