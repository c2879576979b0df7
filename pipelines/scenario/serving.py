"""Serving logs of the sample company: Parquet in our log schema, LiteLLM spend logs, OTLP GenAI spans.

The counts come from the world, hour by hour; here they become files, streamed by DuckDB, with the mess of
real logs planted and counted. What the numbers should then say is worked out from the files' own rows.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.scenario.world import EMPTY_DAYS, MEMBERS, SPIKE_DAYS, SPIKE_HOURS, Member, World

REGIONS = {"aws": "eu-west-1", "azure": "westeurope", "gcp": "europe-west4", "api": None}
UNKNOWN_MODEL = "ghost-ranker"
"""Logged by the recommender's gateway every day, in nobody's catalog."""
LATE_DAY, LATE_BY, LATE_HOURS = 5, 2, range(20, 24)
"""The fraud detector's last hours of this day arrive in a file named `LATE_BY` days later."""
REDELIVERED_DAY = 3
"""The recommender's file of this day is delivered a second time, under another name."""
FAULTY_WEEKDAY = 3
"""Days after the start, modulo 7, whose logs hold rows that cannot be right."""
FAULTY_ROWS = 2
"""One stamped `SKEW_YEARS` ahead and one as many behind; row-wise logs also break a line."""
SKEW_YEARS = 40
DUPLICATED = 3
"""Rows at the start of each hour that the row-wise logs hold twice."""
ROWS_A_FILE = 20_000_000
ROWS_AT_ONCE = 200_000
"""Rows of a JSON log that are sorted, or grouped into documents, at once."""
EXACT_QUANTILES_UP_TO = 20_000_000
"""Rows of a member's day beyond which the truth states no latency quantiles: they would need them in memory."""
SHADOW_SHARE, STAGING_SHARE, HEALTH_CHECKS_AN_HOUR = 0.05, 0.02, 12
SPANS_A_DOCUMENT = 40

ERRORS = (("upstream_timeout", 504), ("internal_error", 500), ("invalid_input", 400), ("rate_limited", 429))
KINDS = ("success", "error", "retry", "health_check", "shadow", "staging", "unknown", "faulty")


@dataclass(frozen=True)
class Day:
    """How many requests of each kind a member answers in each hour of a day."""

    member: Member
    day: date
    counts: dict[str, Sequence[int]]
    predictions: Sequence[int]


def write_serving(world: World, landing: Path, members: Sequence[Member] = MEMBERS) -> dict[str, object]:
    """Write the members' logs under `landing/serving_logs`; return what they should add up to."""
    truth = Truth()
    connection = duckdb.connect()
    connection.execute("set memory_limit = '1GB'; set threads = 2; set TimeZone = 'UTC'")
    connection.execute("set preserve_insertion_order = true")
    for member in members:
        folder = landing / "serving_logs" / member.log_name
        folder.mkdir(parents=True, exist_ok=True)
        for day in world.dates:
            plan = _plan(world, member, day)
            if member.id == "support-assistant":
                _write_litellm(connection, world, plan, folder)
            elif member.id == "writing-assistant":
                _write_spans(connection, world, plan, folder)
            else:
                _write_parquet(connection, world, plan, folder)
            truth.add(connection, world, plan)
    connection.close()
    return truth.as_json(world)


def _plan(world: World, member: Member, day: date) -> Day:
    success = world.requests(member, day)
    rng = world.rng("serving", member.id, day)
    row_wise = member.id in ("support-assistant", "writing-assistant")
    age = (day - world.start).days
    none = [0] * 24
    silent = age in EMPTY_DAYS.get(member.id, ())
    counts: dict[str, Sequence[int]] = {
        "success": success.tolist(),
        "error": rng.poisson(success * member.error_rate).tolist(),
        "retry": rng.poisson(success * member.retry_rate).tolist(),
        # vLLM's health endpoint leaves no GenAI span.
        "health_check": none if silent or member.id == "writing-assistant" else [HEALTH_CHECKS_AN_HOUR] * 24,
        "shadow": none if row_wise else rng.poisson(success * SHADOW_SHARE).tolist(),
        "staging": rng.poisson(success * STAGING_SHARE).tolist(),
        "unknown": [1] * 24 if member.id == "recommender" else none,
        "faulty": none,
    }
    if age % 7 == FAULTY_WEEKDAY and not silent:
        counts["faulty"] = [0] * 12 + [FAULTY_ROWS] + [0] * 11
    return Day(member, day, counts, world.predictions(member, day).tolist())


