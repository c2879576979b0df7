"""Training: what each model version was trained on, as snapshots of the values, and where its features come from.

A snapshot comes as values, one column a feature or one row a value, or binned already, and ends as counts per bin
(`binning`). What models see in production is `features`'.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.binning import (
    BIN,
    COUNT_RULE,
    ENDS,
    FEATURE,
    MODEL,
    MODEL_RULE,
    VALUE,
    ends,
    long_bins,
    middles,
    parquet_format,
    unpivoted,
)  # fmt: skip
from pipelines.sources.spec import Column, Derived, Format, Notation, Source, Table

BINS = 512
"""Bins aimed at between the extremes of a snapshot's sample."""

_SNAPSHOT = (
    Column("snapshot_id", "VARCHAR", "The snapshot of the training data.", required=True),
    *MODEL,
    Column("taken_at", "TIMESTAMP", "When it was taken.", True),
)

SNAPSHOT_VALUES = Table(
    name="snapshot_values",
    description="One row per value of a training snapshot delivered row by row.",
    columns=(*_SNAPSHOT, FEATURE, VALUE),
    key=("snapshot_id", "feature"),
    day="taken_at",
    rules=(MODEL_RULE,),
)

SNAPSHOT_BINS = Table(
    name="snapshot_bins",
    description="One row per bin of a training snapshot delivered as histograms.",
    columns=(*_SNAPSHOT, FEATURE, *ENDS),
    key=("snapshot_id", "model_name", "model_version", "feature", "bin_low", "bin_high", "category"),
    day="taken_at",
    rules=(MODEL_RULE, COUNT_RULE),
    row_count="sum(value_count)",
)

SNAPSHOTS = Table(
    name="snapshots",
    description="One row per training snapshot, feature and bin of a file.",
    columns=(*_SNAPSHOT, FEATURE, *BIN),
    key=("snapshot_id", "model_name", "model_version", "feature", "bin_value", "category"),
    day="taken_at",
    rules=(MODEL_RULE, COUNT_RULE),
    row_count="sum(value_count)",
)

LINEAGE = Table(
    name="lineage",
    description="One row per feature and column it is made from, as of a day.",
    columns=(
        Column("as_of", "TIMESTAMP", "When this was so; a model's newest statement holds.", True),
        MODEL[0],
        FEATURE,
        Column("source_table", "VARCHAR", "The table it is made from.", required=True),
        Column("source_column", "VARCHAR", "The column it is made from."),
    ),
    key=("as_of", "model_name", "feature", "source_table", "source_column"),
    day="as_of",
    rules=(MODEL_RULE,),
)

_DIMENSIONS = ("snapshot_id", "model_name", "model_version", "taken_at")
_REQUIRED = ("snapshot_id", "model", "version", "taken_at")
_SNAPPED = dict(zip(_REQUIRED, _DIMENSIONS, strict=True))
_COLUMNS = ", ".join((*_DIMENSIONS, "feature", *(column.name for column in BIN)))
_NAMES = "snapshot_id, model as model_name, version as model_version, taken_at, _row, _raw"

SOURCE = Source(
    name="training",
    title="Training snapshots",
    description="What each model version was trained on, and the columns its features are made from.",
    owner="ml-platform",
    glob=("training/**/*",),
    tables=(SNAPSHOTS, LINEAGE, SNAPSHOT_VALUES, SNAPSHOT_BINS),
    formats=(
        parquet_format("snapshot_parquet", "snapshots", _SNAPPED, "taken_at", (), False, BINS),
        parquet_format("snapshot_values_parquet", "snapshots", _SNAPPED, "taken_at", (), True, BINS),
        Format(
            name="snapshot_csv",
            container="csv",
            requires=_REQUIRED,
            select={"snapshot_values": unpivoted(_REQUIRED, _NAMES)},
        ),
        Format(
            name="snapshot_values_csv",
            container="csv",
            requires=(*_REQUIRED, "feature", "value"),
            select={"snapshot_values": f"select {_NAMES}, feature, value from rows"},
        ),
        Format(
            name="snapshot_histograms_csv",
            container="csv",
            writing=Notation("."),
            requires=(*_REQUIRED, "feature", "bin_low", "bin_high", "category", "count"),
            select={"snapshot_bins": f'select {_NAMES}, feature, {ends()}, category, "count" as value_count from rows'},
        ),
        Format(
            name="feature_lineage_csv",
            container="csv",
            requires=("model", "feature", "source_table", "source_column", "as_of"),
            select={
                "lineage": "select as_of, model as model_name, feature, source_table, source_column, _row, _raw "
                "from rows"
            },
        ),
    ),
    late=timedelta(days=14),
    # A model is trained when it is due, not daily.
    fresh_within=timedelta(days=120),
    intake_only=("snapshot_values", "snapshot_bins"),
    # A bin is there once a file: whoever reads it adds up.
    derived={
        "snapshots": Derived(
            inputs=("snapshots", "snapshot_values", "snapshot_bins"),
            select=f"""
    select {_COLUMNS}, _day from snapshots
    union all
    select {_COLUMNS}, cast(taken_at as date) from (
        select {_COLUMNS} from ({long_bins("snapshot_values", _DIMENSIONS, BINS)})
        union all
        {middles("snapshot_bins", _DIMENSIONS)}
    )""",
        )
    },
    role="training",
)
