"""Experiments: their sums, verdicts and lifts, and the business value that rests on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, Interval, estimate, exact, in_warehouse, keyed, start_of

SUMS = {
    "sum_x": "sum_x", "sum_xx": "sum_xx", "sum_d": "sum_d", "sum_dd": "sum_dd", "sum_xd": "sum_xd",
    "sum_pre": "sum_past", "sum_pre_pre": "sum_past_past", "sum_x_pre": "sum_x_past",
}  # fmt: skip
STREAMS = {
    "recommender": ("recs-ranking", "revenue-per-user"),
    "fraud-detector": ("fraud-threshold", "false-alarms-per-payment"),
    "writing-assistant": ("writer-hints", "drafts-per-user"),
    "triage": ("triage-waiting", "waiting-minutes"),
    "route-optimiser": ("route-fuel", "fuel-usd"),
}
"""Model → the experiment and metric with the lift that pays its only value stream."""


@exact("units and sums of every experiment, variant and metric")
def experiment_sums(company: Company) -> tuple[Facts, Facts]:
    """Decimals to the last digit, over late files, duplicates, users of both variants and events outside the window."""
    found = {
        (experiment, metric, variant): (units, dict(zip(SUMS, sums, strict=True)))
        for experiment, metric, variant, units, *sums in in_warehouse(
            company,
            "select experiment_id, metric_id, variation_id, sum(unit_count), "
            + ", ".join(f"sum({column})" for column in SUMS.values())
            + " from marts.fct_experiment_cohorts_daily group by all",
        )
    }
    planted: dict[Any, Any] = {}
    read: dict[Any, Any] = {}
    for experiment, truth in company.truth["experiments"]["experiments"].items():
        for variant, metrics in truth["variants"].items():
            for metric, sums in metrics.items():
                if metric == "units":
                    continue
                units, got = found.get((experiment, metric, variant), (None, {}))
                planted[experiment, metric, variant, "units"], read[experiment, metric, variant, "units"] = sums, units
                planted[experiment, metric, variant, "units"] = metrics["units"]
                for name, value in sums.items():
                    planted[experiment, metric, variant, name] = Decimal(value)
                    read[experiment, metric, variant, name] = got.get(name)
    return planted, read


@exact("users exposed, in both variants, and left out")
def exposed(company: Company) -> tuple[Facts, Facts]:
    """By experiment."""
    planted = {
        (name,): (truth["exposed_users"], truth["users_in_both_variants"], truth["test_users"], 0)
        for name, truth in company.truth["experiments"]["experiments"].items()
    }
    found = company.rows(
        "select experiment_id, exposed_user_count, several_variants_user_count, excluded_user_count, "
        "unknown_variant_user_count from mart_experiments "
        "where is_primary and not is_control and design in ('randomised', 'holdout')"
    )
    return planted, keyed(found, 1)


@exact("the broken split, the leaking one, the underpowered and the running experiment", is_verdict=True)
def verdicts(company: Company) -> tuple[Facts, Facts]:
    """Each experiment is what it was planted to be; what it found is among the estimates."""
    planted = {
        ("recs-ranking",): ("finished", False, False),
        ("fraud-threshold",): ("finished", False, False),
        ("recs-basket",): ("invalid", False, True),
        ("assistant-tone",): ("underpowered", False, False),
        ("writer-hints",): ("finished", False, False),
        ("support-deflect",): ("running", True, False),
    }
    found = company.rows(
        "select experiment_id, status, is_sequential, is_split_leaking from mart_experiments "
        "where is_primary and not is_control and design = 'randomised'"
    )
    return planted, keyed(found, 1)


def lifts(company: Company, *experiments: str) -> Iterator[Interval]:
    """Absolute and relative lift of every metric of the experiments."""
    names = ", ".join(f"'{name}'" for name in experiments)
    for experiment, metric, *found in company.rows(
        "select experiment_id, metric_id, lift_absolute_ci_low, lift_absolute_ci_high, lift_relative_ci_low, "
        f"lift_relative_ci_high from mart_experiments where experiment_id in ({names}) and not is_control"
    ):
        law = company.truth["experiments"]["experiments"][experiment]["planted"][metric]
        yield Interval(f"{experiment}/{metric}, relative", law["lift"], found[2], found[3])
        if found[0] is not None:
            yield Interval(f"{experiment}/{metric}, absolute", law["lift"] * law["control"], found[0], found[1])


@estimate("lifts of experiments that ended")
def fixed_lifts(company: Company) -> Iterator[Interval]:
    """Both forms of a metric's lift err together."""
    yield from lifts(company, "recs-ranking", "fraud-threshold", "assistant-tone", "writer-hints", "writer-holdout")


