"""The tables of serving logs: requests as row-wise logs hold them, and the hours they are reduced to."""

from __future__ import annotations

import math

from pipelines.sources.spec import Column, Expectation, Rule, Table

LOG_GAMMA = math.log(1.01 / 0.99)
"""Width of a latency bucket on the natural log: bucket b holds (e^(b-1)w, e^bw], so that its middle is at
most 1 % off. The dbt macro `latency_of_bucket` is its inverse."""
SMALLEST_MS = 0.001
LONGEST_MS = 86_400_000
IMPLAUSIBLE = -32_768
"""The bucket of times that none can be, below 0 or above a day: the request counts, and only the time is left out."""

MOST = 1_000_000_000
"""Predictions, or tokens, beyond which no request goes: sums of a thousand million such requests stay exact."""

DIMENSIONS = (
    Column("model_name", "VARCHAR", "The model as the log calls it.", required=True),
    Column("model_version", "VARCHAR", "Its version, as logged."),
    Column("endpoint", "VARCHAR", "Where it was reached."),
    Column("environment", "VARCHAR", "prod, shadow, staging …; not logged means prod."),
    Column("region", "VARCHAR", "Region it was served from."),
    Column("instance_type", "VARCHAR", "Machine it ran on."),
)
DIMS = ", ".join(column.name for column in DIMENSIONS)

STATUS_RULE = Rule("status in ('success', 'error')", "status is neither success nor error")

REQUESTS = Table(
    name="requests",
    description="One request as a row-wise log holds it; it may carry a batch of predictions.",
    columns=(
        Column("request_id", "VARCHAR", "Identifies a row that was delivered twice."),
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
        Column("cached_input_tokens", "BIGINT", "Prompt tokens read from the vendor's prompt cache."),
        Column("trace_id", "VARCHAR", "The trace of the span that it is; null where it is none."),
        Column("span_id", "VARCHAR", "The span that it is."),
    ),
    key=("request_id", "model_name", "environment", "attempt"),
    day="requested_at",
    rules=(
        Rule("model_name <> ''", "model_name is empty"),
        STATUS_RULE,
        Rule(f"predictions between 1 and {MOST}", f"predictions is below 1 or above {MOST:,}"),
        Rule("attempt >= 1", "attempt is below 1"),
        *(
            Rule(f"{tokens} between 0 and {MOST}", f"{tokens} is negative or above {MOST:,}")
            for tokens in ("input_tokens", "output_tokens", "cached_input_tokens")
        ),
    ),
)

SPANS = Table(
    name="spans",
    description="The spans of traces that hold a request, each with its parent.",
    columns=(
        Column("trace_id", "VARCHAR", "The trace.", required=True),
        Column("span_id", "VARCHAR", "The span.", required=True),
        Column("parent_span_id", "VARCHAR", "The span it lies in.", required=True),
        Column("started_at", "TIMESTAMP", "When it began.", required=True),
    ),
    key=("trace_id", "span_id"),
    day="started_at",
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
        Column("cached_input_tokens", "BIGINT", "Prompt tokens read from the vendor's prompt cache."),
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
            share_of="sum(request_count)",
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
        Column(
            "measure",
            "VARCHAR",
            "latency or ttft (time to first token); implausible_latency, implausible_ttft and implausible_busy count "
            "those that are negative or above a day, which are in no other number.",
            True,
        ),
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
            share_of="sum(request_count)",
        ),
    ),
)  # fmt: skip


def whole_input(input_tokens: str, read: str, written: str, excluded: str = "false") -> str:
    """Prompt tokens, cached ones included, as SQL, of a count that may leave out what a cache was read or written for.

    The conventions, OpenAI and Google count cached tokens within the input, and then it is never the smaller number;
    Anthropic's own count leaves them out. `excluded`: a predicate that says so by other evidence.
    """
    cached = f"coalesce({read}, 0) + coalesce({written}, 0)"
    leaves_out = f"{input_tokens} >= 0 and ({input_tokens} < {cached} or ({excluded}))"
    return f"case when {leaves_out} then {input_tokens} + {cached} else {input_tokens} end"
