"""10 million rows of 20 features, 30 days: from landing to `mart_drift_windows`.

The peer is bare SQL over the same files: each feature's values counted per day and decile of the training snapshot,
and PSI of that. What is timed on our side is the pipeline's SQL as it runs: the intake of each file, the days' rows and
the compiled dbt models, the statistics included. Hashing files, Great Expectations, dbt and Dagster themselves are not.
"""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from bench import Figure, peak, ratio
from bench.quality import built, compiled, prepared, taken_in
from pipelines.scenario.world import FIRST_DAY
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse import days as replacing
from pipelines.warehouse import file_versions
from pipelines.warehouse.connect import scratch, writer

ROWS, DAYS, FEATURES = 10_000_000, 30, 20
TRAINED = 200_000
PAIRS = 3
RATIO, PEAK_GB = 3.0, 3.0
MART = "mart_drift_windows"
NAMES = [f"feature_{number:02}" for number in range(FEATURES)]
SOURCES = ("features", "training")
MEMBER = """\
id: ten-million
kind: model
name: Ten million
description: A model that reads 20 features.
business_unit: Bench
identifiers: [{source: features, kind: model_name, value: ten-million}]
drift:
  features:
"""


def run() -> Iterator[Figure]:
    """The ratio to bare SQL, and the peak memory of the pipeline's part."""
    with TemporaryDirectory(prefix="bench-drift-") as folder:
        settings = home(Path(folder))
        figure = ratio(
            "features, landing to mart against bare SQL",
            pipeline,
            by_hand,
            settings,
            RATIO,
            PAIRS,
            f"{ROWS:,} rows of {FEATURES} features",
        )
        _assert_same_answer(settings)
        yield figure
        yield peak("features, peak memory", "bench.drift", settings, PEAK_GB)


def home(folder: Path) -> Settings:
    """A home with the files landed, a catalog of one model, and the models compiled."""
    settings = Settings(home=folder)
    (settings.catalog_dir / "workforce").mkdir(parents=True)
    (settings.catalog_dir / "company.yaml").write_text("name: Bench\n")
    watched = "".join(f"    - {{name: {name}, kind: numeric}}\n" for name in NAMES)
    (settings.catalog_dir / "workforce" / "ten-million.yaml").write_text(MEMBER + watched)
    _land(settings)
    prepared(settings, SOURCES, DAYS)
    compiled(settings, MART)
    return settings


def _land(settings: Settings) -> None:
    """A file of 20 columns a day, log-normal but for one that drifts in the last week, and a snapshot."""
    a_day = ROWS // DAYS
    for name in SOURCES:
        (settings.landing_dir / name).mkdir(parents=True)
    with scratch(settings) as connection:

        def write(path: str, count: int, seed: int, about: str, shift: float) -> None:
            # Every cell has a number of its own to hash: three uniform ones make a bell.
            def cell(place: int) -> str:
                number = f"((i * {FEATURES} + {place}) * 3 + {{}}) * 64 + {seed}"
                return " + ".join(f"(hash({number.format(part)}) % 65536) / 65536" for part in range(3))

            cells = ", ".join(
                f"exp({cell(place)} - 1.5{f' + {shift}' if place == 0 else ''}) as {name}"
                for place, name in enumerate(NAMES)
            )
            connection.execute(
                f"copy (select {about}, 'ten-million' as model, 'v1' as version, {cells} from range({count}) as r(i)) "
                f"to '{settings.landing_dir / path}' (compression zstd)"
            )

        for number in range(DAYS):
            day = FIRST_DAY + timedelta(days=number)
            at = f"""timestamp '{day}' + to_microseconds((i * 86400000000) // {a_day}) as "timestamp\""""
            write(f"features/log-{day}.parquet", a_day, number + 1, at, 0.4 if number >= DAYS - 7 else 0.0)
        taken = f"'s1' as snapshot_id, timestamp '{FIRST_DAY - timedelta(days=1)}' as taken_at"
        write("training/s1.parquet", TRAINED, 0, taken, 0.0)


