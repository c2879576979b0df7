"""Amazon Bedrock's model invocation log, as it is delivered to S3.

Documented at https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html. A model is named by
its id, or by the last part of an ARN: of an application inference profile that is the profile's id. By AWS's count the
input leaves out what was read from and written to the cache; streams of OpenAI's models include it
(https://github.com/maximhq/bifrost/pull/6942). Who called (`identity`) and what was said are not read.
"""

from __future__ import annotations

from pipelines.sources.serving_logs.tables import whole_input
from pipelines.sources.spec import Format

_BODY = "$.output.outputBodyJson"
_METRICS = '"amazon-bedrock-invocationMetrics"'
_STATUSES = {
    "ThrottlingException": 429, "ModelNotReadyException": 429, "ServiceQuotaExceededException": 429,
    "ModelTimeoutException": 408, "ValidationException": 400, "AccessDeniedException": 403,
    "ResourceNotFoundException": 404, "ModelErrorException": 424, "ModelStreamErrorException": 424,
    "InternalServerException": 500, "ServiceUnavailableException": 503,
}  # fmt: skip
"""Error code → HTTP status, which the log lacks."""
_NO_INFERENCE = "CountTokens|ApplyGuardrail|Rerank"
_HAS_NO_TEXT = "embed|rerank"
_UNSAID = '{"identity": null, "input": {"inputBodyJson": null}, "output": {"outputBodyJson": null}}'


def _last(path: str) -> str:
    """What the last event of a stream that has it says at `path`."""
    return f"json_extract_string(doc, '{_BODY}[*].{path}')[-1]"


def _count(field: str) -> str:
    return f"try_cast(doc ->> '$.{field}' as bigint)"


_INPUT = whole_input("input_count", "read_count", "written_count", "not starts_with(model, 'openai.')")
_STATUS = " ".join(f"when '{code}' then {status}" for code, status in _STATUSES.items())
_KIND = "concat_ws(' of ', doc ->> '$.operation', doc ->> '$.modelId')"

BEDROCK = Format(
    name="bedrock_invocation_log",
    container="json",
    requires=("$.schemaType", "$.timestamp", "$.requestId", "$.modelId"),
    optional=(
        "$.operation",
        "$.errorCode",
        "$.region",
        "$.inferenceRegion",
        "$.input.inputTokenCount",
        "$.input.cacheReadInputTokenCount",
        "$.input.cacheWriteInputTokenCount",
        "$.output.outputTokenCount",
        "$.output.outputBodyJson",
    ),
    select={
        "requests": f"""
    with calls as (
        select *, regexp_extract(doc ->> '$.modelId', '[^/]*$') as model,
            nullif(doc ->> '$.errorCode', '') as error_code,
            {_count("input.inputTokenCount")} as input_count,
            {_count("input.cacheReadInputTokenCount")} as read_count,
            {_count("input.cacheWriteInputTokenCount")} as written_count
        from rows
    )
    select
        doc ->> '$.requestId' as request_id, doc ->> '$.timestamp' as requested_at,
        model as model_name, null as model_version, null as endpoint, null as environment,
        coalesce(doc ->> '$.inferenceRegion', doc ->> '$.region') as region, null as instance_type,
        case when error_code is null then 'success' else 'error' end as status,
        error_code as error_type, case error_code {_STATUS} end as http_status,
        1 as attempt, false as is_health_check, 1 as predictions,
        coalesce(
            doc ->> '{_BODY}.metrics.latencyMs', {_last("metadata.metrics.latencyMs")},
            {_last(_METRICS + ".invocationLatency")}
        ) as latency_ms,
        {_last(_METRICS + ".firstByteLatency")} as ttft_ms, null as busy_ms,
        coalesce(cast({_INPUT} as varchar), doc ->> '$.input.inputTokenCount') as input_tokens,
        doc ->> '$.output.outputTokenCount' as output_tokens,
        doc ->> '$.input.cacheReadInputTokenCount' as cached_input_tokens,
        null as trace_id, null as span_id, _row, cast(json_merge_patch(doc, '{_UNSAID}') as varchar) as _raw
    from calls
    where not regexp_matches(coalesce(doc ->> '$.operation', ''), '^({_NO_INFERENCE})$')
        and not regexp_matches(coalesce(model, ''), '{_HAS_NO_TEXT}')"""
    },
    skips=f"select _row, 'a call that is no prediction: ' || {_KIND} as _reason from rows",
)
