"""Whether a window's values are distributed as a reference's: distances, their null distributions, verdicts.

Everything works on many comparisons at once: `reference` and `window` are counts of shape (comparisons, bins), padded
with zeros; a bin empty on both sides counts for nothing. How values come to bins, and the Kolmogorov–Smirnov distance
itself, is SQL's. docs/statistics/drift.md has the formulas and where others differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

PSEUDO_COUNT = 0.5
"""Added to each bin, so that a bin empty on one side keeps its weight and the logarithm stays finite (Jeffreys)."""
LEAST_EXPECTED = 5.0
"""Bins in which either side is expected to hold fewer are tested together (Cochran)."""


def _shares(reference: Counts, window: Counts) -> tuple[Floats, Floats, Flags]:
    occupied = (reference + window) > 0
    bins = occupied.sum(axis=1, keepdims=True)

    def share(counts: Counts) -> Floats:
        total = counts.sum(axis=1, keepdims=True) + PSEUDO_COUNT * bins
        return np.where(occupied, (counts + PSEUDO_COUNT) / np.maximum(total, PSEUDO_COUNT), 1.0)

    return share(reference), share(window), occupied


def psi(reference: Counts, window: Counts) -> Floats:
    """Population stability index, Σ (w − r) ln(w / r) over the bins' shares; 0 is no change."""
    r, w, _ = _shares(reference, window)
    total: Floats = ((w - r) * np.log(w / r)).sum(axis=1)
    return total


def psi_null_quantile(reference: Counts, window: Counts, level: Floats) -> Floats:
    """The PSI that undrifted data exceed with probability `level`.

    With B occupied bins, PSI / (1/n + 1/m) is about χ² with B − 1 degrees of freedom (Yurdakul & Naranjo 2020,
    "Statistical properties of the population stability index"); with one bin nothing can differ: 0.
    """
    degrees = np.maximum(((reference + window) > 0).sum(axis=1) - 1, 0)
    n, m = np.maximum(reference.sum(axis=1), 1), np.maximum(window.sum(axis=1), 1)
    quantile = stats.chi2.isf(level, np.maximum(degrees, 1)) * (1 / n + 1 / m)
    return np.where(degrees > 0, quantile, 0.0)


def jensen_shannon_distance(reference: Counts, window: Counts) -> Floats:
    """Square root of the Jensen–Shannon divergence in bits, from 0 to 1; shares as counted, not smoothed."""
    n = np.maximum(reference.sum(axis=1, keepdims=True), 1)
    m = np.maximum(window.sum(axis=1, keepdims=True), 1)
    r, w = reference / n, window / m
    middle = (r + w) / 2
    divergence = (special.rel_entr(r, middle) + special.rel_entr(w, middle)).sum(axis=1) / 2 / np.log(2)
    distance: Floats = np.sqrt(np.maximum(divergence, 0.0))
    return distance


def chi_square_p_value(reference: Counts, window: Counts) -> Floats:
    """The p of the χ² test that both sides share one distribution; 1 where no two bins are full enough to compare.

    Bins with fewer than `LEAST_EXPECTED` expected on either side are pooled; a pool that is still too small joins
    the smallest of the others. Which bins are pooled depends on both sides' sum alone, so the test keeps its level.
    """
    n, m = (side.sum(axis=1, keepdims=True).astype(float) for side in (reference, window))
    both = reference + window
    least = both * np.minimum(n, m) / np.maximum(n + m, 1)
    rare = least < LEAST_EXPECTED
    pooled_r = np.where(rare, reference, 0).sum(axis=1)
    pooled_w = np.where(rare, window, 0).sum(axis=1)
    small_pool = np.where(rare, least, 0).sum(axis=1) < LEAST_EXPECTED
    smallest = np.where(rare, np.iinfo(np.int64).max, both).argmin(axis=1)
    rows = np.arange(len(both))
    r = np.where(rare, 0, reference).astype(float)
    w = np.where(rare, 0, window).astype(float)
    joins = small_pool & ~rare.all(axis=1)
    r[rows, smallest] += np.where(joins, pooled_r, 0)
    w[rows, smallest] += np.where(joins, pooled_w, 0)
    r = np.column_stack([r, np.where(joins, 0, pooled_r)])
    w = np.column_stack([w, np.where(joins, 0, pooled_w)])
    total = r + w
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(total > 0, (r * np.sqrt(m / n) - w * np.sqrt(n / m)) ** 2 / total, 0.0)
    degrees = (total > 0).sum(axis=1) - 1
    testable = (degrees > 0) & (n[:, 0] > 0) & (m[:, 0] > 0)
    statistic = np.where(testable, terms.sum(axis=1), 0.0)
    p_value: Floats = np.where(testable, stats.chi2.sf(statistic, np.maximum(degrees, 1)), 1.0)
    return p_value


