"""Units seen before and after: difference-in-differences, event study, staggered adoption, pre-trends.

All but `two_way` are contrasts of unit means between cohorts (the units that start together): one number per unit, so
errors are clustered by unit, with Welch–Satterthwaite degrees of freedom over the cohorts. That is what CR2 errors and
Bell and McCaffrey's degrees of freedom come to for such contrasts, and it holds with few units. Assumed: without the
treatment the cohorts' means would have moved alike. Formulas and sources: docs/statistics/causal.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special
from statsmodels.regression.linear_model import OLS

from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence, from_variance


@dataclass(frozen=True)
class Panel:
    """Outcomes by unit and period, one row each, in any order.

    Args:
        units: each row's unit.
        periods: each row's period; their order is what counts.
        outcomes: each row's outcome.
        starts: unit → its first treated period; a unit that is not here is never treated.

    Raises:
        ValueError: when the columns differ in length, an outcome is not finite, or a unit and period come twice.
    """

    units: Sequence[str]
    periods: Sequence[int]
    outcomes: Sequence[float]
    starts: Mapping[str, int]

    def __post_init__(self) -> None:
        """Reject what is no panel."""
        if not len(self.units) == len(self.periods) == len(self.outcomes):
            raise ValueError(f"{len(self.units)} units, {len(self.periods)} periods, {len(self.outcomes)} outcomes")
        if not all(map(math.isfinite, self.outcomes)):
            raise ValueError("outcomes are finite; leave a missing row out")
        twice = [row for row, times in Counter(zip(self.units, self.periods, strict=True)).items() if times > 1]
        if twice:
            raise ValueError(f"unit {twice[0][0]} has period {twice[0][1]} twice")


@dataclass(frozen=True)
class Difference:
    """A difference-in-differences.

    Args:
        effect: the mean effect on the treated, after against before.
        treated: units treated that were used.
        untreated: units never treated that were used.
        dropped: units left out: not seen in every period, or treated from the first on.
    """

    effect: Estimate
    treated: int
    untreated: int
    dropped: int


@dataclass(frozen=True)
class GroupTime:
    """The effect in one period on the units that started together; before the start it should be none."""

    start: int
    period: int
    effect: Estimate


@dataclass(frozen=True)
class Lag:
    """The effect N periods after the start: 0 is the first treated one, −1 the reference."""

    lag: int
    effect: Estimate


@dataclass(frozen=True)
class PreTrend:
    """Whether treated and untreated moved apart before the start.

    Args:
        p_value: of all leads being 0, jointly; None when it is undefined.
        leads: how many were tested.
        is_rejected: p below 0.05: the cohorts did not move alike. Not rejected is no proof that they did.
    """

    p_value: float | None = None
    leads: int = 0
    is_rejected: bool | None = None


@dataclass(frozen=True)
class Staggered:
    """Effects of a treatment that units start at different times.

    Args:
        effect: the mean over all treated units and periods.
        group_times: by cohort and period, where a control exists.
        lags: by periods since the start.
        pre_trend: over the leads of `lags`.
        treated: units treated that were used.
        untreated: units never treated that were used.
        dropped: as in `Difference`.
    """

    effect: Estimate
    group_times: tuple[GroupTime, ...]
    lags: tuple[Lag, ...]
    pre_trend: PreTrend
    treated: int
    untreated: int
    dropped: int


def two_by_two(panel: Panel, confidence: float = 0.95) -> Difference:
    """Each unit's mean after the start less its mean before; treated against never treated.

    Source: Bertrand, Duflo and Mullainathan (2004), who collapse time so that correlation within a unit is harmless.

    Returns:
        The effect is undefined without units on both sides, its error with fewer than two on either.

    Raises:
        ValueError: when units start at different periods; that is `staggered`'s.
    """
    check_confidence(confidence)
    _one_start(panel)
    cohorts = _Cohorts.of(panel)
    return Difference(cohorts.estimate(cohorts.before_and_after(), confidence), *cohorts.counts)


def two_way(panel: Panel, confidence: float = 0.95) -> Estimate:
    """The same effect by regression on unit and period effects, which takes units not seen in every period.

    Errors are clustered by unit (CR1, t with units − 1 degrees of freedom: too small with fewer than some thirty units,
    or few treated ones; `two_by_two` holds there).

    Returns:
        Undefined when treatment does not vary once unit and period effects are out; its error with one unit a side.

    Raises:
        ValueError: when units start at different periods: the regression would take treated units for controls and can
            turn an effect's sign (Goodman-Bacon 2021). That is `staggered`'s.
    """
    check_confidence(confidence)
    _one_start(panel)
    if not panel.units:
        return UNDEFINED
    names, unit = np.unique(np.asarray(panel.units, dtype=str), return_inverse=True)
    values, period = np.unique(np.asarray(panel.periods), return_inverse=True)
    start = np.array([panel.starts.get(str(name), math.inf) for name in names])
    treatment = (values[period] >= start[unit]).astype(np.float64)
    dummies = (period[:, None] == np.arange(1, values.size)).astype(np.float64)
    # Removing unit means from both sides is equivalent to a dummy per unit (Frisch, Waugh and Lovell).
    columns = _within(np.column_stack([np.asarray(panel.outcomes, dtype=np.float64), treatment, dummies]), unit)
    outcome, design = columns[:, 0], columns[:, 1:]
    others = design[:, 1:]
    left = design[:, 0] - others @ np.linalg.lstsq(others, design[:, 0], rcond=None)[0]
    if left @ left <= 1e-10 * max(1.0, float(design[:, 0] @ design[:, 0])):
        return UNDEFINED
    few = min(np.isfinite(start).sum(), np.isinf(start).sum()) < 2
    fitted = OLS(outcome, design).fit(cov_type="cluster", cov_kwds={"groups": unit}, use_t=True)
    variance = None if few else float(fitted.cov_params()[0, 0])
    return from_variance(float(fitted.params[0]), variance, names.size - 1, confidence)


def pre_trend(panel: Panel) -> PreTrend:
    """Whether treated and untreated moved apart before the start: `staggered`'s."""
    return staggered(panel).pre_trend


