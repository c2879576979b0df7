"""The chance that what is scored happens, per bin of the score, as the weeks before have shown."""

import pyarrow as pa

from pipelines.estimates.accuracy import calibrated_bins

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("week_date", pa.date32()),
        ("score_bin", pa.int16()),
        ("event_probability", pa.float64()),
        ("labelled_count", pa.int64()),
    ]
)


def model(dbt, session):
    """Calibrate each model's scores anew for each week."""
    dbt.config(materialized="table")
    rows = dbt.ref("int_scores__reduced").df()
    found = []
    for (model_id, week), history in rows.groupby(["model_id", "week_date"], sort=True):
        bins, chances = calibrated_bins(
            history["score_bin"].to_numpy(), history["positive_count"].to_numpy(), history["label_count"].to_numpy()
        )
        labelled = int(history["label_count"].sum())
        found += [
            {"model_id": model_id, "week_date": week.date(), "score_bin": int(b), "event_probability": float(p),
             "labelled_count": labelled}
            for b, p in zip(bins, chances, strict=True)
        ]  # fmt: skip
    return pa.Table.from_pylist(found, schema=SCHEMA)