def _rows(world: World, plan: Day, hours: Sequence[int]) -> str:
    """A query over the requests of `hours`, in our schema's columns, hour by hour and kind by kind."""
    member, day = plan.member, plan.day
    planned = ", ".join(
        f"({hour}, {number}, {int(plan.counts[kind][hour])}, {int(plan.predictions[hour]) if kind == 'success' else 0})"
        for hour in hours
        for number, kind in enumerate(KINDS)
    )
    salt = int(world.rng("serving-rows", member.id, day).integers(2**31))
    code = {name: number for number, name in enumerate(KINDS)}
    error_types = str([name for name, _ in ERRORS])
    error_codes = str([code for _, code in ERRORS])
    prompt, completion = member.tokens
    tokens = bool(prompt)
    region = REGIONS[member.cloud]
    return f"""
    with base as (
        select hour, kind, n, carried, unnest(range(n)) as i
        from (values {planned}) as planned (hour, kind, n, carried)
    ),
    randomised as (
        select *, hash(i, {salt}, hour, kind) as random_bits,
            timestamp '{day}' + to_hours(hour) + to_microseconds(i * 3600000000 // n) as planned_at
        from base
    ),
    timed as (
        select *,
            round({member.latency_ms} * exp(0.45 * sqrt(-2 * ln((1 + random_bits % 1000003) / 1000004.0))
                * cos(2 * pi() * ((random_bits >> 24) % 1000003) / 1000003.0)), {0 if tokens else 3}) as answered_ms
        from randomised
    )
    select
        md5('{member.id}/{day}/' || hour || '/' || kind || '/' || i) as request_id,
        hour, kind, i,
        case when kind = {code["faulty"]}
            then planned_at + (1 - 2 * i) * interval '{SKEW_YEARS} years' else planned_at end as "timestamp",
        case when kind = {code["unknown"]} then '{UNKNOWN_MODEL}' else '{member.log_name}' end as model_name,
        '{world.version(member, day)}' as model_version,
        '/v1/models/{member.log_name}/predict' as endpoint,
        case kind when {code["shadow"]} then 'shadow' when {code["staging"]} then 'staging' else 'prod' end
            as environment,
        {f"'{region}'" if region else "null::varchar"} as region,
        '{world.instance_type(member, day)}' as instance_type,
        case when kind = {code["error"]} then 'error' else 'success' end as status,
        case when kind = {code["error"]} then ({error_types})[1 + i % {len(ERRORS)}] end as error_type,
        cast(case when kind = {code["error"]} then ({error_codes})[1 + i % {len(ERRORS)}] else 200 end as integer)
            as http_status,
        cast(case when kind = {code["retry"]} then 2 else 1 end as integer) as attempt,
        kind = {code["health_check"]} as is_health_check,
        cast(case when kind = {code["success"]}
            then carried // n + case when i < carried % n then 1 else 0 end else 1 end as integer) as predictions,
        answered_ms::double as latency_ms,
        {"floor(answered_ms * 0.2)" if tokens else "null"}::double as ttft_ms,
        {"null" if member.cloud == "api" else "round(answered_ms * 0.6, 3)"}::double as busy_ms,
        {f"cast({prompt // 2} + random_bits % {prompt} as bigint)" if tokens else "null::bigint"} as input_tokens,
        {f"cast({completion // 2} + (random_bits >> 8) % {completion} as bigint)" if tokens else "null::bigint"}
            as output_tokens,
        {f"cast(random_bits % {prompt // 4} as bigint)" if tokens else "null::bigint"} as cached_input_tokens
    from timed"""