def pipeline(settings: Settings) -> None:
    """Landing to mart by the pipeline's own code: ingest each file, replace its day, build the models."""
    shutil.rmtree(settings.warehouse_dir / "intake", ignore_errors=True)
    folders = {name: [folder for _, folder in taken_in(settings, all_sources()[name])] for name in SOURCES}
    with writer(settings, "the benchmark") as connection:
        for name in SOURCES:
            source = all_sources()[name]
            for table in source.warehouse_tables:
                found = file_versions.good_rows(source, table, folders[name])
                if found is None:
                    continue
                raw = replacing.raw_name(source, table)
                if table.name in source.external:
                    connection.execute(f"create or replace view {raw} as {found}")
                    continue
                reduced, *others = source.derived[table.name].inputs
                empty = ", ".join(f'"{item}" as ({replacing._empty(source.table(item))})' for item in others)
                connection.execute(f"delete from {raw}")
                connection.execute(
                    f"insert into {raw} by name with {reduced} as ({found}), {empty} "
                    f"select * from ({source.derived[table.name].select})"
                )
        built(settings, connection)


def by_hand(settings: Settings) -> None:
    """The bare scans that the answer cannot do without: a scan of each feature, its deciles known."""
    with duckdb.connect(str(settings.home / "by_hand.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{settings.memory_limit}'; set threads = {settings.threads}")
        connection.execute("create or replace table counted (event_date date, feature text, bin int, n bigint)")
        for name in NAMES:
            ((edges,),) = connection.execute(
                f"select quantile_disc({name}, {[k / 10 for k in range(1, 10)]}) "
                f"from '{settings.landing_dir}/training/s1.parquet'"
            ).fetchall()
            bins = " ".join(f"when {name} <= {edge!r} then {place}" for place, edge in enumerate(edges))
            for day, files in (('cast("timestamp" as date)', "features/log-*"), ("null", "training/s1")):
                connection.execute(
                    f"insert into counted select {day}, '{name}', case {bins} else 9 end, count(*) "
                    f"from '{settings.landing_dir}/{files}.parquet' group by all"
                )
        connection.execute("""
        create or replace table mart as
        with filled as (
            select day.event_date, named.feature, bins.bin, coalesce(counted.n, 0) + 0.5 as n
            from (select distinct event_date from counted) as day
            cross join (select distinct feature from counted) as named
            cross join range(10) as bins(bin)
            left join counted on counted.event_date is not distinct from day.event_date
                and counted.feature = named.feature and counted.bin = bins.bin
        ),
        shares as (select *, n / sum(n) over (partition by event_date, feature) as share from filled)
        select seen.event_date, seen.feature, sum((seen.share - known.share) * ln(seen.share / known.share)) as psi
        from shares as seen inner join shares as known using (feature, bin)
        where seen.event_date is not null and known.event_date is null
        group by all""")


def _assert_same_answer(settings: Settings) -> None:
    """To within what bins round: a tenth of a PSI that is drift, a hundredth of one that is none."""
    with duckdb.connect(str(settings.home / "by_hand.duckdb")) as connection:
        connection.execute(f"attach '{settings.warehouse_file}' as ours (read_only)")
        late = f"mart.event_date >= '{FIRST_DAY + timedelta(days=DAYS - 7)}'"
        counts = connection.execute(f"""
        select count(*), count(*) filter (abs(ours.psi - mart.psi) > 0.01 + 0.1 * mart.psi),
            count(*) filter (ours.is_drifted <> (mart.feature = 'feature_00' and {late}))
        from mart inner join ours.marts.{MART} as ours
            on mart.feature = ours.feature and mart.event_date = ours.window_start_at::date""").fetchone()
        assert counts == (DAYS * FEATURES, 0, 0), counts


if __name__ == "__main__":
    pipeline(Settings(home=Path(sys.argv[1])))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
