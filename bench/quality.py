"""10 million predictions with a label each, 30 days: from landing to `mart_accuracy_daily`.

The peer is bare SQL over the same files: the join of predictions and labels, counted per cohort, day, outcome and
hundredth of the score, and the measures of that; it trusts its input, no id repeats and no label is corrected. What
is timed on our side is the pipeline's SQL as it runs: the intake of each file and the compiled dbt models, the
statistics included. Hashing files, Great Expectations, dbt and Dagster themselves are not; `bench.runs` measures those.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import duckdb

from bench import Figure, peak, ratio
from pipelines.catalog.load import load_catalog
from pipelines.scenario.world import FIRST_DAY
from pipelines.settings import DBT_PROJECT, SAMPLE_CATALOG, Settings
from pipelines.sources import all_sources
from pipelines.sources.predictions import SOURCE
from pipelines.sources.spec import Source
from pipelines.warehouse import days as replacing
from pipelines.warehouse import file_versions, intake, landing, ledger_schema
from pipelines.warehouse.connect import scratch, writer
from pipelines.warehouse.objects import Objects
from pipelines.warehouse.transform import dbt, load_catalog_tables

ROWS, DAYS = 10_000_000, 30
PAIRS = 3
RATIO, PEAK_GB = 3.0, 3.0
MART = "mart_accuracy_daily"
ALL = "cohort = 'all'"


def run() -> Iterator[Figure]:
    """The ratio to bare SQL, and the peak memory of the pipeline's part."""
    with TemporaryDirectory(prefix="bench-quality-") as folder:
        settings = home(Path(folder))
        figure = ratio(
            "predictions with labels, landing to mart against bare SQL",
            pipeline,
            by_hand,
            settings,
            RATIO,
            PAIRS,
            f"{ROWS:,} predictions",
        )
        _assert_same_answer(settings)
        yield figure
        yield peak("predictions with labels, peak memory", "bench.quality", settings, PEAK_GB)


def prepared(settings: Settings, sources: Sequence[str], days: int) -> None:
    """The catalog, the ledger and the sources' tables in place, all days of the benchmark to be built."""
    with writer(settings, "the benchmark") as connection:
        ledger_schema.create(connection)
        for source in all_sources().values():
            replacing.create_tables(connection, source)
        load_catalog_tables(connection, load_catalog(settings.catalog_dir))
        connection.execute(
            "insert into ledger.days_to_rebuild select unnest(generate_series(?::date, ?::date, interval 1 day))::date",
            [FIRST_DAY, FIRST_DAY + timedelta(days=days - 1)],
        )
        connection.execute("create or replace table bench_days as select day from ledger.days_to_rebuild")
        names = ", ".join(f"'{name}'" for name in sources)
        connection.execute(
            f"create or replace view ledger.coverage as select unnest([{names}]) as source, day from bench_days"
        )


def compiled(settings: Settings, mart: str) -> None:
    """Keep the compiled models that lead to the mart, in their order, for `built`."""
    result = dbt(settings, ["compile", "--log-level", "none", "--full-refresh", "--select", f"+{mart}"])
    if not result.success:
        raise RuntimeError(f"dbt compile failed: {result.exception}")
    steps: list[dict[str, str]] = []
    for node in (one.node for one in result.result.results if one.node.resource_type == "model"):
        if node.config.materialized == "ephemeral":
            continue
        kind = "view" if node.config.materialized == "view" else "table"
        step = {"relation": node.relation_name, "kind": kind, "sql": node.compiled_code, "python": ""}
        if node.language == "python":
            step |= {"sql": "", "python": str(DBT_PROJECT / node.original_file_path)}
        steps.append(step)
    (settings.home / "models.json").write_text(json.dumps(steps))


def taken_in(settings: Settings, source: Source) -> list[tuple[str, Path]]:
    """Every landing file of the source as intake leaves it: its path, and the folder of its Parquet."""
    version = intake.version_of(source)
    with intake.reading(settings, source, Objects(settings, source.name)) as (pool, read):
        files = {f"{number:016d}": file for number, file in enumerate(landing.landing_files(settings, source))}
        delivered = {file.path: file.modified_at for file in files.values()}
        done = list(pool.map(lambda content: read({content: files[content]}, delivered)[content], files))
    assert {report.status for report in done} == {"loaded"}, done
    return [
        (report.path, file_versions.file_version_folder(settings, source.name, version, report.content_id))
        for report in done
    ]


