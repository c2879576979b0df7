"""Our own log schema (docs/serving-log.md) in Parquet, JSON lines and CSV."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources import values
from pipelines.sources.serving_logs.reduction import HOURLY, LATENCY, Reduction
from pipelines.sources.serving_logs.tables import DIMENSIONS, REQUESTS, STATUS_RULE, whole_input
from pipelines.sources.spec import Column, Format, Notation

_LOG_COLUMNS = {
    "request_id": "request_id", "timestamp": "requested_at",
    **{column.name: column.name for column in DIMENSIONS},
    "status": "status", "error_type": "error_type", "http_status": "http_status", "attempt": "attempt",
    "is_health_check": "is_health_check", "predictions": "predictions", "latency_ms": "latency_ms",
    "ttft_ms": "ttft_ms", "busy_ms": "busy_ms", "input_tokens": "input_tokens",
    "output_tokens": "output_tokens", "cached_input_tokens": "cached_input_tokens",
}  # fmt: skip
"""Column of our log schema → column of `requests`."""
_LOG_REQUIRED = ("timestamp", "model_name", "status")

_INTEGERS = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER")
FITTING = {
    "TIMESTAMP": (*values.LOCAL_TIMES, *values.ZONED_TIMES),
    "INTEGER": _INTEGERS,
    "BIGINT": (*_INTEGERS, "UINTEGER", "BIGINT"),
    "DOUBLE": (*_INTEGERS, "UINTEGER", "BIGINT", "FLOAT", "DOUBLE"),
    "BOOLEAN": ("BOOLEAN",),
}
"""Types of a Parquet column of which all values cast to a column of `requests`."""
_LOGGED = {ours: logged for logged, ours in _LOG_COLUMNS.items()}
_COLUMNS = tuple(column for column in REQUESTS.columns if column.name in _LOGGED)


def _listed(kinds: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{kind}'" for kind in kinds) + ")"


_ABSENT = "NULL"
"""Instead of a type: the file has no such column."""


def _logged_type(column: Column, types: Mapping[str, str], constants: Mapping[str, str]) -> str:
    """The type in the file of what is logged for a column of `requests`; empty where it is not known."""
    logged = _LOGGED[column.name]
    return types.get(logged, _ABSENT if constants.get(logged) == "null" else "")


def _parquet_value(column: Column, logged_type: str) -> str:
    """A Parquet column's value as the type of a column of `requests`; null where it is none.

    A column of the right type is read unchanged, at no cost; others are parsed as text is. Where the type is known, the
    SQL for the other case is dropped: planning it takes longer than reading a small file.
    """
    value, text = f'"{_LOGGED[column.name]}"', f'cast("{_LOGGED[column.name]}" as varchar)'
    if logged_type == _ABSENT:
        return f"null::{column.type}"
    match column.type:
        case "TIMESTAMP":
            return values.parquet_instant(value, logged_type)
        case "INTEGER" | "BIGINT":
            cases = {FITTING[column.type]: f"try_cast({value} as {column.type})"}
            read = values.integer(text, column.type, "VARCHAR")
        case "DOUBLE":
            number = f"try_cast({value} as double)"
            cases = {FITTING["DOUBLE"]: f"case when isfinite({number}) then {number} end"}
            read = values.decimal(text, column.type, "VARCHAR")
        case "BOOLEAN":
            cases = {FITTING["BOOLEAN"]: f"try_cast({value} as boolean)"}
            read = values.boolean(text)
        case _:
            return f"lower(trim({text}))" if column.name == "status" else text
    if logged_type:
        return next((sql for fitting, sql in cases.items() if logged_type in fitting), read)
    whens = " ".join(f"when typeof({value}) in {_listed(fitting)} then {sql}" for fitting, sql in cases.items())
    return f"case {whens} else {read} end"


def _parquet_requests(types: Mapping[str, str], constants: Mapping[str, str]) -> str:
    """A Parquet log's rows shaped like `requests`; what does not cast is null beside its `_was_` twin."""
    casts = [
        f"{_parquet_value(column, _logged_type(column, types, constants))} as {column.name}, "
        f'"{_LOGGED[column.name]}" as _was_{column.name}'
        for column in _COLUMNS
    ]
    whole = whole_input("input_tokens", "cached_input_tokens", "0")
    return (
        f"(select * replace ({whole} as input_tokens) from (select {', '.join(casts)}, _row, _raw, _latest from rows))"
    )


