"""Plans the experiment that would decide on a model: `pipelines.estimates.power` over the control of its last one."""

import math

import pyarrow as pa

from pipelines.estimates.experiments import Moments
from pipelines.estimates.power import Baseline, Variants, detectable, sample_size

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("experiment_id", pa.string()),
        ("metric_id", pa.string()),
        ("detectable_effect", pa.float64()),
        ("required_unit_count", pa.int64()),
        ("required_day_count", pa.int64()),
    ]
)
TRIAL_DAYS = 28
"""How long the experiment runs for which the minimum detectable effect is stated."""


def rows_of(relation):
    """A relation's rows as dictionaries."""
    return relation.to_arrow_table().to_pylist()


def gap_of(row):
    """How far the effect is from the one that just pays the full cost, per unit; None where either is unknown."""
    costs = row["compute_cost_usd"], row["other_bill_usd"], row["project_running_usd"], row["investment_usd"]
    if None in costs or row["effect"] is None:
        return None
    return row["effect"] - sum(costs) / (row["reached_volume"] * row["unit_value_usd"])


def model(dbt, session):
    """One row per model with one measured value stream that a randomised experiment gives a baseline."""
    dbt.config(materialized="table")
    baselines = {(row["experiment_id"], row["metric_id"]): row for row in rows_of(dbt.ref("mart_experiment_baselines"))}
    streams = {}
    for stream in rows_of(dbt.source("catalog", "value_streams").filter("experiment_id is not null")):
        streams.setdefault(stream["member_id"], []).append(stream)
    found = []
    for row in sorted(rows_of(dbt.ref("int_portfolio_values__joined")), key=lambda row: row["model_id"]):
        its = streams.get(row["model_id"], ())
        known = baselines.get((its[0]["experiment_id"], its[0]["metric_id"])) if len(its) == 1 else None
        if known is None:
            continue
        sums = (known[name] for name in ("sum_x", "sum_xx", "sum_d", "sum_dd", "sum_xd"))
        baseline = Baseline.of(Moments(known["unit_count"], *sums), known["metric_kind"])
        if baseline is None:
            continue
        is_relative, sign = its[0]["uplift"] == "relative", -1 if its[0]["direction"] == "saving" else 1
        half = int(known["units_per_day"] * TRIAL_DAYS / 2)
        least, gap = detectable(baseline, Variants(half, half)), gap_of(row)
        needed = sample_size(baseline, sign * gap, relative=is_relative) if gap else None
        units = needed.control + needed.treatment if needed else None
        found.append(
            {
                "model_id": row["model_id"],
                "experiment_id": known["experiment_id"],
                "metric_id": known["metric_id"],
                "detectable_effect": least.relative if is_relative else least.absolute,
                "required_unit_count": units,
                "required_day_count": math.ceil(units / known["units_per_day"]) if units else None,
            }
        )
    return pa.Table.from_pylist(found, schema=SCHEMA)