def staggered(panel: Panel, confidence: float = 0.95) -> Staggered:
    """Group-time effects after Callaway and Sant'Anna (2021), set against units not yet treated only.

    ATT(g, t) = E[Y_t − Y_b | starts at g] − E[Y_t − Y_b | not yet treated], b the last period before g. They are
    averaged with weights proportional to the cohorts' sizes, which are taken as given.

    Returns:
        An effect is undefined where no control is left or no period lies before the start; an error where a cohort that
        takes part has a single unit.
    """
    check_confidence(confidence)
    cohorts = _Cohorts.of(panel)
    cells = {
        (one, at): weights
        for one in range(len(cohorts.starts))
        for at in range(len(cohorts.periods))
        if (weights := cohorts.group_time(one, at)) is not None
    }
    by_lag: dict[int, list[tuple[int, int]]] = {}
    for one, at in cells:
        by_lag.setdefault(at - cohorts.first_treated(one), []).append((one, at))

    def average(some: Iterable[tuple[int, int]]) -> Array | None:
        chosen = list(some)
        if not chosen:
            return None
        sizes = cohorts.sizes[[one for one, _ in chosen]]
        return np.asarray(np.tensordot(sizes / sizes.sum(), np.stack([cells[cell] for cell in chosen]), axes=1))

    lags = {lag: average(some) for lag, some in sorted(by_lag.items())}
    after = average(cell for lag, some in by_lag.items() if lag >= 0 for cell in some)
    return Staggered(
        cohorts.estimate(after, confidence),
        tuple(
            GroupTime(int(cohorts.starts[one]), cohorts.periods[at], cohorts.estimate(weights, confidence))
            for (one, at), weights in sorted(cells.items())
        ),
        tuple(Lag(lag, cohorts.estimate(weights, confidence)) for lag, weights in lags.items()),
        cohorts.joint([weights for lag, weights in lags.items() if lag < 0 and weights is not None]),
        *cohorts.counts,
    )


