"""What changed after an event: one window of days compared with the one before."""

import pyarrow as pa

from pipelines.estimates.experiments import Moments, compare

SCHEMA = pa.schema(
    [
        ("annotation_id", pa.string()),
        ("model_id", pa.string()),
        ("measure", pa.string()),
        ("before_value", pa.float64()),
        ("after_value", pa.float64()),
        ("change", pa.float64()),
        ("change_ci_low", pa.float64()),
        ("change_ci_high", pa.float64()),
        ("p_value", pa.float64()),
    ]
)


def model(dbt, session):
    """One row per row of `int_event_impact__reduced`."""
    dbt.config(materialized="table")
    rows = dbt.ref("int_event_impact__reduced").order("annotation_id, model_id, measure").to_arrow_table().to_pylist()
    estimated = []
    for row in rows:
        before, after = (
            Moments(
                row[f"{side}_unit_count"],
                *(row[f"{side}_{name}_sum"] for name in ("x", "x_square", "d", "d_square", "xd")),
            )
            for side in ("before", "after")
        )
        found = compare(before, after, row["metric"])
        estimated.append(
            {name: row[name] for name in ("annotation_id", "model_id", "measure")}
            | {
                "before_value": found.control,
                "after_value": found.treatment,
                "change": found.absolute.value,
                "change_ci_low": found.absolute.ci_low,
                "change_ci_high": found.absolute.ci_high,
                "p_value": found.absolute.p_value,
            }
        )
    return pa.Table.from_pylist(estimated, schema=SCHEMA)
