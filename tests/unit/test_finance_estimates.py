"""NPV, IRR and payback against numpy-financial, textbooks, and what must hold of any cash flow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy_financial as npf
import pytest

from pipelines.estimates.finance import (
    Category,
    Drivers,
    Uncertain,
    chance,
    discounted,
    flows_under,
    internal_rates,
    irr,
    monthly_rate,
    npv,
    payback,
    tornado,
    valued_under,
)

ANNUAL = 0.12
FLOWS = np.array([-1000.0, 80.0, 120.0, 150.0, 200.0, 250.0, 300.0, 300.0])


def random_flows(seed: int) -> np.ndarray:
    """A year or two of spending, then years of benefits, some months below zero."""
    rng = np.random.default_rng(seed)
    return np.r_[-rng.uniform(5, 60, 3), rng.normal(5, 8, 45)]


def per_month(annual: float) -> float:
    """What a textbook's rate per period is a year."""
    return (1 + annual) ** 12 - 1


def test_a_year_of_months_compounds_to_the_annual_rate() -> None:
    assert (1 + monthly_rate(0.1)) ** 12 == pytest.approx(1.1, rel=1e-14)
    assert monthly_rate(0.12) == pytest.approx(0.009488792934583046, rel=1e-12)
    assert npv([0] * 12 + [110], 0.1) == pytest.approx(100, rel=1e-12)


def test_npv_is_numpy_financials_own_example_by_the_period() -> None:
    # numpy-financial's documentation: 8 % a period, the first flow undiscounted.
    assert npv([-40_000, 5_000, 8_000, 12_000, 30_000], per_month(0.08)) == pytest.approx(3065.22267, abs=5e-6)


def test_irr_is_numpy_financials_own_examples_by_the_period() -> None:
    for flows, expected in (([-100, 39, 59, 55, 20], 0.28095), ([-100, 0, 0, 74], -0.0955)):
        assert (1 + irr(flows)) ** (1 / 12) - 1 == pytest.approx(expected, abs=5e-6)  # type: ignore[operator]


@pytest.mark.parametrize("seed", range(40))
def test_npv_and_a_single_irr_are_numpy_financials(seed: int) -> None:
    flows = random_flows(seed)
    assert npv(flows, ANNUAL) == pytest.approx(npf.npv(1.12 ** (1 / 12) - 1, flows), rel=1e-12)
    rates = internal_rates(flows)
    assert all(abs(npv(flows, rate)) < 1e-6 * np.abs(discounted(flows, rate)).sum() for rate in rates)
    if len(rates) == 1:
        assert rates[0] == pytest.approx((1 + npf.irr(flows)) ** 12 - 1, rel=1e-6)


@pytest.mark.parametrize("seed", range(15))
def test_every_change_of_sign_of_npv_is_an_internal_rate(seed: int) -> None:
    flows = random_flows(seed)
    grid = np.exp(np.linspace(np.log(0.011), np.log(50), 20_001)) - 1
    signs = np.sign([npv(flows, rate) for rate in grid])
    found = [rate for rate in internal_rates(flows) if grid[0] < rate < grid[-1]]
    assert len(found) == np.count_nonzero(np.diff(signs))


@pytest.mark.parametrize(
    ("flows", "rates"),
    [
        ([100, 20], []),
        ([-100, -20], []),
        ([0, 0], []),
        ([-100, 230, -132], [1.1**12 - 1, 1.2**12 - 1]),
        ([-1000, 3600, -4310, 1716], [1.1**12 - 1, 1.2**12 - 1, 1.3**12 - 1]),
        ([100, -200, 150], []),
        ([0, 0, -100, 110], [1.1**12 - 1]),
        ([-1, 2.2, -1.21], [1.1**12 - 1]),
        ([-1, 2, -1.000000005], []),
    ],
    ids=[
        "only in",
        "only out",
        "nothing",
        "two",
        "three",
        "two changes of sign and no root",
        "late start",
        "touching",
        "nearly touching",
    ],
)
def test_several_or_no_internal_rates_are_found_and_give_no_irr(flows: list[float], rates: list[float]) -> None:
    assert internal_rates(flows) == pytest.approx(rates, rel=1e-6)
    assert irr(flows) == (pytest.approx(rates[0], rel=1e-6) if len(rates) == 1 else None)


