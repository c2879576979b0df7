"""A readout compares what may be compared, and says of each lift what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from pipelines.estimates.causal.panels import Panel
from pipelines.estimates.experiments import Moments, compare
from pipelines.estimates.intervals import Estimate
from pipelines.estimates.quantiles import Tally
from pipelines.estimates.readouts import (
    Matching,
    MetricPlan,
    Plan,
    Reading,
    Readout,
    Study,
    read_instrumented,
    read_matched,
    read_out,
    read_panel,
)

FIRST = date(2026, 1, 1)
REVENUE = MetricPlan("revenue", "mean", is_primary=True)


def plan(**given: object) -> Plan:
    usual: dict[str, object] = {
        "id": "e", "control": "a", "weights": {"a": 1.0, "b": 1.0}, "metrics": [REVENUE], "is_cuped": False,
        "is_sequential": False, "planned_units": None, "planned_effect": 0.1,
    }  # fmt: skip
    return Plan(**{**usual, **given})  # type: ignore[arg-type]


def cohorts(means: list[float], n: int = 400, seed: int = 1) -> dict[date, Moments]:
    """A cohort of n users a day, spending around that day's mean."""
    rng = np.random.default_rng(seed)
    return {FIRST + timedelta(days=i): Moments.of(rng.normal(mean, 2.0, n)) for i, mean in enumerate(means)}


def treatment(readout: Readout) -> Reading:
    (found,) = [reading for reading in readout.readings if reading.variant == "b"]
    return found


def test_cohorts_added_up_are_compared_as_one() -> None:
    old, new = cohorts([10, 10, 10]), cohorts([11, 11, 11], seed=2)
    found = treatment(read_out(plan(), {("revenue", "a"): old, ("revenue", "b"): new}, {}, {"a": 1200, "b": 1200}))
    whole = compare(sum_of(old), sum_of(new))
    assert found.comparison is not None
    assert found.comparison.absolute == whole.absolute
    assert (found.units, found.method) == (1200, "Welch")


def sum_of(parts: dict[date, Moments]) -> Moments:
    first, *others = parts.values()
    for part in others:
        first = first + part
    return first


def test_a_split_that_is_not_the_declared_one_is_void_and_a_declared_uneven_one_is_not() -> None:
    variants = {("revenue", "a"): cohorts([10]), ("revenue", "b"): cohorts([10])}
    assert read_out(plan(), variants, {}, {"a": 1300, "b": 1000}).is_invalid
    assert not read_out(plan(weights={"a": 1.3, "b": 1.0}), variants, {}, {"a": 1300, "b": 1000}).is_invalid


def test_an_effect_that_fades_is_told_from_one_that_stays() -> None:
    old = cohorts([10] * 10)
    fading = cohorts([13, 12.5, 12, 11.5, 11, 10.5, 10.2, 10.1, 10, 10], seed=3)
    staying = cohorts([11] * 10, seed=3)
    split = {"a": 4000, "b": 4000}
    fades = treatment(read_out(plan(), {("revenue", "a"): old, ("revenue", "b"): fading}, {}, split))
    stays = treatment(read_out(plan(), {("revenue", "a"): old, ("revenue", "b"): staying}, {}, split))
    assert fades.early is not None and fades.late is not None and fades.fading_p_value is not None
    assert fades.early > 5 * fades.late and fades.fading_p_value < 1e-6
    assert stays.fading_p_value is not None and stays.fading_p_value > 0.05


def test_looking_every_day_costs_width() -> None:
    variants = {("revenue", "a"): cohorts([10]), ("revenue", "b"): cohorts([11], seed=2)}
    split = {"a": 400, "b": 400}
    once = treatment(read_out(plan(), variants, {}, split)).comparison
    always = treatment(read_out(plan(is_sequential=True, planned_units=800), variants, {}, split)).comparison
    assert once is not None and always is not None
    assert once.absolute.value == always.absolute.value
    assert once.absolute.ci_low is not None and always.absolute.ci_low is not None
    assert always.absolute.ci_low < once.absolute.ci_low


def test_secondary_metrics_are_corrected_for_how_many_they_are_and_the_primary_is_not() -> None:
    metrics = [REVENUE, MetricPlan("visits", "mean", False), MetricPlan("p90", "quantile", False, 0.9)]
    variants = {
        (m, variant): cohorts([10 + (variant == "b") * 0.3], seed=ord(variant))
        for m in ("revenue", "visits")
        for variant in "ab"
    }
    tallies = {("p90", variant): Tally.of(np.random.default_rng(1).normal(10, 2, 400)) for variant in "ab"}
    found = read_out(plan(metrics=metrics), variants, tallies, {"a": 400, "b": 400})
    by_metric = {reading.metric: reading for reading in found.readings if reading.variant == "b"}
    raw = by_metric["revenue"].comparison
    assert raw is not None and by_metric["revenue"].adjusted_p_value == raw.absolute.p_value
    visits = by_metric["visits"].comparison
    assert visits is not None and visits.absolute.p_value is not None
    assert by_metric["visits"].adjusted_p_value == pytest.approx(min(1, 2 * visits.absolute.p_value))


def test_a_variant_nobody_met_has_no_reading_of_its_own() -> None:
    found = read_out(plan(), {("revenue", "a"): cohorts([10])}, {}, {"a": 400})
    assert [(r.variant, r.units, r.mean is None, r.comparison) for r in found.readings] == [
        ("a", 400, False, None),
        ("b", 0, True, None),
    ]
    assert found.is_invalid, "four hundred of four hundred in one variant is no even split"


