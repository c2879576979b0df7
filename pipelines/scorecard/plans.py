"""Plans an experiment: sample size, duration and MDE from the metric and traffic of past experiments.

The statistics are in `estimates.power`; this module finds the baseline and formats the plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal

import pyarrow as pa
import yaml

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.experiments import Experiment, Metric
from pipelines.catalog.domains.members import AiMember
from pipelines.estimates.experiments import Moments
from pipelines.estimates.power import Baseline, Variants, detectable, sample_size
from pipelines.scorecard import words

Reader = Callable[[Mapping[str, str], Mapping[str, object]], Mapping[str, pa.Table]]

POWER: Final = 0.8
ALPHA: Final = 0.05
WEEKS: Final = (1, 2, 4, 8, 12)
"""Possible durations in weeks; the MDE of each is shown."""
SUMS: Final = ("sum_x", "sum_xx", "sum_d", "sum_dd", "sum_xd")
QUERIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "baselines": (
            "select experiment_id, metric_id, metric_name, metric_kind, first_exposed_date, last_exposed_date, "
            "unit_count, sum_x, sum_xx, sum_d, sum_dd, sum_xd, units_per_day, "
            "coalesce(is_invalid, false) as is_invalid "
            "from mart_experiment_baselines left join (select experiment_id, metric_id, "
            "bool_or(is_invalid) as is_invalid "
            "from mart_experiments group by all) using (experiment_id, metric_id) where model_id = $model "
            "order by is_invalid, last_exposed_date desc, experiment_id"
        ),
        "users": (
            "select exposed_28d_user_count, event_date from mart_feature_adoption_daily where model_id = $model "
            "and feature_id = 'all' and is_covered order by event_date desc limit 1"
        ),
    }
)
Kind = Literal["mean", "proportion", "ratio"]


class PlanError(Exception):
    """Missing input of a plan, and how to provide it."""


@dataclass(frozen=True)
class Asked:
    """The requested parameters; None is looked up.

    Args:
        metric: the metric's id.
        mde: the minimum detectable relative effect; 0.05 is five percent.
        baseline: the metric's mean, or the share.
        deviation: the standard deviation of a unit's value; a share has its own.
        power: the probability of detecting the effect if it exists.
        split: the treatment's share of the units.
        units_per_day: new units a day.
    """

    metric: str | None = None
    mde: float | None = None
    baseline: float | None = None
    deviation: float | None = None
    power: float = POWER
    split: float = 0.5
    units_per_day: float | None = None


@dataclass(frozen=True)
class Plan:
    """A planned experiment.

    Args:
        member: the model it is about.
        metric: the metric that decides.
        like: the past experiment that measured the metric, or None.
        baseline: mean and variance per unit.
        baseline_source: the source of the baseline.
        asked: the requested parameters, completed by look-ups.
        variants: units of control and treatment; None if no number is enough.
        units_per_day: new units a day; None if unknown.
        traffic_source: the source of that number.
    """

    member: AiMember
    metric: Metric
    like: Experiment | None
    baseline: Baseline
    baseline_source: str
    asked: Asked
    variants: Variants | None
    units_per_day: float | None
    traffic_source: str

    @property
    def units(self) -> int | None:
        """Units of both variants."""
        return None if self.variants is None else self.variants.control + self.variants.treatment

    @property
    def days(self) -> int | None:
        """Days until that many units have been exposed."""
        if self.units is None or not self.units_per_day:
            return None
        return max(1, math.ceil(self.units / self.units_per_day))

    @property
    def effect(self) -> float:
        """The minimum detectable effect in the metric's unit."""
        return (self.asked.mde or 0) * abs(self.baseline.mean)

    def reach(self) -> list[tuple[int, int, float | None, float | None]]:
        """Weeks, their units, and the MDE at that size: in the metric's unit and relative."""
        if not self.units_per_day:
            return []
        found = []
        for weeks in WEEKS:
            units = math.floor(7 * weeks * self.units_per_day)
            treated = math.floor(units * self.asked.split)
            least = detectable(self.baseline, Variants(units - treated, treated), chance=self.asked.power, alpha=ALPHA)
            found.append((weeks, units, least.absolute, least.relative))
        return found


