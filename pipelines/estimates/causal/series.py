"""One series and a release: interrupted time series by segmented regression.

Assumed: the trend before would have gone on, and nothing else happened at the release; there is no control, so this is
the weakest of the designs here. Formulas and sources: docs/statistics/causal.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.regression.linear_model import OLS

from pipelines.estimates.intervals import UNDEFINED, Array, Estimate, check_confidence, from_variance


@dataclass(frozen=True)
class Interrupted:
    """How level and trend changed at the release.

    Args:
        level: the jump at the release, in the outcome's unit.
        trend: the change of the trend, per period.
        before: the trend before, per period.
        lags: over how many periods the errors may be correlated.
    """

    level: Estimate = UNDEFINED
    trend: Estimate = UNDEFINED
    before: Estimate = UNDEFINED
    lags: int = 0


def interrupted(
    outcomes: Sequence[float] | Array,
    release: int,
    *,
    season: int | None = None,
    lags: int | None = None,
    confidence: float = 0.95,
) -> Interrupted:
    """Segmented regression with Newey–West errors: y = a + b·t + level·after + trend·(t − release)·after + season.

    Source: Wagner et al. (2002) for the regression; Newey and West (1987, 1994) for the errors and the default lags,
    ⌊4·(n/100)^(2/9)⌋.

    Args:
        outcomes: one per period, without gaps, in order.
        release: the index of the first period after it.
        season: periods of a season, 7 for days of the week; None for none.
        lags: over how many periods errors may be correlated.
        confidence: of the intervals, 0..1.

    Returns:
        Undefined with fewer than three periods or less than a season on either side, or no more periods than twice the
        coefficients.

    Raises:
        ValueError: when an outcome is not finite, or season or lags are no counts.
    """
    check_confidence(confidence)
    y = np.asarray(outcomes, dtype=np.float64)
    if not np.isfinite(y).all():
        raise ValueError("outcomes are finite; a series with gaps is no series")
    if (season is not None and season < 2) or (lags is not None and lags < 0):
        raise ValueError(f"a season has 2 periods or more and lags 0 or more; found {season} and {lags}")
    n, least = y.size, max(3, season or 0)
    if release < least or n - release < least:
        return Interrupted()
    time = np.arange(n)
    after = (time >= release).astype(np.float64)
    seasons = [] if season is None else [(time % season == one).astype(np.float64) for one in range(1, season)]
    design = np.column_stack([after, (time - release) * after, time - release, np.ones(n), *seasons])
    if n <= 2 * design.shape[1]:
        return Interrupted()
    reach = math.floor(4 * (n / 100) ** (2 / 9)) if lags is None else lags
    fitted = OLS(y, design).fit(cov_type="HAC", cov_kwds={"maxlags": reach, "use_correction": True})
    flat = fitted.ssr <= 1e-20 * float(y @ y)
    level, trend, before = (
        from_variance(float(value), None if flat else float(variance), n - design.shape[1], confidence)
        for value, variance in zip(fitted.params[:3], np.diag(fitted.cov_params())[:3], strict=True)
    )
    return Interrupted(level, trend, before, reach)
