"""Treated units beside similar untreated ones: nearest neighbours, with replacement, and how alike they have become.

Assumed: given the covariates, who was treated is as good as random, and untreated units like the treated ones exist.
Formulas and sources: docs/statistics/causal.md.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from statsmodels.discrete.discrete_model import Logit
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence, from_variance

LARGEST_DIFFERENCE = 0.1
"""Of standardised means between matched groups; from it on a covariate is not balanced."""


@dataclass(frozen=True)
class Units:
    """Units of one group: an outcome each, and a value each of every covariate.

    Raises:
        ValueError: when a covariate has not a value per unit, or a value is not finite.
    """

    outcomes: Sequence[float] | Array
    covariates: Mapping[str, Sequence[float] | Array]

    def __post_init__(self) -> None:
        """Reject gaps: which units to leave out is not a statistician's guess."""
        for name, values in (("outcome", self.outcomes), *self.covariates.items()):
            if len(values) != len(self.outcomes):
                raise ValueError(f"{name} has {len(values)} values for {len(self.outcomes)} units")
            if not np.isfinite(np.asarray(values, dtype=np.float64)).all():
                raise ValueError(f"{name} has values that are not finite")


@dataclass(frozen=True)
class Balance:
    """One covariate's standardised difference of means, treated − untreated.

    Args:
        covariate: its name.
        before: over all units; None where the covariate does not vary.
        after: over the matched ones.
        is_balanced: whether `after` is within ± `LARGEST_DIFFERENCE`.
    """

    covariate: str
    before: float | None
    after: float | None
    is_balanced: bool | None


@dataclass(frozen=True)
class Matched:
    """The mean effect on the treated, and what it rests on.

    Args:
        effect: undefined when nobody could be matched.
        mean: of the matched treated units' outcomes.
        balance: a row per covariate.
        is_balanced: whether all are; None when none is defined.
        matched: treated units with a neighbour.
        unmatched: treated units without one inside the caliper.
        controls: distinct untreated units used.
    """

    effect: Estimate
    mean: float | None
    balance: tuple[Balance, ...]
    is_balanced: bool | None
    matched: int
    unmatched: int
    controls: int


def match(
    treated: Units,
    untreated: Units,
    *,
    by: Literal["covariates", "propensity"] = "covariates",
    neighbours: int = 1,
    caliper: float | None = None,
    confidence: float = 0.95,
) -> Matched:
    """The mean effect on the treated by nearest-neighbour matching with replacement, bias-adjusted.

    Source: Abadie and Imbens (2006) for the estimator and its error, (2011) for the adjustment, a regression of the
    outcome on the covariates among matched controls. The error takes an estimated propensity as known.

    Args:
        treated: the treated units.
        untreated: those they may be matched with; the same covariates.
        by: distance in covariates, each over its standard deviation, or in the logit of the propensity score.
        neighbours: per treated unit; ties are broken by the order of units.
        caliper: the largest distance of a match, in standard deviations; None for any.
        confidence: of the interval, 0..1.

    Returns:
        Undefined without treated units, with fewer untreated units than neighbours, when the covariates separate the
        groups perfectly (`propensity`), or when no unit has a neighbour inside the caliper; the error with fewer than
        two matched.

    Raises:
        ValueError: when the groups have different covariates or none, or fewer than one neighbour is asked for.
    """
    check_confidence(confidence)
    _check(treated, untreated, neighbours)
    names = tuple(treated.covariates)
    ours, theirs = (_matrix(units, names) for units in (treated, untreated))
    before = _differences(ours, theirs, None, _spread(ours, theirs))
    coordinates = _coordinates(ours, theirs, by) if len(ours) and len(theirs) >= neighbours else None
    if coordinates is None:
        return Matched(UNDEFINED, None, _balance(names, before, [None] * len(names)), None, 0, len(ours), 0)
    inside, index = _nearest(*coordinates, neighbours, caliper)
    used = np.bincount(index.ravel(), minlength=len(theirs)).astype(np.float64)
    after: list[float | None] = [None] * len(names)
    effect, mean = UNDEFINED, None
    if inside.any():
        after = _differences(ours[inside], theirs, used, _spread(ours, theirs))
        outcomes = np.asarray(treated.outcomes, dtype=np.float64)[inside]
        mean = float(outcomes.mean())
        pool = np.asarray(untreated.outcomes, dtype=np.float64)
        effect = _effect(outcomes, pool, ours[inside], theirs, index, used, coordinates[1], confidence)
    rows = _balance(names, before, after)
    defined = [row.is_balanced for row in rows if row.is_balanced is not None]
    return Matched(
        effect,
        mean,
        rows,
        all(defined) if defined else None,
        int(inside.sum()),
        int((~inside).sum()),
        int((used > 0).sum()),
    )