def plan(read: Reader, catalog: Catalog, member: AiMember, asked: Asked) -> Plan:
    """Plan an experiment on a metric of `member`.

    The default metric is the primary one of its newest valid experiment, the default effect the one planned then.

    Raises:
        PlanError: when a metric, a baseline or an effect is neither given nor known, or is invalid.
    """
    tables = {name: table.to_pylist() for name, table in read(QUERIES, {"model": member.id}).items()}
    like, metric = _metric(catalog, member, asked.metric, tables["baselines"])
    seen = next((row for row in tables["baselines"] if row["metric_id"] == metric.id), None)
    baseline, source = _baseline(metric, seen, asked)
    if like is None:  # its kind is not declared yet
        metric = metric.model_copy(update={"kind": baseline.metric})
    units_per_day, traffic = _traffic(tables, seen, asked)
    mde = asked.mde if asked.mde is not None else like.planned_effect if like else None
    if mde is None:
        raise PlanError(
            "the minimum detectable effect is required, relative to the baseline: --mde 0.05 is five percent."
        )
    for name, value in (("--mde", mde), ("--power", asked.power), ("--split", asked.split)):
        if not 0 < value < 1:
            raise PlanError(f"{name} is {value}, expected a number between 0 and 1: 0.05 is five percent.")
    if asked.power <= ALPHA:
        raise PlanError(f"--power is {asked.power}, expected more than {ALPHA}, the false-positive rate.")
    if baseline.mean == 0:
        raise PlanError("the baseline is 0, so a relative effect is undefined. Give another --baseline.")
    filled = replace(asked, metric=metric.id, mde=mde)
    sign = 1 if metric.better == "higher" else -1
    variants = sample_size(
        baseline,
        sign * mde * abs(baseline.mean),
        chance=asked.power,
        allocation=asked.split / (1 - asked.split),
        alpha=ALPHA,
    )
    return Plan(member, metric, like, baseline, source, filled, variants, units_per_day, traffic)


def stub(planned: Plan, begins: date) -> str:
    """The experiment as a catalog file, with placeholders for a person to fill in."""
    like, asked = planned.like, planned.asked
    treated = 100 * asked.split
    metric = planned.metric.model_dump(exclude_none=True)
    body: dict[str, Any] = {
        "id": f"{planned.member.id}-next",
        "name": "TO FILL IN: its name",
        "hypothesis": f"TO FILL IN: what changes {planned.metric.name}, and why",
        "model": planned.member.id,
        "design": "randomised",
        "from": begins,
        "variations": [
            {"id": "control", "weight": _short(100 - treated)},
            {"id": "treatment", "weight": _short(treated)},
        ],
        "control": "control",
        "primary_metric": metric,
        "planned_effect": asked.mde,
        "planned_units": planned.units,
    }
    if like is not None and like.conversion_hours:
        body["conversion_hours"] = like.conversion_hours
    if like is not None and like.pre_period_days:
        body["pre_period_days"] = like.pre_period_days
    body["tags"] = ["TO FILL IN"]
    text = yaml.safe_dump(
        {k: v for k, v in body.items() if v is not None}, sort_keys=False, allow_unicode=True, width=110
    )
    return f"# yaml-language-server: $schema=../schema/experiment.schema.json\n{text}"


def _short(value: float) -> float | int:
    short = round(value, 2)
    return int(short) if short.is_integer() else short