@estimate("lift of an experiment looked at daily (always valid, so wider)")
def sequential_lifts(company: Company) -> Iterator[Interval]:
    """At the company's last day."""
    yield from lifts(company, "support-deflect")


@estimate("effects on units treated one after another, and on half of them at once")
def panel_effects(company: Company) -> Iterator[Interval]:
    """Both forms of an effect err together."""
    for study, metrics in company.truth["experiments"]["panels"].items():
        for metric, law in metrics.items():
            ((low, high, relative_low, relative_high),) = company.rows(
                "select lift_absolute_ci_low, lift_absolute_ci_high, lift_relative_ci_low, lift_relative_ci_high "
                "from mart_experiments where experiment_id = ? and metric_id = ? and not is_control",
                study,
                metric,
            )
            yield Interval(f"{study}/{metric}, absolute", law["effect"], low, high)
            yield Interval(f"{study}/{metric}, relative", law["relative"], relative_low, relative_high)


@estimate("effects on matched units, and on those that an invitation moved")
def study_effects(company: Company) -> Iterator[Interval]:
    """Where nobody was assigned by chance and comparing the groups misleads."""
    for study, law in company.truth["experiments"]["studies"].items():
        ((low, high),) = company.rows(
            "select lift_absolute_ci_low, lift_absolute_ci_high from mart_experiments "
            "where experiment_id = ? and metric_id = ? and not is_control",
            study,
            law["metric"],
        )
        yield Interval(study, law["effect"], low, high)


@estimate("business value of the last whole month (moves with its experiment's lift)")
def month_values(company: Company) -> Iterator[Interval]:
    """The planted lift, the planted volume and the catalog's price, worked out apart from the pipeline."""
    february = (start_of(company) + timedelta(days=31)).replace(day=1)
    months = {
        row[0]: row[1:]
        for row in company.rows(
            "select model_id, ci_low * denominator, ci_high * denominator from mart_scorecard "
            "where kpi_id = 'business_value' and period = 'month' and period_start_date = ? and value is not null",
            february,
        )
    }
    days = [february + timedelta(days=age) for age in range(28)]

    def served_in(model: str, share: Callable[[date], float]) -> float:
        entries = company.truth["serving"]["members"][model]
        return math.fsum(entries[str(day)]["predictions"] * share(day) for day in days)

    truth = company.truth["experiments"]
    ended = date(2026, 2, 12)
    volumes = {
        # A shopper is 60 predictions, worth $0.16 of each dollar more, fading by half in 180 days.
        "recommender": 0.16
        / 60
        * served_in(
            "recommender",
            lambda day: (0.5 if day < ended else 1.0) * 0.5 ** (max(0, (day - ended).days) / 180),
        ),
        "fraud-detector": -8.5 * served_in("fraud-detector", lambda day: 0.5 if day < date(2026, 2, 8) else 1.0),
        "triage": -0.05
        * served_in("triage", lambda d: 0.25 if d < date(2026, 2, 5) else 0.5 if d < date(2026, 2, 12) else 0.75),
        "route-optimiser": -20.0 * sum(day >= start_of(company) + timedelta(days=28) for day in days),
    }
    for model, volume in volumes.items():
        if model not in months:  # a sound split is invalid one time in a thousand, and it has no value then
            continue
        experiment, metric = STREAMS[model]
        if metric in truth["panels"].get(experiment, {}):
            effect = truth["panels"][experiment][metric]["effect"]
        else:
            law = truth["experiments"][experiment]["planted"][metric]
            effect = law["lift"] * law["control"]
        yield Interval(model, effect * volume, *months[model])