def _write_parquet(connection: duckdb.DuckDBPyConnection, world: World, plan: Day, folder: Path) -> None:
    """The day in our log schema: one file, several where it is large, the late hours apart."""
    stem = f"{plan.member.log_name}-{plan.day}"
    age = (plan.day - world.start).days
    hours = list(range(24))
    if plan.member.id == "fraud-detector" and age == LATE_DAY and age + LATE_BY < world.days:
        arrives = plan.day + timedelta(days=LATE_BY)
        _copy_parquet(
            connection, world, plan, list(LATE_HOURS), folder / f"{plan.member.log_name}-{arrives}-late.parquet"
        )
        hours = [hour for hour in hours if hour not in LATE_HOURS]
    parts = list(_parts(plan, hours, ROWS_A_FILE))
    for number, part in enumerate(parts):
        suffix = f"-part{number:03d}" if len(parts) > 1 else ""
        _copy_parquet(connection, world, plan, part, folder / f"{stem}{suffix}.parquet")
    if plan.member.id == "recommender" and age == REDELIVERED_DAY and len(parts) == 1:
        shutil.copyfile(folder / f"{stem}.parquet", folder / f"{stem}-redelivered.parquet")


def _parts(plan: Day, hours: Sequence[int], limit: int) -> Iterator[list[int]]:
    """The hours in order, as many at a time as hold at most `limit` rows; one at least."""
    part: list[int] = []
    rows = 0
    for hour in hours:
        here = sum(int(counts[hour]) for counts in plan.counts.values())
        if part and rows + here > limit:
            yield part
            part, rows = [], 0
        part.append(hour)
        rows += here
    yield part


def _copy_parquet(
    connection: duckdb.DuckDBPyConnection, world: World, plan: Day, hours: Sequence[int], path: Path
) -> None:
    connection.execute(
        f"copy (select * exclude (hour, kind, i) from ({_rows(world, plan, hours)})) to '{path}' "
        "(format parquet, compression zstd, row_group_size 122880)"
    )


def _write_litellm(connection: duckdb.DuckDBPyConnection, world: World, plan: Day, folder: Path) -> None:
    """The day as LiteLLM's spend logs, JSON lines, gzipped."""
    error, health = KINDS.index("error"), KINDS.index("health_check")
    iso = "strftime({}, '%Y-%m-%dT%H:%M:%S.%gZ')"
    service = "litellm-internal-health-check"
    with gzip.GzipFile(folder / f"{plan.member.log_name}-{plan.day}.jsonl.gz", "wb", mtime=0) as target:
        for hours in _parts(plan, range(24), ROWS_AT_ONCE):
            query = f"""
            with logged as ({_rows(world, plan, hours)}),
            delivered as (
                select *, 0 as delivery from logged
                union all
                select *, 1 as delivery from logged where kind = 0 and i < {DUPLICATED}
            )
            select
                'chatcmpl-' || request_id as request_id, 'acompletion' as call_type,
                case when kind = {health} then '{service}' else md5('support-key') end as api_key,
                0.000002 * input_tokens + 0.000008 * output_tokens as spend,
                input_tokens + output_tokens as total_tokens, input_tokens as prompt_tokens,
                output_tokens as completion_tokens,
                {iso.format('"timestamp"')} as "startTime",
                {iso.format('"timestamp" + to_milliseconds(latency_ms::bigint)')} as "endTime",
                latency_ms::bigint as request_duration_ms,
                {iso.format('"timestamp" + to_milliseconds(ttft_ms::bigint)')} as "completionStartTime",
                'openai/' || model_name || '-' || model_version as model, md5('deployment') as model_id,
                model_name as model_group, 'openai' as custom_llm_provider,
                'https://api.openai.com/v1' as api_base, 'support' as "user",
                {{
                    'status': case when kind = {error} then 'failure' else 'success' end,
                    'attempted_retries': attempt - 1,
                    'error_information': case when kind = {error} then {{
                        'error_code': http_status::varchar, 'error_class': error_type }} end,
                    'usage_object': {{ 'prompt_tokens_details': {{ 'cached_tokens': cached_input_tokens }} }}
                }} as metadata,
                'False' as cache_hit,
                case environment when 'prod' then ['team:support']
                    else ['team:support', 'environment:' || environment] end as request_tags,
                case when kind = {health} then '{service}' else 'support' end as team_id,
                case when kind = {error} then 'failure' else 'success' end as status
            from delivered order by "timestamp", request_id, delivery"""
            _append_lines(connection, query, folder, target)
        if plan.counts["faulty"][12]:
            target.write(MALFORMED)


