"""GenAI spans in OTLP/JSON, by whatever instrumentation and version of the conventions wrote them.

Predictions and tokens are counted at the leaf. A span above another inference is no prediction of its own, whether it
is an agent, the application's span around its gateway's, or a second instrumentation of the same call: what it carries
is the sum of what lies below. An agent's span counts where no inference lies below it (a hosted agent). What lies in
one file is settled here; what lies in several is settled a day at a time (`reduction`), by the `spans` kept for it.
"""

from __future__ import annotations

from pipelines.sources.serving_logs.reduction import above
from pipelines.sources.serving_logs.tables import whole_input
from pipelines.sources.spec import Format
from pipelines.sources.values import is_plausible_time

ALIASES = {
    "operation": (
        "gen_ai.operation.name", "llm.request.type", "openinference.span.kind", "langfuse.observation.type",
        "mlflow.spanType", "traceloop.span.kind", "langsmith.span.kind", "ai.operationId",
    ),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"),
    "requested_model": (
        "gen_ai.request.model", "llm.request.model", "llm.model_name", "langfuse.observation.model.name",
        "mlflow.llm.model", "ai.model.id",
    ),
    "answering_model": ("gen_ai.response.model", "llm.response.model"),
    "response_id": ("gen_ai.response.id",),
    "call_id": ("gen_ai.request.id",),
    "agent": ("gen_ai.agent.name", "gen_ai.agent.id", "agent.name"),
    "input_tokens": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens",
        "llm.token_count.prompt", "ai.usage.inputTokens", "ai.usage.promptTokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
        "llm.token_count.completion", "ai.usage.outputTokens", "ai.usage.completionTokens",
    ),
    "total_tokens": (
        "gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens",
    ),
    "read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cached_tokens", "gen_ai.usage.cache_read_tokens", "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read",
        "ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens",
    ),
    "written_tokens": (
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_tokens",
        "gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.details.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write", "ai.usage.inputTokenDetails.cacheWriteTokens",
    ),
    "usage": ("langfuse.observation.usage_details", "langsmith.usage_metadata", "mlflow.chat.tokenUsage"),
    "error_type": ("error.type", "exception.type"),
    "address": ("server.address", "net.peer.name"),
    "environment": ("deployment.environment.name", "deployment.environment", "langfuse.environment"),
    "http_status": ("http.response.status_code", "http.status_code"),
    "resends": ("http.request.resend_count",),
    "path": ("url.path", "http.route", "http.target"),
    "ttft": ("gen_ai.response.time_to_first_chunk", "gen_ai.latency.time_to_first_token"),
    "busy": ("gen_ai.latency.time_in_model_inference", "gen_ai.latency.time_in_model_execute"),
}  # fmt: skip
"""What is read → the attributes that say it, the current GenAI conventions first, then earlier versions of them, then
OpenLLMetry (Traceloop), OpenInference, Langfuse, LangSmith, MLflow, Vercel's AI SDK and vLLM. `usage` is a JSON object
of counts; `USAGE_KEYS` has its keys."""

USAGE_KEYS = {
    "input_tokens": ("prompt_tokens", "promptTokens", "input_tokens", "input"),
    "output_tokens": ("completion_tokens", "completionTokens", "output_tokens", "output"),
    "read_tokens": (
        "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "input_token_details.cache_read",
        "input_cached_tokens", "input_cache_read", "input_cache_read_tokens", "cache_read_input_tokens",
    ),
    "written_tokens": (
        "input_token_details.cache_creation", "input_cache_creation", "input_cache_creation_tokens",
        "input_cache_write", "cache_creation_input_tokens",
    ),
}  # fmt: skip
"""What is read → the keys of a span's `usage` that say it, where no attribute does."""
_TOTALS = ("total_tokens", "totalTokens", "total")

_AGENTS = ("invoke_agent", "invoke_workflow", "agent")
_NO_INFERENCE = (
    "^(plan|create_agent|fetch_response|execute_tool|(ai[.])?tool.*|function|.*memor.*|.*embed.*|.*retriev.*|"
    "re_?rank.*|count_tokens|guardrail|evaluat.*|parser|prompt|chain|workflow|task|span|event|unknown|moderation.*|score)$"
)


