"""Serving logs: what the models answered, when, how fast, and what went wrong.

Our own log schema (docs/serving-log.md), OTLP/JSON GenAI spans, LiteLLM spend logs and the Azure LLM
inference trace. Row-wise formats become `requests`, once; Parquet logs are reduced where they lie. Both end
as the same two warehouse tables. Which model a logged name means is decided in dbt, not here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pipelines.sources.spec import Column, Derived, Expectation, Format, Names, Rule, Source, Table, Writing

LOG_GAMMA = math.log(1.01 / 0.99)
"""Width of a latency bucket on the natural log: bucket b holds (e^(b-1)w, e^bw], so that its middle is at
most 1 % off. The dbt macro `latency_of_bucket` is its inverse."""
SMALLEST_MS = 0.001
LONGEST_MS = 86_400_000

DIMENSIONS = (
    Column("model_name", "VARCHAR", "The model as the log calls it.", required=True),
    Column("model_version", "VARCHAR", "Its version, as logged."),
    Column("endpoint", "VARCHAR", "Where it was reached."),
    Column("environment", "VARCHAR", "prod, shadow, staging …; not logged means prod."),
    Column("region", "VARCHAR", "Region it was served from."),
    Column("instance_type", "VARCHAR", "Machine it ran on."),
)
_DIMS = ", ".join(column.name for column in DIMENSIONS)

STATUS_RULE = Rule("status in ('success', 'error')", "status is neither success nor error")

REQUESTS = Table(
    name="requests",
    description="One request as a row-wise log holds it; it may carry a batch of predictions.",
    columns=(
        Column("request_id", "VARCHAR", "Tells a row delivered twice from two rows."),
        Column("requested_at", "TIMESTAMP", "When the request arrived.", required=True),
        *DIMENSIONS,
        Column("status", "VARCHAR", "success or error.", required=True),
        Column("error_type", "VARCHAR", "What failed, in the server's words."),
        Column("http_status", "INTEGER", "HTTP status answered."),
        Column("attempt", "INTEGER", "1 for the first try, more for a retry; null means 1."),
        Column("is_health_check", "BOOLEAN", "A probe, not a user; null means no."),
        Column("predictions", "BIGINT", "Predictions the request carries; null means 1."),
        Column("latency_ms", "DOUBLE", "Arrival to the last byte of the answer."),
        Column("ttft_ms", "DOUBLE", "Arrival to the first token."),
        Column("busy_ms", "DOUBLE", "How long it kept the accelerator busy."),
        Column("input_tokens", "BIGINT", "Prompt tokens, cached ones included."),
        Column("output_tokens", "BIGINT", "Generated tokens, reasoning included."),
        Column("cached_input_tokens", "BIGINT", "Prompt tokens read from a cache."),
    ),
    key=("request_id", "model_name", "environment", "attempt"),
    day="requested_at",
    rules=(
        Rule("model_name <> ''", "model_name is empty"),
        STATUS_RULE,
        Rule("predictions >= 1", "predictions is below 1"),
        Rule("attempt >= 1", "attempt is below 1"),
        Rule(f"latency_ms between 0 and {LONGEST_MS}", "latency_ms is negative or above a day"),
        Rule(f"ttft_ms between 0 and {LONGEST_MS}", "ttft_ms is negative or above a day"),
        Rule(f"busy_ms between 0 and {LONGEST_MS}", "busy_ms is negative or above a day"),
        Rule("input_tokens >= 0", "input_tokens is negative"),
        Rule("output_tokens >= 0", "output_tokens is negative"),
        Rule("cached_input_tokens >= 0", "cached_input_tokens is negative"),
    ),
)

REQUESTS_HOURLY = Table(
    name="requests_hourly",
    description="One row per logged name, version, endpoint, environment, region, instance type, hour, kind "
    "of traffic and class of error.",
    columns=(
        Column("hour_at", "TIMESTAMP", "Start of the UTC hour the requests arrived in.", True),
        *DIMENSIONS,
        Column("traffic", "VARCHAR", "request (a first try), retry or health_check.", True),
        Column(
            "error_class",
            "VARCHAR",
            "client, rate_limit, timeout, server or other; null: answered successfully.",
        ),
        Column("request_count", "BIGINT", "Requests.", True),
        Column("prediction_count", "BIGINT", "Predictions they carried, answered or not.", True),
        Column("input_tokens", "BIGINT", "Prompt tokens; null where none of them says."),
        Column("output_tokens", "BIGINT", "Generated tokens; null where none of them says."),
        Column("cached_input_tokens", "BIGINT", "Prompt tokens read from a cache."),
        Column("busy_ms", "DECIMAL(28,3)", "Accelerator time; exact, so that sums never depend on order."),
    ),
    key=("hour_at", *(column.name for column in DIMENSIONS), "traffic", "error_class"),
    day="hour_at",
    row_count="sum(request_count)",
    expectations=(
        Expectation(
            "failed_share",
            "sum(request_count) filter (error_class is not null)::double / sum(request_count)",
            "almost every request of the day failed: the log's status is more likely wrong than every model",
            high=0.95,
        ),
        Expectation(
            "predictions_a_request",
            "sum(prediction_count)::double / sum(request_count)",
            "requests carry a million predictions on average: `predictions` probably holds something else",
            high=1e6,
        ),
    ),
)  # fmt: skip

LATENCY_HOURLY = Table(
    name="latency_hourly",
    description="One row per logged name, version, endpoint, environment, region, instance type, hour and measure: "
    "a log-scaled histogram of the first tries that succeeded.",
    columns=(
        Column("hour_at", "TIMESTAMP", "Start of the UTC hour the requests arrived in.", True),
        *DIMENSIONS,
        Column("measure", "VARCHAR", "latency or ttft (time to first token).", True),
        Column("request_count", "BIGINT", "Requests in the histogram.", True),
        Column(
            "buckets",
            "STRUCT(bucket INTEGER, request_count BIGINT)[]",
            f"Requests by ceil(ln(milliseconds) / {LOG_GAMMA!r}); a bucket comes once for each file that has it.",
            True,
        ),
    ),
    key=("hour_at", *(column.name for column in DIMENSIONS), "measure"),
    day="hour_at",
    row_count="sum(request_count)",
    expectations=(
        Expectation(
            "implausible_latency_share",
            "sum(list_sum([b.request_count for b in buckets "
            f"if b.bucket > {math.ceil(math.log(3_600_000) / LOG_GAMMA)}]))::double / sum(request_count)",
            "a tenth of the requests took more than an hour: latency is probably not in milliseconds",
            high=0.1,
        ),
    ),
)  # fmt: skip


def _bucket(column: str) -> str:
    # -1e-9: a value on an edge falls into the same bucket on every engine. Null stays null, which `greatest`
    # would lose.
    shifted = f"case when {column} < {SMALLEST_MS} then {SMALLEST_MS} else {column} end"
    return f"cast(ceil(ln({shifted}) * {1 / LOG_GAMMA!r} - 1e-9) as integer)"


MEASURES = ("latency", "ttft")
TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens")
TRAFFIC = ("request", "retry", "health_check")
ERROR_CLASSES = ("client", "rate_limit", "timeout", "server", "other")


@dataclass(frozen=True, repr=False)
class _Reduction:
    """One grouping of `relation`, shaped like `requests`, that holds both its sums and its histograms.

    Kept that way so that counts and buckets come from one pass; `_HOURLY` and `_LATENCY` fold it. `outcome`
    is 10 × the index in TRAFFIC + the place in ERROR_CLASSES (0: success), null for a status that is neither: numbers
    group faster than text.
    """

    relation: str

    def __repr__(self) -> str:
        """The SQL: files are read again where it has changed."""
        return self({}, {})

    def __call__(self, columns: Mapping[str, str], constants: Mapping[str, str]) -> str:
        """The SQL for a file: what its `constants` tell is added afterwards, be it a dimension or an empty measure.

        To group by one value and to add up nothing costs as much as any other: a quarter of the scan (2026-11-26).
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
            sum(coalesce(predictions, 1)) as prediction_count, sum(cast(busy_ms * 1000 as bigint)) as busy_us{varying}
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
            from {self.relation}
        )
        group by all
    )"""


_HOURLY = f"""
    select hour_at, {_DIMS}, ({list(TRAFFIC)})[1 + outcome // 10] as traffic,
        ({list(ERROR_CLASSES)})[outcome % 10] as error_class, sum(request_count) as request_count,
        sum(prediction_count) as prediction_count, {", ".join(f"sum({tokens}) as {tokens}" for tokens in TOKENS)},
        cast(sum(busy_us) as decimal(25, 0)) * 0.001 as busy_ms, sum(request_count) as _rows
    from reduced where outcome is not null group by all"""

_LATENCY = f"""
    select hour_at, {_DIMS}, measure, sum(n) as request_count,
        list({{'bucket': bucket, 'request_count': n}} order by bucket) as buckets, sum(n) as _rows
    from (
        select hour_at, {_DIMS}, measure, bucket, sum(request_count) as n
        from ({" union all ".join(f"select *, '{m}' as measure, {m}_bucket as bucket from reduced" for m in MEASURES)})
        where bucket is not null
        group by all
    )
    group by all"""

# A retry may keep its request's id, and so does mirrored shadow traffic: neither is a second delivery. By day, so
# that a day comes out the same whichever days are replaced with it.
_REDUCED_REQUESTS = f"""reduced as (
        {
    _Reduction(
        '''(
            select * from requests qualify row_number() over (
                partition by _day, coalesce(request_id, concat(_content_id, '#', _row)), model_name,
                    coalesce(environment, 'prod'), coalesce(attempt, 1)
                order by _content_id, _row
            ) = 1
        )'''
    )({}, {})
}
    )"""


def _derived(table: Table, fold: str) -> Derived:
    """The day's reduced files and the day's row-wise requests, added up."""
    columns = ", ".join(table.column_names)
    added = {name: f"sum({name})" for name in table.column_names if name not in table.key}
    if "buckets" in added:
        added["buckets"] = "flatten(list(buckets))"
    kept = ", ".join(f"{added.get(name, name)} as {name}" for name in table.column_names)
    return Derived(
        inputs=(table.name, "requests"),
        select=f"""
    with {_REDUCED_REQUESTS},
    every as (
        select {columns} from {table.name}
        union all
        select {columns} from ({fold})
    )
    select {kept}, cast(hour_at as date) as _day from every group by all""",
    )


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

# Parquet has types of its own. A timestamp without a zone is taken as it stands: the detour over zones, which
# text needs, costs 2.3 s per 20 million rows (2026-11-23). `typeof` is folded before the scan.
_PARQUET_TIME = """case
            when typeof("timestamp") in ('TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_MS', 'TIMESTAMP_S')
            then try_cast("timestamp" as timestamp)
            else try_cast("timestamp" as timestamptz) at time zone 'UTC'
        end"""


_INTEGERS = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER")
FITTING = {
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_S", "TIMESTAMP WITH TIME ZONE"),
    "INTEGER": _INTEGERS,
    "BIGINT": (*_INTEGERS, "UINTEGER", "BIGINT"),
    "DOUBLE": (*_INTEGERS, "FLOAT", "DOUBLE"),
    "BOOLEAN": ("BOOLEAN", "TINYINT"),
}
"""Types of a Parquet column all of whose values cast to a column of `requests`."""


def _parquet_requests() -> str:
    """A Parquet log's rows shaped like `requests`; what does not cast is null beside its `_was_` twin."""
    casts = []
    for column in REQUESTS.columns:
        logged = next(name for name, target in _LOG_COLUMNS.items() if target == column.name)
        value = _PARQUET_TIME if logged == "timestamp" else f'try_cast("{logged}" as {column.type})'
        if logged == "status":
            value = f"lower({value})"
        casts.append(f'{value} as {column.name}, "{logged}" as _was_{column.name}')
    return f"(select {', '.join(casts)}, _row, _raw, _latest from rows)"


def _parquet_faults() -> dict[str, str]:
    """Reason → predicate of the rows of a Parquet log that are left out, as the engine judges `requests`."""
    faults = {
        f"{column.name} is missing": f"_was_{column.name} is null" for column in REQUESTS.columns if column.required
    }
    # Folded away before the scan where the file's own type says that every value fits.
    faults |= {
        f"{column.name} is not a {column.type}": f"typeof(_was_{column.name}) not in {FITTING[column.type]} "
        f"and _was_{column.name} is not null and {column.name} is null"
        for column in REQUESTS.columns
        if column.type in FITTING
    }
    faults |= {rule.reason: f"({rule.holds}) is false" for rule in REQUESTS.rules}
    faults["requested_at is before 1990"] = "requested_at < timestamp '1990-01-01'"
    faults["requested_at is later than a day after the file was written"] = "requested_at > _latest"
    return faults


def _parquet_quarantine() -> str:
    reasons = ", ".join(f"case when {predicate} then '{reason}' end" for reason, predicate in _parquet_faults().items())
    return f"""
    select _row, _raw, cast(requested_at as date) as _day, concat_ws('; ', {reasons}) as _reason
    from {_parquet_requests()}
    where {" or ".join(_parquet_faults().values())}"""


def _parquet_good() -> str:
    # Null is not false: a rule over a missing value holds.
    # The reduction tells a wrong status by the way (`outcome` is null); asking twice costs a tenth of the scan.
    clear = " and ".join(
        f"({fault}) is not true" for reason, fault in _parquet_faults().items() if reason != STATUS_RULE.reason
    )
    return f"(select * from {_parquet_requests()} where {clear})"


LOG_PARQUET = Format(
    name="serving_log_parquet",
    container="parquet",
    requires=_LOG_REQUIRED,
    optional=tuple(name for name in _LOG_COLUMNS if name not in _LOG_REQUIRED),
    reduction=_Reduction(_parquet_good()),
    select={"requests_hourly": _HOURLY, "latency_hourly": _LATENCY},
    quarantine={"requests_hourly": _parquet_quarantine()},
)


_LOG_JSON = f"""
    with texts as (
        select _row, _raw, from_json(doc, '{{{", ".join(f'"{name}": "VARCHAR"' for name in _LOG_COLUMNS)}}}') as t
        from rows
    )
    select {", ".join(f't."{name}" as {target}' for name, target in _LOG_COLUMNS.items())}, _row, _raw
    from texts"""

LOG_JSON = Format(
    name="serving_log_json",
    container="json",
    requires=tuple(f"$.{name}" for name in _LOG_REQUIRED),
    select={"requests": _LOG_JSON},
)

LOG_CSV = Format(
    name="serving_log_csv",
    container="csv",
    writing=Writing("."),
    requires=_LOG_REQUIRED,
    optional=LOG_PARQUET.optional,
    select={
        "requests": "select "
        + ", ".join(f'"{name}" as {target}' for name, target in _LOG_COLUMNS.items())
        + ", _row, _raw from rows"
    },
)


_LITELLM_REQUIRED = ("request_id", "startTime", "endTime", "model", "prompt_tokens", "completion_tokens")
_LITELLM_OPTIONAL = (
    "call_type", "api_key", "team_id", "completionStartTime", "request_duration_ms", "model_group",
    "api_base", "metadata", "request_tags", "status",
)  # fmt: skip
_LITELLM_COLUMNS = (*_LITELLM_REQUIRED, *_LITELLM_OPTIONAL)


def _litellm(texts: str) -> str:
    """A LiteLLM spend log, `texts` its columns as text, shaped like `requests`.

    The model group is what callers ask for, so it names the model; `model` is the deployment that answered.
    LiteLLM writes `completionStartTime = endTime` where nothing was streamed: no time to first token then.
    """
    # Older versions keep the status in the metadata only.
    failed = "coalesce(nullif(status, ''), json_extract_string(meta, '$.status'), 'success') = 'failure'"
    return f"""
    with texts as ({texts}),
    parsed as (
        select *, try_cast(metadata as json) as meta,
            try_cast("startTime" as timestamptz) at time zone 'UTC' as started_at,
            try_cast("completionStartTime" as timestamptz) at time zone 'UTC' as first_token_at,
            try_cast("endTime" as timestamptz) at time zone 'UTC' as ended_at
        from texts
    )
    select
        request_id, "startTime" as requested_at,
        coalesce(nullif(model_group, ''), nullif(model, '')) as model_name,
        nullif(model, '') as model_version,
        coalesce(nullif(api_base, ''), nullif(call_type, '')) as endpoint,
        nullif(regexp_extract(request_tags, '"env(?:ironment)?:([^"]+)"', 1), '') as environment,
        null as region, null as instance_type,
        case when {failed} then 'error' else 'success' end as status,
        case when {failed} then coalesce(
            json_extract_string(meta, '$.error_information.error_class'), 'failure'
        ) end as error_type,
        try_cast(json_extract_string(meta, '$.error_information.error_code') as integer) as http_status,
        1 + coalesce(try_cast(json_extract_string(meta, '$.attempted_retries') as integer), 0) as attempt,
        'litellm-internal-health-check' in (api_key, team_id) as is_health_check,
        1 as predictions,
        coalesce(
            request_duration_ms,
            cast(cast(epoch_us(ended_at) - epoch_us(started_at) as double) / 1000 as varchar)
        ) as latency_ms,
        case when first_token_at < ended_at
            then cast(epoch_us(first_token_at) - epoch_us(started_at) as double) / 1000 end as ttft_ms,
        null as busy_ms,
        prompt_tokens as input_tokens, completion_tokens as output_tokens,
        json_extract_string(meta, '$.usage_object.prompt_tokens_details.cached_tokens')
            as cached_input_tokens,
        _row, _raw
    from parsed"""


LITELLM_JSON = Format(
    name="litellm_spend_log_json",
    container="json",
    records=("$.data",),
    requires=tuple(f"$.{name}" for name in _LITELLM_REQUIRED),
    select={
        "requests": _litellm(
            "select t.*, _row, _raw from (select _row, _raw, from_json(doc, '{"
            + ", ".join(f'"{name}": "VARCHAR"' for name in _LITELLM_COLUMNS)
            + "}') as t from rows)"
        )
    },
)

LITELLM_CSV = Format(
    name="litellm_spend_log_csv",
    container="csv",
    writing=Writing("."),
    requires=_LITELLM_REQUIRED,
    optional=_LITELLM_OPTIONAL,
    select={"requests": _litellm("select * from rows")},
)


def _attribute(owner: str, *names: str) -> str:
    """The first of the OTLP attributes `names` that `owner` (span or resource) carries, as text."""
    found = [f"{owner}_values[list_position({owner}_keys, '{name}')]" for name in names]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _attributes(owner: str, attributes: str) -> str:
    """Keys and values of an OTLP attribute list as two lists of text."""
    return (
        f"list_transform({attributes}, lambda a: a.key) as {owner}_keys, "
        f"list_transform({attributes}, lambda a: coalesce("
        "a.value.stringValue, a.value.intValue, a.value.doubleValue, a.value.boolValue)) "
        f"as {owner}_values"
    )


_ATTRIBUTE_LIST = (
    '[{"key": "VARCHAR", "value": {"stringValue": "VARCHAR", "intValue": "VARCHAR", '
    '"doubleValue": "VARCHAR", "boolValue": "VARCHAR"}}]'
)
_OTLP_STRUCTURE = (
    '{"resource": {"attributes": ' + _ATTRIBUTE_LIST + '}, "scopeSpans": [{"spans": [{'
    '"traceId": "VARCHAR", "spanId": "VARCHAR", "startTimeUnixNano": "VARCHAR", '
    '"endTimeUnixNano": "VARCHAR", "status": {"code": "VARCHAR", "message": "VARCHAR"}, '
    '"attributes": ' + _ATTRIBUTE_LIST + "}]}]}"
)
_NOT_INFERENCE = "('execute_tool', 'invoke_agent', 'create_agent', 'invoke_workflow', 'retrieval')"
_SECONDS = "try_cast({} as double) * 1000"

# Attribute names: the current GenAI conventions first, then the ones before 1.37 and what vLLM sends.
_OTLP = f"""
    with resources as (
        select _row, _raw, from_json(doc, '{_OTLP_STRUCTURE}') as r from rows
    ),
    spans as (
        select _row, _raw, {_attributes("resource", "r.resource.attributes")},
            unnest(flatten(list_transform(r."scopeSpans", lambda s: s.spans))) as s
        from resources
    ),
    attributed as (
        select *, {_attributes("span", "s.attributes")},
            try_cast(s."startTimeUnixNano" as bigint) as started_ns,
            try_cast(s."endTimeUnixNano" as bigint) as ended_ns
        from spans
    ),
    named as (
        select *,
            {_attribute("span", "gen_ai.request.model", "gen_ai.response.model")} as model_name,
            {_attribute("span", "gen_ai.operation.name")} as operation,
            coalesce(
                {_attribute("span", "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.id")},
                {_attribute("span", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")}
            ) as other_trace,
            {_attribute("span", "error.type")} as error_type
        from attributed
    )
    select
        coalesce(s."traceId", '') || '/' || s."spanId" as request_id,
        make_timestamp(started_ns // 1000) as requested_at,
        model_name,
        {_attribute("span", "gen_ai.response.model")} as model_version,
        {_attribute("span", "server.address")} as endpoint,
        coalesce(
            {_attribute("span", "deployment.environment.name", "deployment.environment")},
            {_attribute("resource", "deployment.environment.name", "deployment.environment")}
        ) as environment,
        {_attribute("resource", "cloud.region")} as region,
        {_attribute("resource", "host.type")} as instance_type,
        case when s.status.code in ('2', 'STATUS_CODE_ERROR') or error_type is not null
            then 'error' else 'success' end as status,
        coalesce(error_type, s.status.message) as error_type,
        coalesce(
            {_attribute("span", "http.response.status_code", "http.status_code")},
            cast(try_cast(error_type as integer) as varchar)
        ) as http_status,
        1 + coalesce(try_cast({_attribute("span", "http.request.resend_count")} as integer), 0) as attempt,
        coalesce(regexp_matches(
            {_attribute("span", "url.path", "http.route", "http.target")},
            '/(health|healthz|livez|readyz|ping)$'
        ), false) as is_health_check,
        1 as predictions,
        cast(ended_ns - started_ns as double) / 1000000 as latency_ms,
        {
    _SECONDS.format(_attribute("span", "gen_ai.response.time_to_first_chunk", "gen_ai.latency.time_to_first_token"))
} as ttft_ms,
        {
    _SECONDS.format(
        _attribute("span", "gen_ai.latency.time_in_model_inference", "gen_ai.latency.time_in_model_execute")
    )
} as busy_ms,
        {_attribute("span", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")} as input_tokens,
        {_attribute("span", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")}
            as output_tokens,
        {_attribute("span", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cached_tokens")}
            as cached_input_tokens,
        _row, cast(to_json(s) as varchar) as _raw
    from named
    where coalesce(model_name, operation, other_trace) is not null
        and coalesce(operation, '') not in {_NOT_INFERENCE}"""

OTLP_JSON = Format(
    name="otlp_genai_spans",
    container="json",
    records=("$.resourceSpans",),
    requires=("$.scopeSpans",),
    select={"requests": _OTLP},
)

# The trace has neither model nor status: a file holds the requests one service answered, and its name is
# the service's.
AZURE_LLM_TRACE = Format(
    name="azure_llm_trace",
    container="csv",
    writing=Writing("."),
    requires=("TIMESTAMP", "ContextTokens", "GeneratedTokens"),
    select={
        "requests": """
    select null as request_id, "TIMESTAMP" as requested_at,
        regexp_extract(_path, '([^/]+?)(\\.[A-Za-z]+)+$', 1) as model_name,
        null as model_version, null as endpoint, null as environment, null as region, null as instance_type,
        'success' as status, null as error_type, null as http_status, null as attempt,
        null as is_health_check, null as predictions, null as latency_ms, null as ttft_ms, null as busy_ms,
        "ContextTokens" as input_tokens, "GeneratedTokens" as output_tokens, null as cached_input_tokens,
        _row, _raw
    from rows"""
    },
)

SOURCE = Source(
    name="serving_logs",
    title="Serving logs",
    description="Requests the models answered: gateway and endpoint logs, GenAI traces, LiteLLM spend logs.",
    owner="ml-platform",
    glob=("serving_logs/**/*",),
    tables=(REQUESTS_HOURLY, LATENCY_HOURLY, REQUESTS),
    formats=(
        LOG_PARQUET,
        LOG_JSON,
        LOG_CSV,
        OTLP_JSON,
        LITELLM_JSON,
        LITELLM_CSV,
        AZURE_LLM_TRACE,
    ),
    late=timedelta(days=3),
    intake_only=("requests",),
    derived={
        "requests_hourly": _derived(REQUESTS_HOURLY, _HOURLY),
        "latency_hourly": _derived(LATENCY_HOURLY, _LATENCY),
    },
    names=(
        Names("requests_hourly", "model_name", "model_name"),
        Names("requests_hourly", "endpoint", "endpoint"),
    ),
)