def summary(planned: Plan) -> list[tuple[str, str]]:
    """The plan as name and text of each parameter."""
    asked, unit = planned.asked, "share" if planned.metric.kind == "proportion" else ""
    variants, days = planned.variants, planned.days
    least = f"{words.percent(asked.mde)} of the baseline: {words.change(planned.effect, unit).lstrip('+')}"
    said = [
        ("Metric", f"{planned.metric.name} ({planned.metric.kind}, {planned.metric.better} is better)"),
        ("Baseline", f"{words.amount(planned.baseline.mean, unit)}: {planned.baseline_source}"),
        ("Standard deviation", words.number(math.sqrt(planned.baseline.variance))),
        ("Minimum detectable effect (MDE)", least),
        ("Power", f"{words.percent(asked.power)}, at a significance level of {words.percent(ALPHA)} (two-sided)"),
        ("Split", f"{words.percent(1 - asked.split)} control, {words.percent(asked.split)} treatment"),
    ]
    if variants is None:
        return [*said, ("Sample size", "none: an effect this large moves the share outside 0 to 1")]
    units = words.plural(variants.control + variants.treatment, "unit")
    size = f"{units}: {variants.control:,} control, {variants.treatment:,} treatment"
    traffic = (
        f"{words.number(planned.units_per_day)} new units a day: {planned.traffic_source}"
        if planned.units_per_day
        else "unknown: give --units-per-day"
    )
    duration = words.NONE if days is None else f"{words.plural(days, 'day')}; in whole weeks: {7 * math.ceil(days / 7)}"
    return [*said, ("Sample size", size), ("Traffic", traffic), ("Duration", duration)]


def _metric(
    catalog: Catalog, member: AiMember, asked: str | None, baselines: list[Any]
) -> tuple[Experiment | None, Metric]:
    """The metric, and the newest experiment that has it; by default the primary one that was best measured."""
    own = sorted(
        (one for one in catalog.experiments if one.model == member.id), key=lambda one: one.valid_from or date.min
    )
    there = {metric.id: (one, metric) for one in own for metric in reversed(one.metrics)}
    if asked is None:
        if not own:
            raise PlanError(f"{member.name} has no past experiment: give a metric with --metric, and its --baseline.")
        primary = {(one.id, one.primary_metric.id): one for one in own}
        measured = [primary[key] for row in baselines if (key := (row["experiment_id"], row["metric_id"])) in primary]
        like = measured[0] if measured else own[-1]
        return like, like.primary_metric
    if asked in there:
        return there[asked]
    return None, Metric(id=asked, name=asked, kind="mean", event="TO FILL IN", better="higher")


def _baseline(metric: Metric, seen: Mapping[str, Any] | None, asked: Asked) -> tuple[Baseline, str]:
    if metric.kind == "quantile":
        raise PlanError(f"`{metric.id}` is a quantile, for which sample size is not supported. Use a mean or a share.")
    found = None
    if seen is not None:
        moments = Moments(seen["unit_count"], *(seen[name] for name in SUMS))
        found = Baseline.of(moments, metric.kind)
    if asked.baseline is not None:
        deviation = asked.deviation
        if deviation is not None:
            return Baseline(asked.baseline, deviation**2), "as given"
        if found is not None and metric.kind != "proportion":
            return Baseline(
                asked.baseline, found.variance, found.metric
            ), f"as given, with the standard deviation {_seen(seen)}"
        if 0 < asked.baseline < 1:
            return Baseline.proportion(asked.baseline), "a share, as given"
        raise PlanError(
            f"--baseline is {asked.baseline}: a share must be between 0 and 1, and a mean needs --deviation, the "
            "standard deviation of a unit's value."
        )
    if found is None:
        raise PlanError(
            f"no past experiment of the model has measured `{metric.id}`. Give its mean or share with --baseline."
        )
    return found, _seen(seen)


def _seen(seen: Mapping[str, Any] | None) -> str:
    if seen is None:
        return words.NONE
    invalid = ", an invalid experiment" if seen["is_invalid"] else ""
    return f"measured for {seen['unit_count']:,} users of the control of {seen['experiment_id']}{invalid}"


def _traffic(tables: Mapping[str, list[Any]], seen: Mapping[str, Any] | None, asked: Asked) -> tuple[float | None, str]:
    if asked.units_per_day is not None:
        return asked.units_per_day, "as given"
    if seen is not None and seen["units_per_day"]:
        span = words.span(seen["first_exposed_date"], seen["last_exposed_date"])
        return seen["units_per_day"], f"new users of {seen['experiment_id']}, {span}"
    if tables["users"] and tables["users"][0]["exposed_28d_user_count"]:
        row = tables["users"][0]
        until = words.day(row["event_date"])
        return row[
            "exposed_28d_user_count"
        ] / 28, f"users exposed to the feature in the 28 days to {until}, divided by 28"
    return None, words.NONE
