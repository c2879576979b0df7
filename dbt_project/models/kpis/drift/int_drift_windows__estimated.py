"""One row per model, window and feature: the verdict of `pipelines.estimates.drift` on its bins' counts."""

import numpy as np
import pyarrow as pa

from pipelines.estimates.drift import Comparisons, evaluate

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("reference_id", pa.string()),
        ("window_start_at", pa.timestamp("us")),
        ("feature", pa.string()),
        ("is_evaluable", pa.bool_()),
        ("is_drifted", pa.bool_()),
        ("reference_count", pa.int64()),
        ("window_count", pa.int64()),
        ("psi", pa.float64()),
        ("psi_threshold", pa.float64()),
        ("ks_distance", pa.float64()),
        ("jensen_shannon_distance", pa.float64()),
        ("wasserstein_distance", pa.float64()),
        ("p_value", pa.float64()),
        ("adjusted_p_value", pa.float64()),
    ]
)


def bins_of(bins, limits):
    """The bins of every comparison with the limits of its feature, comparison by comparison."""
    return (
        bins.set_alias("bins")
        .join(limits.set_alias("limits"), "bins.model_id = limits.model_id and bins.feature = limits.feature")
        .select("bins.* exclude (category, bin_low, bin_high, reference_state), psi_floor, significance, minimum_count")
        .order("model_id, window_start_at, feature, bin_number")
        .df()
    )


def summed(values, starts):
    """The sum of each comparison's bins; a missing value counts as 0."""
    return np.add.reduceat(np.nan_to_num(values.to_numpy(dtype=float)), starts)


def distances(rows, starts):
    """Numbers in reference and window, KS distance and scaled Wasserstein distance of each comparison of numbers."""
    is_number = rows["feature_kind"].eq("numeric") & ~rows["bin_kind"].isin(["other", "missing"])
    reference_numbers = summed(rows["reference_count"].where(is_number, 0), starts)
    window_numbers = summed(rows["window_count"].where(is_number, 0), starts)
    has_numbers = (reference_numbers > 0) & (window_numbers > 0)
    ks_distance = np.maximum.reduceat(np.nan_to_num(rows["largest_distance"].to_numpy(dtype=float)), starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_shift = summed(rows["shift_sum"], starts) / reference_numbers
        mean_square = summed(rows["shift_square_sum"], starts) / reference_numbers
        spread = np.sqrt(np.maximum(mean_square - mean_shift**2, 0.0))
        wasserstein = np.where(has_numbers & (spread > 0), summed(rows["area"], starts) / spread, np.nan)
    return reference_numbers, window_numbers, np.where(has_numbers, ks_distance, np.nan), wasserstein


def model(dbt, session):
    """Judge every comparison that stands in fct_drift_bins."""
    dbt.config(materialized="table")
    rows = bins_of(dbt.ref("fct_drift_bins"), dbt.ref("int_drift_limits__declared"))
    if rows.empty:
        return SCHEMA.empty_table()
    starts = np.flatnonzero(
        (rows[["model_id", "window_start_at", "feature"]] != rows[["model_id", "window_start_at", "feature"]].shift())
        .any(axis=1)
        .to_numpy()
    )
    sizes = np.diff([*starts, len(rows)])
    comparison = np.repeat(np.arange(len(starts)), sizes)
    place = np.arange(len(rows)) - np.repeat(starts, sizes)

    def matrix(column):
        counts = np.zeros((len(starts), sizes.max()), dtype=np.int64)
        counts[comparison, place] = rows[column]
        return counts

    def total(values):
        return summed(values, starts)

    first = rows.iloc[starts].reset_index(drop=True)
    reference_numbers, window_numbers, ks_distance, wasserstein = distances(rows, starts)
    windows = first[["model_id", "window_start_at"]]
    verdicts = evaluate(
        Comparisons(
            reference=matrix("reference_count"),
            window=matrix("window_count"),
            is_numeric=first["feature_kind"].eq("numeric").to_numpy(),
            ks_distance=ks_distance,
            reference_numbers=reference_numbers.astype(np.int64),
            window_numbers=window_numbers.astype(np.int64),
            unseen=total(rows["unseen_count"]).astype(np.int64),
            singletons=total(rows["singleton_count"]).astype(np.int64),
            psi_floor=first["psi_floor"].to_numpy(dtype=float),
            significance=first["significance"].to_numpy(dtype=float),
            minimum=first["minimum_count"].to_numpy(dtype=np.int64),
            family=(windows != windows.shift()).any(axis=1).cumsum().to_numpy(dtype=np.int64),
        )
    )
    columns = {
        "model_id": first["model_id"],
        "reference_id": first["reference_id"],
        "window_start_at": first["window_start_at"],
        "feature": first["feature"],
        "is_evaluable": verdicts.is_evaluable,
        "is_drifted": verdicts.is_drifted,
        "reference_count": total(rows["reference_count"]).astype(np.int64),
        "window_count": total(rows["window_count"]).astype(np.int64),
        "psi": verdicts.psi,
        "psi_threshold": verdicts.psi_threshold,
        "ks_distance": ks_distance,
        "jensen_shannon_distance": verdicts.jensen_shannon_distance,
        "wasserstein_distance": wasserstein,
        "p_value": verdicts.p_value,
        "adjusted_p_value": verdicts.adjusted_p_value,
    }
    return pa.table([pa.array(columns[field.name], field.type, from_pandas=True) for field in SCHEMA], schema=SCHEMA)
