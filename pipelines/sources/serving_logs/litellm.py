"""LiteLLM's spend log, as its proxy stores it and its API returns it."""

from __future__ import annotations

from pipelines.sources import values
from pipelines.sources.serving_logs.tables import whole_input
from pipelines.sources.spec import Format, Notation

_LITELLM_REQUIRED = ("request_id", "startTime", "endTime", "model", "prompt_tokens", "completion_tokens")
_LITELLM_OPTIONAL = (
    "call_type", "api_key", "team_id", "completionStartTime", "request_duration_ms", "model_group",
    "api_base", "metadata", "request_tags", "status", "cache_hit", "total_tokens",
)  # fmt: skip
_LITELLM_COLUMNS = (*_LITELLM_REQUIRED, *_LITELLM_OPTIONAL)


_NO_INFERENCE = (
    "a?(embedding|rerank|moderation|vector_store.*|search|call_mcp_tool|list_mcp_tools|.*batch.*|.*file.*|"
    ".*fine_tuning.*|(get|delete|cancel)_responses|list_input_items|count_tokens)"
)
"""Types of call that are no prediction: batches and jobs are handled, answers fetched once more, tokens counted."""
_SKIPS = "select _row, 'a call that is no prediction: ' || {call_type} as _reason from rows"


_WHOLE = whole_input("prompt", "cached", "written", "total > prompt + completion")
_READ = """coalesce(
                json_extract_string(meta, '$.usage_object.prompt_tokens_details.cached_tokens'),
                json_extract_string(meta, '$.usage_object.cache_read_input_tokens'),
                json_extract_string(meta, '$.additional_usage_values.cache_read_input_tokens')
            )"""
_WRITTEN = """coalesce(
                json_extract_string(meta, '$.usage_object.prompt_tokens_details.cache_creation_tokens'),
                json_extract_string(meta, '$.usage_object.cache_creation_input_tokens'),
                json_extract_string(meta, '$.additional_usage_values.cache_creation_input_tokens')
            )"""
# Older versions keep the status in the metadata only.
_STATUS = "lower(trim(coalesce(nullif(status, ''), json_extract_string(meta, '$.status'), 'success')))"
_FAILED = f"{_STATUS} = 'failure'"


def _tokens(column: str) -> str:
    return values.integer(column, "BIGINT", "VARCHAR")


def _spent(count: str, logged: str) -> str:
    # A value that cannot be read is passed on unchanged, so that the row is quarantined.
    return f"case when is_from_cache then '0' else coalesce(cast({count} as varchar), cast({logged} as varchar)) end"


def _litellm(texts: str) -> str:
    """A LiteLLM spend log, `texts` its columns as text, shaped like `requests`.

    The model group is what callers ask for, so it names the model; `model` is the deployment that answered.
    An answer from the proxy's own cache is a prediction, but its tokens are a copy of the first answer's: nobody spent
    them. LiteLLM writes `completionStartTime = endTime` where nothing was streamed: no time to first token then.
    """
    return f"""
    with texts as ({texts}),
    parsed as (
        select *, try_cast(metadata as json) as meta,
            {values.instant('"startTime"')} as started_at,
            {values.instant('"completionStartTime"')} as first_token_at,
            {values.instant('"endTime"')} as ended_at
        from texts
    ),
    counted as (
        select *, {values.boolean("cache_hit")} is true as is_from_cache,
            {_tokens("prompt_tokens")} as prompt, {_tokens("completion_tokens")} as completion,
            {_tokens(_READ)} as cached, {_tokens(_WRITTEN)} as written,
            {values.decimal("total_tokens", "DOUBLE", "VARCHAR")} as total
        from parsed
    )
    select
        request_id, "startTime" as requested_at,
        coalesce(nullif(model_group, ''), nullif(model, '')) as model_name,
        nullif(model, '') as model_version,
        nullif(api_base, '') as endpoint,
        nullif(regexp_extract(request_tags, '"env(?:ironment)?:([^"]+)"', 1), '') as environment,
        null as region, null as instance_type,
        case when {_FAILED} then 'error' else {_STATUS} end as status,
        case when {_FAILED} then coalesce(
            json_extract_string(meta, '$.error_information.error_class'), 'failure'
        ) end as error_type,
        try_cast(json_extract_string(meta, '$.error_information.error_code') as integer) as http_status,
        1 + coalesce(try_cast(json_extract_string(meta, '$.attempted_retries') as integer), 0) as attempt,
        'litellm-internal-health-check' in (api_key, team_id) as is_health_check,
        1 as predictions,
        coalesce(
            {values.text("request_duration_ms")},
            cast(cast(epoch_us(ended_at) - epoch_us(started_at) as double) / 1000 as varchar)
        ) as latency_ms,
        case when first_token_at < ended_at
            then cast(epoch_us(first_token_at) - epoch_us(started_at) as double) / 1000 end as ttft_ms,
        null as busy_ms,
        {_spent("coalesce(" + _WHOLE + ", prompt)", "prompt_tokens")} as input_tokens,
        {_spent("completion", "completion_tokens")} as output_tokens,
        {_spent("cached", "cached")} as cached_input_tokens,
        null as trace_id, null as span_id, _row, _raw
    from counted
    where not coalesce(regexp_full_match(lower(call_type), '{_NO_INFERENCE}'), false)"""


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
    skips=_SKIPS.format(call_type="(doc ->> '$.call_type')"),
)

LITELLM_CSV = Format(
    name="litellm_spend_log_csv",
    container="csv",
    writing=Notation("."),
    requires=_LITELLM_REQUIRED,
    optional=_LITELLM_OPTIONAL,
    select={"requests": _litellm("select * from rows")},
    skips=_SKIPS.format(call_type="call_type"),
)
