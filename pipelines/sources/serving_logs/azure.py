"""The Azure LLM inference trace."""

from __future__ import annotations

from pipelines.sources.spec import Format, Writing

# The trace has neither model nor status: a file holds the requests one service answered, and its name is
# the service's.
_SERVICE = "regexp_extract(_path, '([^/]+?)(\\.[A-Za-z]+)+$', 1)"

AZURE_LLM_TRACE = Format(
    name="azure_llm_trace",
    container="csv",
    writing=Writing("."),
    requires=("TIMESTAMP", "ContextTokens", "GeneratedTokens"),
    named_by=_SERVICE,
    select={
        "requests": f"""
    select null as request_id, "TIMESTAMP" as requested_at,
        {_SERVICE} as model_name,
        null as model_version, null as endpoint, null as environment, null as region, null as instance_type,
        'success' as status, null as error_type, null as http_status, null as attempt,
        null as is_health_check, null as predictions, null as latency_ms, null as ttft_ms, null as busy_ms,
        "ContextTokens" as input_tokens, "GeneratedTokens" as output_tokens, null as cached_input_tokens,
        null as trace_id, null as span_id, _row, _raw
    from rows"""
    },
)
