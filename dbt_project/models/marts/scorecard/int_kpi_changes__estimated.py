"""What changed from one period to the next, and whether chance explains it."""

from itertools import groupby

import pyarrow as pa

from pipelines.estimates.experiments import Moments, adjust, compare

KEYS = ("period", "period_start_date", "model_id", "kpi_id")
SUMS = ("x", "x_square", "d", "d_square", "xd")
METRICS = {"days": "ratio", "users": "proportion"}
SCHEMA = pa.schema(
    [
        ("period", pa.string()),
        ("period_start_date", pa.date32()),
        ("model_id", pa.string()),
        ("kpi_id", pa.string()),
        ("change_ci_low", pa.float64()),
        ("change_ci_high", pa.float64()),
        ("p_value", pa.float64()),
        ("adjusted_p_value", pa.float64()),
    ]
)


def model(dbt, session):
    """One row per row of `int_kpi_changes__reduced` that has two units or more on both sides."""
    dbt.config(materialized="table")
    reduced = dbt.ref("int_kpi_changes__reduced").filter("fewest_unit_count >= 2")
    rows = reduced.order(", ".join(KEYS)).to_arrow_table().to_pylist()
    estimated = []
    # The models and KPIs of one period are read together: they are one family.
    for _, family in groupby(rows, key=lambda row: (row["period"], row["period_start_date"])):
        members = list(family)
        changes = [_change(row) for row in members]
        adjusted = adjust([change.p_value for change in changes], "bh")
        estimated += [
            {key: row[key] for key in KEYS}
            | {
                "change_ci_low": change.ci_low,
                "change_ci_high": change.ci_high,
                "p_value": change.p_value,
                "adjusted_p_value": p_value,
            }
            for row, change, p_value in zip(members, changes, adjusted, strict=True)
        ]
    return pa.Table.from_pylist(estimated, schema=SCHEMA)


def _change(row):
    before, after = (
        Moments(row[f"{side}_unit_count"], *(row[f"{side}_{name}_sum"] for name in SUMS))
        for side in ("before", "after")
    )
    return compare(before, after, METRICS[row["basis"]]).absolute