def built(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Build the models that `compiled` kept."""
    for schema in ("staging", "intermediate", "marts"):
        connection.execute(f"create schema if not exists {schema}")
    for step in json.loads((settings.home / "models.json").read_text()):
        if step["python"]:
            _python_model(connection, step["python"], step["relation"])
        else:
            connection.execute(f"create or replace {step['kind']} {step['relation']} as {step['sql']}")


def home(folder: Path) -> Settings:
    """A home with the files landed, the sample catalog, and the models compiled."""
    settings = Settings(home=folder, catalog=SAMPLE_CATALOG)
    _land(settings)
    prepared(settings, ("predictions",), DAYS + 4)
    compiled(settings, MART)
    return settings


def _land(settings: Settings) -> None:
    """A file of predictions and one of labels a day; labels come up to three days late, frauds are 1 in 20."""
    folder = settings.landing_dir / "predictions"
    folder.mkdir(parents=True)
    a_day = ROWS // DAYS
    with scratch(settings) as connection:
        for number in range(DAYS):
            day = FIRST_DAY + timedelta(days=number)
            connection.execute(f"""
            create or replace temp table rows as
            select 'fraud-{day:%Y%m%d}-' || i as prediction_id,
                timestamp '{day}' + to_microseconds((i * 86400000000) // {a_day}) as "timestamp",
                'fraud-score' as model_name, 'v1' as model_version, 'prod' as environment,
                case when hash(i, {number}) % 20 = 0
                    then 1 - pow((hash(i, {number}, 1) % 1000003) / 1000003, 2)
                    else pow((hash(i, {number}, 2) % 1000003) / 1000003, 4) end as score,
                '{{"channel": "' || case when hash(i, 3) % 3 = 0 then 'card' else 'online' end || '", "age_band": "'
                    || ['under_35', '35_to_65', 'over_65'][(1 + hash(i, 4) % 3)::int] || '"}}' as cohorts,
                timestamp '{day}' + to_seconds((hash(i, {number}, 5) % 250000)::bigint) + interval 1 day as labelled_at,
                case when hash(i, {number}) % 20 = 0 then 'fraud' else 'genuine' end as label
            from range({a_day}) as r(i)""")
            for name, columns in (
                (f"log-{day}", "* exclude (labelled_at, label)"),
                (f"labels-{day}", "prediction_id, labelled_at, label"),
            ):
                connection.execute(f"copy (select {columns} from rows) to '{folder}/{name}.parquet' (compression zstd)")


def pipeline(settings: Settings) -> None:
    """Landing to mart by the pipeline's own code: ingest each file, show it, build the models."""
    shutil.rmtree(settings.warehouse_dir / "intake", ignore_errors=True)
    folders: dict[str, list[Path]] = {table.name: [] for table in SOURCE.tables}
    for path, folder in taken_in(settings, SOURCE):
        folders["labels" if "labels" in path else "predictions"].append(folder)
    with writer(settings, "the benchmark") as connection:
        for table in SOURCE.warehouse_tables:
            shown = file_versions.good_rows(SOURCE, table, folders[table.name])
            connection.execute(f"create or replace view {replacing.raw_name(SOURCE, table)} as {shown}")
        built(settings, connection)


def _python_model(connection: duckdb.DuckDBPyConnection, path: str, relation: str) -> None:
    """Run a dbt Python model as dbt-duckdb does."""
    room: dict[str, object] = {}
    exec(Path(path).read_text(), room)  # noqa: S102 -- a model of this project

    def ref(name: str) -> duckdb.DuckDBPyRelation:
        return connection.table(f"{'intermediate' if name.startswith('int_') else 'marts'}.{name}")

    access = SimpleNamespace(config=lambda **_: None, ref=ref)
    found = room["model"](access, connection)  # type: ignore[operator]
    connection.register("found", found)
    connection.execute(f"create or replace table {relation} as from found")
    connection.unregister("found")


def by_hand(settings: Settings) -> None:
    """The bare scans, join and counts that the answer cannot do without."""
    folder = settings.landing_dir / "predictions"
    with duckdb.connect(str(settings.home / "by_hand.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{settings.memory_limit}'; set threads = {settings.threads}")
        connection.execute(f"""
        create or replace table counted as
        select cast("timestamp" as date) as event_date, cohorts, score >= 0.5 as said, label = 'fraud' as was,
            floor(score * 100) as bin, count(*) as predictions, count(label) as labelled,
            sum(score) as score_sum, sum(-ln(case when label = 'fraud' then score else 1 - score end)) as log_loss_sum,
            sum(epoch(labelled_at) - epoch("timestamp")) as delay_seconds
        from '{folder}/log-*.parquet' left join '{folder}/labels-*.parquet' using (prediction_id)
        group by all""")
        connection.execute("""
        create or replace table mart as
        select event_date, cohort,
            sum(labelled) as labelled_count, sum(labelled) filter (said and was) as hits,
            sum(labelled) filter (said and not was) as alarms, sum(labelled) filter (was and not said) as misses,
            sum(log_loss_sum) / sum(labelled) as log_loss, sum(delay_seconds) / sum(labelled) / 3600 as delay_hours
        from counted, unnest(
            ['all', 'channel ' || (cohorts->>'channel'), 'age_band ' || (cohorts->>'age_band')]
        ) as named(cohort)
        group by all""")


def _assert_same_answer(settings: Settings) -> None:
    with duckdb.connect(str(settings.home / "by_hand.duckdb")) as connection:
        connection.execute(f"attach '{settings.warehouse_file}' as ours (read_only)")
        # Delays are counted in whole milliseconds on our side.
        query = "select event_date, labelled_count, {}, round(log_loss, 6), round({}, 5) from {} where {}"
        ours = query.format(
            "true_positive_count, false_positive_count, false_negative_count",
            "mean_label_delay_hours",
            f"ours.marts.{MART}",
            "cohort_attribute = 'all'",
        )
        differing = connection.execute(
            f"select count(*) from ({query.format('hits, alarms, misses', 'delay_hours', 'mart', ALL)} except {ours})"
        ).fetchone()
        found = connection.execute(f"select sum(labelled_count) from ours.marts.{MART} where cohort_attribute = 'all'")
        assert differing == (0,) and found.fetchone() == (ROWS // DAYS * DAYS,), differing


if __name__ == "__main__":
    pipeline(Settings(home=Path(sys.argv[1]), catalog=SAMPLE_CATALOG))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