def panel(units: int, outcome: Callable[[int, int], float]) -> Panel:
    """Ten periods of `units`, the first half of them treated from the fifth."""
    cells = [(i, t) for i in range(units) for t in range(10)]
    names, periods = [f"u{i}" for i, _ in cells], [t for _, t in cells]
    return Panel(names, periods, [outcome(i, t) for i, t in cells], {f"u{i}": 5 for i in range(units // 2)})


def test_a_panel_is_read_against_what_the_treated_would_have_had() -> None:
    seen = panel(6, lambda i, t: 100 + i + 2 * t + (-20 if i < 3 and t >= 5 else 0))
    without, treated = read_panel([REVENUE], {"revenue": seen}, is_staggered=False)
    # In the treated periods 5 to 9 units 0 to 2 would have had 100 + 1 + 2·7.
    assert without.mean == pytest.approx(115)
    assert treated.comparison is not None
    assert treated.comparison.absolute.value == pytest.approx(-20)
    assert treated.comparison.relative.value == pytest.approx(-20 / 115)


def study(pull: float, n: int = 400) -> Study:
    """A hidden zeal moves treatment and outcome of the units, the instrument moves treatment by `pull`. Effect: 2."""
    rng = np.random.default_rng(5)
    zeal, lot = rng.normal(size=n), (rng.random(n) < 0.5).astype(np.float64)
    treatment = (zeal + pull * lot + rng.normal(size=n) > 0).astype(np.float64)
    outcomes = 10 + 3 * zeal + 2 * treatment + rng.normal(size=n)
    return Study(outcomes, treatment, {"zeal": zeal}, lot)


def test_units_are_read_against_what_the_treated_would_have_had() -> None:
    seen = study(2.0)
    without, treated = read_matched([REVENUE], {"revenue": seen}, Matching(caliper=0.2))
    assert treated.comparison is not None and treated.comparison.absolute.value is not None
    assert treated.comparison.absolute.value == pytest.approx(2, abs=0.5)
    assert treated.mean is not None and without.mean == treated.mean - treated.comparison.absolute.value
    # Only the matched are compared; the variants count everybody.
    assert treated.matched is not None and treated.matched < treated.units
    assert (treated.units + without.units, treated.is_balanced) == (400, True)
    assert [row.covariate for row in treated.balance] == ["zeal"]


def test_groups_too_far_apart_are_said_not_to_be_balanced() -> None:
    seen = study(0.0)
    apart = Study(seen.outcomes, (seen.covariates["zeal"] > 0).astype(np.float64), seen.covariates)
    _, treated = read_matched([REVENUE], {"revenue": apart}, Matching())
    assert treated.is_balanced is False


def test_an_instrument_finds_the_effect_and_a_weak_one_is_flagged() -> None:
    strong = replace(study(2.0), covariates={})
    without, treated = read_instrumented([REVENUE], {"revenue": strong})
    assert treated.comparison is not None and treated.comparison.absolute.ci_low is not None
    assert treated.comparison.absolute.ci_low < 2 < (treated.comparison.absolute.ci_high or 0)
    assert treated.mean is not None and treated.comparison.absolute.value is not None
    assert without.mean == pytest.approx(treated.mean - treated.comparison.absolute.value)
    assert treated.is_weak is False
    _, weak = read_instrumented([REVENUE], {"revenue": study(0.05)})
    assert weak.is_weak and weak.first_stage_f is not None and weak.first_stage_f < 10
    with pytest.raises(ValueError, match="no instrument"):
        read_instrumented([REVENUE], {"revenue": replace(strong, instrument=None)})


def test_a_study_that_nobody_was_treated_in_has_no_comparison() -> None:
    seen = study(2.0)
    nobody = Study(seen.outcomes, np.zeros(400), seen.covariates, seen.instrument)
    for without, treated in (
        read_matched([REVENUE], {"revenue": nobody}, Matching()),
        read_instrumented([REVENUE], {"revenue": nobody}),
    ):
        assert (without.units, treated.units, treated.mean, treated.comparison) == (400, 0, None, None)
    assert read_matched([REVENUE], {}, Matching()) == []


def test_the_relative_lift_of_a_panel_is_as_uncertain_as_what_it_divides_by() -> None:
    # The outcome triples: an effect of one more leaves one less to have had, and both move the quotient.
    rng = np.random.default_rng(3)
    seen = panel(12, lambda i, t: 100 + (200 if i < 6 and t >= 5 else 0) + rng.normal(0, 9))
    _, treated = read_panel([REVENUE], {"revenue": seen}, is_staggered=False)
    assert treated.comparison is not None
    assert treated.mean is not None
    absolute, relative = treated.comparison.absolute, treated.comparison.relative
    low, high = absolute.ci_low or 0.0, absolute.ci_high or 0.0
    ends = [end / (treated.mean - end) for end in (low, high)]
    assert (relative.ci_low, relative.ci_high) == pytest.approx(ends)
    assert ends[1] - ends[0] > 2.5 * (high - low) / 100


def test_a_relative_lift_over_what_may_have_been_nothing_is_undefined() -> None:
    seen = panel(6, lambda i, t: i % 3 + t % 2 - 1.5 + (9 if i < 3 and t >= 5 else 0) + (5 if i == 0 and t > 6 else 0))
    _, treated = read_panel([REVENUE], {"revenue": seen}, is_staggered=False)
    assert treated.comparison is not None
    assert treated.comparison.absolute.value is not None
    assert treated.comparison.relative == Estimate()
