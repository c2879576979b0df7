"""Intervals of accuracy from sums: against the formulas over raw rows, and against libraries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.proportion import proportion_confint

from pipelines.estimates import accuracy, intervals

DICE = np.random.default_rng(3)


def sums_of_pairs(scores: np.ndarray, happened: np.ndarray) -> dict[str, float]:
    """What SQL sums for the area under the curve, by comparing every pair."""
    positives, negatives = scores[happened], scores[~happened]
    above = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    return {
        "positives": len(positives),
        "negatives": len(negatives),
        "concordant": above.sum(),
        "squared_below": (above.sum(axis=1) ** 2).sum(),
        "squared_above": (above.sum(axis=0) ** 2).sum(),
    }


@pytest.mark.parametrize(("hits", "tried"), [(0, 20), (3, 20), (20, 20), (812, 1000)])
def test_wilson_is_that_of_statsmodels(hits: int, tried: int) -> None:
    low, high = intervals.wilson_bounds([hits], [tried])
    assert (low[0], high[0]) == pytest.approx(proportion_confint(hits, tried, method="wilson"), abs=1e-12)
    scalar = intervals.wilson(hits, tried)
    assert (low[0], high[0]) == pytest.approx((scalar.ci_low, scalar.ci_high), abs=1e-12)


def test_nothing_tried_has_no_interval() -> None:
    ends = [
        *intervals.wilson_bounds([0], [0]),
        *accuracy.f1_interval([0], [0], [0]),
        *accuracy.mean_interval([1], [1], [1]),
    ]
    assert np.isnan(np.array(ends)).all()


def test_delong_is_the_variance_of_the_placements_with_half_a_case_more_in_each_class() -> None:
    happened = DICE.random(300) < 0.3
    scores = np.round(DICE.normal(happened * 1.0, 1), 1)
    positives, negatives = scores[happened], scores[~happened]
    # The last row and column are the half cases, level with everything.
    above = np.full((len(positives) + 1, len(negatives) + 1), 0.5)
    above[:-1, :-1] = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    weights = [np.append(np.ones(len(cases)), 0.5) for cases in (positives, negatives)]
    placements = [above @ weights[1] / weights[1].sum(), weights[0] @ above / weights[0].sum()]
    variances = [
        np.cov(places, aweights=weight, ddof=0) * weight.sum() / (weight.sum() - 1) / weight.sum()
        for places, weight in zip(placements, weights, strict=True)
    ]
    area, variance = np.average(placements[0], weights=weights[0]), sum(variances)
    freedom = variance**2 / (variances[0] ** 2 / (len(positives) - 1) + variances[1] ** 2 / (len(negatives) - 1))
    width = stats.t.ppf(0.975, freedom) * np.sqrt(variance) / (area * (1 - area))
    low, high = accuracy.auc_interval(**{name: [value] for name, value in sums_of_pairs(scores, happened).items()})
    assert low[0] == pytest.approx(special.expit(special.logit(area) - width))
    assert high[0] == pytest.approx(special.expit(special.logit(area) + width))


def test_an_area_without_a_pair_out_of_place_may_still_be_less() -> None:
    perfect = sums_of_pairs(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))
    low, high = accuracy.auc_interval(**{name: [value] for name, value in perfect.items()})
    assert low[0] < 0.5 and high[0] == 1
    lonely = sums_of_pairs(np.array([0.1, 0.2, 0.9]), np.array([False, False, True]))
    assert np.isnan(accuracy.auc_interval(**{name: [value] for name, value in lonely.items()})).all()


def test_a_means_interval_is_scipys() -> None:
    values = DICE.gamma(2, 3, 50)
    low, high = accuracy.mean_interval([values.sum()], [(values**2).sum()], [50])
    wanted = stats.ttest_1samp(values, 0).confidence_interval()
    assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high))


def test_a_ratio_of_constants_errs_by_nothing() -> None:
    low, high = accuracy.ratio_interval([10], [40], [10], [160], [40], [10])
    assert (low[0], high[0]) == pytest.approx((0.25, 0.25))


def test_f1_lies_in_its_interval_and_more_cases_narrow_it() -> None:
    hits, alarms, misses = np.array([8, 80, 800]), np.array([3, 30, 300]), np.array([2, 20, 200])
    low, high = accuracy.f1_interval(hits, alarms, misses)
    f1 = 2 * hits / (2 * hits + alarms + misses)
    assert ((low < f1) & (f1 < high)).all()
    assert (np.diff(high - low) < 0).all()


def test_scores_are_calibrated_as_scikit_learn_does() -> None:
    bins = np.array([20, -3, 80, 50, 51])
    scored = np.array([100, 500, 40, 60, 60])
    happened = np.array([30, 4, 36, 40, 20])
    all_bins, chances = accuracy.calibrated_bins(bins, happened, scored)
    reference = IsotonicRegression().fit(bins, happened / scored, sample_weight=scored)
    assert dict(zip(all_bins.tolist(), chances, strict=True)).keys() == set(accuracy.BINS.tolist())
    inside = (all_bins >= -3) & (all_bins <= 80)
    assert chances[inside] == pytest.approx(reference.predict(all_bins[inside]))
    assert (np.diff(chances) >= 0).all()


@pytest.mark.parametrize(("happened", "scored"), [([9, 9], [20, 20]), ([0, 0], [200, 200]), ([200, 200], [200, 200])])
def test_too_short_or_one_sided_a_history_calibrates_nothing(happened: list[int], scored: list[int]) -> None:
    bins, chances = accuracy.calibrated_bins([1, 2], happened, scored)
    assert len(bins) == len(chances) == 0
