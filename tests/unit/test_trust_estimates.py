"""Scores, promoters and correlations, against the libraries and at their corners."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pipelines.estimates.trust import correlation, net_promoter, satisfaction


def test_a_share_has_wilsons_interval_and_a_mean_students() -> None:
    share = satisfaction("trust", 50, 47.0, 47.0)
    assert (share.ci_low, share.ci_high) == pytest.approx(proportion_confint(47, 50, method="wilson"))
    scores = np.array([0.0, 0.25, 0.5, 0.5, 0.75])
    found = satisfaction("csat", scores.size, scores.sum(), float(scores @ scores))
    interval = stats.ttest_1samp(scores, 0).confidence_interval()
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))


def test_a_mean_near_the_end_of_its_scale_has_an_interval_that_ends_there() -> None:
    found = satisfaction("csat", 3, 2.75, 2.5625)
    assert found.ci_high == 1.0
    assert found.ci_low is not None and found.ci_low < 0.9


@pytest.mark.parametrize(("n", "total", "squares"), [(0, 0.0, 0.0), (1, 0.5, 0.25), (4, 4.0, 4.0)])
def test_what_does_not_vary_has_no_interval(n: int, total: float, squares: float) -> None:
    found = satisfaction("csat", n, total, squares)
    assert (found.ci_low, found.ci_high) == (None, None)
    assert found.value == (total / n if n else None)


def test_the_net_promoter_score_is_the_mean_of_its_groups() -> None:
    values = [100.0] * 40 + [0.0] * 35 + [-100.0] * 25
    found = net_promoter(40, 35, 25)
    interval = stats.ttest_1samp(values, 0).confidence_interval()
    assert found.value == pytest.approx(15.0)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))
    assert net_promoter(0, 0, 0).value is None


def test_correlation_is_scipys_and_undefined_where_nothing_varies() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=30)
    y = 0.5 * x + rng.normal(size=30)
    sums = (x.size, x.sum(), y.sum(), x @ x, y @ y, x @ y)
    found = correlation(*map(float, sums))  # type: ignore[arg-type]
    reference = stats.pearsonr(x, y)
    interval = reference.confidence_interval()
    assert found.value == pytest.approx(reference.statistic)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))
    assert correlation(3, 6.0, 3.0, 14.0, 3.0, 6.0).value is None
    assert correlation(2, 1.0, 1.0, 1.0, 1.0, 1.0).value is None
    assert correlation(3, 6.0, 6.0, 14.0, 14.0, 14.0).value == pytest.approx(1.0)
    assert correlation(3, 6.0, 6.0, 14.0, 14.0, 14.0).ci_low is None
