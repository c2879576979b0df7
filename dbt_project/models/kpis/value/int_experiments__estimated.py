"""Hands each experiment's sums to the statistics and keeps what comes back; which statistic answers what is theirs."""

from collections import defaultdict
from dataclasses import asdict
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.estimates.causal.panels import Panel
from pipelines.estimates.experiments import Moments
from pipelines.estimates.quantiles import Tally
from pipelines.estimates.readouts import (
    UNTREATED,
    Matching,
    MetricPlan,
    Plan,
    Study,
    read_instrumented,
    read_matched,
    read_out,
    read_panel,
)

BALANCE = pa.list_(
    pa.struct(
        [("covariate", pa.string()), ("before", pa.float64()), ("after", pa.float64()), ("is_balanced", pa.bool_())]
    )
)

SCHEMA = pa.schema(
    [
        ("experiment_id", pa.string()),
        ("metric_id", pa.string()),
        ("variation_id", pa.string()),
        ("method", pa.string()),
        ("is_control", pa.bool_()),
        ("is_invalid", pa.bool_()),
        ("is_instrument_weak", pa.bool_()),
        ("is_balanced", pa.bool_()),
        ("unit_count", pa.int64()),
        ("matched_unit_count", pa.int64()),
        *(
            (name, pa.float64())
            for name in (
                "mean_value",
                "lift_absolute", "lift_absolute_ci_low", "lift_absolute_ci_high",
                "lift_relative", "lift_relative_ci_low", "lift_relative_ci_high",
                "standard_error", "p_value", "adjusted_p_value", "srm_p_value",
                "reached_effect", "power", "early_lift", "late_lift", "fading_p_value", "pre_trend_p_value",
                "first_stage_f",
            )
        ),
        ("balance", BALANCE),
    ]
)  # fmt: skip
SUMS = ("sum_x", "sum_xx", "sum_d", "sum_dd", "sum_xd", "sum_past", "sum_past_past", "sum_x_past")


def rows_of(relation):
    """A relation's rows as dictionaries."""
    return relation.to_arrow_table().to_pylist()


def panel_of(rows):
    """One metric's panel of units and periods."""
    return Panel(
        units=[row["unit_id"] for row in rows],
        periods=[row["period_number"] for row in rows],
        outcomes=[row["mean_outcome"] for row in rows],
        starts={row["unit_id"]: row["first_treated_period"] for row in rows if row["first_treated_period"] is not None},
    )


def studies_of(units, names):
    """Each metric's study of the units (an Arrow table), whose covariates have these names."""
    found = {}
    for metric in units["metric_id"].unique().to_pylist():
        mine = units.filter(pc.equal(units["metric_id"], metric))
        # A value per unit and covariate, unit by unit.
        values = mine["covariate_values"].combine_chunks().flatten().to_numpy().reshape(len(mine), len(names))
        instrument = mine["instrument"]
        found[metric] = Study(
            outcomes=mine["outcome"].to_numpy(),
            treatment=mine["treatment"].to_numpy(),
            covariates=dict(zip(names, values.T, strict=True)),
            instrument=None if instrument.null_count else instrument.to_numpy(),
        )
    return found


def tally_of(pairs):
    """The tally of (value, users) pairs in ascending order."""
    return Tally(*(tuple(column) for column in zip(*pairs, strict=True)))


def matching_of(declared):
    """How the catalog says a study's units are matched."""
    given = {
        "by": declared["match_by"],
        "neighbours": declared["match_neighbours"],
        "caliper": declared["match_caliper"],
    }
    return Matching(**{name: value for name, value in given.items() if value is not None})


def row_of(experiment_id, reading, is_control):
    """A reading as a row of `SCHEMA`."""
    row = {
        "experiment_id": experiment_id,
        "metric_id": reading.metric,
        "variation_id": reading.variant,
        "method": reading.method,
        "is_control": is_control,
        "unit_count": reading.units,
        "mean_value": reading.mean,
        "adjusted_p_value": reading.adjusted_p_value,
        "reached_effect": reading.reached_effect,
        "power": reading.power,
        "early_lift": reading.early,
        "late_lift": reading.late,
        "fading_p_value": reading.fading_p_value,
        "pre_trend_p_value": reading.pre_trend_p_value,
        "first_stage_f": reading.first_stage_f,
        "is_instrument_weak": reading.is_weak,
        "matched_unit_count": reading.matched,
        "is_balanced": reading.is_balanced,
        "balance": [asdict(covariate) for covariate in reading.balance] or None,
    }
    if reading.comparison is not None:
        absolute, relative = reading.comparison.absolute, reading.comparison.relative
        row |= {
            "lift_absolute": absolute.value,
            "lift_absolute_ci_low": absolute.ci_low,
            "lift_absolute_ci_high": absolute.ci_high,
            "lift_relative": relative.value,
            "lift_relative_ci_low": relative.ci_low,
            "lift_relative_ci_high": relative.ci_high,
            "standard_error": absolute.standard_error,
            "p_value": absolute.p_value,
        }
    return row


