"""What people think of a model, with its error: scores between two ends of a scale, and how one series follows another.

Changes between two windows are `experiments.compare`'s; the intervals of a sample, `intervals`'.
"""

from __future__ import annotations

import math

from scipy import special

from pipelines.estimates.intervals import Estimate, Interval, check_confidence, mean, wilson

SHARES = frozenset({"trust", "thumbs", "ticket_csat"})
"""Measures with binary observations."""


def satisfaction(measure: str, n: int, sum_x: float, sum_xx: float, confidence: float = 0.95) -> Interval:
    """The mean of `n` normalised scores (0 worst, 1 best): Wilson's interval for shares, Student's t for the others.

    The t interval is cut at the ends of the scale. Undefined without scores; a single one, or scores that do not
    vary, have no interval.

    Args:
        measure: what was measured; those in `SHARES` count as shares.
        n: scores.
        sum_x: Σx.
        sum_xx: Σx².
        confidence: of the interval, 0..1.
    """
    if measure in SHARES:
        return wilson(round(sum_x), n, confidence)
    return _within(mean(n, sum_x, sum_xx, confidence), 0.0, 1.0)


def net_promoter(promoters: int, passives: int, detractors: int, confidence: float = 0.95) -> Interval:
    """The Net Promoter Score, -100 to 100, with Student's t interval.

    It is the mean of +100, 0 and -100 over promoters, passives and detractors, and so has that mean's error.
    """
    n = promoters + passives + detractors
    estimate = mean(n, 100.0 * (promoters - detractors), 10_000.0 * (promoters + detractors), confidence)
    return _within(estimate, -100.0, 100.0)


def _within(estimate: Estimate, low: float, high: float) -> Interval:
    if estimate.ci_low is None or estimate.ci_high is None:
        return Interval(estimate.value)
    return Interval(estimate.value, max(low, estimate.ci_low), min(high, estimate.ci_high))


def correlation(
    n: int, sum_x: float, sum_y: float, sum_xx: float, sum_yy: float, sum_xy: float, confidence: float = 0.95
) -> Interval:
    """Pearson's correlation of `n` pairs from their sums, with Fisher's z interval (Fisher 1921).

    Undefined below three pairs or where either does not vary; its interval below four. The interval takes the pairs
    for independent: days in a row are not quite, and the true one is somewhat wider.
    """
    check_confidence(confidence)
    if n < 3:
        return Interval()
    across, down = sum_xx - sum_x * sum_x / n, sum_yy - sum_y * sum_y / n
    if across <= 1e-12 * abs(sum_xx) or down <= 1e-12 * abs(sum_yy):
        return Interval()
    r = max(-1.0, min(1.0, (sum_xy - sum_x * sum_y / n) / math.sqrt(across * down)))
    if n < 4 or abs(r) == 1.0:
        return Interval(r)
    half = float(special.ndtri((1 + confidence) / 2)) / math.sqrt(n - 3)
    return Interval(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))
