"""Drift: what SciPy and statsmodels say of the same counts, and what must hold of a verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests

from bench.calibration import drift as calibrated
from pipelines.estimates import drift
from pipelines.estimates.drift import Comparisons

RNG = np.random.default_rng(20_260_101)
MANY = RNG.integers(20, 400, size=(50, 10)), RNG.integers(20, 200, size=(50, 10))


def compare(reference: list[int], window: list[int], **changes: Any) -> drift.Verdicts:
    """One comparison of categories, at the limits a catalog has by default."""
    limits: dict[str, Any] = {
        "is_numeric": np.array([False]),
        "ks_distance": np.array([np.nan]),
        "reference_numbers": np.array([0]),
        "window_numbers": np.array([0]),
        "unseen": np.array([0]),
        "singletons": np.array([0]),
        "psi_floor": np.array([0.2]),
        "significance": np.array([0.05]),
        "minimum": np.array([100]),
        "family": np.array([0]),
    }
    return drift.evaluate(Comparisons(np.array([reference]), np.array([window]), **limits | changes))


def test_psi_is_its_definition_over_smoothed_shares() -> None:
    r, w = np.array([50.5, 50.5]) / 101, np.array([80.5, 20.5]) / 101
    expected = float(((w - r) * np.log(w / r)).sum())
    assert drift.psi(np.array([[50, 50]]), np.array([[80, 20]]))[0] == pytest.approx(expected, rel=1e-12)


def test_psi_is_the_same_both_ways_round_and_whatever_the_bins_order_and_padding() -> None:
    reference, window = MANY
    index = drift.psi(reference, window)
    assert drift.psi(window, reference) == pytest.approx(index, rel=1e-12)
    assert drift.psi(reference[:, ::-1], window[:, ::-1]) == pytest.approx(index, rel=1e-12)
    assert drift.psi(np.pad(reference, ((0, 0), (0, 3))), np.pad(window, ((0, 0), (0, 3)))) == pytest.approx(index)


def test_undrifted_psi_has_the_mean_theory_gives_it() -> None:
    n, m, bins = 1_000, 500, 10
    reference, window = (RNG.multinomial(size, [1 / bins] * bins, size=20_000) for size in (n, m))
    assert drift.psi(reference, window).mean() == pytest.approx((bins - 1) * (1 / n + 1 / m), rel=0.05)


def test_one_outlier_moves_psi_by_its_share_and_no_more() -> None:
    before = drift.psi(np.array([[100] * 10]), np.array([[200] * 5 + [0] * 5]))
    with_outlier = drift.psi(np.array([[100] * 10]), np.array([[200] * 5 + [0] * 4 + [1]]))
    assert before[0] > 1
    assert with_outlier[0] == pytest.approx(before[0], rel=0.1)


def test_jensen_shannon_is_scipys() -> None:
    reference, window = MANY
    expected = [jensenshannon(r, w, base=2) for r, w in zip(reference, window, strict=True)]
    assert drift.jensen_shannon_distance(reference, window) == pytest.approx(expected, rel=1e-9)


def test_chi_square_is_scipys_where_no_bin_is_rare() -> None:
    reference, window = MANY
    expected = [stats.chi2_contingency([r, w], correction=False).pvalue for r, w in zip(reference, window, strict=True)]
    assert drift.chi_square_p_value(reference, window) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_rare_bins_are_tested_together() -> None:
    reference, window = np.array([[500, 400, 4, 3, 3]]), np.array([[250, 190, 6, 5, 4]])
    expected = stats.chi2_contingency([[500, 400, 10], [250, 190, 15]], correction=False).pvalue
    assert drift.chi_square_p_value(reference, window)[0] == pytest.approx(expected, rel=1e-9)


def test_a_pool_that_is_still_rare_joins_the_smallest_other_bin() -> None:
    expected = stats.chi2_contingency([[500, 402], [250, 191]], correction=False).pvalue
    found = drift.chi_square_p_value(np.array([[500, 400, 1, 1]]), np.array([[250, 190, 1, 0]]))
    assert found[0] == pytest.approx(expected, rel=1e-9)


def test_ks_p_is_scipys_and_rather_too_large() -> None:
    for shift in (0.0, 0.1, 0.2):
        reference, window = RNG.normal(size=2_000), RNG.normal(shift, size=800)
        expected = stats.ks_2samp(reference, window, method="asymp")
        found = drift.ks_p_value(np.array([expected.statistic]), np.array([2_000]), np.array([800]))
        assert expected.pvalue <= found[0] <= 1.05 * expected.pvalue + 1e-3


def test_adjusted_p_values_are_statsmodels_within_each_family() -> None:
    p_values, family = RNG.random(200) ** 3, RNG.integers(0, 12, 200)
    found = drift.adjusted(p_values, family)
    for one in range(12):
        mine = family == one
        expected = multipletests(p_values[mine], method="fdr_bh")[1]
        assert found[mine] == pytest.approx(expected, rel=1e-12)
        assert found[mine] == pytest.approx(stats.false_discovery_control(p_values[mine]), rel=1e-12)


def test_what_was_not_tested_is_no_part_of_its_family() -> None:
    found = drift.adjusted(np.array([0.01, np.nan, 0.04]), np.array([0, 0, 0]))
    assert found[[0, 2]].tolist() == [0.02, 0.04]
    assert np.isnan(found[1])


def test_a_constant_column_has_not_drifted_until_it_takes_a_new_value() -> None:
    same = compare([1_000, 0], [300, 0])
    assert (same.psi[0], same.is_evaluable[0], same.is_drifted[0]) == (0.0, True, False)
    new = compare([1_000, 0], [270, 30], unseen=np.array([30]))
    assert new.is_drifted[0]


def test_a_small_shift_of_many_values_is_significant_and_no_drift() -> None:
    verdict = compare([50_000, 50_000], [51_500, 48_500])
    assert verdict.adjusted_p_value[0] < 1e-6
    assert not verdict.is_drifted[0]


def test_a_large_shift_of_few_values_is_no_drift_where_chance_gives_as_much() -> None:
    verdict = compare([10] * 10, [17, 4, 16, 4, 11, 14, 6, 15, 7, 6])
    assert verdict.psi_threshold[0] == pytest.approx(stats.chi2.isf(0.05, 9) * (1 / 100 + 1 / 100))
    assert 0.2 < verdict.psi[0] < verdict.psi_threshold[0]
    assert not verdict.is_drifted[0]


def test_too_few_values_are_not_tested_and_an_empty_side_has_no_distance() -> None:
    few = compare([1_000, 1_000], [99, 0])
    assert not few.is_evaluable[0]
    assert np.isnan(few.p_value[0])
    assert few.psi[0] > 0.2
    empty = compare([1_000, 1_000], [0, 0])
    assert np.isnan([empty.psi[0], empty.psi_threshold[0], empty.jensen_shannon_distance[0]]).all()


@pytest.mark.parametrize(
    "data",
    [
        "normal, 300 against 300",
        "zero-inflated, a tenth missing, 500 against 100",
        "rare flag, 1,500 against 300",
        "1,000 categories, 1,500 against 300",
    ],
)
def test_undrifted_data_alarm_no_more_often_than_set(data: str) -> None:
    """A cut of `make calibration`: 400 data sets, three standard errors of tolerance."""
    (case,) = (case for case in calibrated.CASES if case.data == data)
    generator = np.random.default_rng(7)
    alarms = sum(bool(case.simulate(generator)["false alarm"]) for _ in range(400))
    assert alarms / 400 <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