def randomised_of(reduced, tallied, users):
    """Cohorts and tallies by experiment, metric and variant, and users by experiment and variant."""
    cohorts, tallies, split = defaultdict(dict), defaultdict(list), defaultdict(dict)
    for row in reduced:
        sums = (None if row[name] is None else float(row[name]) for name in SUMS)
        key = row["experiment_id"], row["metric_id"], row["variation_id"]
        cohorts[key][row["first_exposed_date"]] = Moments(row["unit_count"], *sums)
    for row in sorted(tallied, key=lambda row: row["tally_value"]):
        key = row["experiment_id"], row["metric_id"], row["variation_id"]
        tallies[key].append((row["tally_value"], row["unit_count"]))
    for row in users:
        split[row["experiment_id"]][row["variation_id"]] = row["unit_count"]
    return cohorts, tallies, split


def plan_of(declared, planned, variations, last):
    """How the catalog says a randomised experiment is read, as of the `last` day with data."""
    ends = declared["valid_to"]
    return Plan(
        id=declared["experiment_id"],
        control=declared["control_id"],
        weights={
            variant["variation_id"]: variant["weight"]
            for variant in variations
            if variant["experiment_id"] == declared["experiment_id"]
        },
        metrics=planned,
        is_cuped=declared["pre_period_days"] is not None,
        # Who looks while it runs may stop it: its intervals must hold at every look. It ends with the day before.
        is_sequential=declared["is_sequential"] or ends is None or last + timedelta(days=1) < ends,
        planned_units=declared["planned_units"],
        planned_effect=declared["planned_effect"],
    )


def model(dbt, session):
    """One row per experiment, metric and variant."""
    dbt.config(materialized="table")
    users = dbt.ref("fct_experiment_users_daily").filter("inclusion_status = 'counted'")
    cohorts, tallies, split = randomised_of(
        rows_of(dbt.ref("fct_experiment_cohorts_daily")),
        rows_of(dbt.ref("fct_experiment_tallies")),
        rows_of(users.aggregate("experiment_id, variation_id, cast(sum(user_count) as bigint) as unit_count")),
    )
    experiments = rows_of(dbt.source("catalog", "experiments"))
    metrics = rows_of(dbt.source("catalog", "experiment_metrics"))
    variations = rows_of(dbt.source("catalog", "experiment_variations"))
    days = rows_of(dbt.source("ledger", "coverage").filter("source = 'experiments'").aggregate("max(day) as last"))

    panels = defaultdict(lambda: defaultdict(list))
    for row in rows_of(dbt.ref("int_panels__reduced")):
        panels[row["experiment_id"]][row["metric_id"]].append(row)

    units = dbt.ref("fct_study_units").filter("is_complete").order("unit_id").to_arrow_table()
    covariates = defaultdict(list)
    for row in sorted(rows_of(dbt.source("catalog", "experiment_covariates")), key=lambda row: row["position"]):
        covariates[row["experiment_id"]].append(row["covariate"])

    found = []
    for declared in experiments:
        name = declared["experiment_id"]
        planned = [
            MetricPlan(m["metric_id"], m["kind"], m["is_primary"], m["quantile"])
            for m in sorted(metrics, key=lambda m: (not m["is_primary"], m["metric_id"]))
            if m["experiment_id"] == name
        ]
        if name in panels:
            seen = {metric: panel_of(rows) for metric, rows in panels[name].items()}
            readings = read_panel(planned, seen, declared["design"] == "staggered")
            found += [row_of(name, reading, reading.variant == UNTREATED) for reading in readings]
        if declared["design"] in ("matched", "iv"):
            studies = studies_of(units.filter(pc.equal(units["experiment_id"], name)), covariates[name])
            readings = (
                read_instrumented(planned, studies)
                if declared["design"] == "iv"
                else read_matched(planned, studies, matching_of(declared))
            )
            found += [row_of(name, reading, reading.variant == UNTREATED) for reading in readings]
        if name not in split:
            continue
        plan = plan_of(declared, planned, variations, days[0]["last"])
        readout = read_out(
            plan,
            {key[1:]: part for key, part in cohorts.items() if key[0] == name},
            {key[1:]: tally_of(pairs) for key, pairs in tallies.items() if key[0] == name},
            split[name],
        )
        for reading in readout.readings:
            found.append(
                row_of(name, reading, reading.variant == plan.control)
                | {"srm_p_value": readout.srm_p_value, "is_invalid": readout.is_invalid}
            )
    return pa.Table.from_pylist(found, schema=SCHEMA)
