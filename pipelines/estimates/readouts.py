"""What an experiment says: every metric and variant with its lift, and whether the comparison may be read.

Which statistic answers which question is decided here; the statistics are in `experiments` and `causal`. What a lift is
worth is `value`'s.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.estimates.causal.instruments import two_stage
from pipelines.estimates.causal.matching import Balance, Units, match
from pipelines.estimates.causal.panels import Panel, staggered, two_by_two
from pipelines.estimates.experiments import Comparison, Metric, Moments, adjust, compare, sample_ratio
from pipelines.estimates.intervals import Array, Estimate
from pipelines.estimates.power import Baseline, Variants, detectable, power
from pipelines.estimates.quantiles import QuantileComparison, Tally, compare_quantiles

DEFAULT_TUNING = 5_000.0
"""N* of always-valid intervals where an experiment was planned without a size, as GrowthBook sets it."""
TREATED, UNTREATED = "treated", "untreated"
_KINDS: Final[Mapping[str, Metric]] = {"mean": "mean", "proportion": "proportion", "ratio": "ratio"}


@dataclass(frozen=True)
class MetricPlan:
    """A metric as it was declared: `kind` is mean, proportion, ratio or quantile."""

    id: str
    kind: str
    is_primary: bool
    quantile: float | None = None


@dataclass(frozen=True)
class Plan:
    """An experiment as it was declared. `weights` holds each variant's share; `is_cuped`: a pre-period was kept."""

    id: str
    control: str
    weights: Mapping[str, float]
    metrics: Sequence[MetricPlan]
    is_cuped: bool
    is_sequential: bool
    planned_units: int | None
    planned_effect: float | None


@dataclass(frozen=True)
class Reading:
    """One metric of one variant. For the control, what compares is None.

    Where nothing was randomised the variants are `TREATED` and `UNTREATED`, and the untreated mean is what the treated
    ones would have had.

    Args:
        mean: the variant's mean, share, ratio or quantile.
        comparison: against the control.
        method: how the interval was made.
        adjusted_p_value: Holm over the variants of the primary metric, or over all secondary metrics.
        reached_effect: the smallest relative effect found with a power of 80 % at the error reached.
        power: to find the planned effect, at the error reached.
        early, late: the relative lift of the users of the first and of the second half of the days.
        fading_p_value: that early and late lift are the same.
        pre_trend_p_value: that treated and untreated units moved alike before the start.
        first_stage_f, is_weak: how strongly the instrument moved the treatment, and whether that is too little.
        matched: treated units with an untreated one like them.
        balance, is_balanced: how alike the matched are in each covariate, and whether they are in all.
    """

    metric: str
    variant: str
    units: int
    mean: float | None
    comparison: Comparison | QuantileComparison | None = None
    method: str | None = None
    adjusted_p_value: float | None = None
    reached_effect: float | None = None
    power: float | None = None
    early: float | None = None
    late: float | None = None
    fading_p_value: float | None = None
    pre_trend_p_value: float | None = None
    first_stage_f: float | None = None
    is_weak: bool | None = None
    matched: int | None = None
    balance: tuple[Balance, ...] = ()
    is_balanced: bool | None = None


@dataclass(frozen=True)
class Study:
    """One metric of units seen once: what became of them, what they got and what they were before.

    Args:
        outcomes: one per unit.
        treatment: 0 where a unit got none; matching asks only whether it is more.
        covariates: name → one value per unit.
        instrument: one per unit; None where units are matched.
    """

    outcomes: Array
    treatment: Array
    covariates: Mapping[str, Array]
    instrument: Array | None = None


@dataclass(frozen=True)
class Matching:
    """How units are matched; see `causal.matching.match`."""

    by: Literal["covariates", "propensity"] = "covariates"
    neighbours: int = 1
    caliper: float | None = None


@dataclass(frozen=True)
class Readout:
    """All of an experiment's readings, and the test of its split."""

    readings: Sequence[Reading]
    srm_p_value: float | None
    is_invalid: bool | None


