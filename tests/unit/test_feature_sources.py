"""Feature logs and training snapshots, whatever their shape, come to the same counts of bins that add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.sources.binning import CATEGORIES, EXACT_DISTINCT, OTHER
from pipelines.sources.spec import Source
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in

FEATURES, TRAINING = all_sources()["features"], all_sources()["training"]


def land(settings: Settings, source: Source, name: str, text: str) -> Path:
    path = settings.landing_dir / source.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def as_parquet(settings: Settings, source: Source, name: str, select: str) -> None:
    path = land(settings, source, name, "")
    with duckdb.connect() as connection:
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")


def load(settings: Settings, source: Source) -> list[ledger.FileReport]:
    reports = take_in(settings, source)
    assert not replace_days(settings, source).rejected
    return reports


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return connection.execute(sql).fetchall()


def bins(settings: Settings) -> list[tuple[Any, ...]]:
    return query(
        settings,
        "select hour_at, model_name, model_version, environment, feature, bin_bits, bin_value, category, value_count "
        "from (from raw.features__bins_hourly union all from raw.features__value_bins_hourly) order by all",
    )


WIDE = """timestamp,model,version,prediction_id,amount,kind
2026-01-05T10:00:00Z,m,v1,a,1.5,x
2026-01-05T10:30:00Z,m,v1,b,,y
2026-01-05T11:00:00+00:00,m,v1,c,1.5,
2026-01-05 10:59:59,m,v1,d,-3,x
"""


def test_a_log_says_the_same_a_column_a_feature_and_a_row_a_value_as_text_and_as_parquet(tmp_path: Path) -> None:
    results = []
    for name in ("wide.csv", "wide.parquet", "long.csv", "long.parquet"):
        settings = Settings(home=tmp_path / name)
        wide = land(settings, TRAINING, "wide.csv", WIDE)
        typed = f"""select "timestamp"::timestamptz at time zone 'UTC' as "timestamp", model, version,
            prediction_id, amount::double as amount, kind from read_csv('{wide}', all_varchar = true)"""
        long = f"""select "timestamp", model, version, prediction_id, feature, "value" from (
            select * replace (amount::varchar as amount) from ({typed})
        ) unpivot include nulls ("value" for feature in (amount, kind))"""
        if name == "wide.csv":
            land(settings, FEATURES, name, WIDE)
        elif name == "long.csv":
            path = land(settings, FEATURES, name, "")
            with duckdb.connect() as connection:
                connection.execute(f"copy ({long}) to '{path}' (format csv, header)")
        else:
            as_parquet(settings, FEATURES, name, typed if name == "wide.parquet" else long)
        load(settings, FEATURES)
        results.append(bins(settings))
    assert results[0] == results[1] == results[2] == results[3]
    assert [row[4:] for row in results[0] if row[0].hour == 10] == [
        ("amount", None, -3.0, None, 1),
        ("amount", None, 1.5, None, 1),
        ("amount", None, None, None, 1),
        ("kind", None, None, "x", 2),
        ("kind", None, None, "y", 1),
    ]


def test_a_value_delivered_twice_counts_once_where_its_prediction_has_an_id(settings: Settings) -> None:
    land(settings, FEATURES, "a.csv", WIDE)
    land(settings, FEATURES, "b.csv", WIDE + "2026-01-05T10:00:00Z,m,v1,e,1.5,x\n")
    load(settings, FEATURES)
    assert sum(row[-1] for row in bins(settings) if row[4] == "amount") == 5


DISTRIBUTIONS = pytest.mark.parametrize(
    ("name", "values"),
    [
        ("heavy tail", np.random.default_rng(1).lognormal(0, 3, 20_000)),
        ("close together and far from zero", 1.7e9 + np.random.default_rng(2).uniform(0, 3_600, 20_000)),
        ("both signs", np.random.default_rng(3).normal(0, 1, 20_000)),
        ("one outlier", np.append(np.random.default_rng(4).normal(50, 5, 20_000), 1e6)),
    ],
)


@DISTRIBUTIONS
def test_many_values_come_to_few_bins_that_keep_the_distribution(
    settings: Settings, name: str, values: np.ndarray[Any, Any]
) -> None:
    path = land(settings, FEATURES, "values.csv", "v\n" + "\n".join(map(repr, values.tolist())))
    as_parquet(
        settings, FEATURES, "a.parquet",
        f"select timestamp '2026-01-05 10:00:00' as \"timestamp\", 'm' as model, 'v' as version, v from '{path}'",
    )  # fmt: skip
    path.unlink()
    load(settings, FEATURES)
    kept = [(value, count) for *_, bits, value, _, count in bins(settings) if bits is not None]
    assert sum(count for _, count in kept) == len(values)
    assert len(kept) < 3_000
    middles, counts = (np.array(column) for column in zip(*sorted(kept), strict=True))
    ordered = np.sort(values)
    distance = np.abs(np.searchsorted(ordered, middles, "right") / len(values) - np.cumsum(counts) / len(values))
    assert distance.max() < 0.02, name


@DISTRIBUTIONS
def test_an_hour_is_told_as_finely_as_the_larger_snapshot_it_is_compared_with(
    settings: Settings, name: str, values: np.ndarray[Any, Any]
) -> None:
    for source, about, some in (
        (FEATURES, "timestamp '2026-01-05 10:00:00' as \"timestamp\"", values[:2_000]),
        (TRAINING, "'s' as snapshot_id, timestamp '2026-01-01' as taken_at", values),
    ):
        path = land(settings, source, "values.csv", "v\n" + "\n".join(map(repr, some.tolist())))
        as_parquet(settings, source, "a.parquet", f"select {about}, 'm' as model, 'v' as version, v from '{path}'")
        path.unlink()
        load(settings, source)
    ((snapshot_bits,),) = query(settings, "select distinct bin_bits from raw.training__snapshots")
    ((hour_bits,),) = query(settings, "select distinct bin_bits from raw.features__bins_hourly")
    assert hour_bits >= snapshot_bits, name


def test_few_distinct_numbers_are_kept_as_they_are_however_many_there_are(settings: Settings) -> None:
    as_parquet(
        settings, FEATURES, "a.parquet",
        "select timestamp '2026-01-05 10:00:00' as \"timestamp\", 'm' as model, 'v' as version, "
        f"0.1 * (i % {EXACT_DISTINCT}) as level from range(50000) as r(i)",
    )  # fmt: skip
    load(settings, FEATURES)
    assert [round(row[6], 9) for row in bins(settings)] == [round(0.1 * i, 9) for i in range(EXACT_DISTINCT)]
    assert {row[5] for row in bins(settings)} == {None}


def test_the_rarest_categories_of_very_many_are_counted_together(settings: Settings) -> None:
    as_parquet(
        settings, FEATURES, "a.parquet",
        "select timestamp '2026-01-05 10:00:00' as \"timestamp\", 'm' as model, 'v' as version, "
        f"'c' || least(i, {CATEGORIES + 99}) as k from range({CATEGORIES + 100}) as r(i)",
    )  # fmt: skip
    load(settings, FEATURES)
    counted = {row[7]: row[8] for row in bins(settings)}
    assert len(counted) == CATEGORIES + 1
    assert counted[OTHER] == 100


def test_not_a_number_is_missing_and_infinity_is_no_number(settings: Settings) -> None:
    as_parquet(
        settings, FEATURES, "a.parquet",
        "select timestamp '2026-01-05 10:00:00' as \"timestamp\", 'm' as model, 'v' as version, "
        "unnest(['nan'::double, 'inf'::double, null, 2.0]) as f",
    )  # fmt: skip
    load(settings, FEATURES)
    assert [row[6:] for row in bins(settings)] == [(2.0, None, 1), (None, None, 3)]


def test_amounts_are_numbers_in_csv_and_in_parquets_text(tmp_path: Path) -> None:
    rows = WIDE.replace("1.5", '"$1,001.50"')
    for name in ("a.csv", "a.parquet"):
        settings = Settings(home=tmp_path / name)
        path = land(settings, FEATURES, "a.csv", rows)
        if name == "a.parquet":
            as_parquet(settings, FEATURES, name, f"from read_csv('{path}', all_varchar = true)")
            path.unlink()
        load(settings, FEATURES)
        found = {bin_value if category is None else category for *_, bin_value, category, _ in bins(settings)}
        assert found == ({1001.5, -3, "x", "y", None} if name == "a.csv" else {"1001.5", "-3", "x", "y", None})


def test_a_histograms_ends_are_read_as_numbers_are_and_a_word_is_set_aside(settings: Settings) -> None:
    head = "model,feature,window_start,window_end,bin_low,bin_high,category,count"
    hour = "2026-01-05T10:00:00Z,2026-01-05T11:00:00Z"
    ends = ('"1,000","2,000"', "-inf,5", "abc,7", "8,n/a")
    lines = [f"m,x,{hour},{each},,1" for each in ends]
    land(settings, FEATURES, "h.csv", "\n".join([head, *lines]) + "\n")
    (report,) = load(settings, FEATURES)
    assert sorted(bin_value for *_, bin_value, _, _ in bins(settings)) == [5, 8, 1500]
    assert report.rows_quarantined == 1
    assert query(settings, "select reason from raw.quarantine") == [("bin_low: abc is not a DOUBLE",)]


def test_one_value_settles_the_decimal_comma_of_a_log_and_of_a_histograms_ends(settings: Settings) -> None:
    hour = "2026-01-05T10:00:00Z"
    land(settings, FEATURES, "a.csv", f"timestamp;model;version;x;k\n{hour};m;v;0,5;a\n{hour};m;v;1,234;b\n")
    land(
        settings, FEATURES, "h.csv",
        "model;feature;window_start;window_end;bin_low;bin_high;category;count\n"
        f"m;h;{hour};2026-01-05T11:00:00Z;1,234;2,5;;1\n",
    )  # fmt: skip
    load(settings, FEATURES)
    assert sorted((row[4], row[7] or row[6]) for row in bins(settings)) == [
        ("h", 1.867), ("k", "a"), ("k", "b"), ("x", 0.5), ("x", 1.234),
    ]  # fmt: skip


def test_a_value_that_could_be_two_numbers_is_set_aside_with_the_setting_that_tells(settings: Settings) -> None:
    land(settings, FEATURES, "a.csv", 'timestamp,model,version,x\n2026-01-05,m,v,"1,234"\n2026-01-05,m,v,5\n')
    load(settings, FEATURES)
    assert [row[6] for row in bins(settings)] == [5]
    assert query(settings, "select reason from raw.quarantine") == [
        ("value: 1,234 can be read two ways and nothing else in the file says which: set `decimal` of source features",)
    ]


def test_a_class_with_a_comma_beside_numbers_with_a_point_is_a_class(settings: Settings) -> None:
    land(settings, FEATURES, "a.csv", 'timestamp,model,version,x,k\n2026-01-05,m,v,1.234,"1,2"\n2026-01-05,m,v,0.5,1\n')
    load(settings, FEATURES)
    assert [(row[4], row[6], row[7]) for row in bins(settings)] == [
        ("k", 1.0, None), ("k", None, "1,2"), ("x", 0.5, None), ("x", 1.234, None),
    ]  # fmt: skip


def test_bad_rows_of_a_parquet_log_are_set_aside_and_every_row_is_accounted_for(settings: Settings) -> None:
    as_parquet(
        settings, FEATURES, "a.parquet",
        "select * from (values ('2026-01-05 10:00:00', 'm', 'v', 1.0), ('soon', 'm', 'v', 2.0), "
        "('2026-01-05 10:00:00', '', 'v', 3.0), (null, 'm', 'v', 4.0), ('2126-01-05 10:00:00', 'm', 'v', 5.0)) "
        'as r("timestamp", model, version, f)',
    )  # fmt: skip
    (report,) = load(settings, FEATURES)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (5, 1, 4)
    assert query(settings, "select reason from raw.quarantine order by row_number") == [
        ("hour_at is not a TIMESTAMP",),
        ("model_name is empty",),
        ("hour_at is missing",),
        ("hour_at is later than a day after the file was written",),
    ]


def test_a_file_without_a_feature_is_no_error(settings: Settings) -> None:
    as_parquet(settings, FEATURES, "a.parquet", "select now() as \"timestamp\", 'm' as model, 'v' as version")
    land(settings, FEATURES, "a.csv", "timestamp,model,version\n2026-01-05,m,v\n")
    assert {report.status for report in load(settings, FEATURES)} == {"loaded"}
    assert bins(settings) == []


def test_a_monitors_histograms_stand_in_the_hour_their_window_begins(settings: Settings) -> None:
    own = {"model": "m", "version": "v", "window_start": "2026-01-05T02:00:00+02:00", "window_end": "2026-01-06"}
    rows = [
        {"feature": "f", "bin_low": None, "bin_high": 0, "count": 3},
        {"feature": "f", "bin_low": 0, "bin_high": 1, "count": 5},
        {"feature": "k", "category": "x", "count": 8},
        {"feature": "k", "category": "y", "count": -1},
    ]
    land(settings, FEATURES, "a.jsonl", "\n".join(json.dumps(own | row) for row in rows))
    (report,) = load(settings, FEATURES)
    assert report.rows_quarantined == 1
    assert [(str(row[0]), *row[4:]) for row in bins(settings)] == [
        ("2026-01-05 00:00:00", "f", None, 0.0, None, 3),
        ("2026-01-05 00:00:00", "f", None, 0.5, None, 5),
        ("2026-01-05 00:00:00", "k", None, None, "x", 8),
    ]


def test_a_snapshot_says_the_same_row_by_row_as_parquet_and_binned(tmp_path: Path) -> None:
    results = []
    header = "snapshot_id,model,version,taken_at,amount,kind\n"
    wide = header + "s,m,v1,2026-01-01T09:00:00Z,1.5,x\ns,m,v1,2026-01-01T09:00:00Z,1.5,\n"
    binned = (
        "snapshot_id,model,version,taken_at,feature,bin_low,bin_high,category,count\n"
        "s,m,v1,2026-01-01T09:00:00Z,amount,1,2,,2\n"
        "s,m,v1,2026-01-01T09:00:00Z,kind,,,x,1\ns,m,v1,2026-01-01T09:00:00Z,kind,,,,1\n"
    )
    for name, text in (("wide.csv", wide), ("binned.csv", binned), ("wide.parquet", wide)):
        settings = Settings(home=tmp_path / name)
        path = land(settings, TRAINING, "text.csv", text)
        if name == "wide.parquet":
            as_parquet(settings, TRAINING, name, f"from read_csv('{path}')")
            path.unlink()
        load(settings, TRAINING)
        results.append(
            query(
                settings,
                "select snapshot_id, model_version, taken_at::varchar, feature, bin_value, category, value_count "
                "from raw.training__snapshots order by all",
            )
        )
    assert results[0] == results[1] == results[2]
    assert results[0] == [
        ("s", "v1", "2026-01-01 09:00:00", "amount", 1.5, None, 2),
        ("s", "v1", "2026-01-01 09:00:00", "kind", None, "x", 1),
        ("s", "v1", "2026-01-01 09:00:00", "kind", None, None, 1),
    ]


def test_a_warehouse_that_held_the_bins_as_a_table_shows_them_as_a_view(settings: Settings) -> None:
    as_parquet(
        settings,
        FEATURES,
        "log.parquet",
        "select timestamp '2026-01-05' as \"timestamp\", 'm' as model, 'v' as version, 1.5 as amount",
    )
    load(settings, FEATURES)
    shown = bins(settings)
    with writer(settings, "a test") as connection:
        connection.execute("create table raw.older as from raw.features__bins_hourly")
        connection.execute("drop view raw.features__bins_hourly")
        connection.execute("alter table raw.older rename to features__bins_hourly")
    load(settings, FEATURES)
    assert bins(settings) == shown != []
    kind = "select table_type from information_schema.tables where table_name = 'features__bins_hourly'"
    assert query(settings, kind) == [("VIEW",)]


def test_what_lies_close_together_far_from_zero_is_told_apart_though_some_lies_near_it(settings: Settings) -> None:
    as_parquet(
        settings,
        TRAINING,
        "narrow.parquet",
        "select 's' as snapshot_id, 'm' as model, 'v1' as version, timestamp '2026-01-01' as taken_at, "
        "case when i % 20 = 0 then (i + 1) * 1e-6 else 4.6e6 + (i * 7919 % 20000) - 10000 end as tenure "
        "from range(20000) as r(i)",
    )
    load(settings, TRAINING)
    ((largest, count),) = query(
        settings, "select max(value_count) / sum(value_count), count(*) from raw.training__snapshots"
    )
    assert largest < 0.02
    assert count < 5_000
