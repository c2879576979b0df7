"""Effects without randomisation: planted effects come back, references agree, and what cannot be known is left out."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.sandbox.regression.gmm import IV2SLS
from statsmodels.tsa.arima.model import ARIMA

from pipelines.estimates.causal.instruments import TwoStage, two_stage
from pipelines.estimates.causal.matching import Units, match
from pipelines.estimates.causal.panels import (
    Panel,
    PreTrend,
    pre_trend,
    staggered,
    two_by_two,
    two_way,
)
from pipelines.estimates.causal.series import Interrupted, interrupted
from pipelines.estimates.experiments import Moments, compare, holdout
from pipelines.estimates.intervals import UNDEFINED, Estimate


def panel(table: np.ndarray, starts: dict[int, int]) -> Panel:
    """A panel of units (rows) and periods (columns); NaN is a row that is missing."""
    units, periods = np.nonzero(~np.isnan(table))
    return Panel(
        [f"unit {one:03}" for one in units],
        periods.tolist(),
        table[units, periods].tolist(),
        {f"unit {one:03}": start for one, start in starts.items()},
    )


def drawn(seed: int = 6, units: int = 20, periods: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    wandering = rng.normal(size=(units, periods)).cumsum(axis=1) * 0.3
    return rng.normal(10, 3, (units, 1)) + np.linspace(0, 2, periods) + wandering


TABLE = drawn()
HALF = dict.fromkeys(range(10), 5)


def test_the_two_by_two_is_welchs_test_of_the_units_changes() -> None:
    found = two_by_two(panel(TABLE, HALF))
    change = TABLE[:, 5:].mean(axis=1) - TABLE[:, :5].mean(axis=1)
    scipy = stats.ttest_ind(change[:10], change[10:], equal_var=False)
    assert (found.treated, found.untreated, found.dropped) == (10, 10, 0)
    assert found.effect.p_value == pytest.approx(scipy.pvalue)
    assert found.effect.ci_low == pytest.approx(scipy.confidence_interval().low)


def test_the_two_way_regression_is_the_one_with_a_dummy_per_unit_and_period() -> None:
    table = TABLE.copy()
    table[[2, 7, 13, 13], [1, 6, 0, 7]] = np.nan
    found = two_way(panel(table, HALF))
    unit, period = np.nonzero(~np.isnan(table))
    treatment = ((unit < 10) & (period >= 5)).astype(float)
    dummies = np.column_stack([unit[:, None] == np.arange(20), period[:, None] == np.arange(1, 8)]).astype(float)
    design = np.column_stack([treatment, dummies])
    fitted = OLS(table[unit, period], design).fit(cov_type="cluster", cov_kwds={"groups": unit}, use_t=True)
    assert found.value == pytest.approx(fitted.params[0])
    # Unit effects are nested in the clusters and not counted as coefficients, as in fixest: N − 8 and not N − 28.
    half = stats.t.ppf(0.975, 19) * (found.standard_error or 0)
    assert found.ci_high == pytest.approx((found.value or 0) + half)
    n = len(unit)
    assert found.standard_error == pytest.approx(fitted.bse[0] * math.sqrt((n - 28) / (n - 8)))


def test_on_a_whole_panel_both_give_the_same_effect() -> None:
    whole = panel(TABLE, HALF)
    assert two_way(whole).value == pytest.approx(two_by_two(whole).effect.value)


def test_the_effects_by_lag_are_the_regression_on_leads_and_lags() -> None:
    found = staggered(panel(TABLE, HALF)).lags
    unit, period = np.nonzero(TABLE)
    others = [lag for lag in range(-5, 3) if lag != -1]
    lags = np.column_stack([(unit < 10) & (period - 5 == lag) for lag in others])
    dummies = np.column_stack([unit[:, None] == np.arange(20), period[:, None] == np.arange(1, 8)])
    fitted = np.linalg.lstsq(np.column_stack([lags, dummies]).astype(float), TABLE.ravel(), rcond=None)[0]
    assert [one.lag for one in found] == others
    assert [one.effect.value for one in found] == pytest.approx(fitted[:7].tolist())


def growing(table: np.ndarray, starts: dict[int, int]) -> np.ndarray:
    """The table with an effect planted that grows by 1 a period from the start on."""
    planted = table.copy()
    for unit, start in starts.items():
        planted[unit, start:] += np.arange(1, table.shape[1] - start + 1)
    return planted


def test_staggered_adoption_gives_the_effect_that_was_planted() -> None:
    starts = {**dict.fromkeys(range(5), 2), **dict.fromkeys(range(5, 12), 5)}
    level = np.repeat(np.arange(20.0)[:, None], 8, axis=1) + np.linspace(0, 4, 8)
    found = staggered(panel(growing(level, starts), starts))
    assert [(one.lag, round(one.effect.value or 0, 9)) for one in found.lags] == [
        *((lag, 0.0) for lag in range(-5, -1)),
        *((lag, lag + 1.0) for lag in range(6)),
    ]
    # 5 units over 6 periods and 7 over 3.
    assert found.effect.value == pytest.approx((5 * 21 + 7 * 6) / (5 * 6 + 7 * 3))


def test_where_two_way_regression_turns_the_sign_group_times_do_not() -> None:
    starts = {**dict.fromkeys(range(8), 2), **dict.fromkeys(range(8, 19), 6)}
    table = growing(np.zeros((20, 12)), starts) ** 2 / 4
    unit, period = np.divmod(np.arange(240), 12)
    treated = period >= np.array([starts.get(one, 99) for one in range(20)])[unit]
    dummies = np.column_stack([unit[:, None] == np.arange(20), period[:, None] == np.arange(1, 12)])
    naive = np.linalg.lstsq(np.column_stack([treated, dummies]).astype(float), table.ravel(), rcond=None)[0][0]
    true = table.ravel()[treated].mean()
    assert naive < 0.5 * true
    assert staggered(panel(table, starts)).effect.value == pytest.approx(true)
    with pytest.raises(ValueError, match="staggered"):
        two_way(panel(table, starts))
    with pytest.raises(ValueError, match="staggered"):
        two_by_two(panel(table, starts))


def test_shuffling_rows_and_shifting_periods_changes_nothing() -> None:
    starts = {**dict.fromkeys(range(5), 2), **dict.fromkeys(range(5, 12), 5)}
    whole = panel(TABLE, starts)
    order = np.random.default_rng(7).permutation(len(whole.units))
    shuffled = Panel(
        [whole.units[one] for one in order],
        [whole.periods[one] * 10 + 3 for one in order],
        [whole.outcomes[one] for one in order],
        {unit: start * 10 + 3 for unit, start in whole.starts.items()},
    )
    assert staggered(shuffled).lags == staggered(whole).lags


def test_units_not_seen_throughout_or_always_treated_are_counted_and_left_out() -> None:
    table = TABLE.copy()
    table[3, 4] = np.nan
    found = two_by_two(panel(table, {**HALF, 19: 5}))
    assert (found.treated, found.untreated, found.dropped) == (10, 9, 1)
    always = staggered(panel(TABLE, {**HALF, 19: 0}))
    assert (always.treated, always.untreated, always.dropped) == (10, 9, 1)


def test_one_who_starts_after_the_last_period_is_untreated() -> None:
    assert two_by_two(panel(TABLE, {**HALF, 15: 9})) == two_by_two(panel(TABLE, HALF))


def test_without_two_sides_no_effect_and_with_single_units_no_error() -> None:
    assert two_by_two(panel(TABLE, {})).effect == UNDEFINED
    assert two_by_two(panel(TABLE, dict.fromkeys(range(20), 5))).effect == UNDEFINED
    assert two_way(panel(TABLE, {})) == UNDEFINED
    assert two_way(Panel([], [], [], {})) == UNDEFINED
    assert staggered(Panel([], [], [], {})).effect == UNDEFINED
    single = panel(TABLE, {0: 5})
    for found in (two_by_two(single).effect, staggered(single).effect, two_way(single)):
        assert found.value is not None
        assert found.standard_error is None


def test_a_trend_before_the_start_is_found_and_chance_is_not() -> None:
    apart = TABLE.copy()
    apart[:10] += np.arange(8) * 1.5
    assert pre_trend(panel(apart, HALF)).is_rejected is True
    found = pre_trend(panel(TABLE, HALF))
    assert (found.leads, found.is_rejected) == (4, False)


def test_with_one_period_before_the_start_no_trend_can_be_told() -> None:
    assert pre_trend(panel(TABLE, dict.fromkeys(range(10), 1))) == PreTrend()
    assert pre_trend(panel(TABLE[:4], {0: 5, 1: 5})).p_value is None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((["a"], [1, 2], [1.0]), "1 units, 2 periods"),
        ((["a", "a"], [1, 1], [1.0, 2.0]), "unit a has period 1 twice"),
        ((["a"], [1], [math.nan]), "finite"),
    ],
)
def test_what_is_no_panel_is_rejected(columns: tuple[list[str], list[int], list[float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Panel(*columns, {})


def groups(seed: int, treated: int = 150, untreated: int = 900) -> tuple[Units, Units]:
    """Larger and older customers are treated more, and spend more anyway; the effect is 2."""
    rng = np.random.default_rng(seed)

    def units(n: int, shift: float, effect: float) -> Units:
        size, age = rng.normal(shift, 1, n), rng.normal(shift / 2, 1, n)
        spent = 10 + 3 * size + age**2 / 2 + effect + rng.normal(0, 1, n)
        return Units(spent.tolist(), {"size": size.tolist(), "age": age.tolist()})

    return units(treated, 0.8, 2.0), units(untreated, 0.0, 0.0)


@pytest.mark.parametrize("by", ["covariates", "propensity"])
@pytest.mark.parametrize("neighbours", [1, 4])
def test_matching_takes_out_what_was_confounded(by: str, neighbours: int) -> None:
    treated, untreated = groups(8)
    naive = np.mean(treated.outcomes) - np.mean(untreated.outcomes)
    found = match(treated, untreated, by=by, neighbours=neighbours)  # type: ignore[arg-type]
    assert naive > 4
    assert found.effect.value == pytest.approx(2.0, abs=0.4)
    assert found.effect.ci_low is not None
    assert found.effect.ci_high is not None
    assert found.effect.ci_low < 2 < found.effect.ci_high
    assert [row.covariate for row in found.balance] == ["size", "age"]
    assert all((row.before or 0) > 0.3 and row.is_balanced for row in found.balance)
    assert found.is_balanced


def test_units_matched_with_themselves_differ_by_nothing_and_balance_exactly() -> None:
    _, untreated = groups(9)
    found = match(untreated, untreated)
    assert found.effect.value == pytest.approx(0, abs=1e-9)
    assert [row.after for row in found.balance] == pytest.approx([0, 0])
    assert found.controls == found.matched == 900


def test_a_line_through_the_covariates_is_taken_out_whole() -> None:
    rng = np.random.default_rng(17)
    sizes = rng.normal(1, 1, 30), rng.normal(0, 1, 100)
    treated, untreated = (
        Units((3 * size + lift).tolist(), {"size": size.tolist()}) for size, lift in zip(sizes, (2, 0), strict=True)
    )
    assert match(treated, untreated).effect.value == pytest.approx(2)


def test_a_control_used_again_and_again_widens_the_error() -> None:
    treated = Units([5.0, 6.0, 8.0], {"size": [0.0, 0.1, -0.1]})
    untreated = Units([1.0, 3.0, 4.0], {"size": [0.0, 9.0, 10.0]})
    found = match(treated, untreated).effect
    differences = np.array([4.0, 5.0, 7.0])
    noise = 2 / 3 * (1 - 3.5) ** 2
    variance = (((differences - differences.mean()) ** 2).sum() + 3 * 2 * noise) / 9
    assert found.standard_error == pytest.approx(math.sqrt(variance))


def test_groups_that_do_not_overlap_are_not_called_balanced() -> None:
    far = Units([1.0, 2.0, 3.0], {"size": [50.0, 51.0, 52.0]})
    near = Units([1.0, 2.0, 4.0], {"size": [0.0, 1.0, 2.0]})
    assert match(far, near).is_balanced is False
    assert match(near, far).is_balanced is False
    apart = match(far, near, caliper=0.1)
    assert (apart.effect, apart.matched, apart.unmatched) == (UNDEFINED, 0, 3)
    assert match(far, near, by="propensity").effect == UNDEFINED


def test_nobody_to_match_is_undefined() -> None:
    some, none = Units([1.0], {"size": [1.0]}), Units([], {"size": []})
    for found in (match(none, some), match(some, none)):
        assert (found.effect, found.is_balanced) == (UNDEFINED, None)
    assert match(some, Units([2.0], {"size": [1.0]})).effect == Estimate(-1.0)
    with pytest.raises(ValueError, match="same covariates"):
        match(some, Units([1.0], {"age": [1.0]}))
    with pytest.raises(ValueError, match="size has 2 values for 1 units"):
        Units([1.0], {"size": [1.0, 2.0]})


def encouraged(strength: float, n: int = 800, seed: int = 10) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    taste, instrument, age = rng.normal(size=n), rng.binomial(1, 0.5, n).astype(float), rng.normal(size=n)
    treatment = strength * instrument + taste + 0.3 * age + rng.normal(size=n)
    outcome = 1.5 * treatment + 2 * taste + age + rng.normal(size=n)
    return {"outcome": outcome, "treatment": treatment, "instrument": instrument, "age": age}


def test_an_instrument_takes_out_what_regression_leaves_in() -> None:
    data = encouraged(1.0)
    found = two_stage(data["outcome"], data["treatment"], [data["instrument"]], covariates=[data["age"]])
    naive = np.polyfit(data["treatment"], data["outcome"], 1)[0]
    assert naive > 2.2
    assert found.effect.ci_low is not None
    assert found.effect.ci_high is not None
    assert found.effect.ci_low < 1.5 < found.effect.ci_high < naive
    assert found.is_weak is False
    ones = np.ones(800)
    theirs = IV2SLS(
        data["outcome"],
        np.column_stack([ones, data["treatment"], data["age"]]),
        np.column_stack([ones, data["instrument"], data["age"]]),
    ).fit()
    assert found.effect.value == pytest.approx(theirs.params[1])


def test_an_instrument_that_moves_little_is_weak() -> None:
    data = encouraged(0.05)
    found = two_stage(data["outcome"], data["treatment"], [data["instrument"]])
    assert found.first_stage_f is not None
    assert found.first_stage_f < 10
    assert found.is_weak is True


def test_clusters_of_one_unit_err_as_heteroscedastic_units_do() -> None:
    data = encouraged(1.0)
    columns = data["outcome"], data["treatment"], [data["instrument"]]
    clustered, robust = two_stage(*columns, clusters=list(range(800))), two_stage(*columns)
    assert clustered.effect.standard_error == pytest.approx(robust.effect.standard_error)
    assert clustered.first_stage_f == pytest.approx(robust.first_stage_f)


def test_without_variation_or_units_there_is_no_second_stage() -> None:
    ones = [1.0] * 10
    ramp = [float(one) for one in range(10)]
    assert two_stage(ramp, ramp, [ones]) == TwoStage()
    assert two_stage(ramp, ones, [ramp]) == TwoStage()
    assert two_stage([1.0, 2.0], [1.0, 2.0], [[0.0, 1.0]]) == TwoStage()
    assert two_stage(ramp, ramp, [ramp, ramp]) == TwoStage()
    with pytest.raises(ValueError, match="each of the 10 units"):
        two_stage(ramp, ramp, [[1.0]])


def test_a_release_that_lifts_a_series_is_seen_with_its_trend_and_season() -> None:
    time = np.arange(84.0)
    week = np.array([0, 1, 2, 1, 0, -3, -3])[np.arange(84) % 7]
    noise = np.random.default_rng(11).normal(0, 0.5, 84)
    series = 100 + 0.2 * time + week + np.where(time >= 42, 5 + 0.1 * (time - 42), 0) + noise
    found = interrupted(series, 42, season=7)
    for estimate, truth in ((found.level, 5), (found.trend, 0.1), (found.before, 0.2)):
        assert estimate.ci_low is not None
        assert estimate.ci_high is not None
        assert estimate.ci_low < truth < estimate.ci_high
    assert found.carried == pytest.approx(0, abs=0.25)
    assert (interrupted(series, 42).level.standard_error or 0) > (found.level.standard_error or 0)


def test_its_errors_are_newey_and_wests() -> None:
    series = np.random.default_rng(12).normal(size=60).cumsum()
    found = interrupted(series, 30, errors="newey-west")
    time = np.arange(60)
    after = (time >= 30).astype(float)
    design = np.column_stack([np.ones(60), time, after, (time - 30) * after])
    fitted = OLS(series, design).fit()
    scores = design * fitted.resid[:, None]
    meat = scores.T @ scores
    for lag in range(1, 4):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / 4) * (cross + cross.T)
    bread = np.linalg.inv(design.T @ design)
    error = math.sqrt((bread @ meat @ bread)[2, 2] * 60 / 56)
    assert found.level.standard_error == pytest.approx(error)


def test_what_of_a_shock_lasts_is_found_and_widens_the_interval() -> None:
    shocks = np.random.default_rng(14).normal(size=400)
    for period in range(1, 400):
        shocks[period] += 0.6 * shocks[period - 1]
    found = interrupted(shocks, 200)
    assert found.carried == pytest.approx(0.6, abs=0.1)
    shuffled = np.random.default_rng(15).permutation(shocks)
    assert (found.level.standard_error or 0) > 1.5 * (interrupted(shuffled, 200).level.standard_error or 0)


def test_its_correlation_is_that_of_statsmodels_exact_likelihood() -> None:
    shocks = np.random.default_rng(16).normal(size=1500)
    for period in range(1, 1500):
        shocks[period] += 0.5 * shocks[period - 1]
    after = (np.arange(1500) >= 700).astype(float)
    # In hundreds of periods, or its optimiser stops early.
    since = (np.arange(1500) - 700) / 100
    fitted = ARIMA(shocks, np.column_stack([after, since * after, since]), order=(1, 0, 0), trend="c").fit()
    found = interrupted(shocks, 700)
    # Restricted and plain likelihood differ by the coefficients' share of 1,500 periods.
    assert found.carried == pytest.approx(fitted.params[-2], abs=0.01)
    assert found.level.value == pytest.approx(fitted.params[1], abs=0.01)
    assert found.level.standard_error == pytest.approx(fitted.bse[1], rel=0.02)


def test_what_lasts_is_the_restricted_likelihoods_best() -> None:
    series = np.random.default_rng(18).normal(size=24)
    for period in range(1, 24):
        series[period] += 0.7 * series[period - 1]
    time = np.arange(24)
    after = (time >= 12).astype(float)
    design = np.column_stack([after, (time - 12) * after, time, np.ones(24)])

    def deviance(rho: float) -> float:
        inverse = np.linalg.inv(rho ** np.abs(time[:, None] - time) / (1 - rho**2))
        information = design.T @ inverse @ design
        left = series - design @ np.linalg.solve(information, design.T @ inverse @ series)
        logs = np.linalg.slogdet(information)[1] - np.linalg.slogdet(inverse)[1]
        return float(20 * np.log(left @ inverse @ left) + logs)

    grid = np.linspace(0.01, 0.97, 961)
    found = interrupted(series, 12)
    assert found.carried is not None
    assert found.carried == pytest.approx(grid[np.argmin([deviance(rho) for rho in grid])], abs=0.002)
    freedom = max(2.0, 24 * (1 - found.carried) / (1 + found.carried) - 4)
    half = stats.t.ppf(0.975, freedom) * (found.level.standard_error or 0)
    assert found.level.ci_high == pytest.approx((found.level.value or 0) + half)


def test_a_series_too_short_is_not_evaluated() -> None:
    assert interrupted([1.0] * 8, 4) == Interrupted()
    assert interrupted(list(range(30)), 2) == Interrupted()
    assert interrupted(list(range(40)), 5, season=7) == Interrupted()
    straight = interrupted([float(one) for one in range(30)], 15)
    assert straight.before.value == pytest.approx(1)
    assert straight.level.standard_error is None


def test_a_holdouts_total_is_its_lift_over_all_units_served() -> None:
    rng = np.random.default_rng(13)
    kept, served = Moments.of(rng.normal(10, 2, 200)), Moments.of(rng.normal(11, 2, 5000))
    found, pair = holdout(kept, served), compare(kept, served)
    assert found.comparison == pair
    assert dataclasses.astuple(found.total)[:4] == pytest.approx(
        [5000 * one for one in dataclasses.astuple(pair.absolute)[:4]]
    )
    assert found.total.p_value == pair.absolute.p_value
    ratio = Moments.of([1, 2, 3], d=[1, 1, 2])
    assert holdout(ratio, ratio, "ratio").total == UNDEFINED