Cohorts = Mapping[date, Moments]
"""The moments of a variant's users by the day they were exposed first."""


def read_out(
    plan: Plan,
    cohorts: Mapping[tuple[str, str], Cohorts],
    tallies: Mapping[tuple[str, str], Tally],
    split: Mapping[str, int],
    seed: int = 0,
) -> Readout:
    """Every metric of every declared variant.

    Args:
        plan: what was declared.
        cohorts: (metric, variant) → its cohorts.
        tallies: (metric, variant) → the distribution of its users' values, for quantile metrics.
        split: variant → users assigned to it alone.
        seed: of the bootstrap of quantile metrics.

    Returns:
        Readings in the order of metrics and variants, the control first. An invalid experiment is read like any other:
        who shows it says that it is invalid.
    """
    variants = [plan.control, *(variant for variant in plan.weights if variant != plan.control)]
    ratio = sample_ratio(
        [split.get(variant, 0) for variant in variants], [plan.weights[variant] for variant in variants]
    )
    readings: list[Reading] = []
    for metric in plan.metrics:
        for variant in variants:
            if metric.kind == "quantile":
                readings.append(_quantile(plan, metric, variant, tallies, seed))
            else:
                readings.append(_reading(plan, metric, variant, cohorts))
    return Readout(_adjusted(plan.metrics, readings), ratio.p_value, ratio.is_mismatch)


def read_panel(metrics: Sequence[MetricPlan], panels: Mapping[str, Panel], is_staggered: bool) -> list[Reading]:
    """Every metric of units that were treated and units that were not.

    Args:
        metrics: what was declared.
        panels: metric → its panel; a metric without one has no reading.
        is_staggered: whether units may start at different periods.

    Returns:
        Per metric the untreated variant, then the treated one. The relative lift is over what the treated units would
        have had in the treated periods, and as uncertain as that.
    """
    readings: list[Reading] = []
    for metric in metrics:
        if metric.id in panels:
            readings += _panel(metric, panels[metric.id], is_staggered)
    return _adjusted(metrics, readings)


def _panel(metric: MetricPlan, panel: Panel, is_staggered: bool) -> list[Reading]:
    study = staggered(panel)
    found = study if is_staggered else two_by_two(panel)
    effect = found.effect
    after = [
        outcome
        for unit, period, outcome in zip(panel.units, panel.periods, panel.outcomes, strict=True)
        if period >= panel.starts.get(unit, math.inf)
    ]
    mean = math.fsum(after) / len(after) if after else None
    if mean is None or effect.value is None:
        return [
            Reading(metric.id, UNTREATED, found.untreated, None),
            Reading(metric.id, TREATED, found.treated, mean),
        ]
    without = mean - effect.value
    return [
        Reading(metric.id, UNTREATED, found.untreated, without),
        Reading(
            metric.id,
            TREATED,
            found.treated,
            mean,
            Comparison(without, mean, effect, _relative(mean, effect)),
            "staggered difference in differences" if is_staggered else "difference in differences",
            pre_trend_p_value=study.pre_trend.p_value,
        ),
    ]


def read_matched(metrics: Sequence[MetricPlan], studies: Mapping[str, Study], matching: Matching) -> list[Reading]:
    """Every metric of treated units beside untreated ones like them: the mean effect on those matched.

    Returns:
        Per metric with a study the untreated variant, then the treated one. The relative lift is over what the treated
        would have had.
    """
    readings: list[Reading] = []
    for metric in metrics:
        if metric.id not in studies:
            continue
        study = studies[metric.id]
        treated = study.treatment > 0
        found = match(
            _units(study, treated),
            _units(study, ~treated),
            by=matching.by,
            neighbours=matching.neighbours,
            caliper=matching.caliper,
        )
        without, ours = _apart(metric, treated, found.mean, found.effect, 1.0, f"matched on {matching.by}")
        readings += [
            without,
            replace(ours, matched=found.matched, balance=found.balance, is_balanced=found.is_balanced),
        ]
    return _adjusted(metrics, readings)


