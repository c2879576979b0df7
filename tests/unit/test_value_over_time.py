"""Value over time: an effect's interval goes into money whole, within one effect and across several."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest

from pipelines.estimates.intervals import Estimate, Interval
from pipelines.estimates.value import Exposed, over_time, remaining

DAY = date(2026, 3, 1)
LIFT = Estimate(0.5, 0.1, 0.3, 0.8)
OTHER = Estimate(-0.2, 0.1, -0.4, 0.0)


def days(effect: str, count: int, **more: float) -> list[Exposed]:
    return [
        Exposed(DAY + timedelta(one), effect, more.get("volume", 100.0), more.get("unit_value", 2.0))
        for one in range(count)
    ]


def as_tuple(interval: Interval) -> tuple[float | None, ...]:
    return interval.value, interval.ci_low, interval.ci_high


def test_the_days_of_one_effect_err_together() -> None:
    last = over_time(days("a", 10), {"a": LIFT})[-1]
    assert as_tuple(last.value) == pytest.approx((100, 60, 160))
    assert as_tuple(last.cumulative) == pytest.approx((1000, 600, 1600))


def test_effects_err_apart() -> None:
    (day,) = over_time([*days("a", 1), *days("b", 1)], {"a": LIFT, "b": OTHER})
    assert as_tuple(day.value) == pytest.approx((60, 60 - math.hypot(40, 40), 60 + math.hypot(60, 40)))


def test_one_effect_split_in_rows_is_one_effect() -> None:
    whole, halves = days("a", 3), days("a", 3, volume=50.0) + days("a", 3, volume=50.0)
    assert over_time(halves, {"a": LIFT}) == over_time(whole, {"a": LIFT})


def test_of_a_cost_the_interval_is_turned_round() -> None:
    (day,) = over_time(days("a", 1, unit_value=-2.0), {"a": LIFT})
    assert as_tuple(day.value) == pytest.approx((-100, -160, -60))


def test_an_undefined_effect_leaves_its_day_and_the_sum_from_then_on_undefined() -> None:
    rows = [*days("a", 3), Exposed(DAY + timedelta(1), "b", 10, 1)]
    found = over_time(rows, {"a": LIFT, "b": Estimate()})
    assert [day.value.value for day in found] == [100, None, 100]
    assert [day.cumulative.value for day in found] == [100, None, None]
    without_error = over_time(rows, {"a": LIFT, "b": Estimate(1.0)})
    assert as_tuple(without_error[1].value) == (110, None, None)
    assert without_error[2].cumulative.ci_low is None


def test_an_effect_of_which_nothing_remains_is_worth_nothing_and_is_not_at_work() -> None:
    (day,) = over_time([Exposed(DAY, "a", 100, 2.0, remaining=0.0)], {"a": Estimate()})
    assert as_tuple(day.value) == (0, 0, 0)


def test_an_effect_halves_and_expires() -> None:
    assert remaining(90) == 1.0
    assert remaining(60, half_life_days=30) == 0.25
    assert remaining(-5, half_life_days=30) == 1.0
    assert remaining(29, expires_after_days=30) == 1.0
    assert remaining(30, half_life_days=30, expires_after_days=30) == 0.0
    with pytest.raises(ValueError, match="half-life"):
        remaining(1, half_life_days=0)


def test_an_effect_that_is_not_given_is_named() -> None:
    with pytest.raises(KeyError, match="c"):
        over_time(days("c", 1), {"a": LIFT})