def test_a_rate_that_says_all_is_lost_does_not_hide_the_real_one() -> None:
    flows = [-1000.0, *[60.0] * 30, -10.0]
    monthly = npf.irr(flows)
    assert np.count_nonzero(np.diff(np.sign(flows))) == 2
    assert irr(flows) == pytest.approx((1 + monthly) ** 12 - 1, rel=1e-9)


@pytest.mark.parametrize(
    ("flows", "months"),
    [
        ([-100, 50, 50], 2.0),
        ([-100, 60, 30, 20], 2.5),
        ([-100, 60, 30, 5], None),
        ([10, 20], 0.0),
        ([0, -100, 200], 1.5),
        ([-100, 150, -100, 60, 40], 2 + 50 / 60),
        ([-0.1, -0.2, 0.3], 2.0),
    ],
    ids=["on the month", "within it", "never", "never out", "late spending", "out again", "cents that do not add up"],
)
def test_payback_is_the_last_time_the_money_comes_back(flows: list[float], months: float | None) -> None:
    # "out again" cumulates to -100, 50, -50, 10, 50: back first within month 1, for good within month 3.
    assert payback(flows) == (months if months is None else pytest.approx(months, rel=1e-12))


def test_a_textbooks_discounted_payback() -> None:
    # 10 % a period on 300 and four times 100: 90.91, 82.64, 75.13, 68.30; 51.32 of the last is needed.
    flows = [-300, 100, 100, 100, 100]
    assert payback(discounted(flows, per_month(0.1))) == pytest.approx(3 + 51.3148 / 68.3013, abs=1e-5)
    assert payback(flows) == pytest.approx(3.0)


def test_money_scales_and_rates_and_months_do_not() -> None:
    for factor in (0.001, 1e6):
        assert npv(FLOWS * factor, ANNUAL) == pytest.approx(npv(FLOWS, ANNUAL) * factor)
        assert irr(FLOWS * factor) == pytest.approx(irr(FLOWS))
        assert payback(FLOWS * factor) == pytest.approx(payback(FLOWS))


def test_a_month_later_is_worth_a_months_discount_less_and_is_a_month_later_back() -> None:
    later = np.r_[0.0, FLOWS]
    assert npv(later, ANNUAL) == pytest.approx(npv(FLOWS, ANNUAL) / (1 + monthly_rate(ANNUAL)))
    assert irr(later) == pytest.approx(irr(FLOWS))
    assert payback(later) == pytest.approx(1 + payback(FLOWS))  # type: ignore[operator]


def test_the_parts_of_a_flow_are_worth_the_whole() -> None:
    for cut in range(1, len(FLOWS)):
        rest = npv(FLOWS[cut:], ANNUAL) / (1 + ANNUAL) ** (cut / 12)
        assert npv(FLOWS[:cut], ANNUAL) + rest == pytest.approx(npv(FLOWS, ANNUAL))
        assert npv(np.r_[FLOWS, np.zeros(cut)], ANNUAL) == pytest.approx(npv(FLOWS, ANNUAL))


