"""Requests to hours: sums and histograms, for a bulk log where it lies and for a day's row-wise requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.sources.serving_logs.tables import DIMENSIONS, DIMS, IMPLAUSIBLE, LOG_GAMMA, LONGEST_MS, SMALLEST_MS
from pipelines.sources.spec import Derived, Table


def _bucket(column: str) -> str:
    # -1e-9: a value on an edge falls into the same bucket on every engine. Null stays null, which `greatest`
    # would lose.
    shifted = f"case when {column} < {SMALLEST_MS} then {SMALLEST_MS} else {column} end"
    bucket = f"cast(ceil(ln({shifted}) * {1 / LOG_GAMMA!r} - 1e-9) as integer)"
    return f"case when {_is_plausible(column)} then {bucket} when {column} is not null then {IMPLAUSIBLE} end"


def _is_plausible(column: str) -> str:
    return f"{column} between 0 and {LONGEST_MS}"


MEASURES = ("latency", "ttft")
TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens")
TRAFFIC = ("request", "retry", "health_check")
ERROR_CLASSES = ("client", "rate_limit", "timeout", "server", "other")


@dataclass(frozen=True, repr=False)
class Reduction:
    """One grouping of `relation`, shaped like `requests`, that holds both its sums and its histograms.

    Kept that way so that counts and buckets come from one pass; `HOURLY` and `LATENCY` fold it. `relation` makes the
    SQL for a file's types and constants; where no file is known, both are empty. `outcome` is 10 × the index in TRAFFIC
    + the place in ERROR_CLASSES (0: success), null for a status that is neither: numbers group faster than text.
    """

    relation: Callable[[Mapping[str, str], Mapping[str, str]], str]

    def __repr__(self) -> str:
        """The SQL: files are read again where it has changed."""
        return self({}, {})

    def __call__(self, types: Mapping[str, str], constants: Mapping[str, str]) -> str:
        """The SQL for a file: its `constants`, dimensions and empty measures, are added afterwards.

        Grouping by one value and adding up nothing costs as much as any other: a quarter of the scan (2026-11-26).
        """
        parts = [(dimension.name, dimension.name, dimension.name) for dimension in DIMENSIONS]
        parts += [
            (f"{measure}_bucket", f"{measure}_ms", f"case when outcome = 0 then {_bucket(f'{measure}_ms')} end")
            for measure in MEASURES
        ]
        parts += [(tokens, tokens, f"sum({tokens})") for tokens in TOKENS]
        known = {
            name: constants[column]
            for name, column, sql in parts
            if column in constants and (sql == column or constants[column] == "null")
        }
        varying = "".join(f", {sql} as {name}" for name, _, sql in parts if name not in known)
        return f"""
    select *{"".join(f", {value} as {name}" for name, value in known.items())}
    from (
        select date_trunc('hour', requested_at) as hour_at, outcome, count(*) as request_count,
            sum(coalesce(predictions, 1)) as prediction_count,
            sum(try_cast(busy_ms * 1000 as bigint)) filter (where {_is_plausible("busy_ms")}) as busy_us,
            count_if(not {_is_plausible("busy_ms")}) as implausible_busy_count{varying}
        from (
            select *,
                cast(case when is_health_check then 20 when attempt > 1 then 10 else 0 end
                + case
                    when status = 'success' then 0
                    when status <> 'error' then null
                    when http_status = 429 or error_type ilike '%rate%limit%' then 2
                    when http_status in (408, 504) or error_type ilike '%time%out%' then 3
                    when http_status between 400 and 499 then 1
                    when http_status >= 500 then 4
                    else 5
                end as utinyint) as outcome
            from {self.relation(types, constants)}
        )
        group by all
    )"""


HOURLY = f"""
    select hour_at, {DIMS}, ({list(TRAFFIC)})[1 + outcome // 10] as traffic,
        ({list(ERROR_CLASSES)})[outcome % 10] as error_class, sum(request_count) as request_count,
        sum(prediction_count) as prediction_count, {", ".join(f"sum({tokens}) as {tokens}" for tokens in TOKENS)},
        cast(sum(busy_us) as decimal(25, 0)) * 0.001 as busy_ms, sum(request_count) as _rows
    from reduced where outcome is not null group by all"""

LATENCY = f"""
    select hour_at, {DIMS}, case when bucket = {IMPLAUSIBLE} then 'implausible_' else '' end || measure as measure,
        sum(n) as request_count,
        list({{'bucket': bucket, 'request_count': n}} order by bucket) as buckets, sum(n) as _rows
    from (
        select hour_at, {DIMS}, measure, bucket, sum(request_count) as n
        from ({" union all ".join(f"select *, '{m}' as measure, {m}_bucket as bucket from reduced" for m in MEASURES)})
        where bucket is not null
        group by all
        union all
        select hour_at, {DIMS}, 'busy', {IMPLAUSIBLE}, sum(implausible_busy_count)
        from reduced where outcome is not null and implausible_busy_count > 0 group by all
    )
    group by all"""


def above(calls: str, links: str, by: str = "trace_id") -> str:
    """The spans that hold one of `calls`, however deep, as SQL: (`by`, span_id).

    `calls` has a row per call that lies in another span (`by`, parent_span_id), `links` per span with a parent (`by`,
    span_id, parent_span_id). Spans that claim to hold each other end nothing but themselves.
    """
    return f"""
        with recursive up as (
            select distinct {by}, parent_span_id as span_id from {calls}
            union
            select {by}, l.parent_span_id from up join {links} as l using ({by}, span_id)
        )
        select * from up"""


# Spans of one trace may lie in several files: what lies above another call of the day is dropped here. A retry may keep
# its request's id, and so does mirrored shadow traffic: neither is a second delivery. A span's request is known by its
# response's id, or its own, whatever name the model has in it: two instrumentations of one call are one. So is one span
# that two systems export, of which one may lack the response's id. By day, so that a day comes out the same whichever
# days are replaced with it.
_REDUCED_REQUESTS = f"""links as (select _day, trace_id, span_id, parent_span_id from spans),
    calls as (
        select _day, trace_id, parent_span_id
        from (select distinct _day, trace_id, span_id from requests where span_id is not null) join links
            using (_day, trace_id, span_id)
    ),
    above as ({above("calls", "links", "_day, trace_id")}),
    reduced as (
        {
    Reduction(
        lambda types, constants: (
            '''(
            select * from (
                select * replace (case when span_id is null then request_id else max(request_id) over (
                    partition by _day, trace_id, coalesce(span_id, request_id, concat(_content_id, '#', _row))
                ) end as request_id)
                from requests
            )
            where span_id is null or (_day, trace_id, span_id) not in (select (_day, trace_id, span_id) from above)
            qualify row_number() over (
                partition by _day, coalesce(request_id, concat(_content_id, '#', _row)), span_id is null,
                    case when span_id is null then model_name end,
                    case when span_id is null then coalesce(environment, 'prod') end,
                    case when span_id is null then coalesce(attempt, 1) end
                order by coalesce(input_tokens, output_tokens) is null, _content_id, _row, span_id
            ) = 1
        )'''
        )
    )({}, {})
}
    )"""


def derived(table: Table, fold: str) -> Derived:
    """The day's reduced files and the day's row-wise requests, added up."""
    columns = ", ".join(table.column_names)
    added = {name: f"sum({name})" for name in table.column_names if name not in table.key}
    if "buckets" in added:
        added["buckets"] = "flatten(list(buckets))"
    kept = ", ".join(f"{added.get(name, name)} as {name}" for name in table.column_names)
    return Derived(
        inputs=(table.name, "requests", "spans"),
        select=f"""
    with {_REDUCED_REQUESTS},
    every as (
        select {columns} from {table.name}
        union all
        select {columns} from ({fold})
    )
    select {kept}, cast(hour_at as date) as _day from every group by all""",
    )
