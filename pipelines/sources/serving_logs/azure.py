"""The Azure LLM inference trace, and the log that Azure API Management keeps of language models."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources.spec import Format, Notation

# The trace has neither model nor status: a file holds the requests one service answered, and its name is
# the service's.
_SERVICE = "regexp_extract(_path, '([^/]+?)(\\.[A-Za-z]+)+$', 1)"

AZURE_LLM_TRACE = Format(
    name="azure_llm_trace",
    container="csv",
    writing=Notation("."),
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

# https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog
_REQUIRED = ("CorrelationId", "SequenceNumber", "PromptTokens", "CompletionTokens")
_OPTIONAL = ("TimeGenerated", "DeploymentName", "ModelName", "OperationName", "Region")
_IN_PORTAL = "TimeGenerated [UTC]"
"""What the portal calls a time in a CSV file, which it writes as its reader's language does."""
_TIME = f"""coalesce("TimeGenerated", regexp_replace("{_IN_PORTAL}", '[.][0-9]+ ?([AP]M)$', ' \\1'))"""
_UNSAID = '{"RequestMessages": null, "ResponseMessages": null}'
_NO_INFERENCE = "(?i)embed|rerank|moderation"


def _gateway_calls(read: Mapping[str, str]) -> dict[str, str]:
    """A call is the row that names its model or deployment; its messages, cut into parts, are in further rows."""
    texts = ", ".join(f"nullif(cast({sql} as varchar), '') as {name}" for name, sql in read.items())
    return {
        "requests": f"""
    with texts as (select _row, _raw, {texts} from rows)
    select CorrelationId as request_id, TimeGenerated as requested_at,
        coalesce(DeploymentName, ModelName) as model_name, ModelName as model_version,
        null as endpoint, null as environment, Region as region, null as instance_type,
        'success' as status, null as error_type, null as http_status, null as attempt,
        null as is_health_check, null as predictions, null as latency_ms, null as ttft_ms, null as busy_ms,
        PromptTokens as input_tokens, CompletionTokens as output_tokens, null as cached_input_tokens,
        null as trace_id, null as span_id, _row,
        cast(json_merge_patch(cast(_raw as json), '{_UNSAID}') as varchar) as _raw
    from texts
    where coalesce(DeploymentName, ModelName) is not null
        and not regexp_matches(concat_ws(' ', OperationName, ModelName, DeploymentName), '{_NO_INFERENCE}')"""
    }


def _skipped(deployment: str, model: str) -> str:
    return f"""select _row, case
        when coalesce(nullif({deployment}, ''), nullif({model}, '')) is null then 'a part of the messages of a call'
        else 'a call that is no prediction: ' || coalesce(nullif({model}, ''), {deployment}) end as _reason
    from rows"""


_COLUMNS = {name: f'"{name}"' for name in (*_REQUIRED, *_OPTIONAL)}

AZURE_GATEWAY = (
    Format(
        name="azure_gateway_llm_log_csv",
        container="csv",
        writing=Notation("."),
        requires=_REQUIRED,
        optional=(*_OPTIONAL, _IN_PORTAL),
        select=_gateway_calls({**_COLUMNS, "TimeGenerated": _TIME}),
        skips=_skipped('"DeploymentName"', '"ModelName"'),
    ),
    Format(
        name="azure_gateway_llm_log_json",
        container="json",
        requires=tuple(f"$.{name}" for name in _REQUIRED),
        optional=tuple(f"$.{name}" for name in _OPTIONAL),
        select=_gateway_calls({name: f"doc ->> '$.{name}'" for name in (*_REQUIRED, *_OPTIONAL)}),
        skips=_skipped("(doc ->> '$.DeploymentName')", "(doc ->> '$.ModelName')"),
    ),
)
