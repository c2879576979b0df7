"""Two variants compared: the same as SciPy, statsmodels and a plain bootstrap give; undefined where unknown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from pipelines.estimates.experiments import Moments, adjust, always_valid, compare, sample_ratio
from pipelines.estimates.intervals import Estimate
from pipelines.estimates.quantiles import Tally, compare_quantiles

RNG = np.random.default_rng(1)
CONTROL, TREATMENT = RNG.lognormal(0, 1, 300), RNG.lognormal(0.1, 1.2, 200)


def test_a_comparison_of_means_is_welchs_test() -> None:
    found = compare(Moments.of(CONTROL), Moments.of(TREATMENT)).absolute
    scipy = stats.ttest_ind(TREATMENT, CONTROL, equal_var=False)
    assert found.p_value == pytest.approx(scipy.pvalue, rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(scipy.confidence_interval(0.95)), rel=1e-9)


def test_swapping_the_variants_turns_the_difference_round() -> None:
    control, treatment = Moments.of(CONTROL), Moments.of(TREATMENT)
    there, back = compare(control, treatment).absolute, compare(treatment, control).absolute
    assert there.value == -(back.value or 0)
    assert there.p_value == back.p_value
    assert there.ci_low == -(back.ci_high or 0)


def test_another_unit_changes_the_absolute_lift_and_not_the_relative_one() -> None:
    dollars = compare(Moments.of(CONTROL), Moments.of(TREATMENT))
    cents = compare(Moments.of(CONTROL * 100), Moments.of(TREATMENT * 100))
    assert cents.absolute.value == pytest.approx(100 * (dollars.absolute.value or 0))
    assert cents.relative.ci_low == pytest.approx(dollars.relative.ci_low)
    assert cents.relative.p_value == pytest.approx(dollars.relative.p_value)


def test_a_relative_lifts_error_is_that_of_the_delta_method() -> None:
    found = compare(Moments.of(CONTROL), Moments.of(TREATMENT * 3)).relative
    base, changed = CONTROL.mean(), 3 * TREATMENT.mean()
    variance = 9 * TREATMENT.var(ddof=1) / 200 / base**2 + changed**2 * CONTROL.var(ddof=1) / 300 / base**4
    assert found.standard_error == pytest.approx(math.sqrt(variance))


def test_of_a_negative_control_more_is_still_more() -> None:
    found = compare(Moments.of(-CONTROL), Moments.of(-CONTROL + 0.5))
    assert (found.absolute.value or 0) > 0
    assert (found.relative.value or 0) > 0


def test_the_moments_of_two_halves_add_up_to_the_whole() -> None:
    past = RNG.normal(size=300)
    whole = Moments.of(CONTROL, d=past + 5, pre=past)
    halves = Moments.of(CONTROL[:100], d=past[:100] + 5, pre=past[:100]) + Moments.of(
        CONTROL[100:], d=past[100:] + 5, pre=past[100:]
    )
    assert vars(halves) == pytest.approx(vars(whole))


def test_a_ratio_whose_denominator_is_one_is_a_mean() -> None:
    ones = np.ones(300), np.ones(200)
    as_ratio = compare(Moments.of(CONTROL, d=ones[0]), Moments.of(TREATMENT, d=ones[1]), "ratio")
    as_mean = compare(Moments.of(CONTROL), Moments.of(TREATMENT))
    assert as_ratio.absolute.ci_low == pytest.approx(as_mean.absolute.ci_low)
    assert as_ratio.relative.p_value == pytest.approx(as_mean.relative.p_value)


def test_a_ratio_is_one_of_sums_and_its_error_that_of_a_bootstrap_over_users() -> None:
    rng = np.random.default_rng(2)
    sessions = 1.0 + rng.poisson(3, 1000)
    clicks = rng.poisson(rng.gamma(2, 0.2, 1000) * sessions).astype(float)
    one = Moments.of(clicks, d=sessions)
    found = compare(one, one, "ratio")
    assert found.control == clicks.sum() / sessions.sum()
    users = rng.integers(0, 1000, (4000, 1000))
    resampled = clicks[users].sum(axis=1) / sessions[users].sum(axis=1)
    assert found.absolute.standard_error == pytest.approx(math.sqrt(2) * resampled.std(), rel=0.05)


def test_cuped_is_the_regression_on_the_past() -> None:
    rng = np.random.default_rng(3)
    past = rng.normal(10, 3, 2000)
    treated = np.arange(2000) >= 1000
    metric = past + rng.normal(0, 1, 2000) + 0.2 * treated
    control = Moments.of(metric[~treated], pre=past[~treated])
    treatment = Moments.of(metric[treated], pre=past[treated])
    plain, adjusted = compare(control, treatment), compare(control, treatment, cuped=True)
    design = np.column_stack([np.ones(2000), treated, past - past.mean()])
    coefficients = np.linalg.lstsq(design, metric, rcond=None)[0]
    assert adjusted.theta == pytest.approx(coefficients[2], rel=0.01)
    assert adjusted.absolute.value == pytest.approx(coefficients[1], rel=0.01)
    explained = np.corrcoef(metric, past)[0, 1] ** 2
    shrunk = (adjusted.absolute.standard_error or 0) / (plain.absolute.standard_error or 1)
    assert shrunk == pytest.approx(math.sqrt(1 - explained), rel=0.01)


def test_a_past_that_says_nothing_leaves_the_comparison_as_it_was() -> None:
    control, treatment = Moments.of(CONTROL, pre=np.zeros(300)), Moments.of(TREATMENT, pre=np.zeros(200))
    assert compare(control, treatment, cuped=True) == compare(control, treatment)


def test_an_always_valid_interval_is_wider_than_welchs_by_the_published_multiple() -> None:
    for n, multiple in ((500, 3.86), (5_000, 3.04), (50_000, 3.24), (500_000, 3.56)):
        found = always_valid(0.0, 1.0, n, tuning=5000)
        assert found.ci_high == pytest.approx(multiple, abs=0.005)


def test_an_always_valid_p_value_is_the_level_at_which_zero_leaves_the_interval() -> None:
    found = always_valid(4.0, 1.0, 5000, tuning=5000)
    # ρ depends on the confidence asked for, so the two meet exactly at that confidence only.
    edge = always_valid(found.value or 0, 1.0, 5000, tuning=5000).ci_high or 0
    at_the_edge = always_valid(edge - 4.0, 1.0, 5000, tuning=5000)
    assert at_the_edge.ci_low == pytest.approx(0.0, abs=1e-12)
    assert at_the_edge.p_value == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("control", "treatment", "metric"),
    [
        (Moments(0, 0, 0), Moments(10, 5, 5), "mean"),
        (Moments(0, 0, 0), Moments(10, 5, 5), "proportion"),
        (Moments(3, 3, 3, 0, 0, 0), Moments(3, 3, 3, 3, 3, 3), "ratio"),
        # Nothing was summed: before an event of the first day there is no day.
        (Moments(0, 0, 0), Moments(3, 3, 3, 3, 3, 3), "ratio"),
    ],
)
def test_a_variant_with_nothing_to_divide_by_leaves_the_lift_undefined(
    control: Moments, treatment: Moments, metric: str
) -> None:
    found = compare(control, treatment, metric)  # type: ignore[arg-type]
    assert found.control is None
    assert found.treatment is not None
    assert found.absolute == found.relative == Estimate()


@pytest.mark.parametrize("sequential", [None, 5000.0])
def test_variants_that_do_not_vary_have_a_difference_and_no_error(sequential: float | None) -> None:
    found = compare(Moments.of([2, 2, 2]), Moments.of([3, 3, 3]), sequential=sequential)
    assert found.absolute == Estimate(1.0)
    assert found.relative == Estimate(0.5)


def test_a_single_unit_has_no_error() -> None:
    assert compare(Moments.of([2]), Moments.of([3, 4])).absolute == Estimate(1.5)


def test_relative_to_nothing_is_undefined() -> None:
    found = compare(Moments(50, 0, 0), Moments(50, 5, 5), "proportion")
    assert found.absolute.p_value is not None
    assert found.relative == Estimate()


def test_rounding_in_large_sums_is_not_taken_for_variation() -> None:
    same = np.full(1000, 1e6 + 0.1)
    assert compare(Moments.of(same), Moments.of(same)).absolute.standard_error is None


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ({"n": -1, "sum_x": 0, "sum_xx": 0}, "no -1 units"),
        ({"n": 3, "sum_x": math.nan, "sum_xx": 0}, "sum_x is nan"),
        ({"n": 2, "sum_x": 10, "sum_xx": 1}, "no 2 values have the sum 10"),
    ],
)
def test_sums_no_values_have_are_rejected(moments: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Moments(**moments)  # type: ignore[arg-type]


def test_what_a_metric_needs_and_lacks_is_named() -> None:
    bare = Moments(3, 3, 5)
    with pytest.raises(ValueError, match="Σd"):
        compare(bare, bare, "ratio")
    with pytest.raises(ValueError, match="Σpre"):
        compare(bare, bare, cuped=True)
    with pytest.raises(ValueError, match="not adjusted"):
        ratio = replace(bare, sum_d=3, sum_dd=3, sum_xd=3)
        compare(ratio, ratio, "ratio", cuped=True)
    with pytest.raises(ValueError, match="0 or 1"):
        compare(Moments(3, 5, 9), bare, "proportion")


def test_a_split_is_evaluated_over_the_variants_that_were_to_have_units() -> None:
    found = sample_ratio([1000, 1100, 0], [1, 1, 0])
    assert found.p_value == pytest.approx(stats.chisquare([1000, 1100]).pvalue)
    assert found.is_mismatch is False
    assert sample_ratio([1000, 1200], [0.5, 0.5]).is_mismatch is True


@pytest.mark.parametrize(("counts", "weights"), [([], []), ([0, 0], [1, 1]), ([5, 4], [1, 1]), ([50, 4], [1, 0])])
def test_a_split_of_few_units_or_one_variant_is_not_evaluated(counts: list[int], weights: list[float]) -> None:
    assert sample_ratio(counts, weights).is_mismatch is None


def test_quantiles_are_numpys_of_a_sample_and_of_a_histogram() -> None:
    repeated = Tally((1.0, 2.0, 5.0), (3, 4, 2))
    for quantile in (0.1, 0.25, 0.5, 0.9):
        found = compare_quantiles(Tally.of(CONTROL), repeated, quantile, seed=0)
        assert found.control == pytest.approx(np.quantile(CONTROL, quantile))
        assert found.treatment == pytest.approx(np.quantile(np.repeat([1, 2, 5], [3, 4, 2]), quantile))


def test_the_quick_bootstrap_is_the_plain_one() -> None:
    found = compare_quantiles(Tally.of(CONTROL), Tally.of(TREATMENT), 0.75, seed=0, resamples=20_000)
    rng = np.random.default_rng(4)
    plain = np.quantile(rng.choice(TREATMENT, (10_000, 200)), 0.75, axis=1) - np.quantile(
        rng.choice(CONTROL, (10_000, 300)), 0.75, axis=1
    )
    assert found.absolute.standard_error == pytest.approx(plain.std(), rel=0.04)
    width = (found.absolute.ci_high or 0) - (found.absolute.ci_low or 0)
    assert width == pytest.approx(np.ptp(np.quantile(plain, [0.025, 0.975])), rel=0.05)


def test_the_quick_bootstrap_interpolates_as_the_plain_one_does() -> None:
    few = np.array([0.0, 1, 3, 7, 15, 31, 32, 40, 41, 55, 80, 99])
    found = compare_quantiles(Tally.of(few), Tally.of(few), 0.5, seed=0, resamples=40_000)
    plain = np.quantile(np.random.default_rng(5).choice(few, (2, 40_000, 12)), 0.5, axis=2)
    assert found.absolute.standard_error == pytest.approx((plain[1] - plain[0]).std(), rel=0.02)


def test_the_same_seed_gives_the_same_interval() -> None:
    variants = Tally.of(CONTROL), Tally.of(TREATMENT)
    assert compare_quantiles(*variants, 0.5, seed=7) == compare_quantiles(*variants, 0.5, seed=7)
    assert compare_quantiles(*variants, 0.5, seed=7) != compare_quantiles(*variants, 0.5, seed=8)


def test_a_quantile_beyond_the_sample_has_no_error() -> None:
    few = Tally.of(CONTROL[:40])
    assert compare_quantiles(few, few, 0.95, seed=0).absolute == Estimate(0.0)
    assert compare_quantiles(few, Tally((), ()), 0.5, seed=0).treatment is None


def test_several_metrics_are_adjusted_as_statsmodels_does_the_untested_left_out() -> None:
    tested = [0.001, 0.04, 0.03, 0.2]
    for method, name in (("holm", "holm"), ("bh", "fdr_bh")):
        found = adjust([tested[0], None, *tested[1:]], method)  # type: ignore[arg-type]
        assert found[1] is None
        assert [p for p in found if p is not None] == pytest.approx(multipletests(tested, method=name)[1].tolist())
    assert adjust([None], "holm") == [None]