def ks_p_value(distance: Floats, reference_count: Counts, window_count: Counts) -> Floats:
    """Asymptotic p of the two-sample Kolmogorov–Smirnov distance; too large rather than too small where values tie."""
    n, m = reference_count.astype(float), window_count.astype(float)
    effective = n * m / np.maximum(n + m, 1)
    p_value: Floats = special.kolmogorov(np.sqrt(effective) * np.nan_to_num(distance))
    return p_value


def novelty_p_value(unseen: Counts, singletons: Counts, reference_count: Counts, window_count: Counts) -> Floats:
    """The p of finding that many values in the window that the reference never saw.

    By Good and Turing the share a reference has not seen is about that of the values it saw once, `singletons`; one
    more is granted, so that a reference without any still expects a little. Whether the window's share is larger is
    Fisher's exact test. The χ² test cannot be used, because it pools rare values.
    """
    known = singletons + 1
    p_value: Floats = np.where(
        unseen > 0,
        stats.hypergeom.sf(unseen - 1, reference_count + window_count, unseen + known, window_count),
        1.0,
    )
    return p_value


def adjusted(p_values: Floats, family: Counts) -> Floats:
    """Adjust p-values by Benjamini and Hochberg (1995) within each family.

    The smallest false discovery rate at which each would be a discovery. Null p-values are no part of their family
    and stay null.
    """
    result = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.lexsort((p_values[known], family[known]))]
    if len(order) == 0:
        return result
    families = family[order]
    _, first, size = np.unique(families, return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, size) + 1
    raised = p_values[order] * np.repeat(size, size) / rank
    # The running minimum from a family's largest p down, by as many steps of doubling reach as the largest family
    # needs: minima reach no further than their family.
    left = np.repeat(size, size) - rank
    reach = 1
    while reach < size.max():
        ahead = np.minimum(np.arange(len(order)) + reach, len(order) - 1)
        raised = np.where(left >= reach, np.minimum(raised, raised[ahead]), raised)
        reach *= 2
    result[order] = np.minimum(raised, 1.0)
    return result


@dataclass(frozen=True)
class Comparisons:
    """What is compared: one entry, or row, per feature and window.

    `reference`, `window`: counts per bin. `is_numeric`: whether `ks_distance` is one of numbers, of which there are
    `reference_numbers` and `window_numbers`. `unseen`: values of the window the reference never saw; `singletons`: how
    many it saw once. `psi_floor`, `significance`, `minimum`: the declared limits. `family`:
    the window of each comparison; significance is corrected within a window.
    """

    reference: Counts
    window: Counts
    is_numeric: Flags
    ks_distance: Floats
    reference_numbers: Counts
    window_numbers: Counts
    unseen: Counts
    singletons: Counts
    psi_floor: Floats
    significance: Floats
    minimum: Counts
    family: Counts


@dataclass(frozen=True)
class Verdicts:
    """What came of them, an entry per comparison.

    Statistics are null where one side is empty, p-values where the comparison is not tested.
    """

    is_evaluable: Flags
    is_drifted: Flags
    psi: Floats
    psi_threshold: Floats
    jensen_shannon_distance: Floats
    p_value: Floats
    adjusted_p_value: Floats


def evaluate(compared: Comparisons) -> Verdicts:
    """Drift is both large, a PSI above its floor and above what chance gives, and significant after correction.

    A comparison with fewer than `minimum` values on a side is not tested. Its p is the smallest of those of its bins
    (which hold missing values too), of its unseen values and, for numbers, of the Kolmogorov–Smirnov distance, times
    how many these are (Bonferroni).
    """
    reference, window = compared.reference, compared.window
    n, m = reference.sum(axis=1), window.sum(axis=1)
    known = (n > 0) & (m > 0)
    evaluable = (n >= compared.minimum) & (m >= compared.minimum) & known
    smallest = np.minimum(
        chi_square_p_value(reference, window), novelty_p_value(compared.unseen, compared.singletons, n, m)
    )
    ks = ks_p_value(compared.ks_distance, compared.reference_numbers, compared.window_numbers)
    either = np.where(compared.is_numeric, 3 * np.minimum(smallest, ks), 2 * smallest)
    p_value = np.where(evaluable, np.minimum(either, 1.0), np.nan)
    corrected = adjusted(p_value, compared.family)
    index = np.where(known, psi(reference, window), np.nan)
    threshold = np.maximum(compared.psi_floor, psi_null_quantile(reference, window, compared.significance))
    with np.errstate(invalid="ignore"):
        drifted = evaluable & (index > threshold) & (corrected <= compared.significance)
    return Verdicts(
        is_evaluable=evaluable,
        is_drifted=drifted,
        psi=index,
        psi_threshold=np.where(known, threshold, np.nan),
        jensen_shannon_distance=np.where(known, jensen_shannon_distance(reference, window), np.nan),
        p_value=p_value,
        adjusted_p_value=corrected,
    )
