"""How sure a measure of accuracy is, from its sums; and what scores are worth before their labels come.

Every function takes columns: arrays with one entry per window, in which undefined is NaN, and gives columns of the
same length. Which windows there are and what their sums mean is SQL's affair.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from pipelines.estimates.intervals import wilson_bounds

Column = NDArray[np.float64]
Interval = tuple[Column, Column]

CONFIDENCE = 0.95
BINS = np.array([*range(-40, 0), *range(1, 139)])
"""Every bin that the macro `score_bin` gives."""
SMALLEST_HISTORY = 100
"""Fewer labelled scores than this calibrate nothing."""


def _column(values: ArrayLike) -> Column:
    return np.asarray(values, dtype=np.float64)


def _divided(numerator: Column, denominator: Column) -> Column:
    """The quotient; NaN where there is nothing to divide by."""
    safe = np.where(denominator == 0, np.nan, denominator)
    quotient: Column = numerator / safe
    return quotient


def f1_interval(
    true_positives: ArrayLike, false_positives: ArrayLike, false_negatives: ArrayLike, confidence: float = CONFIDENCE
) -> Interval:
    """Interval of F1, Wilson's carried over: F1 = 2J / (1 + J) with J the share of true positives in TP + FP + FN.

    Given how many cases are positive by either account, J is a proportion, and F1 rises with it.
    """
    hits = _column(true_positives)
    low, high = wilson_bounds(hits, hits + _column(false_positives) + _column(false_negatives), confidence)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def auc_interval(
    positives: ArrayLike,
    negatives: ArrayLike,
    concordant: ArrayLike,
    squared_below: ArrayLike,
    squared_above: ArrayLike,
    confidence: float = CONFIDENCE,
) -> Interval:
    """DeLong's interval of the area under the ROC curve (DeLong et al. 1988), on the logit scale.

    `concordant` is U, the pairs of a positive above a negative with half of the ties; `squared_below` sums, over the
    positives, the square of the negatives below each, half of those level with it; `squared_above` the other way
    round. NaN where either class has fewer than two cases.

    Each class gets half a case more, above half of the other and below half, as Haldane and Anscombe add a half to
    each cell of a table: of few cases hardly one is out of place, and from those DeLong's variance is far too small.
    The quantile is Student's t with the degrees of freedom of Brunner and Munzel (2000). An end never lies beyond the
    value itself.
    """
    m, n, u = _column(positives), _column(negatives), _column(concordant)
    many = (m > 1) & (n > 1)
    m, n = np.where(many, m, np.nan), np.where(many, n, np.nan)
    area = u / (m * n)
    half = 0.5
    below = _column(squared_below) + half * u + m * half**2 / 4 + half * ((n + half) / 2) ** 2
    above = _column(squared_above) + half * u + n * half**2 / 4 + half * ((m + half) / 2) ** 2
    middle = (u + half * (m + n + half) / 2) / ((m + half) * (n + half))
    of_positives = (below / (n + half) ** 2 - (m + half) * middle**2) / (m + half - 1) / (m + half)
    of_negatives = (above / (m + half) ** 2 - (n + half) * middle**2) / (n + half - 1) / (n + half)
    variance = of_positives + of_negatives
    freedom = variance**2 / (of_positives**2 / (m - 1) + of_negatives**2 / (n - 1))
    width = stats.t.ppf(0.5 + confidence / 2, freedom) * np.sqrt(variance) / (middle * (1 - middle))
    low, high = special.expit(special.logit(middle) - width), special.expit(special.logit(middle) + width)
    return np.minimum(low, area), np.maximum(high, area)


def mean_interval(
    total: ArrayLike, total_of_squares: ArrayLike, count: ArrayLike, confidence: float = CONFIDENCE
) -> Interval:
    """Student's interval of a mean, from Σx, Σx² and n; NaN below two values."""
    n = np.where(_column(count) > 1, _column(count), np.nan)
    mean = _column(total) / n
    variance = np.maximum(_column(total_of_squares) - n * mean**2, 0) / (n - 1)
    half = stats.t.ppf(0.5 + confidence / 2, np.where(np.isnan(n), 1, n - 1)) * np.sqrt(variance / n)
    return mean - half, mean + half