def read_instrumented(metrics: Sequence[MetricPlan], studies: Mapping[str, Study]) -> list[Reading]:
    """Every metric of units with an instrument for their treatment: two-stage least squares.

    Returns:
        Per metric with a study the untreated variant, then the treated one; lifts are per unit of treatment, and the
        relative one is over what the treated would have had, were the effect theirs.
    """
    readings: list[Reading] = []
    for metric in metrics:
        if metric.id not in studies:
            continue
        study = studies[metric.id]
        if study.instrument is None:
            raise ValueError(f"{metric.id} has no instrument; units without one are matched")
        found = two_stage(
            study.outcomes, study.treatment, [study.instrument], covariates=list(study.covariates.values()) or None
        )
        treated = study.treatment > 0
        mean, dose = (float(of[treated].mean()) if treated.any() else None for of in (study.outcomes, study.treatment))
        without, ours = _apart(metric, treated, mean, found.effect, dose or 1.0, "two-stage least squares")
        readings += [without, replace(ours, first_stage_f=found.first_stage_f, is_weak=found.is_weak)]
    return _adjusted(metrics, readings)


def _units(study: Study, chosen: NDArray[np.bool_]) -> Units:
    return Units(study.outcomes[chosen], {name: values[chosen] for name, values in study.covariates.items()})


def _apart(
    metric: MetricPlan, treated: NDArray[np.bool_], mean: float | None, effect: Estimate, dose: float, method: str
) -> tuple[Reading, Reading]:
    """The untreated and the treated variant of units that got `dose` on average, with the effect of one."""
    theirs = Reading(metric.id, UNTREATED, int((~treated).sum()), None)
    ours = Reading(metric.id, TREATED, int(treated.sum()), mean)
    if mean is None or effect.value is None:
        return theirs, ours
    without = mean - effect.value * dose
    comparison = Comparison(without, mean, effect, _relative(mean, effect, dose))
    return replace(theirs, mean=without), replace(ours, comparison=comparison, method=method)


def _relative(mean: float, effect: Estimate, dose: float = 1.0) -> Estimate:
    """The effect over what the treated would have had, `mean` − dose·effect, which is as uncertain as the effect is.

    What they had is taken as known, so that each end of the effect's interval has its own relative lift; undefined
    where the interval holds an effect that leaves them nothing to have had.
    """

    def over(value: float | None) -> float | None:
        return None if value is None else value / abs(mean - dose * value)

    ends = (effect.ci_low, effect.ci_high)
    without = [mean - dose * value for value in (effect.value, *ends) if value is not None]
    if effect.value is None or min(without) <= 0 <= max(without):
        return Estimate()
    error = (
        None if effect.standard_error is None else effect.standard_error * abs(mean) / (mean - dose * effect.value) ** 2
    )
    low, high = (over(end) for end in ends)
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    return Estimate(over(effect.value), error, low, high, effect.p_value)


def _reading(plan: Plan, metric: MetricPlan, variant: str, cohorts: Mapping[tuple[str, str], Cohorts]) -> Reading:
    mine, control = cohorts.get((metric.id, variant), {}), cohorts.get((metric.id, plan.control), {})
    total = _total(mine)
    found = _compared(plan, metric, control, mine)
    if total is None:
        return Reading(metric.id, variant, 0, None)
    if variant == plan.control or found is None:
        return Reading(metric.id, variant, total.n, _mean(metric, total))
    method = "delta method" if metric.kind == "ratio" else "Welch" if found.theta is None else "CUPED"
    if plan.is_sequential:
        method += ", always valid"
    fixed = _compared(plan, metric, control, mine, sequential=False)
    reached, chance = _sizing(plan, fixed, (_total(control) or total).n, total.n)
    early, late, fading = _halves(plan, metric, control, mine)
    return Reading(
        metric.id,
        variant,
        total.n,
        found.treatment,
        found,
        method,
        reached_effect=reached,
        power=chance,
        early=early,
        late=late,
        fading_p_value=fading,
    )