def _parquet_faults(types: Mapping[str, str], constants: Mapping[str, str]) -> dict[str, str]:
    """Reason → predicate of the rows of a Parquet log that are left out, as the engine validates `requests`."""
    faults: dict[str, str] = {}
    for column in _COLUMNS:
        value, was, fitting = column.name, f"_was_{column.name}", FITTING.get(column.type, ())
        is_text = bool(fitting) and _logged_type(column, types, constants) not in (_ABSENT, *fitting)
        # A text may say that there is no value.
        lacking = values.missing(was) if is_text else f"{was} is null"
        if column.required:
            faults[f"{value} is missing"] = f"{value} is null and {lacking}"
        if fitting and (column.required or is_text):
            # A number that fits may be null without a fault, being infinite.
            guard = "" if column.required else f"typeof({was}) not in {_listed(fitting)} and "
            faults[f"{value} is not a {column.type}"] = f"{guard}{value} is null and not {lacking}"
    faults |= {rule.reason: f"({rule.holds}) is false" for rule in REQUESTS.rules}
    return faults | values.implausible_times("requested_at", "requested_at")


def _parquet_quarantine() -> str:
    faults = _parquet_faults({}, {})
    reasons = ", ".join(f"case when {predicate} then '{reason}' end" for reason, predicate in faults.items())
    return f"""
    select _row, _raw, cast(requested_at as date) as _day, concat_ws('; ', {reasons}) as _reason
    from {_parquet_requests({}, {})}
    where {" or ".join(faults.values())}"""


def _parquet_good(types: Mapping[str, str], constants: Mapping[str, str]) -> str:
    # Null is not false: a rule over a missing value holds.
    # The reduction marks a wrong status already (`outcome` is null); checking twice costs a tenth of the scan.
    faults = _parquet_faults(types, constants)
    clear = " and ".join(f"({fault}) is not true" for reason, fault in faults.items() if reason != STATUS_RULE.reason)
    return f"(select * from {_parquet_requests(types, constants)} where {clear})"


LOG_PARQUET = Format(
    name="serving_log_parquet",
    container="parquet",
    requires=_LOG_REQUIRED,
    optional=tuple(name for name in _LOG_COLUMNS if name not in _LOG_REQUIRED),
    reduction=Reduction(_parquet_good),
    select={"requests_hourly": HOURLY, "latency_hourly": LATENCY},
    quarantine={"requests_hourly": _parquet_quarantine()},
)


def _texts(of: str) -> str:
    """The columns of our log schema, texts that `of` names, shaped like `requests`."""
    named = {column.name: f'{of}"{_LOGGED[column.name]}"' for column in _COLUMNS}
    named["status"] = f"lower(trim({named['status']}))"
    tokens = {
        name: values.integer(named[name], "BIGINT", "VARCHAR") for name in ("input_tokens", "cached_input_tokens")
    }
    whole = whole_input(tokens["input_tokens"], tokens["cached_input_tokens"], "0")
    named["input_tokens"] = f"coalesce(cast({whole} as varchar), {named['input_tokens']})"
    mapped = ", ".join(f"{value} as {name}" for name, value in named.items())
    return f"{mapped}, null as trace_id, null as span_id, _row, _raw"


_LOG_JSON = f"""
    with texts as (
        select _row, _raw, from_json(doc, '{{{", ".join(f'"{name}": "VARCHAR"' for name in _LOG_COLUMNS)}}}') as t
        from rows
    )
    select {_texts("t.")} from texts"""

LOG_JSON = Format(
    name="serving_log_json",
    container="json",
    requires=tuple(f"$.{name}" for name in _LOG_REQUIRED),
    optional=tuple(f"$.{name}" for name in LOG_PARQUET.optional),
    select={"requests": _LOG_JSON},
)

LOG_CSV = Format(
    name="serving_log_csv",
    container="csv",
    writing=Notation("."),
    requires=_LOG_REQUIRED,
    optional=LOG_PARQUET.optional,
    select={"requests": f"select {_texts('')} from rows"},
)
