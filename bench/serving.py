"""20 million rows of Parquet serving logs, one day: from landing to `mart_throughput_hourly`.

The peer is the best DuckDB query we could write by hand for the same answer. What is timed on our side is the
pipeline's SQL as it runs: the engine's intake of each file, the day's raw rows, and the compiled dbt models.
Hashing files, Great Expectations, dbt and Dagster themselves are not; `bench.runs` measures those.
"""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from bench import Figure, peak, ratio
from bench.quality import built, compiled, prepared, taken_in
from pipelines.scenario.serving import write_serving
from pipelines.scenario.world import MEMBERS, World
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.sources.serving_logs import LOG_GAMMA, SOURCE
from pipelines.warehouse import days as replacing
from pipelines.warehouse.connect import parquet_list, writer
from pipelines.warehouse.transform import dbt

ROWS = 20_000_000
ROWS_AT_SCALE_ONE = 18_500
PAIRS = 5
RATIO, PEAK_GB = 1.3, 2.0
MART = "mart_throughput_hourly"


def run() -> Iterator[Figure]:
    """The ratio to the hand-written query, and the peak memory of the pipeline's part."""
    with TemporaryDirectory(prefix="bench-serving-") as folder:
        settings = _home(Path(folder))
        figure = ratio(
            "serving logs, landing to mart against a query by hand",
            pipeline,
            by_hand,
            settings,
            RATIO,
            PAIRS,
            f"{_row_count(settings):,} rows",
        )
        _assert_same_answer(settings)
        yield figure
        yield peak("serving logs, peak memory", "bench.serving", settings, PEAK_GB)


def _home(folder: Path) -> Settings:
    """A home with the day landed, the catalog and the ledger's tables in place, and the models compiled."""
    settings = Settings(home=folder, catalog=SAMPLE_CATALOG)
    world = World(days=1, seed=1, scale=ROWS / ROWS_AT_SCALE_ONE)
    write_serving(world, settings.landing_dir, [m for m in MEMBERS if not m.tokens[0]])
    prepared(settings, (SOURCE.name,), world.days)
    seeded = dbt(settings, ["seed", "--log-level", "none"])
    if not seeded.success:
        raise RuntimeError(f"dbt seed failed: {seeded.exception}")
    compiled(settings, MART)
    return settings


def pipeline(settings: Settings) -> None:
    """Landing to mart by the pipeline's own SQL: ingest each file, replace the day, build the models."""
    shutil.rmtree(settings.warehouse_dir / "intake", ignore_errors=True)
    folders = [folder for _, folder in taken_in(settings, SOURCE)]
    with writer(settings, "the benchmark") as connection:
        for table in SOURCE.warehouse_tables:
            reduced = parquet_list([folder / f"{table.name}.parquet" for folder in folders])
            columns = ", ".join(table.column_names)
            connection.execute(f"delete from {replacing.raw_name(SOURCE, table)}")
            connection.execute(
                f"insert into {replacing.raw_name(SOURCE, table)} by name "
                f"with {table.name} as (select * from {reduced}), "
                f"requests as ({replacing._empty(SOURCE.table('requests'))}), "
                f"spans as ({replacing._empty(SOURCE.table('spans'))}) "
                f"select {columns}, _day from ({SOURCE.derived[table.name].select})"
            )
        built(settings, connection)


@contextmanager
def _peer(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(settings.home / "by_hand.duckdb"))
    connection.execute(f"set memory_limit = '{settings.memory_limit}'; set threads = {settings.threads}")
    try:
        yield connection
    finally:
        connection.close()


def _quantiles(measure: str) -> str:
    """The three quantiles of each hour, from the histogram `counted` of `measure`."""
    middle = f"2 * exp({{}} * {LOG_GAMMA!r}) / (exp({LOG_GAMMA!r}) + 1)"
    chosen = ", ".join(
        middle.format(f"min({measure}) filter (100 * running >= {p} * total)") + f" as {measure}_p{p}_ms"
        for p in (50, 95, 99)
    )
    return (
        f"select model_name, hour_at, {chosen} from (select model_name, hour_at, {measure}, "
        f"sum(n) over (partition by model_name, hour_at order by {measure}) as running, "
        "sum(n) over (partition by model_name, hour_at) as total from ("
        f"select model_name, hour_at, {measure}, sum(n) as n from counted where {measure} is not null group by all"
        ")) group by all"
    )