def _quantile(
    plan: Plan, metric: MetricPlan, variant: str, tallies: Mapping[tuple[str, str], Tally], seed: int
) -> Reading:
    empty = Tally((), ())
    mine, control = tallies.get((metric.id, variant), empty), tallies.get((metric.id, plan.control), empty)
    quantile = metric.quantile or 0.5
    found = compare_quantiles(control, mine, quantile, seed=seed)
    if variant == plan.control:
        return Reading(metric.id, variant, mine.n, found.treatment)
    reached, chance = _sizing(plan, found, control.n, mine.n)
    return Reading(
        metric.id, variant, mine.n, found.treatment, found, "bootstrap", reached_effect=reached, power=chance
    )


def _total(cohorts: Cohorts) -> Moments | None:
    """All cohorts together."""
    return _sum(list(cohorts.values()))


def _sum(parts: Sequence[Moments]) -> Moments | None:
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def _mean(metric: MetricPlan, total: Moments | None) -> float | None:
    if total is None or total.n == 0:
        return None
    below = total.sum_d if metric.kind == "ratio" else float(total.n)
    return total.sum_x / below if below else None


def _compared(
    plan: Plan, metric: MetricPlan, control: Cohorts, treatment: Cohorts, sequential: bool = True
) -> Comparison | None:
    old, new = _total(control), _total(treatment)
    if old is None or new is None:
        return None
    tuning = float(plan.planned_units or DEFAULT_TUNING) if plan.is_sequential and sequential else None
    cuped = plan.is_cuped and metric.kind != "ratio"
    return compare(old, new, _KINDS[metric.kind], cuped=cuped, sequential=tuning)


def _sizing(
    plan: Plan, found: Comparison | QuantileComparison | None, control: int, treatment: int
) -> tuple[float | None, float | None]:
    """The least relative effect these variants find, and their power for the planned one, at the error reached."""
    if found is None or found.control is None or found.absolute.standard_error is None:
        return None, None
    variance = found.absolute.standard_error**2 / (1 / control + 1 / treatment)
    baseline, variants = Baseline(found.control, variance), Variants(control, treatment)
    effect = plan.planned_effect
    return detectable(baseline, variants).relative, power(baseline, effect, variants, relative=True) if effect else None


def _halves(
    plan: Plan, metric: MetricPlan, control: Cohorts, treatment: Cohorts
) -> tuple[float | None, float | None, float | None]:
    """The lift of early and late users, and the p-value of their being the same (a z-test of two estimates)."""
    days = sorted({*control, *treatment})
    if len(days) < 2:
        return None, None, None
    middle = days[len(days) // 2]
    halves = []
    for is_late in (False, True):
        old = {day: part for day, part in control.items() if (day >= middle) == is_late}
        new = {day: part for day, part in treatment.items() if (day >= middle) == is_late}
        found = _compared(plan, metric, old, new, sequential=False)
        halves.append(found.relative if found else None)
    early, late = halves
    if early is None or late is None or early.value is None or late.value is None:
        return None, None, None
    if early.standard_error is None or late.standard_error is None:
        return early.value, late.value, None
    distance = abs(late.value - early.value) / math.hypot(early.standard_error, late.standard_error)
    return early.value, late.value, 2 * (1 - NormalDist().cdf(distance))


def _adjusted(metrics: Sequence[MetricPlan], readings: Sequence[Reading]) -> list[Reading]:
    primary = {metric.id: metric.is_primary for metric in metrics}
    families: defaultdict[bool, list[int]] = defaultdict(list)
    for i, reading in enumerate(readings):
        if reading.comparison is not None:
            families[primary[reading.metric]].append(i)
    result = list(readings)
    for members in families.values():
        p_values = [_p_value(readings[i]) for i in members]
        for i, p_value in zip(members, adjust(p_values, "holm"), strict=True):
            result[i] = replace(readings[i], adjusted_p_value=p_value)
    return result


def _p_value(reading: Reading) -> float | None:
    return reading.comparison.absolute.p_value if reading.comparison else None
