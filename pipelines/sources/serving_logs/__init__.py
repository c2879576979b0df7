"""Serving logs: what the models answered, when, how fast, and what went wrong.

A module a format: our own log schema, OTLP/JSON GenAI spans, LiteLLM spend logs, Langfuse's observations, and the logs
of Amazon Bedrock and Azure.
Row-wise formats become `requests`, once; Parquet logs are reduced where they lie. Both end as the same two warehouse
tables. Which model a logged name means is decided in dbt, not here.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.serving_logs.azure import AZURE_GATEWAY, AZURE_LLM_TRACE
from pipelines.sources.serving_logs.bedrock import BEDROCK
from pipelines.sources.serving_logs.langfuse import FORMATS as LANGFUSE
from pipelines.sources.serving_logs.litellm import LITELLM_CSV, LITELLM_JSON
from pipelines.sources.serving_logs.log import LOG_CSV, LOG_JSON, LOG_PARQUET
from pipelines.sources.serving_logs.otlp import OTLP_JSON, OTLP_JSON_LIBRARIES
from pipelines.sources.serving_logs.reduction import HOURLY, LATENCY, derived
from pipelines.sources.serving_logs.tables import LATENCY_HOURLY, LOG_GAMMA, REQUESTS, REQUESTS_HOURLY, SPANS
from pipelines.sources.spec import Names, Source

__all__ = ["LOG_GAMMA", "SOURCE"]

SOURCE = Source(
    name="serving_logs",
    title="Serving logs",
    description="Requests the models answered: gateway and endpoint logs, GenAI traces, LiteLLM spend logs, Langfuse, "
    "Amazon Bedrock, Azure API Management.",
    owner="ml-platform",
    glob=("serving_logs/**/*",),
    tables=(REQUESTS_HOURLY, LATENCY_HOURLY, REQUESTS, SPANS),
    formats=(
        LOG_PARQUET,
        LOG_JSON,
        LOG_CSV,
        OTLP_JSON,
        OTLP_JSON_LIBRARIES,
        LITELLM_JSON,
        LITELLM_CSV,
        AZURE_LLM_TRACE,
        *AZURE_GATEWAY,
        BEDROCK,
        *LANGFUSE,
    ),
    late=timedelta(days=3),
    intake_only=("requests", "spans"),
    derived={
        "requests_hourly": derived(REQUESTS_HOURLY, HOURLY),
        "latency_hourly": derived(LATENCY_HOURLY, LATENCY),
    },
    role="requests",
    identifiers=("model_name", "endpoint"),
    names=(
        Names("requests_hourly", "model_name", "model_name"),
        Names("requests_hourly", "endpoint", "endpoint"),
    ),
)