def by_hand(settings: Settings) -> None:
    """One query over the same files that trusts its input and knows only the columns the answer needs.

    Histograms, too: exact quantiles of the same rows took 1.3 times as long (2026-11-23).
    """
    width = repr(1 / LOG_GAMMA)
    names = ", ".join(f"('{m.log_name}', '{m.id}')" for m in MEMBERS)
    counted = "status = 'success' and attempt = 1 and not is_health_check"
    errors = ", ".join(
        f"coalesce(sum(n) filter (kind = {number}), 0) as {name}_error_count"
        for number, name in enumerate(("client", "rate_limit", "timeout", "server", "other"), 1)
    )
    with _peer(settings) as connection:
        connection.execute(f"""
        create or replace table mart as
        with counted as (
            select model_name, date_trunc('hour', "timestamp") as hour_at, environment = 'prod' as is_prod,
                case when is_health_check then 20 when attempt > 1 then 10 else 0 end + case
                    when status = 'success' then 0 when http_status = 429 then 2
                    when http_status in (408, 504) then 3 when http_status between 400 and 499 then 1
                    when http_status >= 500 then 4 else 5 end as kind,
                case when {counted} and environment = 'prod'
                    then cast(ceil(ln(latency_ms) * {width} - 1e-9) as integer) end as latency,
                case when {counted} and environment = 'prod'
                    then cast(ceil(ln(ttft_ms) * {width} - 1e-9) as integer) end as ttft,
                count(*) as n, sum(predictions) as predictions, sum(input_tokens) as input_tokens,
                sum(output_tokens) as output_tokens, sum(cached_input_tokens) as cached_input_tokens,
                sum(cast(busy_ms * 1000 as bigint)) as busy_us
            from '{settings.landing_dir}/serving_logs/*/*.parquet'
            group by all
        ),
        summed as (
            select model_name, hour_at,
                coalesce(sum(predictions) filter (kind = 0 and is_prod), 0) as prediction_count,
                coalesce(sum(predictions) filter (kind <> 0 and is_prod), 0) as excluded_prediction_count,
                coalesce(sum(n) filter (kind < 10 and is_prod), 0) as request_count,
                coalesce(sum(n) filter (kind between 1 and 9 and is_prod), 0) as failed_request_count,
                {errors.replace("kind =", "is_prod and kind =")},
                coalesce(sum(n) filter (kind between 10 and 19 and is_prod), 0) as retry_request_count,
                coalesce(sum(n) filter (kind >= 20 and is_prod), 0) as health_check_count,
                coalesce(sum(n) filter (kind < 10 and not is_prod), 0) as other_environment_request_count,
                sum(input_tokens) filter (is_prod) as input_tokens,
                sum(output_tokens) filter (is_prod) as output_tokens,
                sum(cached_input_tokens) filter (is_prod) as cached_input_tokens,
                sum(busy_us) filter (is_prod) / 1000000 as busy_seconds
            from counted group by all
        )
        select coalesce(member_id, 'unmapped') as model_id, summed.* exclude (model_name),
            avg(prediction_count) over (partition by summed.model_name order by summed.hour_at rows 23 preceding)
                as predictions_per_hour_24h,
            avg(prediction_count) over (partition by summed.model_name order by summed.hour_at rows 167 preceding)
                as predictions_per_hour_7d,
            latencies.* exclude (model_name, hour_at), first_tokens.* exclude (model_name, hour_at)
        from summed
        left join (values {names}) as names (name, member_id) on names.name = summed.model_name
        left join ({_quantiles("latency")}) as latencies
            on latencies.model_name = summed.model_name and latencies.hour_at = summed.hour_at
        left join ({_quantiles("ttft")}) as first_tokens
            on first_tokens.model_name = summed.model_name and first_tokens.hour_at = summed.hour_at
        """)


def _assert_same_answer(settings: Settings) -> None:
    columns = "model_id, hour_at, prediction_count, excluded_prediction_count, request_count, failed_request_count, "
    columns += "timeout_error_count, retry_request_count, other_environment_request_count, round(busy_seconds, 3), "
    columns += "round(latency_p50_ms, 6), round(latency_p99_ms, 6)"
    with _peer(settings) as connection:
        connection.execute(f"attach '{settings.warehouse_file}' as ours (read_only)")
        query = f"select {columns} from {{}} where request_count > 0"
        differing = connection.execute(
            f"select count(*) from ({query.format('mart')} except {query.format(f'ours.marts.{MART}')})"
        ).fetchone()
        found = connection.execute("select count(*) from mart").fetchone()
        assert differing == (0,) and found is not None and found[0] >= 4 * 24, (differing, found)


def _row_count(settings: Settings) -> int:
    with _peer(settings) as connection:
        (rows,) = connection.execute(
            f"select count(*) from '{settings.landing_dir}/serving_logs/*/*.parquet'"
        ).fetchone() or (0,)
    return int(rows)


if __name__ == "__main__":
    pipeline(Settings(home=Path(sys.argv[1]), catalog=SAMPLE_CATALOG))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