def _check(treated: Units, untreated: Units, neighbours: int) -> None:
    names = tuple(treated.covariates)
    if set(names) != set(untreated.covariates) or not names:
        raise ValueError(f"both groups need the same covariates; found {names} and {tuple(untreated.covariates)}")
    if neighbours < 1:
        raise ValueError(f"a unit is matched with one neighbour or more; found {neighbours}")


def _coordinates(ours: Array, theirs: Array, by: Literal["covariates", "propensity"]) -> tuple[Array, Array] | None:
    return _scaled(ours, theirs) if by == "covariates" else _logits(ours, theirs)


def _nearest(
    ours: Array, theirs: Array, neighbours: int, caliper: float | None
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Which of our units have neighbours inside the caliper, and the index of each of these among theirs."""
    distance, index = cKDTree(theirs).query(ours, k=neighbours)
    distance, index = distance.reshape(len(ours), -1), index.reshape(len(ours), -1)
    inside = np.ones(len(ours), dtype=bool) if caliper is None else (distance <= caliper).all(axis=1)
    return inside, index[inside]


def _effect(
    outcomes: Array,
    pool: Array,
    ours: Array,
    theirs: Array,
    index: NDArray[np.intp],
    used: Array,
    coordinates: Array,
    confidence: float,
) -> Estimate:
    count, neighbours = index.shape
    imputed = pool[index].mean(axis=1)
    chosen = np.flatnonzero(used)
    # The adjustment is a regression on the matched controls; two for each of its coefficients is the least it needs.
    if chosen.size >= 2 * (ours.shape[1] + 1):
        weight = np.sqrt(used[chosen])[:, None]
        design = np.column_stack([np.ones(chosen.size), theirs[chosen]])
        slopes = np.linalg.lstsq(design * weight, pool[chosen] * weight[:, 0], rcond=None)[0][1:]
        imputed = imputed + (ours - theirs[index].mean(axis=1)) @ slopes
    differences = outcomes - imputed
    value = float(differences.mean())
    if count < 2:
        return Estimate(value)
    variance = float(((differences - value) ** 2).sum()) / count**2
    if len(theirs) > 2:
        # The outcome's own variance at a control, from its two nearest among the controls.
        nearest = cKDTree(coordinates).query(coordinates[chosen], k=3)[1]
        others = np.stack([row[row != own][:2] for row, own in zip(nearest, chosen, strict=True)])
        noise = 2 / 3 * (pool[chosen] - pool[others].mean(axis=1)) ** 2
        times = used[chosen]
        variance += float((times * (times - 1) / neighbours**2 * noise).sum()) / count**2
    return from_variance(value, variance, count - 1, confidence)


def _matrix(units: Units, names: Sequence[str]) -> Array:
    columns = [np.asarray(units.covariates[name], dtype=np.float64) for name in names]
    return np.column_stack(columns) if len(units.outcomes) else np.empty((0, len(names)))


def _spread(ours: Array, theirs: Array) -> Array:
    """√((s²_T + s²_C)/2) of each covariate, before matching and used after it too, so that the two compare."""
    if len(ours) < 2 or len(theirs) < 2:
        return np.zeros(ours.shape[1])
    return np.asarray(np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / 2))


def _differences(ours: Array, theirs: Array, weights: Array | None, spread: Array) -> list[float | None]:
    if not len(ours) or not len(theirs):
        return [None] * ours.shape[1]
    difference = ours.mean(axis=0) - np.average(theirs, axis=0, weights=weights)
    return [float(d / s) if s > 0 else None for d, s in zip(difference, spread, strict=True)]


def _balance(
    names: Sequence[str], before: Sequence[float | None], after: Sequence[float | None]
) -> tuple[Balance, ...]:
    return tuple(
        Balance(name, first, then, None if then is None else abs(then) < LARGEST_DIFFERENCE)
        for name, first, then in zip(names, before, after, strict=True)
    )


def _scaled(ours: Array, theirs: Array) -> tuple[Array, Array]:
    spread = np.concatenate([ours, theirs]).std(axis=0, ddof=1)
    spread[spread == 0] = math.inf
    return ours / spread, theirs / spread


def _logits(ours: Array, theirs: Array) -> tuple[Array, Array] | None:
    """Each unit's logit of the propensity score, over its standard deviation; None when it cannot be fitted."""
    covariates = np.concatenate([ours, theirs])
    varying = covariates[:, covariates.std(axis=0) > 0]
    if np.linalg.matrix_rank(varying - varying.mean(axis=0)) < varying.shape[1] or not varying.shape[1]:
        return None
    treated = np.arange(len(covariates)) < len(ours)
    standard = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    design = np.column_stack([np.ones(len(covariates)), standard])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fitted = Logit(treated.astype(np.float64), design).fit(disp=0)
        except (ConvergenceWarning, PerfectSeparationWarning, np.linalg.LinAlgError):
            return None
    logit = design @ fitted.params
    spread = float(logit.std(ddof=1))
    if spread == 0 or not math.isfinite(spread):
        return None
    logit = (logit / spread)[:, None]
    return logit[: len(ours)], logit[len(ours) :]
