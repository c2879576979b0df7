"""Planning: power, units and MDE agree with statsmodels and with one another; no plan where none exists."""

from __future__ import annotations

import math

import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from pipelines.estimates.experiments import Moments
from pipelines.estimates.power import Baseline, Detectable, Variants, detectable, power, sample_size

REVENUE = Baseline(mean=10.0, variance=25.0)


@pytest.mark.parametrize("allocation", [1.0, 0.25, 3.0])
def test_power_and_units_are_those_of_statsmodels(allocation: float) -> None:
    variants = Variants(400, int(400 * allocation))
    theirs = NormalIndPower().power(0.6 / 5, 400, 0.05, ratio=allocation)
    assert power(REVENUE, 0.6, variants) == pytest.approx(theirs, rel=1e-9)
    units = sample_size(REVENUE, 0.6, allocation=allocation)
    assert units is not None
    needed = NormalIndPower().solve_power(0.6 / 5, None, 0.05, 0.8, ratio=allocation)
    assert units.control == pytest.approx(needed, abs=1)
    assert units.treatment == pytest.approx(needed * allocation, abs=1)


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("baseline", [REVENUE, Baseline.proportion(0.1), Baseline(-4.0, 9.0, "ratio")])
def test_units_mde_and_power_close_the_circle(baseline: Baseline, relative: bool) -> None:
    effect = 0.05 if relative else 0.05 * abs(baseline.mean)
    variants = sample_size(baseline, effect, relative=relative, allocation=0.5)
    assert variants is not None
    assert power(baseline, effect, variants, relative=relative) == pytest.approx(0.8, abs=0.001)
    found = detectable(baseline, variants)
    assert (found.relative if relative else found.absolute) == pytest.approx(effect, rel=0.002)


def test_a_shares_variance_moves_with_it() -> None:
    error = math.sqrt(0.1 * 0.9 / 200 + 0.2 * 0.8 / 100)
    z = stats.norm.ppf(0.975)
    expected = stats.norm.cdf(0.1 / error - z) + stats.norm.cdf(-0.1 / error - z)
    assert power(Baseline.proportion(0.1), 0.1, Variants(200, 100)) == pytest.approx(expected)


def test_a_relative_effect_of_few_units_is_never_found() -> None:
    wide = Baseline(mean=1.0, variance=25.0)
    assert detectable(wide, Variants(150, 150)).relative is None
    assert detectable(wide, Variants(150, 150)).absolute is not None
    assert detectable(wide, Variants(300, 300)).relative is not None


def test_a_share_cannot_rise_above_one() -> None:
    assert detectable(Baseline.proportion(0.95), Variants(50, 50)) == Detectable(None, None)
    assert power(Baseline.proportion(0.95), 0.1, Variants(50, 50)) is None
    assert sample_size(Baseline.proportion(0.95), 0.1, relative=True) is None


def test_no_plan_without_variation_units_or_effect() -> None:
    assert power(Baseline(1, 0), 0.1, Variants(10, 10)) is None
    assert power(REVENUE, 0.1, Variants(0, 10)) is None
    assert power(Baseline(0, 1), 0.1, Variants(10, 10), relative=True) is None
    assert sample_size(REVENUE, 0.0) is None
    assert detectable(REVENUE, Variants(10, 0)) == Detectable(None, None)


def test_a_baseline_is_read_from_the_past() -> None:
    found = Baseline.of(Moments.of([1, 2, 3, 4]))
    assert found is not None
    assert (found.mean, found.variance) == pytest.approx((2.5, 5 / 3))
    assert Baseline.of(Moments.of([2, 2])) is None
    assert found.adjusted(0.6).variance == pytest.approx(found.variance * 0.64)


def test_what_is_no_plan_is_rejected() -> None:
    with pytest.raises(ValueError, match="between alpha and 1"):
        sample_size(REVENUE, 1, chance=1.0)
    with pytest.raises(ValueError, match="allocation"):
        sample_size(REVENUE, 1, allocation=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Baseline.proportion(1.2)
