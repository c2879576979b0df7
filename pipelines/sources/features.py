"""Features: the values models read and gave, and how they erred, as feature logs and monitors hold them.

A log of values, one column a feature or one row a value, or histograms that a monitor has binned already. However
they come, they end as counts per hour and bin (`binning`). What a model was trained on is `training`'s; which bins are
compared with what is decided in dbt.
"""

from __future__ import annotations

from dataclasses import replace
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
from pipelines.sources.spec import Column, Derived, Format, Names, Notation, Source, Table

BINS = 768
"""Bins aimed at between the extremes of an hour's sample: half as many again as a snapshot's, so that a log is finer
than the snapshot it is compared with."""
_ENVIRONMENT = Column("environment", "VARCHAR", "prod, shadow, staging …; not logged means prod.")

VALUES = Table(
    name="values",
    description="One row per value as a row-wise log holds it.",
    columns=(
        Column("observed_at", "TIMESTAMP", "When the model read or gave it.", True),
        *MODEL,
        _ENVIRONMENT,
        Column("prediction_id", "VARCHAR", "Identifies a row that was delivered twice."),
        FEATURE,
        VALUE,
    ),
    key=("prediction_id", "model_name", "feature", "observed_at"),
    day="observed_at",
    rules=(MODEL_RULE,),
)

WINDOW_BINS = Table(
    name="window_bins",
    description="One row per bin of a window that a monitor has counted.",
    columns=(
        Column("window_start_at", "TIMESTAMP", "Start of the window.", True),
        *MODEL,
        _ENVIRONMENT,
        FEATURE,
        *ENDS,
    ),
    key=("window_start_at", "model_name", "model_version", "environment", "feature", "bin_low", "bin_high", "category"),
    day="window_start_at",
    rules=(MODEL_RULE, COUNT_RULE),
    row_count="sum(value_count)",
)

BINS_HOURLY = Table(
    name="bins_hourly",
    description="One row per logged name, version, environment, feature, hour and bin of a file.",
    columns=(
        Column("hour_at", "TIMESTAMP", "Start of the UTC hour the values were seen in.", True),
        *MODEL,
        _ENVIRONMENT,
        FEATURE,
        *BIN,
    ),
    key=("hour_at", "model_name", "model_version", "environment", "feature", "bin_value", "category"),
    day="hour_at",
    rules=(MODEL_RULE, COUNT_RULE),
    row_count="sum(value_count)",
)

VALUE_BINS_HOURLY = replace(
    BINS_HOURLY,
    name="value_bins_hourly",
    description="One row per logged name, version, environment, feature, hour and bin of the day's row-wise logs and "
    "histograms.",
)

_DIMENSIONS = ("hour_at", "model_name", "model_version", "environment")
_LOGGED = dict(zip(("timestamp", "model", "version", "environment"), _DIMENSIONS, strict=True))
_REQUIRED = ("timestamp", "model", "version")
_OPTIONAL = ("environment", "prediction_id")
_NAMES = (
    '"timestamp" as observed_at, model as model_name, version as model_version, environment, prediction_id, _row, _raw'
)


def _histograms(rows: str) -> str:
    """Histograms of windows."""
    return f"""
    select window_start as window_start_at, model as model_name, version as model_version, environment, feature,
        {ends()}, category, "count" as value_count, _row, _raw
    from {rows}"""


_JSON_KEYS = ("model", "version", "environment", "feature", "window_start", "bin_low", "bin_high", "category", "count")
_JSON_TYPES = ", ".join(f'"{key}": "VARCHAR"' for key in _JSON_KEYS)
_JSON_ROWS = f"(select t.*, _row, _raw from (select _row, _raw, from_json(doc, '{{{_JSON_TYPES}}}') as t from rows))"

# A value delivered twice has the same prediction id. By day, so that a day's result does not depend on which days are
# replaced with it.
_LOGGED_ONCE = """(
        select *, date_trunc('hour', observed_at) as hour_at from "values" qualify row_number() over (
            partition by _day, coalesce(prediction_id, concat(_content_id, '#', _row)), model_name,
                coalesce(environment, 'prod'), feature
            order by _content_id, _row
        ) = 1
    )"""

# A window's counts are in the hour it begins.
_WINDOWS = "(select *, date_trunc('hour', window_start_at) as hour_at from window_bins)"
_COLUMNS = ", ".join((*_DIMENSIONS, "feature", *(column.name for column in BIN)))

SOURCE = Source(
    name="features",
    title="Feature logs",
    description="Values of features, predictions and errors as models saw them, row by row or binned by a monitor.",
    owner="ml-platform",
    glob=("features/**/*",),
    tables=(BINS_HOURLY, VALUES, WINDOW_BINS, VALUE_BINS_HOURLY),
    formats=(
        parquet_format("feature_log_parquet", "bins_hourly", _LOGGED, "timestamp", ("prediction_id",), False, BINS),
        parquet_format("feature_values_parquet", "bins_hourly", _LOGGED, "timestamp", ("prediction_id",), True, BINS),
        Format(
            name="feature_log_csv",
            container="csv",
            requires=_REQUIRED,
            optional=_OPTIONAL,
            select={"values": unpivoted((*_REQUIRED, *_OPTIONAL), _NAMES)},
        ),
        Format(
            name="feature_values_csv",
            container="csv",
            requires=(*_REQUIRED, "feature", "value"),
            optional=_OPTIONAL,
            select={"values": f"select {_NAMES}, feature, value from rows"},
        ),
        Format(
            name="feature_histograms_csv",
            container="csv",
            writing=Notation("."),
            requires=("model", "feature", "bin_low", "bin_high", "category", "count", "window_start", "window_end"),
            optional=("version", "environment"),
            select={"window_bins": _histograms("rows")},
        ),
        Format(
            name="feature_histograms_json",
            container="json",
            requires=("$.model", "$.feature", "$.window_start", "$.window_end", "$.count"),
            optional=("$.version", "$.environment"),
            select={"window_bins": _histograms(_JSON_ROWS)},
        ),
    ),
    # Labels, and with them errors, come late.
    late=timedelta(days=14),
    intake_only=("values", "window_bins"),
    derived={
        "value_bins_hourly": Derived(
            inputs=("values", "window_bins"),
            select=f"""
    select *, cast(hour_at as date) as _day from (
        select {_COLUMNS} from ({long_bins(_LOGGED_ONCE, _DIMENSIONS, BINS)})
        union all
        {middles(_WINDOWS, _DIMENSIONS)}
    )""",
        )
    },
    # Of a bulk log's bins, 7 million of 200 million values (bench/drift.py), the warehouse holds no second copy.
    external=("bins_hourly",),
    role="features",
    identifiers=("model_name",),
    names=tuple(Names(table, "model_name", "model_name") for table in ("bins_hourly", "value_bins_hourly")),
)