def root_mean_square_interval(
    total_of_squares: ArrayLike, total_of_fourths: ArrayLike, count: ArrayLike, confidence: float = CONFIDENCE
) -> Interval:
    """Interval of a root mean square: Student's of the mean square, on the log scale by the delta method, rooted."""
    n = np.where(_column(count) > 1, _column(count), np.nan)
    square = _column(total_of_squares) / n
    variance = np.maximum(_column(total_of_fourths) - n * square**2, 0) / (n - 1)
    square = np.where(square > 0, square, np.nan)
    quantile = stats.t.ppf(0.5 + confidence / 2, np.where(np.isnan(n), 1, n - 1))
    half = quantile * np.sqrt(variance / n) / square
    return np.sqrt(square * np.exp(-half)), np.sqrt(square * np.exp(half))


def ratio_interval(
    numerator: ArrayLike,
    denominator: ArrayLike,
    numerator_squares: ArrayLike,
    denominator_squares: ArrayLike,
    products: ArrayLike,
    count: ArrayLike,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Interval of Σx / Σy by the delta method, from the sums, the sums of squares, Σxy and n."""
    n = np.where(_column(count) > 1, _column(count), np.nan)
    x, y = _column(numerator) / n, _column(denominator) / n
    ratio = _divided(x, y)
    spread_x = (_column(numerator_squares) - n * x**2) / (n - 1)
    spread_y = (_column(denominator_squares) - n * y**2) / (n - 1)
    together = (_column(products) - n * x * y) / (n - 1)
    variance = _divided(spread_x - 2 * ratio * together + ratio**2 * spread_y, n * y**2)
    half = stats.t.ppf(0.5 + confidence / 2, np.where(np.isnan(n), 1, n - 1)) * np.sqrt(np.maximum(variance, 0))
    return ratio - half, ratio + half


def intervals(sums: Mapping[str, ArrayLike]) -> dict[str, Column]:
    """`<measure>_low` and `<measure>_high` of every measure, 95 %, from the columns of `int_accuracy__reduced`."""
    s = {name: _column(values) for name, values in sums.items()}
    hits, alarms = s["true_positive_count"], s["false_positive_count"]
    misses, clears = s["false_negative_count"], s["true_negative_count"]
    error, actual = s["absolute_error_sum"], s["actual_sum"]
    short_low, short_high = ratio_interval(
        error, actual, s["squared_error_sum"], s["squared_actual_sum"], s["error_actual_sum"], s["valued_count"]
    )
    found: dict[str, Interval] = {
        "accuracy": wilson_bounds(s["correct_count"], s["decided_count"]),
        "precision": wilson_bounds(hits, hits + alarms),
        "recall": wilson_bounds(hits, hits + misses),
        "specificity": wilson_bounds(clears, clears + alarms),
        "f1": f1_interval(hits, alarms, misses),
        "auc": auc_interval(
            s["happened_count"],
            s["not_happened_count"],
            s["concordant_sum"],
            s["squared_negatives_below_sum"],
            s["squared_positives_above_sum"],
        ),
        "mean_absolute_error": mean_interval(error, s["squared_error_sum"], s["valued_count"]),
        "root_mean_squared_error": root_mean_square_interval(
            s["squared_error_sum"], s["fourth_power_error_sum"], s["valued_count"]
        ),
        "bias": mean_interval(s["error_sum"], s["squared_error_sum"], s["valued_count"]),
        "forecast_accuracy": (1 - short_high, 1 - short_low),
        "ndcg": mean_interval(s["ndcg_sum"], s["squared_ndcg_sum"], s["ndcg_count"]),
        "hit": wilson_bounds(s["hit_count"], s["ranked_count"]),
    }
    return {f"{name}_{end}": pair[i] for name, pair in found.items() for i, end in enumerate(("low", "high"))}


def calibrated_bins(bins: ArrayLike, happened: ArrayLike, scored: ArrayLike) -> tuple[NDArray[np.int64], Column]:
    """Every bin of the histogram and the chance that what is scored in it happens: isotonic regression on a history.

    `happened` of `scored` cases in each of `bins`. Bins the history does not hold lie between their neighbours.
    Two empty arrays where the history holds fewer than `SMALLEST_HISTORY` cases or one class alone.
    """
    order = np.argsort(np.asarray(bins))
    places, k, n = (_column(column)[order] for column in (bins, happened, scored))
    if n.sum() < SMALLEST_HISTORY or k.sum() in (0, n.sum()):
        return np.array([], dtype=np.int64), np.array([], dtype=np.float64)
    fitted = optimize.isotonic_regression(k / n, weights=n).x
    return BINS.astype(np.int64), np.interp(BINS, places, fitted)