@dataclass(frozen=True)
class _Cohorts:
    """A balanced panel reduced to its cohorts, the units that start together.

    Args:
        starts: each cohort's first treated period, ascending; infinite for the never treated.
        periods: ascending.
        sizes: units of each cohort.
        means: cohort × period, over its units.
        covariances: cohort × period × period, over its units; 0 for a single unit.
        rounding: a variance below this is what is left of outcomes that do not vary.
        dropped: units left out.
    """

    starts: tuple[float, ...]
    periods: tuple[int, ...]
    sizes: Array
    means: Array
    covariances: Array
    rounding: float
    dropped: int

    @classmethod
    def of(cls, panel: Panel) -> _Cohorts:
        names, unit = np.unique(np.asarray(panel.units, dtype=str), return_inverse=True)
        values, period = np.unique(np.asarray(panel.periods, dtype=np.int64), return_inverse=True)
        table = np.full((names.size, values.size), np.nan)
        table[unit, period] = np.asarray(panel.outcomes, dtype=np.float64)
        start = np.array([panel.starts.get(str(name), math.inf) for name in names], dtype=np.float64)
        last = values[-1] if values.size else 0
        # One that starts after the last period seen is not treated in these data.
        start[start > last] = math.inf
        first = values[0] if values.size else 0
        used = ~np.isnan(table).any(axis=1) & (start > first)
        starts = sorted(set(start[used].tolist()))
        cohorts = [table[used & (start == one)] for one in starts]
        shape = (len(cohorts), values.size)
        return cls(
            tuple(starts),
            tuple(values.tolist()),
            np.array([one.shape[0] for one in cohorts], dtype=np.float64),
            np.array([one.mean(axis=0) for one in cohorts]).reshape(shape),
            np.array(
                [np.cov(one, rowvar=False) if one.shape[0] > 1 else np.zeros((values.size,) * 2) for one in cohorts]
            ).reshape(*shape, values.size),
            (1e-12 * float(np.abs(table[used]).max(initial=0))) ** 2,
            int((~used).sum()),
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """Units treated, untreated and dropped."""
        treated = int(self.sizes[np.isfinite(self.starts)].sum())
        return treated, int(self.sizes.sum()) - treated, self.dropped

    def first_treated(self, one: int) -> int:
        """The index of a cohort's first treated period."""
        return int(np.searchsorted(self.periods, self.starts[one]))

    def group_time(self, one: int, at: int) -> Array | None:
        """ATT(g, t) as weights: cohort × period. None for the base period, a never-treated cohort, or no control."""
        if math.isinf(self.starts[one]):
            return None
        base = self.first_treated(one) - 1
        if at == base:
            return None
        untreated = [
            other
            for other, start in enumerate(self.starts)
            if other != one and start > max(self.periods[at], self.periods[base])
        ]
        if not untreated:
            return None
        weights = np.zeros((len(self.starts), len(self.periods)))
        weights[one, at], weights[one, base] = 1.0, -1.0
        shares = self.sizes[untreated] / self.sizes[untreated].sum()
        weights[untreated, at], weights[untreated, base] = -shares, shares
        return weights

    def before_and_after(self) -> Array | None:
        """The 2×2 as weights; None without units on both sides."""
        if len(self.starts) != 2:
            return None
        first = self.first_treated(0)
        change = np.full(len(self.periods), -1 / first)
        change[first:] = 1 / (len(self.periods) - first)
        return np.stack([change, -change])

    def estimate(self, weights: Array | None, confidence: float) -> Estimate:
        """Σ over cohorts of the mean over units of Σ over periods of weight × outcome."""
        if weights is None:
            return UNDEFINED
        value = float((weights * self.means).sum())
        part = weights.any(axis=1)
        sizes = self.sizes[part]
        if sizes.min() < 2:
            return Estimate(value)
        variances = np.einsum("kt,ktu,ku->k", weights[part], self.covariances[part], weights[part]) / sizes
        total, spread = float(variances.sum()), float((variances**2 / (sizes - 1)).sum())
        if total <= self.rounding:
            return Estimate(value)
        return from_variance(value, total, total**2 / spread, confidence)

    def joint(self, contrasts: Sequence[Array]) -> PreTrend:
        """Whether all contrasts are 0: Krishnamoorthy and Yu's (2004) test for means of unequal covariance."""
        count = len(contrasts)
        if count == 0:
            return PreTrend()
        # Cohort × contrast × period.
        weights = np.stack(contrasts, axis=1)
        part = weights.any(axis=(1, 2))
        sizes = self.sizes[part]
        if sizes.min() < 2:
            return PreTrend(leads=count)
        values = np.einsum("kct,kt->c", weights, self.means)
        covariances = np.einsum("kct,ktu,kdu->kcd", weights[part], self.covariances[part], weights[part])
        covariances /= sizes[:, None, None]
        total = covariances.sum(axis=0)
        if np.linalg.matrix_rank(total) < count:
            return PreTrend(leads=count)
        inverse = np.linalg.inv(total)
        shares = covariances @ inverse
        traces = np.trace(shares @ shares, axis1=1, axis2=2) + np.trace(shares, axis1=1, axis2=2) ** 2
        spread = float((traces / (sizes - 1)).sum())
        freedom = (count + count**2) / spread
        if freedom - count + 1 <= 0:
            return PreTrend(leads=count)
        statistic = float(values @ inverse @ values) * (freedom - count + 1) / (freedom * count)
        p_value = float(special.fdtrc(count, freedom - count + 1, statistic))
        return PreTrend(p_value, count, p_value < 0.05)


def _one_start(panel: Panel) -> None:
    seen, last = set(panel.units), max(panel.periods, default=0)
    starts = sorted({start for unit, start in panel.starts.items() if unit in seen and start <= last})
    if len(starts) > 1:
        raise ValueError(f"units start at {len(starts)} different periods, {starts[0]} first; use staggered()")


def _within(columns: Array, unit: NDArray[np.intp]) -> Array:
    counts = np.bincount(unit)
    means = np.stack([np.bincount(unit, weights=column) / counts for column in columns.T], axis=1)
    return np.asarray(columns - means[unit], dtype=np.float64)
