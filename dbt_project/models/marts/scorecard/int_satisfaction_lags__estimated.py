"""How satisfaction follows what went wrong some days before."""

import pyarrow as pa

from pipelines.estimates.trust import correlation

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("measure", pa.string()),
        ("factor", pa.string()),
        ("lag_days", pa.int32()),
        ("correlation", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
    ]
)


def model(dbt, session):
    """One row per row of `int_satisfaction_lags__reduced`."""
    dbt.config(materialized="table")
    rows = (
        dbt.ref("int_satisfaction_lags__reduced")
        .order("model_id, measure, factor, lag_days")
        .to_arrow_table()
        .to_pylist()
    )
    estimated = []
    for row in rows:
        found = correlation(
            row["day_count"], *(row[f"{name}_sum"] for name in ("x", "y", "x_square", "y_square", "xy"))
        )
        estimated.append(
            {name: row[name] for name in ("model_id", "measure", "factor", "lag_days")}
            | {"correlation": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high}
        )
    return pa.Table.from_pylist(estimated, schema=SCHEMA)
