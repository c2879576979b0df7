"""One series and a release: interrupted time series by segmented regression.

Assumed: the trend before would have gone on, and nothing else happened at the release; there is no control, so this is
the weakest of the designs here. Formulas and sources: docs/statistics/causal.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize
from statsmodels.regression.linear_model import OLS

from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence, from_variance


@dataclass(frozen=True)
class Interrupted:
    """How level and trend changed at the release.

    Args:
        level: the jump at the release, in the outcome's unit.
        trend: the change of the trend, per period.
        before: the trend before, per period.
        carried: the share of a period's shock that lasts into the next; None with Newey–West errors.
    """

    level: Estimate = UNDEFINED
    trend: Estimate = UNDEFINED
    before: Estimate = UNDEFINED
    carried: float | None = None


def interrupted(
    outcomes: Sequence[float] | Array,
    release: int,
    *,
    season: int | None = None,
    errors: Literal["autoregressive", "newey-west"] = "autoregressive",
    confidence: float = 0.95,
) -> Interrupted:
    """Segmented regression: y = a + b·t + level·after + trend·(t − release)·after + season.

    Source: Wagner et al. (2002). Autoregressive errors: generalised least squares, the correlation by restricted
    maximum likelihood, as Turner et al. (2021) recommend for such series, with the degrees of freedom of the effective
    sample size n·(1 − ρ)/(1 + ρ). Newey–West: least squares, lags ⌊4·(n/100)^(2/9)⌋; any short-lived correlation is
    allowed, but its intervals are far too narrow below some hundreds of periods (docs/statistics/calibration.md).

    Args:
        outcomes: one per period, without gaps, in order.
        release: the index of the first period after it.
        season: periods of a season, 7 for days of the week; None for none.
        errors: how the shocks of periods are taken to hang together.
        confidence: of the intervals, 0..1.

    Returns:
        Undefined with fewer than three periods or less than a season on either side, or no more periods than twice the
        coefficients.

    Raises:
        ValueError: when an outcome is not finite, or a season is none.
    """
    check_confidence(confidence)
    y = np.asarray(outcomes, dtype=np.float64)
    if not np.isfinite(y).all():
        raise ValueError("outcomes are finite; a series with gaps is no series")
    if season is not None and season < 2:
        raise ValueError(f"a season has 2 periods or more; found {season}")
    n, least = y.size, max(3, season or 0)
    if release < least or n - release < least:
        return Interrupted()
    time = np.arange(n)
    after = (time >= release).astype(np.float64)
    seasons = [] if season is None else [(time % season == one).astype(np.float64) for one in range(1, season)]
    design = np.column_stack([after, (time - release) * after, time - release, np.ones(n), *seasons])
    freedom = n - design.shape[1]
    if freedom <= design.shape[1]:
        return Interrupted()
    coefficients, variances, carried = _fitted(y, design, errors)
    if carried is not None:
        freedom = max(2.0, n * (1 - max(carried, 0.0)) / (1 + max(carried, 0.0)) - design.shape[1])
    level, trend, before = (
        from_variance(float(value), variance, freedom, confidence)
        for value, variance in zip(coefficients, variances, strict=True)
    )
    return Interrupted(level, trend, before, carried)


def _fitted(
    y: Array, design: Array, errors: Literal["autoregressive", "newey-west"]
) -> tuple[list[float], list[float | None], float | None]:
    """The first three coefficients, their variances, and the correlation that autoregressive errors have."""
    fitted = OLS(y, design).fit()
    carried = None
    # Outcomes on the line leave rounding, of which no error can be made.
    if fitted.ssr <= 1e-20 * float(y @ y):
        return fitted.params[:3].tolist(), [None, None, None], None
    if errors == "newey-west":
        lags = math.floor(4 * (y.size / 100) ** (2 / 9))
        fitted = OLS(y, design).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    else:
        carried = _carried(y, design)
        fitted = OLS(_whitened(y, carried), _whitened(design, carried)).fit()
    return fitted.params[:3].tolist(), np.diag(fitted.cov_params())[:3].tolist(), carried


def _carried(y: Array, design: Array) -> float:
    """The first-order autocorrelation that maximises the restricted likelihood."""
    n, k = design.shape

    def deviance(rho: float) -> float:
        columns = _whitened(design, rho)
        orthogonal, triangle = np.linalg.qr(columns)
        outcome = _whitened(y, rho)
        left = outcome - orthogonal @ (orthogonal.T @ outcome)
        determinant = 2 * float(np.log(np.abs(np.diag(triangle))).sum())
        likelihood: float = (n - k) * math.log(float(left @ left)) + determinant - math.log(1 - rho**2)
        return likelihood

    # Nearer to 1 the series is a random walk, and a level has no meaning to jump from.
    return float(optimize.minimize_scalar(deviance, bounds=(-0.98, 0.98), method="bounded").x)


def _whitened(columns: Array, rho: float) -> Array:
    """Prais and Winsten's transformation: what of each period is not carried over from the one before."""
    white = columns.copy()
    white[1:] -= rho * columns[:-1]
    white[0] *= math.sqrt(1 - rho**2)
    return white
