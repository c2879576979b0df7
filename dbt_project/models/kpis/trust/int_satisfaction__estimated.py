"""Intervals for satisfaction, measure by measure and period by period."""

import pyarrow as pa

from pipelines.estimates.intervals import Interval
from pipelines.estimates.trust import net_promoter, satisfaction

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("measure", pa.string()),
        ("period", pa.string()),
        ("period_start_date", pa.date32()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("nps_ci_low", pa.float64()),
        ("nps_ci_high", pa.float64()),
    ]
)


def model(dbt, session):
    """One row per row of `int_satisfaction__reduced` that holds an observation."""
    dbt.config(materialized="table")
    rows = (
        dbt.ref("int_satisfaction__reduced")
        .filter("observation_count > 0 and normalised_sum is not null")
        .order("model_id, measure, period, period_start_date")
        .to_arrow_table()
        .to_pylist()
    )
    estimated = []
    for row in rows:
        score = satisfaction(
            row["measure"], row["observation_count"], row["normalised_sum"], row["normalised_square_sum"]
        )
        groups = [row[f"{group}_count"] or 0 for group in ("promoter", "passive", "detractor")]
        nps = net_promoter(*groups) if row["measure"] == "nps" else Interval()
        estimated.append(
            {name: row[name] for name in ("model_id", "measure", "period", "period_start_date")}
            | {
                "ci_low": score.ci_low,
                "ci_high": score.ci_high,
                "nps_ci_low": nps.ci_low,
                "nps_ci_high": nps.ci_high,
            }
        )
    return pa.Table.from_pylist(estimated, schema=SCHEMA)
