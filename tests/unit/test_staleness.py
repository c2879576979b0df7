"""Which days a delivery makes stale: those with rows that it changes, or all it holds where days go by contents."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.sources.cloud_billing import SOURCE as CLOUD_BILLING
from pipelines.sources.spec import Column, Deliveries, Expectation, Format, Source, Table
from pipelines.warehouse import ledger_schema, staleness
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import days_version_of, take_in

BILL = Source(
    name="bill",
    title="Bill",
    description="One row per charge.",
    owner="finops",
    glob=("bill/**/*.csv",),
    late=timedelta(days=3),
    tables=(
        Table(
            "charges",
            "One row per charge.",
            (
                Column("account", "VARCHAR", "Who pays.", required=True),
                Column("charged_on", "DATE", "When.", required=True),
                Column("cost", "DECIMAL(18, 2)", "How much."),
            ),
            key=("_content_id", "_row"),
            day="charged_on",
            expectations=(Expectation("dearest", "max(cost)", "nothing costs that much", high=1000),),
            covers_range=True,
            parts=("account",),
        ),
    ),
    formats=(
        Format(
            "csv",
            "csv",
            requires=("account", "charged_on", "cost"),
            select={"charges": "select _row, _raw, account, charged_on, cost from rows"},
        ),
    ),
    day_by="rows",
)
DELIVERED = replace(BILL, deliveries=Deliveries(((r"(run=[0-9]+)", r"<\1>"), (r"-[0-9]+(\.csv)$", r"\1"))))


def land(settings: Settings, path: str, *charges: str, modified: int = 0) -> None:
    file = settings.landing_dir / "bill" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(("account,charged_on,cost", *charges)) + "\n")
    at = 1_800_000_000 + modified
    os.utime(file, (at, at))


def stale(settings: Settings, source: Source) -> list[int]:
    """Ingest what has landed and replace the days that are stale; returns which days of January they were."""
    take_in(settings, source)
    with writer(settings, "a test") as connection:
        ledger_schema.create(connection)
        found = staleness.source_days(connection, source, days_version_of(source), date(2020, 1, 1)).stale
    replace_days(settings, source)
    return [day.day for day in found]


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return connection.execute(sql).fetchall()


def test_a_month_to_date_file_makes_its_new_day_stale_and_the_rest_is_read_from_it(settings: Settings) -> None:
    days = [f"a,2026-01-0{day},{day}" for day in range(1, 7)]
    land(settings, "month.csv", *days[:5])
    assert stale(settings, BILL) == [1, 2, 3, 4, 5]
    land(settings, "month.csv", *reversed(days), modified=1)
    assert stale(settings, BILL) == [6]
    assert query(settings, "select count(distinct _content_id), min(_row), count(*) from raw.bill__charges") == [
        (1, 1, 6)
    ]
    assert query(settings, "select distinct _row from raw.bill__charges where _day = '2026-01-01'") == [(6,)]
    ((current,),) = query(settings, "select content_id from ledger.current_file_versions where source = 'bill'")
    assert query(settings, "select distinct _content_id from raw.bill__charges") == [(current,)]


def test_by_contents_every_day_of_a_changed_file_is_stale(settings: Settings) -> None:
    land(settings, "month.csv", "a,2026-01-01,1")
    assert stale(settings, replace(BILL, day_by="file_versions")) == [1]
    land(settings, "month.csv", "a,2026-01-01,1", "a,2026-01-02,1", modified=1)
    assert stale(settings, replace(BILL, day_by="file_versions")) == [1, 2]


@pytest.mark.parametrize(
    "then",
    [("a,2026-01-01,2", "b,2026-01-01,1"), ("a,2026-01-01,1",) * 2, ("a,2026-01-01,1", "b,2026-01-01,2") * 2],
    ids=["values exchanged between rows", "another row twice", "every row twice"],
)
def test_other_rows_make_a_day_stale(settings: Settings, then: tuple[str, ...]) -> None:
    other = "a,2026-01-02,1"
    land(settings, "month.csv", "a,2026-01-01,1", "b,2026-01-01,2", other)
    stale(settings, BILL)
    land(settings, "month.csv", *then, other, modified=1)
    assert stale(settings, BILL) == [1]


def test_a_day_that_has_lost_its_rows_is_stale(settings: Settings) -> None:
    land(settings, "month.csv", "a,2026-01-01,1", "a,2026-01-02,1", "a,2026-01-03,1")
    stale(settings, BILL)
    land(settings, "month.csv", "a,2026-01-01,1", "a,2026-01-03,1", modified=1)
    assert stale(settings, BILL) == [2]
    assert query(settings, "select count(*) from raw.bill__charges") == [(2,)]


def test_a_history_that_repeats_days_makes_one_of_them_stale_for_what_is_made_whole(settings: Settings) -> None:
    land(settings, "1.csv", "a,2026-01-01,1")
    land(settings, "2.csv", "a,2026-01-02,1")
    stale(settings, BILL)
    land(settings, "history.csv", "a,2026-01-01,1", "a,2026-01-02,1", modified=1)
    assert stale(settings, BILL) == [2]
    assert stale(settings, BILL) == []
    assert query(settings, "select count(*) from raw.bill__charges") == [(4,)]


def test_more_bad_rows_beside_the_same_good_ones_are_evaluated(settings: Settings) -> None:
    good = [f"a,2026-01-01,{cost}" for cost in range(5)]
    land(settings, "month.csv", *good)
    stale(settings, BILL)
    land(settings, "month.csv", *good, *["a,2026-01-01,much"] * 30, modified=1)
    assert stale(settings, BILL) == [1]
    assert query(settings, "select status from ledger.days") == [("rejected",)]


def test_a_rejected_day_is_evaluated_again_when_any_file_of_it_changes(settings: Settings) -> None:
    land(settings, "month.csv", "a,2026-01-01,5000")
    assert stale(settings, BILL) == [1]
    assert stale(settings, BILL) == []
    land(settings, "month.csv", "a,2026-01-01,5000", "a,2026-01-02,1", modified=1)
    assert stale(settings, BILL) == [1, 2]


def test_of_deliveries_that_replace_one_another_the_newest_says_what_a_day_holds(settings: Settings) -> None:
    first, second = "a,2026-01-01,1", "a,2026-01-02,2"
    for run, charges in enumerate(((first,), (first, second), (first, "a,2026-01-02,3"), (first, second))):
        land(settings, f"run={run}/part-1.csv", *charges, modified=run)
        assert stale(settings, DELIVERED) == ([1] if run == 0 else [2])
    # All of them are in raw, where the models rank them; the last one is the second, delivered again.
    assert query(settings, "select _day, count(*) from raw.bill__charges group by 1 order by 1") == [
        (date(2026, 1, 1), 3),
        (date(2026, 1, 2), 2),
    ]


def test_rows_that_move_between_the_parts_of_a_delivery_change_nothing(settings: Settings) -> None:
    first, second, third = "a,2026-01-01,1", "a,2026-01-01,2", "a,2026-01-02,2"
    land(settings, "run=1/part-1.csv", first)
    land(settings, "run=1/part-2.csv", second)
    stale(settings, DELIVERED)
    land(settings, "run=2/part-1.csv", first, second, modified=1)
    land(settings, "run=2/part-2.csv", third, modified=1)
    assert stale(settings, DELIVERED) == [2]


def test_an_older_delivery_that_is_touched_changes_nothing(settings: Settings) -> None:
    land(settings, "run=9/part-1.csv", "a,2026-01-01,1")
    land(settings, "run=10/part-1.csv", "a,2026-01-01,2", modified=1)
    stale(settings, DELIVERED)
    land(settings, "run=9/part-1.csv", "a,2026-01-01,1", modified=2)
    assert stale(settings, DELIVERED) == []


def test_where_no_path_tells_the_file_written_last_wins(settings: Settings) -> None:
    unmarked = replace(BILL, deliveries=Deliveries(((r"(^|/)([a-z])(\.csv)$", r"\1<\2>\3"),)))
    land(settings, "a.csv", "a,2026-01-01,1", modified=1)
    land(settings, "b.csv", "a,2026-01-01,2")
    stale(settings, unmarked)
    ask = "select string_agg(path_order, ''), max_by(delivery_id, written_at) from ledger.deliveries"
    assert query(settings, ask) == [(None, "bill/<a>.csv")]
    land(settings, "b.csv", "a,2026-01-01,2", modified=2)
    assert stale(settings, unmarked) == [1]


@pytest.mark.parametrize("copy", ["resent/part-1.csv", "resent/run=7/part-1.csv", "a.csv"])
def test_a_copy_belongs_where_its_original_lies(settings: Settings, copy: str) -> None:
    ask = "select stream_id, delivery_id from ledger.deliveries order by all"
    land(settings, "export/run=1/part-1.csv", "a,2026-01-01,1")
    land(settings, "export/run=2/part-1.csv", "a,2026-01-01,2", modified=1)
    stale(settings, DELIVERED)
    before = query(settings, ask)
    land(settings, copy, "a,2026-01-01,1", modified=2)
    assert stale(settings, DELIVERED) == []
    assert query(settings, ask) == before


@pytest.mark.parametrize(
    ("relation", "then"), [("replace a day", [2, 3]), ("replace a period", [3]), ("append", [1, 2, 3])]
)
def test_a_format_says_how_its_deliveries_relate(settings: Settings, relation: Any, then: list[int]) -> None:
    source = replace(DELIVERED, formats=(replace(BILL.formats[0], deliveries=relation),))
    land(settings, "run=1/part-1.csv", *(f"a,2026-01-0{day},1" for day in (1, 2, 3)))
    land(settings, "run=2/part-1.csv", "a,2026-01-01,2", modified=1)
    stale(settings, source)
    # What counts of the first run, by the days that are stale when each of its rows changes; of days on which none
    # does, the last one is for what is rebuilt in full.
    land(settings, "run=1/part-1.csv", *(f"a,2026-01-0{day},7" for day in (1, 2, 3)), modified=2)
    assert stale(settings, source) == then


def test_an_account_that_a_newer_delivery_reaches_past_loses_its_day_there(settings: Settings) -> None:
    land(settings, "run=1/part-1.csv", "a,2026-01-02,1", "b,2026-01-02,1")
    land(settings, "run=2/part-1.csv", "a,2026-01-02,1", "b,2026-01-03,1", modified=1)
    stale(settings, DELIVERED)
    # Its rows of the second are what they were, but for b it now speaks from the first on, and has none on the second.
    land(settings, "run=2/part-1.csv", "a,2026-01-02,1", "b,2026-01-01,1", "b,2026-01-03,1", modified=1)
    assert stale(settings, DELIVERED) == [1, 2]


@pytest.mark.parametrize(
    ("path", "stream", "delivery"),
    [
        ("b/2026-01-02.csv", "b/.csv", "b/<2026-01-02>.csv"),
        (
            "b/focus/BILLING_PERIOD=2026-01/2026-02-03T04-00-00Z/focus-00002.csv.gz",
            "b/focus///focus-.csv.gz",
            "b/focus/<billing_period=2026-01>/<2026-02-03t04-00-00z>/focus-.csv.gz",
        ),
        (
            "b/az/20260101-20260131/202602041200/6f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10/part_1_0001.csv",
            "b/az/-///part.csv",
            "b/az/<20260101>-<20260131>/<202602041200>/<6f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10>/part.csv",
        ),
        (
            "b/gcp/day=2026-01-09/run=2/000000000001.jsonl.gz",
            "b/gcp///.jsonl.gz",
            "b/gcp/<day=2026-01-09>/<run=2>/.jsonl.gz",
        ),
        ("b/acct-123456789012/usage.csv", "b/acct-123456789012/usage.csv", "b/acct-123456789012/usage.csv"),
        ("b/2026/01/05/cur-1.snappy.parquet", "b//cur-.snappy.parquet", "b/<2026/01/05>/cur-.snappy.parquet"),
        (
            "b/part-00003-5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10-c000.parquet",
            "b/part--c000.parquet",
            "b/part-<5f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10>-c000.parquet",
        ),
        ("b/usage2.csv", "b/usage2.csv", "b/usage2.csv"),
        ("b/bill_2026-01.csv", "b/bill_.csv", "b/bill_<2026-01>.csv"),
    ],
)
def test_a_bills_path_says_what_adds_up_and_what_replaces(path: str, stream: str, delivery: str) -> None:
    """Vendors' real layouts, and the traps: a date is no part number, an account number is no date."""
    assert CLOUD_BILLING.deliveries is not None
    found = CLOUD_BILLING.deliveries.of(path)
    assert (found.stream, found.delivery) == (stream, delivery)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("b/BILLING_PERIOD=2026-01/2026-01-15T04-00-00Z/f.csv", "b/BILLING_PERIOD=2026-01/2026-02-03T04-00-00Z/f.csv"),
        ("b/20260101-20260131/202601090000/x.csv", "b/20260101-20260131/202601100000/x.csv"),
        ("b/day=2026-01-09/run=9/x.jsonl", "b/day=2026-01-09/run=10/x.jsonl"),
        ("b/year=2026/month=1/day=5/x.csv", "b/year=2026/month=01/day=15/x.csv"),
        ("b/bill-2026-01-02.jsonl", "b/bill-2026-01-03.jsonl"),
    ],
)
def test_a_path_says_how_new_its_delivery_is(older: str, newer: str) -> None:
    assert CLOUD_BILLING.deliveries is not None
    first, second = (CLOUD_BILLING.deliveries.of(path).path_order for path in (older, newer))
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize(
    "path", ["b/jan.csv", "b/20260/6f2d0c1e-7a34-4c7b-9d0e-2b7f6a1c9e10/x.csv", "b/BILLING_PERIOD=2026-01/x.parquet"]
)
def test_a_path_without_a_day_or_a_run_says_nothing_of_it(path: str) -> None:
    assert CLOUD_BILLING.deliveries is not None
    assert CLOUD_BILLING.deliveries.of(path).path_order is None


def test_a_ledger_of_an_older_version_is_given_what_it_lacks(settings: Settings) -> None:
    with writer(settings, "a test") as connection:
        ledger_schema.create(connection)
        connection.execute("alter table ledger.file_version_days drop column rows_hash")
    land(settings, "month.csv", "a,2026-01-01,1")
    assert stale(settings, BILL) == [1]


def test_a_ledger_with_former_names_of_columns_is_renamed_and_kept(settings: Settings) -> None:
    land(settings, "month.csv", "a,2026-01-01,1")
    stale(settings, BILL)
    with writer(settings, "a test") as connection:
        for (table, former), now in ledger_schema.FORMER_COLUMNS.items():
            connection.execute(f"alter table ledger.{table} rename column {now} to {former}")
    assert stale(settings, BILL) == []
    assert query(settings, "select reader_version is not null from ledger.current_file_versions") == [(True,)]
