"""The intervals of every measure of accuracy, from its window's sums."""

import pyarrow as pa

from pipelines.estimates.accuracy import intervals

KEYS = [
    ("model_id", pa.string()),
    ("period", pa.string()),
    ("period_start_date", pa.date32()),
    ("scope", pa.string()),
    ("model_version", pa.string()),
    ("label_source", pa.string()),
    ("cohort_attribute", pa.string()),
    ("cohort_value", pa.string()),
]


def model(dbt, session):
    """Every window, and the two ends of each of its measures; null where they are undefined."""
    dbt.config(materialized="table")
    reduced = dbt.ref("int_accuracy__reduced").to_arrow_table()
    sums = {
        name: reduced.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        for name in reduced.column_names
        if name.endswith(("_sum", "_count"))
    }
    ends = intervals(sums)
    columns = [reduced.column(name).cast(kind) for name, kind in KEYS]
    columns += [pa.array(values, pa.float64(), from_pandas=True) for values in ends.values()]
    return pa.table(columns, names=[*(name for name, _ in KEYS), *ends])