def test_a_higher_rate_makes_an_investment_worth_less() -> None:
    values = [npv(FLOWS, rate) for rate in np.linspace(0.0, 0.9, 10)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(FLOWS.sum())


MONTHS = 6


def part(planned: float, actual: float = 0.0, ends: tuple[float, float] = (1.0, 1.0), **about: bool) -> Category:
    """A category actual in month 0 and planned from month 1 on."""
    later = np.r_[0.0, np.full(MONTHS - 1, planned)]
    return Category(
        is_benefit=about.get("benefit", False),
        is_volume_driven=about.get("volume", False),
        actual=np.r_[actual, np.zeros(MONTHS - 1)],
        planned=later,
        low=later * ends[0],
        high=later * ends[1],
    )


PLAN = {
    "development": part(0.0, actual=-500.0),
    "cloud": part(-20.0, volume=True, ends=(0.8, 1.5)),
    "monitoring": part(-5.0),
    "savings": part(140.0, actual=30.0, benefit=True),
}
BASE = Drivers(discount_rate=0.1)
INPUTS = [
    Uncertain("uplift", 0.5, 1.5, "triangular", (0.5, 1.0, 1.5)),
    Uncertain("volume", 0.9, 1.1, "normal", (1.0, 0.05)),
    Uncertain("cost", 0.9, 1.2, "uniform", (0.9, 1.2)),
    Uncertain("discount_rate", 0.05, 0.2, "uniform", (0.05, 0.2)),
]


def test_drivers_move_what_is_planned_and_leave_what_is_booked() -> None:
    assert flows_under(PLAN, BASE) == pytest.approx([-470.0, *[115.0] * 5])
    moved = flows_under(PLAN, Drivers(0.1, uplift=0.5, volume=2.0, cost=3.0))
    assert moved == pytest.approx([-470.0, *[140.0 * 0.5 * 2.0 - 20.0 * 3.0 * 2.0 - 5.0 * 3.0] * 5])


def test_a_tornado_moves_one_input_at_a_time_and_puts_the_widest_first() -> None:
    bars = {bar.name: bar for bar in tornado(PLAN, BASE, INPUTS)}
    assert bars.keys() == {"uplift", "volume", "cost", "discount_rate", "category:cloud"}
    assert bars["uplift"].low_npv_usd == valued_under(PLAN, Drivers(0.1, uplift=0.5)).npv_usd
    assert bars["discount_rate"].high_npv_usd == valued_under(PLAN, Drivers(0.2)).npv_usd
    dearer = {**PLAN, "cloud": replace(PLAN["cloud"], planned=PLAN["cloud"].high)}
    assert bars["category:cloud"].high_npv_usd == valued_under(dearer, BASE).npv_usd
    assert bars["category:cloud"].low_npv_usd > bars["category:cloud"].high_npv_usd
    swings = [abs(bar.high_npv_usd - bar.low_npv_usd) for bar in tornado(PLAN, BASE, INPUTS)]
    assert swings == sorted(swings, reverse=True)


def test_the_chance_of_a_uniform_uplift_is_the_share_above_break_even() -> None:
    only = [Uncertain("uplift", 0.5, 1.5, "uniform", (0.5, 1.5))]
    plan = {name: part for name, part in PLAN.items() if name != "cloud"}
    at = {uplift: valued_under(plan, replace(BASE, uplift=uplift)).npv_usd for uplift in (0.0, 1.0)}
    break_even = -at[0.0] / (at[1.0] - at[0.0])
    estimate = chance(plan, BASE, only, seed="p", draws=40_000)
    assert estimate is not None
    assert 0.1 < 1.5 - break_even < 0.9
    assert estimate.low < 1.5 - break_even < estimate.high
    assert estimate.npv_p05_usd == pytest.approx(at[0.0] + 0.55 * (at[1.0] - at[0.0]), abs=5.0)
    assert estimate.high - estimate.low == pytest.approx(
        2 * 1.96 * (estimate.rate * (1 - estimate.rate) / 40_000) ** 0.5, rel=0.01
    )


def test_the_same_seed_gives_the_same_chance_and_a_draw_is_a_full_computation() -> None:
    assert chance(PLAN, BASE, INPUTS, "p") == chance(PLAN, BASE, INPUTS, "p")
    assert chance(PLAN, BASE, INPUTS, "p") != chance(PLAN, BASE, INPUTS, "q")
    fixed = [Uncertain(one.driver, 0.0, 1.0, "normal", (mean, 1e-12)) for one, mean in zip(
        INPUTS, (0.7, 1.2, 1.1, 0.15), strict=True)]  # fmt: skip
    plan = {**PLAN, "cloud": replace(PLAN["cloud"], low=PLAN["cloud"].planned, high=PLAN["cloud"].planned)}
    estimate = chance(plan, BASE, fixed, "p", draws=3)
    expected = valued_under(plan, Drivers(0.15, 0.7, 1.2, 1.1)).npv_usd
    assert estimate is not None
    assert [estimate.npv_p05_usd, estimate.npv_p95_usd] == pytest.approx([expected, expected])


def test_a_categorys_ends_bound_its_draws() -> None:
    estimate = chance(PLAN, BASE, [], "p")
    ends = sorted(
        valued_under({**PLAN, "cloud": replace(PLAN["cloud"], planned=end)}, BASE).npv_usd
        for end in (PLAN["cloud"].low, PLAN["cloud"].high)
    )
    assert estimate is not None
    assert ends[0] < estimate.npv_p05_usd < estimate.npv_median_usd < estimate.npv_p95_usd < ends[1]


def test_nothing_uncertain_has_no_chance() -> None:
    certain = {name: part for name, part in PLAN.items() if name != "cloud"}
    assert chance(certain, BASE, [Uncertain("uplift", 0.5, 1.5)], "p") is None


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(ValueError, match=r"uplift has the shape 'flat'; expected one of triangular, uniform, normal"):
        chance(PLAN, BASE, [Uncertain("uplift", 0, 1, "flat", (1.0,))], "p")
