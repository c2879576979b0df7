"""What `doctor` reports: names that nobody maps, sources that fell behind, exports that are passed over."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from pipelines.catalog.domains.identifiers import Identifier
from pipelines.catalog.load import load_catalog
from pipelines.catalog.names import ELSEWHERE, Name, line_for
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.sources import all_sources
from pipelines.sources.spec import Column, Format, Names, Source, Table
from pipelines.warehouse import staleness
from pipelines.warehouse.advice import passed_over_bills, unknown_members, unmapped_names, unmapped_rows
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.names_beside import names_beside
from pipelines.warehouse.status import Freshness, freshness

BILL = Source(
    name="cloud_billing",
    title="Bill",
    description="One row per charge.",
    owner="finops",
    glob=("bill/*.csv",),
    late=timedelta(days=3),
    tables=(
        Table(
            "charges",
            "One row per charge.",
            (
                Column("day", "DATE", "When.", required=True),
                Column("tags", "VARCHAR", "A JSON object."),
                Column("labels", "VARCHAR", "A JSON list."),
                Column("resource", "VARCHAR", "What."),
                Column("title", "VARCHAR", "What people call it."),
            ),
            key=("_content_id", "_row"),
            day="day",
        ),
    ),
    formats=(
        Format(
            "csv",
            "csv",
            requires=("day", "tags", "labels", "resource", "title"),
            select={"charges": "select * exclude (_path, _latest) from rows"},
        ),
    ),
    names=(
        Names("charges", "tag", "tags", is_keyed=True),
        Names("charges", "service", "from_json(labels, '[\"VARCHAR\"]')", is_list=True),
        Names("charges", "resource_id", "resource", label="title", is_lower=True),
    ),
)


def test_a_note_and_a_campaign_of_no_member_are_named_with_their_file(settings: Settings) -> None:
    files = {
        "notes/typo.md": "---\ndate: 2026-01-12\nmodel: fraud-detectr\nkind: comment\n---\nSlow.",
        "notes/right.md": '---\ndate: 2026-01-12\nmodel: "[[Fraud-Detector]]"\nkind: comment\n---\nFast.',
        "notes/all.csv": "date,model,kind,text\n2026-01-12,all,comment,Fine.\n",
        "campaigns/2026.csv": "start,name,kind,models\n2026-01-12,Sale,campaign,fraud-detector; zebra\n"
        "2026-01-13,Fair,campaign,All\n2026-01-14,Feast,holiday,\n",
    }
    for path, text in files.items():
        (settings.landing_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.landing_dir / path).write_text(text)
    for source in ("notes", "campaigns"):
        take_in(settings, all_sources()[source])
        replace_days(settings, all_sources()[source])
    assert unknown_members(settings, load_catalog(SAMPLE_CATALOG)) == [
        "notes: notes/all.csv names `all`, which is no member of the catalog.",
        "notes: notes/typo.md names `fraud-detectr`, which is no member of the catalog. Is `fraud-detector` meant?",
        "campaigns: campaigns/2026.csv names `zebra`, which is no member of the catalog.",
    ]


def test_a_row_that_one_name_maps_hides_the_others_and_the_rest_are_counted(settings: Settings) -> None:
    rows: list[tuple[str, object, object, str, str]] = [
        # A tag of a member's, whatever the case of its key, and one of a shared pool: both rows have an owner.
        ("2026-01-02", {"Model": "fraud-detector", "env": "prod"}, [], "/VM/1", ""),
        ("2026-01-02", {"cluster": "gpu-a"}, [], "/vm/2", ""),
        ("2026-01-02", {"model": "Fraud-Detector"}, ["a", "b"], "", ""),
        ("2026-01-03", {"model": "Fraud-Detector", 'it\'s "odd"': ""}, ["a"], "/VM/3", "The big one"),
        ("2026-01-04", {}, [], "", ""),
    ]
    path = settings.landing_dir / "bill" / "a.csv"
    path.parent.mkdir(parents=True)
    with path.open("w") as stream:
        write = csv.writer(stream).writerow
        write(("day", "tags", "labels", "resource", "title"))
        for day, tags, labels, resource, title in rows:
            write((day, json.dumps(tags), json.dumps(labels), resource, title))
    take_in(settings, BILL)
    replace_days(settings, BILL)

    found = unmapped_names(settings, load_catalog(SAMPLE_CATALOG), {**all_sources(), "cloud_billing": BILL})

    assert [(item.name[1:], item.row_count, item.newest_day, item.label) for item in found] == [
        (("service", "", "a"), 2, date(2026, 1, 3), None),
        (("tag", "model", "Fraud-Detector"), 2, date(2026, 1, 3), None),
        (("resource_id", "", "/vm/3"), 1, date(2026, 1, 3), "The big one"),
        (("service", "", "b"), 1, date(2026, 1, 2), None),
    ]


def test_names_that_records_have_together_are_counted_in_one_direction(settings: Settings) -> None:
    # Each of the five records of /vm/1 is tagged; the tag is on a sixth one too, and /vm/2 is seldom tagged.
    path = settings.landing_dir / "bill" / "1.csv"
    path.parent.mkdir(parents=True)
    rows = [("/vm/1", {"model": "fraud"})] * 5 + [("/vm/2", {"model": "fraud"})] + [("/vm/2", {})] * 5
    with path.open("w") as stream:
        write = csv.writer(stream).writerow
        write(("day", "tags", "labels", "resource", "title"))
        for resource, tags in rows:
            write(("2026-01-02", json.dumps(tags), "[]", resource, "called so"))
    take_in(settings, BILL)
    replace_days(settings, BILL)
    sources = {**all_sources(), "cloud_billing": BILL}
    tag, one = Name("cloud_billing", "tag", "model", "fraud"), Name("cloud_billing", "resource_id", "", "/vm/1")
    assert names_beside(settings, sources, 0.9, 5) == [(one, tag, 1.0, 5)]
    assert names_beside(settings, sources, 0.8, 5) == [(one, tag, 1.0, 5), (tag, one, 5 / 6, 6)]
    assert names_beside(settings, sources, 0.9, 6) == []


@pytest.mark.parametrize("source", [source for source in all_sources().values() if source.names], ids=lambda s: s.name)
def test_the_line_is_one_that_the_catalog_takes(source: Source) -> None:
    for item in source.names:
        assert item.value and source.table(item.table)
        name = Name(source.name, item.kind, "a: key" if item.is_keyed else "", "it's: {odd} #1")
        (value,) = [yaml.safe_load(line_for(name))] if item.kind not in ELSEWHERE else [None]
        if value is not None:
            identifier = Identifier.model_validate(value[0])
            assert (identifier.source, identifier.kind, identifier.key or "", identifier.value) == name


def test_kinds_that_are_no_identifiers_have_a_line_of_their_own() -> None:
    assert line_for(Name("segment", "event", "", "Draft Inserted")) == "qualifying_events: [Draft Inserted]"
    assert yaml.safe_load(line_for(Name("finance", "project_code", "", "0815"))) == {"codes": ["0815"]}


def test_an_hour_without_a_request_is_nobodys_loss(settings: Settings) -> None:
    with writer(settings, "a test") as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_incidents as select 'unmapped' as model_id")
        connection.execute(
            "create table marts.mart_throughput_hourly as from (values ('unmapped', null), ('unmapped', 0), "
            "('unmapped', 5), ('chat', 5)) as t(model_id, request_count)"
        )
    assert unmapped_rows(settings) == [("mart_incidents", "unmapped", 1), ("mart_throughput_hourly", "unmapped", 1)]


def landed(settings: Settings, path: str, text: str) -> Source:
    """The source with the folder in which `path` lies, once this file of it is ingested."""
    file = settings.landing_dir / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    source = all_sources()[path.split("/")[0]]
    take_in(settings, source)
    replace_days(settings, source)
    return source


def test_what_the_analytics_tool_itself_logs_is_offered_as_no_use_of_a_feature(settings: Settings) -> None:
    amplitude = [
        {"event_type": event, "event_time": "2026-01-05 10:00:00", "user_id": "u", "uuid": str(number)}
        for number, event in enumerate(("$identify", "session_start", "[Amplitude] Page External", "Reply Sent"))
    ]
    mixpanel = [
        {"event": event, "properties": {"time": 1767607200, "distinct_id": "u", "$insert_id": str(number)}}
        for number, event in enumerate(("$mp_web_page_view", "$ae_session", "Reply Sent"))
    ]
    segment = [
        {"type": call, "event": "Reply Sent", "userId": "u", "messageId": call, "timestamp": "2026-01-05T10:00:00Z"}
        for call in ("identify", "group", "track")
    ]
    for source, events in (("amplitude", amplitude), ("mixpanel", mixpanel), ("segment", segment)):
        landed(settings, f"{source}/2026-01-05.json", "\n".join(map(json.dumps, events)))

    found = unmapped_names(settings, load_catalog(SAMPLE_CATALOG), all_sources(), most=9)

    assert sorted((item.name.source, item.name.value) for item in found) == [
        ("amplitude", "Reply Sent"), ("mixpanel", "Reply Sent"), ("segment", "Reply Sent"),
    ]  # fmt: skip


def test_nobody_need_map_a_charge_that_costs_nothing(settings: Settings) -> None:
    landed(
        settings,
        "cloud_billing/bill.csv",
        "BilledCost,EffectiveCost,ListCost,BillingCurrency,BillingAccountId,ChargeCategory,ChargePeriodStart,ServiceName\n"
        "0,0,5,USD,a,Usage,2026-01-05T00:00:00Z,Free tier\n"
        "0,3,3,USD,a,Usage,2026-01-05T00:00:00Z,Covered by a plan\n"
        "9,0,9,USD,a,Purchase,2026-01-05T00:00:00Z,The plan\n",
    )
    found = unmapped_names(settings, load_catalog(SAMPLE_CATALOG), all_sources())

    assert sorted(item.name.value for item in found) == ["covered by a plan", "the plan"]
    with writer(settings, "a test") as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.mart_cost_allocation_daily as from (values ('unallocated', 0, 0), "
            "('unallocated', 0, 3), ('unallocated', 9, 0)) as t(model_id, billed_cost, effective_cost)"
        )
    assert unmapped_rows(settings) == [("mart_cost_allocation_daily", "unallocated", 2)]


def test_a_source_is_as_new_as_the_last_change_that_its_rows_tell_of(settings: Settings) -> None:
    source = landed(
        settings,
        "change_records/changes.csv",
        "number,short_description,type,state,close_code,cmdb_ci,sys_created_on,work_end,sys_updated_on\n"
        "CHG1,Deploy,normal,Closed,successful,ci,2026-01-05 10:00:00,2026-01-08 10:00:00,2026-01-09 10:00:00\n"
        "CHG2,Deploy,normal,New,,ci,2026-01-04 10:00:00,,2199-01-01 00:00:00\n",
    )
    with writer(settings, "a test") as connection:
        connection.execute("update ledger.files set modified_at = timestamp '2026-01-09 23:06:40'")
        assert freshness(connection, source, datetime(2026, 1, 11, 11, tzinfo=UTC)) == Freshness(date(2026, 1, 9), True)
        assert freshness(connection, source, datetime(2026, 1, 11, 13, tzinfo=UTC)) == Freshness(
            date(2026, 1, 9), False
        )
        staleness.set_sources(connection, [source])
        assert connection.execute("select newest_day from ledger.sources").fetchall() == [(date(2026, 1, 9),)]


def test_exports_of_one_bill_are_named_by_files_that_exist(settings: Settings) -> None:
    header = "BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,ChargeCategory,ChargePeriodStart\n"
    once = "cloud_billing/onetime/20260101-20260109/202601100200/a1b2c3d4-0000-4000-8000-00000000000a/part_0.csv"
    daily = "cloud_billing/daily/20260101-20260131/202601130200/a1b2c3d4-0000-4000-8000-00000000000b/part_0.csv"
    row = "{0},{0},USD,a,Usage,2026-01-05T00:00:00Z\n"
    landed(settings, once, header + row.format(1))
    landed(settings, daily, header + row.format(2))
    landed(settings, daily.replace("0113", "0112").replace("b/", "c/"), header + row.format(3))
    with writer(settings, "a test") as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_deliveries__covered as select content_id, stream_id, relation, "
            "date '2026-01-05' as first_charge_date, date '2026-01-05' as last_charge_date from ledger.deliveries"
        )
        connection.execute(
            "create table intermediate.int_bills__overlapping as select 'a' as bill_id, "
            "date '2026-01-05' as charge_date, 4 as charge_count, 1.0 as effective_cost, 'USD' as billing_currency, "
            "min(stream_id) as kept_stream_id, max(stream_id) as stream_id from ledger.deliveries"
        )
    assert passed_over_bills(settings) == [
        "cloud_billing: two exports of account a on 2026-01-05 to 2026-01-05: "
        f"{daily} (and 1 more) counts, {once} is passed over (4 charges, 1.00 USD)"
    ]