def _added(kind: str) -> str:
    """The sum of the counts in `usage` with keys that name `kind`, `input` or `output`; priority is a share of them."""
    return (
        "list_sum(list_transform(map_entries(try_cast(usage as map(varchar, varchar))), lambda entry: "
        f"case when contains(entry.key, '{kind}') and not contains(entry.key, 'priority') "
        "then try_cast(entry.value as bigint) end))"
    )


def _said(keys: tuple[str, ...]) -> str:
    """The first of these keys that `usage` has, as text."""
    return "coalesce(" + ", ".join(f"usage ->> '$.{key}'" for key in keys) + ")"


def usage_count(name: str) -> str:
    """What `usage` says of `name`, as text.

    Langfuse and Anthropic have each token under one key, `input` without `input_cached_tokens`: keys are added. Where
    one key includes the others, the total is below their sum.
    """
    said = _said(USAGE_KEYS[name])
    if name not in ("input_tokens", "output_tokens"):
        return said
    total = f"try_cast({_said(_TOTALS)} as bigint)"
    added = _added(name.removesuffix("_tokens"))
    every = f"coalesce({_added('input')}, 0) + coalesce({_added('output')}, 0)"
    return f"case when {total} < {every} or {added} is null then {said} else cast({added} as varchar) end"


def _first(owner: str, names: tuple[str, ...]) -> str:
    """The first of the attributes `names` that `owner` (span or resource) carries, as text."""
    found = [f"nullif({owner}_values[list_position({owner}_keys, '{name}')], '')" for name in names]
    # MLflow writes text as JSON does, in quotes.
    found = [
        f"trim({sql}, '\"')" if name.startswith("mlflow.") else sql for name, sql in zip(names, found, strict=True)
    ]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _attributes(owner: str, attributes: str) -> str:
    """Keys and values of an OTLP attribute list as two lists of text, a list of keys and values as a JSON object."""
    return (
        f"list_transform({attributes}, lambda a: a.key) as {owner}_keys, "
        f"list_transform({attributes}, lambda a: coalesce("
        "a.value.stringValue, a.value.intValue, a.value.doubleValue, a.value.boolValue, "
        "'{' || array_to_string(list_transform(a.value.kvlistValue.values, lambda e: to_json(e.key) || ':' || "
        "to_json(coalesce(e.value.stringValue, e.value.intValue, e.value.doubleValue))), ',') || '}')) "
        f"as {owner}_values"
    )


_SCALAR = '"stringValue": "VARCHAR", "intValue": "VARCHAR", "doubleValue": "VARCHAR"'
_ATTRIBUTE_LIST = (
    f'[{{"key": "VARCHAR", "value": {{{_SCALAR}, "boolValue": "VARCHAR", '
    f'"kvlistValue": {{"values": [{{"key": "VARCHAR", "value": {{{_SCALAR}}}}}]}}}}}}]'
)


def _milliseconds(seconds: str) -> str:
    return f"try_cast({seconds} as double) * 1000"


# A root's parent is absent, empty or zeros.
_NOT_FAILED = ("", "0", "1", "OK", "UNSET", "STATUS_CODE_OK", "STATUS_CODE_UNSET")
"""How exporters write the code of a span's status that is no error; one that is neither is quarantined."""
_PARENT = "case when ltrim(s.\"parentSpanId\", '0') <> '' then s.\"parentSpanId\" end"
_STRUCTURE = (
    '{{"resource": {{"attributes": {attributes}}}, "{scopes}": [{{"spans": [{{'
    '"traceId": "VARCHAR", "spanId": "VARCHAR", "parentSpanId": "VARCHAR", "startTimeUnixNano": "VARCHAR", '
    '"endTimeUnixNano": "VARCHAR", "status": {{"code": "VARCHAR", "message": "VARCHAR"}}, '
    '"attributes": {attributes}}}]}}]}}'
)
_READ = tuple(name for name in ALIASES if name != "environment")


