"""Intervals of one sample: the same as statsmodels and SciPy give; undefined where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pipelines.estimates.intervals import Estimate, Interval, bootstrap, mean, wilson

SAMPLE = np.random.default_rng(5).lognormal(0, 1, 80)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (3, 17), (400, 1000)])
def test_a_rate_has_wilsons_interval(successes: int, n: int) -> None:
    found = wilson(successes, n, 0.9)
    low, high = proportion_confint(successes, n, 0.1, "wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-12)


def test_a_rate_of_nothing_is_undefined() -> None:
    assert wilson(0, 0) == Interval()
    with pytest.raises(ValueError, match=r"0\.\.n"):
        wilson(3, 2)


def test_a_mean_has_students_interval() -> None:
    found = mean(80, SAMPLE.sum(), SAMPLE @ SAMPLE)
    low, high = stats.t.interval(0.95, 79, SAMPLE.mean(), stats.sem(SAMPLE))
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    assert found.p_value == pytest.approx(stats.ttest_1samp(SAMPLE, 0).pvalue)


def test_a_mean_of_one_value_or_of_equal_ones_has_no_error() -> None:
    assert mean(0, 0, 0) == Estimate()
    assert mean(1, 4, 16) == Estimate(4.0)
    assert mean(3, 0.3, 0.03) == Estimate(pytest.approx(0.1))


def test_a_bootstrap_repeats_itself_and_lies_where_scipys_does() -> None:
    found = bootstrap(SAMPLE, np.median, seed=3)
    assert found == bootstrap(SAMPLE, np.median, seed=3)
    theirs = stats.bootstrap((SAMPLE,), np.median, n_resamples=2000, rng=np.random.default_rng(3))
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(theirs.confidence_interval))


def test_a_bootstrap_of_what_does_not_vary_is_a_value_alone() -> None:
    assert bootstrap([], np.mean, seed=0) == Interval()
    assert bootstrap([2.0, 2.0], np.mean, seed=0) == Interval(2.0)