MALFORMED = b'{"request_id": "chatcmpl-cut-off", "call_ty\n'


def _attribute(name: str, value: str, kind: str = "stringValue") -> str:
    return f"json_object('key', '{name}', 'value', json_object('{kind}', {value}))"


def _integer(name: str, value: str) -> str:
    return _attribute(name, f"cast({value} as varchar)", "intValue")


_COMMON = [
    _attribute("gen_ai.operation.name", "'chat'"),
    _attribute("gen_ai.request.model", "model_name"),
    _attribute("gen_ai.response.model", "model_name || '-' || model_version"),
    _attribute("server.address", "'llm.meridian.internal'"),
    _attribute("gen_ai.latency.time_in_model_inference", "busy_ms / 1000", "doubleValue"),
]
_CURRENT = [
    *_COMMON,
    _attribute("gen_ai.provider.name", "'vllm'"),
    _integer("gen_ai.usage.input_tokens", "input_tokens"),
    _integer("gen_ai.usage.output_tokens", "output_tokens"),
    _integer("gen_ai.usage.cache_read.input_tokens", "cached_input_tokens"),
    _attribute("gen_ai.response.time_to_first_chunk", "ttft_ms / 1000", "doubleValue"),
]
_OLDER = [
    *_COMMON,
    _attribute("gen_ai.system", "'vllm'"),
    _integer("gen_ai.usage.prompt_tokens", "input_tokens"),
    _integer("gen_ai.usage.completion_tokens", "output_tokens"),
    _integer("gen_ai.usage.cached_tokens", "cached_input_tokens"),
    _attribute("gen_ai.latency.time_to_first_token", "ttft_ms / 1000", "doubleValue"),
]
_TOOL = _attribute("gen_ai.operation.name", "'execute_tool'")


def _write_spans(connection: duckdb.DuckDBPyConnection, world: World, plan: Day, folder: Path) -> None:
    """The day as OTLP/JSON trace documents, one a line; every other document in the older attribute names."""
    error, retry = KINDS.index("error"), KINDS.index("retry")
    with (folder / f"{plan.member.log_name}-{plan.day}.jsonl").open("wb") as target:
        for hours in _parts(plan, range(24), ROWS_AT_ONCE):
            query = f"""
            with logged as ({_rows(world, plan, hours)}),
            numbered as (select *, i // {SPANS_A_DOCUMENT} as document from logged),
            spans as (
                select hour, environment, document, "timestamp" as began_at, json_object(
                    'traceId', request_id, 'spanId', substr(request_id, 1, 16), 'name', 'chat ' || model_name,
                    'kind', 2,
                    'startTimeUnixNano', cast(epoch_us("timestamp") * 1000 as varchar),
                    'endTimeUnixNano',
                    cast(epoch_us("timestamp") * 1000 + cast(latency_ms * 1000000 as bigint) as varchar),
                    'status', case when kind = {error}
                        then json_object('code', 2, 'message', error_type) else json_object() end,
                    'attributes', list_concat(
                        case when document % 2 = 0 then [{", ".join(_CURRENT)}] else [{", ".join(_OLDER)}] end,
                        case when kind = {error} then [
                            {_attribute("error.type", "error_type")},
                            {_integer("http.response.status_code", "http_status")}]
                        when kind = {retry} then [{_integer("http.request.resend_count", "1")}]
                        else [] end
                    )
                ) as span
                from numbered
                union all
                select hour, environment, document, "timestamp", json_object(
                    'traceId', request_id, 'spanId', substr(request_id, 17, 16), 'name', 'execute_tool search',
                    'kind', 1,
                    'startTimeUnixNano', cast(epoch_us("timestamp") * 1000 as varchar),
                    'endTimeUnixNano', cast(epoch_us("timestamp") * 1000 + 5000000 as varchar),
                    'status', json_object(), 'attributes', [{_TOOL}])
                from numbered where kind = 0 and i % {SPANS_A_DOCUMENT} = 0
            ),
            documents as (
                select hour, environment, document, min(began_at) as began_at,
                    list(span order by began_at, span::varchar) as spans
                from spans group by all
            )
            select [json_object(
                'resource', json_object('attributes', [
                    {_attribute("service.name", "'vllm'")},
                    {_attribute("deployment.environment.name", "environment")},
                    {_attribute("cloud.region", f"'{REGIONS[plan.member.cloud]}'")},
                    {_attribute("host.type", f"'{world.instance_type(plan.member, plan.day)}'")}]),
                'scopeSpans', [json_object('scope', json_object('name', 'vllm.llm_engine'), 'spans', spans)]
            )] as "resourceSpans"
            from documents order by began_at, environment, document"""
            _append_lines(connection, query, folder, target)
        if plan.counts["faulty"][12]:
            target.write(b'{"resourceSpans": [{"resource": {"attr\n')


