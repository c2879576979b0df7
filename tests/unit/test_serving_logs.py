"""Serving logs, whatever their shape, come to the same hours; what is wrong in them is set aside and counted."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.scenario.serving import write_serving
from pipelines.scenario.world import MEMBERS, World
from pipelines.settings import Settings
from pipelines.sources.serving_logs import LOG_GAMMA, SOURCE
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in

Row = dict[str, Any]
GOOD: Row = {
    "request_id": "r1",
    "timestamp": "2026-01-05 10:00:00",
    "model_name": "ranker",
    "model_version": "v1",
    "endpoint": "/predict",
    "environment": "prod",
    "region": "eu",
    "instance_type": "gpu",
    "status": "success",
    "error_type": None,
    "http_status": 200,
    "attempt": 1,
    "is_health_check": False,
    "predictions": 8,
    "latency_ms": 45.25,
    "ttft_ms": 9.5,
    "busy_ms": 30.125,
    "input_tokens": 100,
    "output_tokens": 20,
    "cached_input_tokens": 5,
}
TYPES = {
    "timestamp": "timestamp", "http_status": "integer", "attempt": "integer", "is_health_check": "boolean",
    "predictions": "integer", "latency_ms": "double", "ttft_ms": "double", "busy_ms": "double",
    "input_tokens": "bigint", "output_tokens": "bigint", "cached_input_tokens": "bigint",
}  # fmt: skip


def row(number: int, **changes: Any) -> Row:
    return GOOD | {"request_id": f"r{number}"} | changes


def write(settings: Settings, name: str, rows: list[Row], types: dict[str, str] | None = None) -> None:
    """`rows` as a file of our log schema, its container by `name`."""
    path = settings.landing_dir / "serving_logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.with_suffix(".lines") if path.suffix == ".parquet" else path
    if path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            table = csv.DictWriter(stream, GOOD)
            table.writeheader()
            table.writerows(rows)
        return
    lines.write_text("\n".join(json.dumps(one) for one in rows))
    if path.suffix == ".parquet":
        columns = {column: TYPES.get(column, "varchar") for column in GOOD} | (types or {})
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (from read_json('{lines}', format = 'newline_delimited', columns = {columns})) to '{path}'"
            )
        lines.unlink()


def land(settings: Settings, name: str, text: str) -> None:
    path = settings.landing_dir / "serving_logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def load(settings: Settings) -> list[ledger.FileReport]:
    reports = take_in(settings, SOURCE)
    outcome = replace_days(settings, SOURCE)
    assert not outcome.rejected
    return reports


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return connection.execute(sql).fetchall()


def hours(settings: Settings, columns: str = "* exclude (_content_id, _row)") -> list[tuple[Any, ...]]:
    return query(settings, f"select {columns} from raw.serving_logs__requests_hourly order by all")


def latencies(settings: Settings) -> list[tuple[Any, ...]]:
    return query(settings, "select * exclude (_content_id, _row) from raw.serving_logs__latency_hourly order by all")


MIXED = [
    row(1),
    row(2, timestamp="2026-01-05 10:59:59.999", predictions=3, latency_ms=46.0),
    row(3, status="error", error_type="upstream_timeout", http_status=504, latency_ms=30_000.0),
    row(4, attempt=2),
    row(5, is_health_check=True, predictions=1),
    row(6, environment="shadow", latency_ms=0.0),
    row(7, timestamp="2026-01-06 00:00:00", predictions=None, ttft_ms=None, input_tokens=None, environment=None),
    row(8, status="error", http_status=429),
    row(9, status="error", http_status=None, error_type="ValidationError"),
]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_log_says_the_same_in_every_container(tmp_path: Path, name: str) -> None:
    results = []
    for home, file in (("one", "a.parquet"), ("two", name)):
        settings = Settings(home=tmp_path / home)
        write(settings, file, MIXED)
        load(settings)
        results.append((hours(settings), latencies(settings)))
    assert results[0] == results[1]
    by_outcome = Counter({(row[7], row[8]): row[9] for row in results[0][0] if row[0].day == 5 and row[4] == "prod"})
    assert by_outcome == {
        ("request", None): 2,
        ("request", "timeout"): 1,
        ("request", "rate_limit"): 1,
        ("request", "other"): 1,
        ("retry", None): 1,
        ("health_check", None): 1,
    }


def test_what_a_parquet_file_says_of_itself_changes_nothing(tmp_path: Path) -> None:
    # One model, one region, no tokens put out, all as fast, in text: one file's statistics say so, another has none.
    same = {"model_name": "ranker", "region": "eu", "output_tokens": None, "ttft_ms": None, "latency_ms": "45.25"}
    rows = [one | same | {"input_tokens": "100"} for one in MIXED]
    results = []
    for home, statistics in (("with", True), ("without", False)):
        settings = Settings(home=tmp_path / home)
        write(settings, "a.parquet", rows, types={"latency_ms": "varchar", "input_tokens": "varchar"})
        path = settings.landing_dir / "serving_logs" / "a.parquet"
        pq.write_table(pq.read_table(path), path, write_statistics=statistics)
        load(settings)
        results.append((hours(settings), latencies(settings)))
    assert results[0] == results[1]
    assert {(row[5], row[11] / row[9]) for row in results[0][0]} == {("eu", 100)}


def test_a_batch_counts_what_it_carries_and_a_row_that_does_not_say_counts_one(settings: Settings) -> None:
    write(settings, "a.parquet", [row(1), row(2, predictions=None)])
    load(settings)
    assert hours(settings, "request_count, prediction_count, busy_ms::varchar") == [(2, 9, "60.250")]


def test_only_first_tries_that_succeed_are_in_the_histogram(settings: Settings) -> None:
    write(settings, "a.parquet", MIXED)
    load(settings)
    counted = query(
        settings,
        "select measure, environment, sum(request_count)::int from raw.serving_logs__latency_hourly "
        "group by all order by all",
    )
    assert counted == [
        ("latency", "prod", 2),
        ("latency", "shadow", 1),
        ("latency", None, 1),
        ("ttft", "prod", 2),
        ("ttft", "shadow", 1),
    ]


def test_a_bucket_is_at_most_one_percent_off() -> None:
    for exponent in range(-60, 160):
        latency = 1.1**exponent
        bucket = math.ceil(math.log(latency) / LOG_GAMMA - 1e-9)
        middle = 2 * math.exp(bucket * LOG_GAMMA) / (math.exp(LOG_GAMMA) + 1)
        assert abs(middle / latency - 1) <= 0.01 + 1e-9


BAD: dict[str, Row] = {
    "requested_at is missing": {"timestamp": None},
    "model_name is missing": {"model_name": None},
    "model_name is empty": {"model_name": ""},
    "status is neither success nor error": {"status": "maybe"},
    "predictions is below 1 or above 1,000,000,000": {"predictions": 0},
    "attempt is below 1": {"attempt": 0},
    "input_tokens is negative or above 1,000,000,000": {"input_tokens": -1},
    "requested_at is before 1990": {"timestamp": "1970-01-01 00:00:00"},
    "requested_at is later than a day after the file was written": {"timestamp": "2126-01-05 10:00:00"},
}


def test_bad_rows_of_a_parquet_log_are_set_aside_with_their_reason(settings: Settings) -> None:
    rows = [row(n) for n in range(100)] + [row(200 + n, **change) for n, change in enumerate(BAD.values())]
    write(settings, "a.parquet", rows)
    (report,) = load(settings)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (len(rows), 100, len(BAD))
    aside = query(settings, "select reason, raw from raw.quarantine order by row_number")
    assert [reason for reason, _ in aside] == list(BAD)
    assert [json.loads(raw)["request_id"] for _, raw in aside] == [f"r{200 + n}" for n in range(len(BAD))]
    assert hours(settings, "sum(request_count)::int") == [(100,)]


def test_a_row_wise_log_sets_aside_the_same_rows(settings: Settings) -> None:
    rows = [row(n) for n in range(100)] + [row(200 + n, **change) for n, change in enumerate(BAD.values())]
    write(settings, "a.jsonl", rows)
    (report,) = load(settings)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (len(rows), 100, len(BAD))


def test_a_column_of_another_type_is_read_where_its_values_allow(settings: Settings) -> None:
    write(
        settings,
        "a.parquet",
        [row(1, timestamp="2026-01-05T12:00:00+02:00"), row(2, latency_ms="fast"), row(3, timestamp="soon")],
        types={"timestamp": "varchar", "latency_ms": "varchar", "predictions": "varchar"},
    )
    load(settings)
    assert hours(settings, "hour_at::varchar, prediction_count") == [("2026-01-05 10:00:00", 8)]
    reasons = [reason for (reason,) in query(settings, "select reason from raw.quarantine order by row_number")]
    assert reasons == ["latency_ms is not a DOUBLE", "requested_at is not a TIMESTAMP"]


def test_a_row_whose_text_says_that_there_is_no_time_is_set_aside_and_the_others_load(settings: Settings) -> None:
    rows = [row(1), row(2, timestamp="null"), row(3, timestamp=" "), row(4, timestamp=None)]
    write(settings, "a.parquet", rows, types={"timestamp": "varchar"})
    (report,) = load(settings)
    assert (report.rows_loaded, report.rows_quarantined) == (1, 3)
    assert query(settings, "select distinct reason from raw.quarantine") == [("requested_at is missing",)]
    assert hours(settings, "sum(request_count)::int") == [(1,)]


def test_a_log_needs_no_more_than_its_three_required_columns(settings: Settings) -> None:
    land(settings, "a.csv", "timestamp,model_name,status\n2026-01-05 10:00:00,ranker,success\n")
    land(settings, "b.jsonl", '{"timestamp": "2026-01-05T10:00:00Z", "model_name": "ranker", "status": "success"}')
    columns = {"timestamp": ["2026-01-05T10:00:00Z"], "model_name": ["ranker"], "status": ["success"]}
    pq.write_table(pa.table(columns), settings.landing_dir / "serving_logs" / "c.parquet")
    load(settings)
    assert hours(settings, "model_name, traffic, request_count, prediction_count") == [("ranker", "request", 3, 3)]


def test_a_row_delivered_twice_is_one_request_but_its_retry_and_its_shadow_are_not_it(settings: Settings) -> None:
    write(settings, "a.jsonl", [row(1), row(1), row(1, attempt=2), row(1, environment="shadow")])
    write(settings, "b.jsonl", [row(1), row(2)])
    load(settings)
    counted = hours(settings, "environment, traffic, request_count")
    assert counted == [("prod", "request", 2), ("prod", "retry", 1), ("shadow", "request", 1)]


def test_parquet_and_row_wise_files_of_one_day_add_up(settings: Settings) -> None:
    write(settings, "a.parquet", [row(1), row(2)])
    write(settings, "b.parquet", [row(3)])
    write(settings, "c.jsonl", [row(4), row(5, latency_ms=45.25)])
    load(settings)
    assert hours(settings, "request_count, prediction_count") == [(5, 40)]
    found = query(
        settings,
        "select measure, request_count, list_sum([b.request_count for b in buckets])::int, "
        "list_distinct([b.bucket for b in buckets]) from raw.serving_logs__latency_hourly order by 1",
    )
    buckets = [math.ceil(math.log(GOOD[measure]) / LOG_GAMMA) for measure in ("latency_ms", "ttft_ms")]
    assert found == [("latency", 5, 5, buckets[:1]), ("ttft", 5, 5, buckets[1:])]


def test_a_log_without_rows_covers_the_day_its_name_says(settings: Settings) -> None:
    write(settings, "ranker-2026-01-07.parquet", [])
    load(settings)
    assert query(settings, "select day::varchar from ledger.coverage") == [("2026-01-07",)]


LITELLM: Row = {
    "request_id": "chatcmpl-1",
    "call_type": "acompletion",
    "api_key": "88dc28",
    "spend": 0.01,
    "total_tokens": 1100,
    "prompt_tokens": 900,
    "completion_tokens": 200,
    "startTime": "2026-01-05T10:00:00.000Z",
    "endTime": "2026-01-05T10:00:01.500Z",
    "completionStartTime": "2026-01-05T10:00:00.250Z",
    "model": "openai/gpt-4o-2024-08-06",
    "model_group": "gpt-support",
    "api_base": "https://api.openai.com/v1",
    "metadata": {"status": "success", "usage_object": {"prompt_tokens_details": {"cached_tokens": 64}}},
    "request_tags": ["team:support"],
    "team_id": "support",
    "status": "success",
}
FAILED = {
    "status": "failure",
    "error_information": {"error_class": "RateLimitError", "error_code": "429"},
    "attempted_retries": 0,
}
LITELLM_ROWS = [
    LITELLM,
    LITELLM | {"request_id": "chatcmpl-2", "completionStartTime": LITELLM["endTime"]},
    LITELLM | {"request_id": "chatcmpl-3", "status": None, "metadata": FAILED},
    LITELLM | {"request_id": "chatcmpl-4", "metadata": {"attempted_retries": 1}},
    LITELLM | {"request_id": "chatcmpl-5", "team_id": "litellm-internal-health-check"},
    LITELLM | {"request_id": "chatcmpl-6", "request_tags": ["team:support", "env:staging"], "model_group": ""},
]


def _litellm_csv(rows: Iterable[Row]) -> str:
    def cell(value: Any) -> str:
        text = "" if value is None else json.dumps(value) if isinstance(value, dict | list) else str(value)
        return '"' + text.replace('"', '""') + '"'

    return "\n".join([",".join(LITELLM), *(",".join(cell(one[key]) for key in LITELLM) for one in rows)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "\n".join(json.dumps(one) for one in LITELLM_ROWS)),
        ("a.json", json.dumps(LITELLM_ROWS)),
        ("a.csv", _litellm_csv(LITELLM_ROWS)),
    ],
    ids=["json lines", "one array", "csv"],
)
def test_litellm_spend_logs(settings: Settings, name: str, text: str) -> None:
    land(settings, name, text)
    load(settings)
    seen = hours(
        settings, "model_name, environment, traffic, error_class, request_count, input_tokens, cached_input_tokens"
    )
    assert seen == [
        ("gpt-support", None, "health_check", None, 1, 900, 64),
        ("gpt-support", None, "request", "rate_limit", 1, 900, None),
        ("gpt-support", None, "request", None, 2, 1800, 128),
        ("gpt-support", None, "retry", None, 1, 900, None),
        ("openai/gpt-4o-2024-08-06", "staging", "request", None, 1, 900, 64),
    ]
    streamed = "select sum(request_count)::int from raw.serving_logs__latency_hourly where measure = 'ttft'"
    assert query(settings, streamed) == [(2,)]
    (slowest,) = query(
        settings,
        "select max(list_max([b.bucket for b in buckets])) from raw.serving_logs__latency_hourly "
        "where measure = 'latency'",
    )
    assert slowest == (math.ceil(math.log(1500) / LOG_GAMMA - 1e-9),)


def span(number: int, attributes: dict[str, Any], code: int = 0) -> Row:
    def value(one: Any) -> Row:
        if isinstance(one, int):
            return {"intValue": str(one)}
        return {"doubleValue": one} if isinstance(one, float) else {"stringValue": one}

    began = 1_767_607_200_000_000_000 + number
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"eee19b7ec3c1b{number:03d}",
        "name": "chat",
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + 1_500_000_000),
        "status": {"code": code} if code else {},
        "attributes": [{"key": key, "value": value(one)} for key, one in attributes.items()],
    }


def trace(*spans: Row, environment: str = "prod") -> Row:
    resource = {
        "attributes": [
            {"key": "deployment.environment.name", "value": {"stringValue": environment}},
            {"key": "cloud.region", "value": {"stringValue": "eu-west-1"}},
        ]
    }
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


CURRENT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "vllm",
    "gen_ai.request.model": "writer",
    "gen_ai.response.model": "writer-v3",
    "gen_ai.usage.input_tokens": 600,
    "gen_ai.usage.output_tokens": 350,
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.latency.time_in_model_inference": 1.25,
}
OLDER = {
    "gen_ai.system": "vllm",
    "gen_ai.request.model": "writer",
    "gen_ai.response.model": "writer-v3",
    "gen_ai.usage.prompt_tokens": 600,
    "gen_ai.usage.completion_tokens": 350,
    "gen_ai.latency.time_to_first_token": 0.25,
    "gen_ai.latency.time_in_model_inference": 1.25,
}
OTHERS = [
    span(7, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}),
    span(8, {"db.system": "postgresql"}),
]
DOCUMENTS = [
    trace(span(1, CURRENT), span(2, OLDER), *OTHERS),
    trace(span(3, CURRENT | {"error.type": "timeout"}, code=2), span(4, CURRENT | {"http.request.resend_count": 1})),
    trace(span(5, OLDER), environment="staging"),
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "\n".join(json.dumps(document) for document in DOCUMENTS)),
        ("a.json", json.dumps({"resourceSpans": [r for d in DOCUMENTS for r in d["resourceSpans"]]}, indent=2)),
    ],
    ids=["a document a line", "one big document"],
)
def test_otlp_spans_in_current_and_older_names(settings: Settings, name: str, text: str) -> None:
    land(settings, name, text)
    load(settings)
    columns = "environment, traffic, error_class, model_version, region, request_count, input_tokens, busy_ms::varchar"
    assert hours(settings, columns) == [
        ("prod", "request", "timeout", "writer-v3", "eu-west-1", 1, 600, "1250.000"),
        ("prod", "request", None, "writer-v3", "eu-west-1", 2, 1200, "2500.000"),
        ("prod", "retry", None, "writer-v3", "eu-west-1", 1, 600, "1250.000"),
        ("staging", "request", None, "writer-v3", "eu-west-1", 1, 600, "1250.000"),
    ]


def test_real_llm_traces_are_counted_to_the_request(settings: Settings, real_data: Path) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    tokens: Counter[str] = Counter()
    for path in sorted((real_data / "llm_trace").glob("*.csv")):
        land(settings, path.name, path.read_text())
        with path.open() as stream:
            for line in csv.DictReader(stream):
                expected[path.stem, line["TIMESTAMP"][:13] + ":00:00"] += 1
                tokens[path.stem] += int(line["ContextTokens"])
    load(settings)
    counted = query(
        settings,
        "select model_name, hour_at::varchar, sum(prediction_count)::int "
        "from raw.serving_logs__requests_hourly group by all",
    )
    assert {(model, hour): count for model, hour, count in counted} == dict(expected)
    assert sum(expected.values()) == 19_366 + 8_819
    read = "select model_name, sum(input_tokens)::int from raw.serving_logs__requests_hourly group by all"
    assert dict(query(settings, read)) == tokens


def test_the_sample_company_logs_exactly_the_worlds_predictions(tmp_path: Path) -> None:
    world = World(days=2, seed=3, scale=0.2)
    truth = write_serving(world, tmp_path / "landing")
    settings = Settings(home=tmp_path)
    load(settings)
    logged = dict(
        query(
            settings,
            "select (model_name, _day::varchar)::varchar, sum(prediction_count)::int "
            "from raw.serving_logs__requests_hourly where traffic = 'request' and error_class is null "
            "and coalesce(environment, 'prod') = 'prod' and model_name <> 'ghost-ranker' group by all",
        )
    )
    for member in MEMBERS:
        for day in world.dates:
            planted = int(world.predictions(member, day).sum())
            assert truth["members"][member.id][str(day)]["predictions"] == planted  # type: ignore[index]
            assert logged.get(f"({member.log_name}, {day})", 0) == planted


def test_numbers_and_flags_of_a_parquet_log_are_read_whatever_their_type(settings: Settings) -> None:
    odd = {"http_status": "double", "attempt": "varchar", "is_health_check": "varchar", "latency_ms": "varchar"}
    rows = [row(1, http_status=200.0, is_health_check="False"), row(2, attempt="2.0"), row(3, is_health_check="True")]
    write(settings, "a.parquet", [*rows, row(4, http_status=None, attempt="", latency_ms="NaN")], types=odd)
    (report,) = load(settings)
    assert (report.rows_loaded, report.rows_quarantined) == (4, 0)
    counted = hours(settings, "traffic, request_count")
    assert counted == [("health_check", 1), ("request", 2), ("retry", 1)]


@pytest.mark.parametrize("name", ["b.jsonl", "b.parquet"])
def test_a_day_of_mostly_bad_requests_is_rejected_though_only_hours_are_kept_of_it(
    settings: Settings, name: str
) -> None:
    good = [row(number) for number in range(100)]
    bad = [row(number, predictions=-8) for number in range(100, 170)]
    write(settings, "a.jsonl", good + bad[:30])
    load(settings)
    write(settings, name, [row(200), *bad[30:]])
    take_in(settings, SOURCE)
    ((finding,),) = replace_days(settings, SOURCE).rejected.values()
    assert "requests_hourly 2026-01-05: quarantined_share is 0.409357" in str(finding)