def _spans(scopes: str) -> str:
    """The file's spans, one a row, with what their attributes say and whether they are a call, an agent or neither."""
    structure = _STRUCTURE.format(attributes=_ATTRIBUTE_LIST, scopes=scopes)
    read = ", ".join(f"{_first('span', ALIASES[name])} as {name}" for name in _READ)
    counted = ", ".join(f"coalesce({name}, {usage_count(name)}) as {name}" for name in USAGE_KEYS)
    return f"""
    resources as (select _row, _latest, from_json(doc, '{structure}') as r from rows),
    delivered as (
        select _row, _latest, {_attributes("resource", "r.resource.attributes")},
            unnest(flatten(list_transform(r."{scopes}", lambda s: s.spans))) as s
        from resources
    ),
    attributed as (
        select *, {_attributes("span", "s.attributes")},
            try_cast(s."startTimeUnixNano" as bigint) as started_ns,
            try_cast(s."endTimeUnixNano" as bigint) as ended_ns
        from delivered
    ),
    named as (
        select *, {read}, coalesce({_first("span", ALIASES["environment"])},
            {_first("resource", ALIASES["environment"])}) as environment
        from attributed
    ),
    described as (
        select * replace (lower(operation) as operation, {counted}),
            coalesce(s."traceId", '') as trace_id, s."spanId" as span_id, {_PARENT} as parent_span_id
        from (select * replace (case when json_valid(usage) then cast(usage as json) end as usage) from named)
    ),
    sorted as (
        select *, case
            when operation in {_AGENTS} then
                operation <> 'agent' or coalesce(requested_model, answering_model, output_tokens) is not null
            when operation is not null then not regexp_full_match(operation, '{_NO_INFERENCE}')
            else coalesce(requested_model, answering_model, provider, call_id, input_tokens) is not null
        end as is_counted
        from described
    ),
    calls as (select trace_id, parent_span_id from sorted where is_counted and parent_span_id is not null),
    links as (select trace_id, span_id, parent_span_id from sorted where parent_span_id is not null),
    above as ({above("calls", "links")})"""


def _requests(scopes: str) -> str:
    input_tokens, read, written = (
        f"try_cast(try_cast({name} as double) as bigint)" for name in ("input_tokens", "read_tokens", "written_tokens")
    )
    excluded = "try_cast(total_tokens as double) > try_cast(input_tokens as double) + try_cast(output_tokens as double)"
    return f"""
    with {_spans(scopes)}
    select
        coalesce('response/' || response_id, trace_id || '/' || span_id) as request_id,
        make_timestamp(started_ns // 1000) as requested_at,
        case when operation in {_AGENTS} then coalesce(requested_model, answering_model, agent)
            else coalesce(requested_model, answering_model) end as model_name,
        answering_model as model_version,
        address as endpoint,
        environment,
        {_first("resource", ("cloud.region",))} as region,
        {_first("resource", ("host.type",))} as instance_type,
        case when upper(s.status.code) in ('2', 'ERROR', 'STATUS_CODE_ERROR') or error_type is not null then 'error'
            when coalesce(upper(s.status.code), '') in {_NOT_FAILED} then 'success' else s.status.code end as status,
        coalesce(error_type, s.status.message) as error_type,
        coalesce(http_status, cast(try_cast(error_type as integer) as varchar)) as http_status,
        1 + coalesce(try_cast(resends as integer), 0) as attempt,
        coalesce(regexp_matches(path, '/(health|healthz|livez|readyz|ping)$'), false) as is_health_check,
        1 as predictions,
        cast(ended_ns - started_ns as double) / 1000000 as latency_ms,
        {_milliseconds("ttft")} as ttft_ms,
        {_milliseconds("busy")} as busy_ms,
        coalesce(cast({whole_input(input_tokens, read, written, excluded)} as varchar), input_tokens) as input_tokens,
        output_tokens,
        read_tokens as cached_input_tokens,
        trace_id, span_id, _row, cast(to_json(s) as varchar) as _raw
    from sorted
    where is_counted and (trace_id, span_id) not in (select (trace_id, span_id) from above)"""


def _links(scopes: str) -> str:
    """The spans of the traces that hold an inference, each with its parent."""
    return f"""
    with {_spans(scopes)}
    select trace_id, span_id, parent_span_id, make_timestamp(started_ns // 1000) as started_at, _row,
        null::varchar as _raw
    from sorted
    where parent_span_id is not null and span_id is not null
        and {is_plausible_time("make_timestamp(started_ns // 1000)")}
        and trace_id in (select trace_id from sorted where is_counted)"""


def _format(name: str, scopes: str) -> Format:
    return Format(
        name=name,
        container="json",
        records=("$.resourceSpans",),
        requires=(f"$.{scopes}",),
        select={"requests": _requests(scopes), "spans": _links(scopes)},
        skips="select _row, 'spans of which none is a model call' as _reason from rows",
    )


OTLP_JSON = _format("otlp_genai_spans", "scopeSpans")
OTLP_JSON_LIBRARIES = _format("otlp_genai_spans_before_0_15", "instrumentationLibrarySpans")