def _append_lines(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, target: Any) -> None:
    part = folder / ".part.jsonl"
    connection.execute(f"copy ({query}) to '{part}' (format json)")
    with part.open("rb") as lines:
        shutil.copyfileobj(lines, target)
    part.unlink()


class Truth:
    """What the logs add up to, gathered as they are written."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.members: dict[str, dict[str, dict[str, object]]] = {member.id: {} for member in MEMBERS}
        self.quarantined: dict[str, int] = {}
        self.unmapped: dict[str, int] = {}

    def add(self, connection: duckdb.DuckDBPyConnection, world: World, plan: Day) -> None:
        """Count the day in."""
        total = {kind: sum(int(n) for n in counts) for kind, counts in plan.counts.items()}
        day = str(plan.day)
        entry: dict[str, object] = {
            "predictions": sum(plan.predictions),
            "predictions_hourly": list(plan.predictions),
            "requests": total["success"] + total["error"],
            "errors": total["error"],
            "retries": total["retry"],
            "health_checks": total["health_check"],
            "latency_ms": None,
            "input_tokens": None,
        }
        if 0 < total["success"] <= EXACT_QUANTILES_UP_TO:
            rows = _rows(world, plan, range(24))
            (quantiles, first_token, tokens, busy) = connection.execute(
                "select quantile_disc(latency_ms, [0.5, 0.95, 0.99]) filter (kind = 0), "
                "quantile_disc(ttft_ms, [0.5, 0.95, 0.99]) filter (kind = 0), "
                "sum(input_tokens) filter (kind <= 3), "
                "sum(cast(busy_ms as decimal(18, 3))) filter (kind <= 3) "
                f"from ({rows})"
            ).fetchone() or (None, None, None, None)
            names = ("p50", "p95", "p99")
            entry["latency_ms"] = dict(zip(names, quantiles, strict=True))
            entry["ttft_ms"] = None if first_token is None else dict(zip(names, first_token, strict=True))
            entry["input_tokens"] = None if tokens is None else int(tokens)
            entry["busy_ms"] = None if busy is None else float(busy)
        self.members[plan.member.id][day] = entry
        row_wise = plan.member.id in ("support-assistant", "writing-assistant")
        faulty = total["faulty"] + (1 if row_wise and total["faulty"] else 0)
        self.quarantined[day] = self.quarantined.get(day, 0) + faulty
        self.unmapped[day] = self.unmapped.get(day, 0) + total["unknown"]

    def as_json(self, world: World) -> dict[str, object]:
        """The truth, as plain JSON values."""
        return {
            "members": self.members,
            "quarantined_rows": self.quarantined,
            "unmapped_predictions": self.unmapped,
            "spike_hours": {
                member: [
                    world.at(world.start + timedelta(days=age), hour).isoformat()
                    for age in ages
                    if age < world.days
                    for hour in SPIKE_HOURS
                ]
                for member, ages in SPIKE_DAYS.items()
            },
            "empty_days": {
                member: [str(world.start + timedelta(days=age)) for age in ages if age < world.days]
                for member, ages in EMPTY_DAYS.items()
            },
        }
