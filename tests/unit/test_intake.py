"""Files go in once, bad rows are set aside, days are replaced whole: on a source made up for the purpose."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.console import show_health
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.sources.spec import Column, Expectation, Format, Rule, Source, Table
from pipelines.warehouse import intake, ledger, staleness
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import days_version_of, take_in
from pipelines.warehouse.json_rows import BROKEN_OFF
from pipelines.warehouse.status import Status, health

SALES = Source(
    name="sales",
    title="Sales",
    description="One row per sale.",
    owner="sales@example.com",
    glob=("sales/**/*.*",),
    late=timedelta(days=3),
    tables=(
        Table(
            "orders",
            "One row per order.",
            (
                Column("order_id", "VARCHAR", "Its number.", required=True),
                Column("ordered_at", "TIMESTAMP", "When."),
                Column("amount", "DECIMAL(38, 12)", "How much."),
            ),
            key=("order_id",),
            day="ordered_at",
            rules=(Rule("amount >= 0", "amount is below 0"),),
            expectations=(Expectation("total", "sum(amount)", "nobody sells that much", high=1000),),
        ),
    ),
    formats=(
        Format(
            "csv",
            "csv",
            requires=("id", "sold", "amount"),
            optional=("note",),
            null_text=("", "NULL"),
            select={"orders": "select _row, _raw, id as order_id, sold as ordered_at, amount from rows"},
        ),
        Format(
            "api",
            "json",
            requires=("$.id", "$.sold"),
            records=("$.orders",),
            select={
                "orders": "select _row, _raw, doc->>'id' as order_id, doc->>'sold' as ordered_at, "
                "doc->>'amount' as amount from rows"
            },
        ),
        Format(
            "parquet",
            "parquet",
            requires=("id", "sold", "amount"),
            select={"orders": "select _row, _raw, id as order_id, sold as ordered_at, amount from rows"},
        ),
    ),
)
DAY = date(2026, 1, 2)
HEADER = "id,sold,amount\n"


@contextmanager
def warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with writer(settings, "a test") as connection:
        yield connection


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with warehouse(settings) as connection:
        return connection.execute(sql).fetchall()


def land(settings: Settings, name: str, text: str, modified: int = 1_800_000_000) -> Path:
    path = settings.landing_dir / "sales" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (modified, modified))
    return path


def orders(settings: Settings) -> list[tuple[Any, ...]]:
    return query(settings, "select order_id, amount::double from raw.sales__orders order by order_id")


def load(settings: Settings) -> list[ledger.FileReport]:
    reports = take_in(settings, SALES)
    replace_days(settings, SALES)
    return reports


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,sold,amount\no1,2026-01-02 10:00:00,5\no2,2026-01-02T23:30:00+01:00,7\n"),
        (
            "a.jsonl",
            '{"id":"o1","sold":"2026-01-02 10:00:00","amount":5}\n'
            '{"id":"o2","sold":"2026-01-02T23:30:00+01:00","amount":"7"}',
        ),
        (
            "a.json",
            json.dumps(
                {
                    "orders": [
                        {"id": "o1", "sold": "2026-01-02 10:00:00", "amount": 5},
                        {"id": "o2", "sold": "2026-01-02T23:30:00+01:00", "amount": 7},
                    ]
                },
                indent=2,
            ),
        ),
    ],
    ids=["csv", "json lines", "a page of an API"],
)
def test_every_container_gives_the_same_rows_on_their_utc_day(settings: Settings, name: str, text: str) -> None:
    land(settings, name, text)
    load(settings)
    assert orders(settings) == [("o1", 5.0), ("o2", 7.0)]
    assert query(settings, "select distinct _day from raw.sales__orders") == [(DAY,)]


def test_bad_rows_are_set_aside_with_their_reason_and_the_rest_goes_on(settings: Settings) -> None:
    land(
        settings,
        "a.csv",
        HEADER + "o1,2026-01-02,1\no2,2026-01-02,-1\n,2026-01-02,1\no4,2026-01-02,many\no5,soon,1\no6,2031-01-01,1\n"
        "o7,2026-01-02\no8,2026-01-02,1,2,3,4\n" + "".join(f"p{i},2026-01-02,1\n" for i in range(30)) + "END OF FILE\n",
    )
    (report,) = load(settings)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (39, 31, 8)
    reasons = query(settings, "select row_number, reason from raw.quarantine order by row_number, reason")
    assert [r for _, r in reasons] == [
        "amount is below 0",
        "order_id is missing",
        "amount: many is not a DECIMAL(38, 12)",
        "ordered_at: soon is not a TIMESTAMP",
        "ordered_at: 2031-01-01 00:00:00 is not between 1990-01-01 and 2027-01-16, a day after the file was written",
        "the line has 2 columns and the header has 3 columns",
        "the line has 6 columns and the header has 3 columns",
        "the line has 1 columns and the header has 3 columns",
    ]


def test_reasons_are_told_by_their_kind_with_an_example_and_the_count(settings: Settings) -> None:
    bad = "o2,2026-01-02,many\no3,2026-01-02,a few\no4,soon,what is not known\no7,2026-01-02\no8,2026-01-02,1,2,3,4\n"
    land(settings, "a.csv", HEADER + bad + "".join(f"p{i},2026-01-02,1\n" for i in range(30)))
    load(settings)
    (found,) = health(settings, {"sales": SALES})
    assert found.reasons == (
        ("amount: … is not a DECIMAL(38, 12) (such as: amount: a few is not a DECIMAL(38, 12))", 2),
        (
            "the line has … columns and the header has … columns "
            "(such as: the line has 2 columns and the header has 3 columns)",
            2,
        ),
        (
            "ordered_at: … is not a TIMESTAMP; amount: … is not a DECIMAL(38, 12) "
            "(such as: ordered_at: soon is not a TIMESTAMP; amount: what is not known is not a DECIMAL(38, 12))",
            1,
        ),
    )


def test_a_line_that_does_not_parse_has_the_number_that_an_editor_shows(settings: Settings) -> None:
    lines = ["Report", "", HEADER.strip(), '"o', '1",2026-01-02,1', "", "o2,2026-01-02", "o3,2026-01-02,-1"]
    land(settings, "a.csv", "\n".join([*lines, '"o', "", '4",2026-01-02,1,2', "o5,2026-01-02,1", "END OF FILE", ""]))
    load(settings)
    found = query(settings, "select row_number, raw from raw.quarantine where table_name is null order by row_number")
    assert [(row, raw.strip()) for row, raw in found] == [
        (7, "o2,2026-01-02"),
        (9, '"o'),
        (11, '4",2026-01-02,1,2'),
        (13, "END OF FILE"),
    ]
    # Records that parsed are counted among themselves: the second of three.
    assert query(settings, "select row_number from raw.quarantine where table_name is not null") == [(2,)]


def test_a_line_that_is_no_json_is_set_aside_as_it_came(settings: Settings) -> None:
    land(settings, "a.jsonl", '{"id":"o1","sold":"2026-01-02","amount":1}\n{"id": broken\n\n')
    (report,) = load(settings)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (2, 1, 1)
    assert query(settings, "select raw, reason from raw.quarantine") == [('{"id": broken', BROKEN_OFF)]


def test_a_line_that_is_no_json_amid_others_does_not_say_that_the_file_breaks_off(settings: Settings) -> None:
    land(settings, "a.jsonl", '{"id": broken\n{"id":"o1","sold":"2026-01-02","amount":1}\n')
    load(settings)
    assert query(settings, "select raw, reason from raw.quarantine") == [('{"id": broken', "is not valid JSON")]


def test_the_same_bytes_under_another_name_change_nothing(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    land(settings, "again/a.csv", HEADER + "o1,2026-01-02,1\n", modified=1_800_000_500)
    load(settings)
    assert orders(settings) == [("o1", 1.0)]


def test_a_changed_file_replaces_what_it_gave_and_its_old_day_becomes_empty(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    land(settings, "a.csv", HEADER + "o1,2026-01-03,2\n", modified=1_800_000_500)
    load(settings)
    assert query(settings, "select order_id, _day from raw.sales__orders") == [("o1", date(2026, 1, 3))]


def test_a_file_that_vanished_takes_nothing_with_it(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n").unlink()
    land(settings, "b.csv", HEADER + "o2,2026-01-02,1\n")
    load(settings)
    (settings.landing_dir / "sales" / "b.csv").unlink()
    land(settings, "c.csv", HEADER + "o3,2026-01-02,1\n")
    load(settings)
    assert orders(settings) == [("o2", 1.0), ("o3", 1.0)]


def test_a_file_that_was_renamed_and_then_changed_leaves_nothing_behind(settings: Settings) -> None:
    first = land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    first.rename(first.with_name("b.csv"))
    load(settings)
    assert query(settings, "select path, status from ledger.files order by path") == [
        ("sales/a.csv", "gone"),
        ("sales/b.csv", "loaded"),
    ]
    land(settings, "b.csv", HEADER + "o1,2026-01-02,2\n", modified=1_800_000_500)
    load(settings)
    assert orders(settings) == [("o1", 2.0)]


def test_a_copy_under_the_name_of_a_day_speaks_for_it_until_it_is_deleted(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    copy = land(settings, "2026-01-05.csv", HEADER + "o1,2026-01-02,1\n", modified=1_800_000_500)
    load(settings)
    covered = "select day from ledger.coverage order by day"
    assert query(settings, covered) == [(DAY,), (date(2026, 1, 5),)]
    copy.unlink()
    load(settings)
    assert query(settings, covered) == [(DAY,)]


@pytest.mark.parametrize("names", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_a_content_is_as_old_as_the_oldest_file_of_it(settings: Settings, names: tuple[str, str]) -> None:
    """So a row is later than its file whichever copy is seen first, and of two states the later delivered holds."""
    text = HEADER + "o1,2026-01-02,1\no2,2026-01-09,1\n"
    late, early = (int(datetime(2026, 1, day, tzinfo=UTC).timestamp()) for day in (20, 5))
    land(settings, names[0], text, modified=late)
    load(settings)
    assert orders(settings) == [("o1", 1.0), ("o2", 1.0)]
    land(settings, names[1], text, modified=early)
    load(settings)
    assert orders(settings) == [("o1", 1.0)]
    (settings.landing_dir / "sales" / names[1]).unlink()
    load(settings)
    assert orders(settings) == [("o1", 1.0)]
    first = "select distinct delivered_at from ledger.current_file_versions"
    assert query(settings, first) == [(datetime(2026, 1, 5),)]  # noqa: DTZ001 - the ledger's are naive


def test_of_two_readings_the_last_one_counts_whatever_their_versions_hashes(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    with warehouse(settings) as connection:
        connection.execute(
            "insert into ledger.files by name select * replace ('sales/old.csv' as path, 'zzz' as reader_version, "
            "loaded_at - interval 1 day as loaded_at) from ledger.files"
        )
    assert query(settings, "select reader_version <> 'zzz' from ledger.current_file_versions") == [(True,)]


def test_a_format_that_reads_the_path_says_what_it_reads() -> None:
    assert all_sources()
    for source in all_sources().values():
        for form in source.formats:
            sql = " ".join([*form.select.values(), *form.quarantine.values(), form.skips])
            left = sql.replace(form.named_by, "") if form.named_by else sql
            assert (left != sql) == bool(form.named_by), f"{source.name}: {form.name}"
            assert not re.search(r"[a-z]\(_path\b", left), f"{source.name}: {form.name}"


def test_a_missing_column_rejects_the_file_by_name_and_the_others_load(settings: Settings) -> None:
    land(settings, "a.csv", "id,sold\no1,2026-01-02\n")
    land(settings, "b.csv", HEADER + "o2,2026-01-02,1\n")
    land(settings, "c.parquet", "not parquet at all")
    reports = {report.path: report for report in load(settings)}
    assert reports["sales/a.csv"].status == "rejected"
    assert "needs amount too" in (reports["sales/a.csv"].message or "")
    assert reports["sales/c.parquet"].status == "unreadable"
    assert orders(settings) == [("o2", 1.0)]


def test_a_file_of_a_kind_that_the_source_does_not_read_is_rejected_with_both_kinds(settings: Settings) -> None:
    land(settings, "a.json", '{"id": "o1", "sold": "2026-01-02", "amount": 1}\n')
    land(settings, "b.csv", HEADER + "o2,2026-01-02,1\n")
    source = replace(SALES, formats=SALES.formats[:1])
    reports = {report.path: report for report in take_in(settings, source)}
    assert reports["sales/b.csv"].status == "loaded"
    assert reports["sales/a.json"].message == (
        "`sales/a.json`: found a JSON file; expected CSV: csv. Export it as CSV and deliver it again; "
        "if it is none of this source's, point the source's glob away from it."
    )


def test_an_unknown_column_is_fine(settings: Settings) -> None:
    land(settings, "a.csv", "id,sold,amount,surprise\no1,2026-01-02,1,x\n")
    load(settings)
    assert orders(settings) == [("o1", 1.0)]


def test_a_rejected_day_is_empty_and_unknown_while_the_other_day_is_replaced(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    land(settings, "a.csv", HEADER + "o1,2026-01-02,5000\no2,2026-01-03,2\n", modified=1_800_000_500)
    take_in(settings, SALES)
    outcome = replace_days(settings, SALES)
    assert outcome.accepted == [date(2026, 1, 3)]
    assert [str(finding) for finding in outcome.rejected[DAY]] == [
        "sales__orders 2026-01-02: total is 5000, expected at most 1000 (nobody sells that much)"
    ]
    assert orders(settings) == [("o2", 2.0)]
    assert query(settings, "select day from ledger.coverage") == [(date(2026, 1, 3),)]


def test_a_small_day_is_not_rejected_by_chance_for_its_share(settings: Settings) -> None:
    returned = Expectation("returned", "avg(if(amount = 0, 1.0, 0.0))", "most are kept", high=0.9, share_of="count(*)")
    table = replace(SALES.tables[0], expectations=(returned,))
    source = replace(SALES, tables=(table,))
    land(settings, "a.csv", HEADER + "o,2026-01-02,0\n" * 12 + "o,2026-01-03,0\n" * 200)
    take_in(settings, source)
    assert list(replace_days(settings, source).rejected) == [date(2026, 1, 3)]


def test_a_day_named_by_an_empty_file_is_known_to_be_empty(settings: Settings) -> None:
    land(settings, "2026-01-05.csv", HEADER)
    load(settings)
    assert query(settings, "select source, day from ledger.coverage") == [("sales", date(2026, 1, 5))]


def test_a_day_is_stale_until_it_is_built_and_again_when_a_file_for_it_arrives(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\no2,2026-01-03,1\n")
    load(settings)
    with warehouse(settings) as connection:
        assert staleness.stale_days(connection) == [DAY, date(2026, 1, 3)]
        staleness.mark_built(connection, [DAY, date(2026, 1, 3)])
        assert staleness.stale_days(connection) == []
    land(settings, "late.csv", HEADER + "o3,2026-01-02,1\n")
    load(settings)
    with warehouse(settings) as connection:
        assert staleness.stale_days(connection) == [DAY]
        assert staleness.source_days(connection, SALES, days_version_of(SALES), date(2020, 1, 1)).stale == []


def test_a_few_bad_rows_refuse_no_day_however_quiet_it_was(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n" + "bad,2026-01-02,-1\n" * 3)
    load(settings)
    assert orders(settings) == [("o1", 1.0)]


def test_a_day_of_nothing_but_bad_rows_is_rejected_and_comes_back_with_a_good_file(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    land(settings, "a.csv", HEADER + "bad,2026-01-02,-1\n" * 30, modified=1_800_000_500)
    take_in(settings, SALES)
    assert list(replace_days(settings, SALES).rejected) == [DAY]
    assert orders(settings) == []
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n", modified=1_800_000_900)
    load(settings)
    assert orders(settings) == [("o1", 1.0)]


def test_a_content_covers_the_days_of_all_its_names_whenever_they_came(settings: Settings) -> None:
    for day in ("2026-01-05", "2026-01-06"):
        land(settings, f"{day}.csv", HEADER)
        load(settings)
    assert query(settings, "select day from ledger.coverage order by day") == [
        (date(2026, 1, 5),),
        (date(2026, 1, 6),),
    ]


def test_a_file_overwritten_by_one_that_cannot_be_read_keeps_what_it_gave(settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    land(settings, "a.csv", "id,sold\no1,2026-01-02\n", modified=1_800_000_500)
    (report,) = load(settings)
    assert report.status == "rejected"
    assert orders(settings) == [("o1", 1.0)]
    assert load(settings) == []
    land(settings, "a.csv", HEADER + "o2,2026-01-02,1\n", modified=1_800_000_900)
    load(settings)
    assert orders(settings) == [("o2", 1.0)]
    assert query(settings, "select distinct status from ledger.files where status <> 'gone'") == [("loaded",)]


def test_a_rejected_file_is_read_again_when_the_code_that_opens_files_has_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    land(settings, "b.csv", "id,sold\no2,2026-01-02\n")
    load(settings)
    assert load(settings) == []
    monkeypatch.setattr(intake, "rejection_version_of", lambda source: "a later reader")
    assert [report.path for report in load(settings)] == ["sales/b.csv"]
    assert load(settings) == []


def test_sources_that_deliver_no_longer_are_told_of_in_one_line(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    (found,) = health(settings, {"sales": SALES}, datetime(2026, 2, 1, tzinfo=UTC))
    state = Status({}, (), (), frozenset(), (), (), "", (), False)
    show_health([found, replace(found, source="visits")], state, [], [], settings)
    shown = [line for line in capsys.readouterr().out.splitlines() if "nothing after" in line]
    assert shown == [
        "  - check whether these exports still run: "
        "sales (nothing after 2026-01-02), visits (nothing after 2026-01-02)."
    ]
