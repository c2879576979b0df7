"""Instrumental variables: two-stage least squares, and whether the instrument is strong enough to be read.

Assumed: the instrument moves the treatment, and the outcome through nothing else; only the first can be tested.
Formulas and sources: docs/statistics/causal.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence, from_variance

WEAK_BELOW = 10.0
"""First-stage F: below it the estimate leans towards the confounded one and its interval is too narrow."""


@dataclass(frozen=True)
class TwoStage:
    """The effect of one unit of treatment on those whom the instrument moves.

    Args:
        effect: two-stage least squares.
        first_stage_f: of the instruments in the regression of the treatment, robust as the effect's error is.
        is_weak: whether it is below `WEAK_BELOW`.
    """

    effect: Estimate = UNDEFINED
    first_stage_f: float | None = None
    is_weak: bool | None = None


def two_stage(
    outcome: Sequence[float] | Array,
    treatment: Sequence[float] | Array,
    instruments: Sequence[Sequence[float] | Array] | Array,
    *,
    covariates: Sequence[Sequence[float] | Array] | Array | None = None,
    clusters: Sequence[int] | None = None,
    confidence: float = 0.95,
) -> TwoStage:
    """Two-stage least squares with an intercept, errors robust to heteroscedasticity (HC1) or clustered (CR1).

    Source: Wooldridge (2010), ch. 5; F below 10 weak after Staiger and Stock (1997).

    Args:
        outcome: one per unit.
        treatment: one per unit.
        instruments: a column each, every column one per unit.
        covariates: columns of both stages.
        clusters: each unit's cluster.
        confidence: of the interval, 0..1.

    Returns:
        Undefined with no more units (or clusters) than coefficients, or when columns are constant or follow from one
        another.

    Raises:
        ValueError: when columns differ in length, hold what is not finite, or no instrument is given.
    """
    check_confidence(confidence)
    y, d = np.asarray(outcome, dtype=np.float64), np.asarray(treatment, dtype=np.float64)
    z = [np.asarray(column, dtype=np.float64) for column in instruments]
    x = [
        np.ones(y.size),
        *(np.asarray(column, dtype=np.float64) for column in (() if covariates is None else covariates)),
    ]
    if not z:
        raise ValueError("no instrument is given")
    _check(y, (d, *z, *x), clusters)
    first, second = np.column_stack([*z, *x]), np.column_stack([d, *x])
    freedom = y.size - second.shape[1] if clusters is None else len(set(clusters)) - 1
    if y.size <= first.shape[1] or freedom < 1 or not _independent(first) or not _independent(second):
        return TwoStage()
    code = None if clusters is None else np.unique(clusters, return_inverse=True)[1]
    robust: dict[str, object] = (
        {"cov_type": "HC1"} if code is None else {"cov_type": "cluster", "cov_kwds": {"groups": code}}
    )
    stage = OLS(d, first).fit(**robust, use_t=True)
    if stage.ssr <= 1e-12 * float(d @ d):
        f = None  # The treatment is the instrument: nothing is left for F to divide by.
    else:
        f = float(np.squeeze(stage.f_test(np.eye(first.shape[1])[: len(z)]).fvalue))
    fitted = np.column_stack([stage.fittedvalues, *x])
    if not _independent(fitted):
        return TwoStage(UNDEFINED, f, None if f is None else f < WEAK_BELOW)
    slope, variance = _slope(y, second, fitted, code)
    return TwoStage(from_variance(slope, variance, freedom, confidence), f, None if f is None else f < WEAK_BELOW)


def _check(y: Array, columns: Sequence[Array], clusters: Sequence[int] | None) -> None:
    if any(column.shape != y.shape for column in columns) or (clusters is not None and len(clusters) != y.size):
        raise ValueError(f"every column has a value for each of the {y.size} units")
    if not all(np.isfinite(column).all() for column in (y, *columns)):
        raise ValueError("values are finite; leave a unit with a gap out")


def _slope(y: Array, second: Array, fitted: Array, code: NDArray[np.intp] | None) -> tuple[float, float]:
    """The treatment's coefficient and its robust variance; `code` numbers the units' clusters."""
    bread = np.linalg.inv(fitted.T @ fitted)
    slopes = bread @ fitted.T @ y
    scores = fitted * (y - second @ slopes)[:, None]
    correction = y.size / (y.size - second.shape[1])
    if code is not None:
        scores = np.stack([np.bincount(code, weights=column) for column in scores.T], axis=1)
        count = scores.shape[0]
        correction = count / (count - 1) * (y.size - 1) / (y.size - second.shape[1])
    return float(slopes[0]), float(correction * (bread @ (scores.T @ scores) @ bread)[0, 0])


def _independent(columns: Array) -> bool:
    norms = np.linalg.norm(columns, axis=0)
    return bool((norms > 0).all() and np.linalg.matrix_rank(columns / norms) == columns.shape[1])
