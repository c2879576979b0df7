"""Names that nobody maps are told with the line of the catalog that would map them."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta

import pytest
import yaml

from pipelines.catalog.domains.identifiers import Identifier
from pipelines.catalog.load import load_catalog
from pipelines.catalog.names import ELSEWHERE, Name, line_for
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.sources import all_sources
from pipelines.sources.spec import Column, Format, Names, Source, Table
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.status import nobodys, unmapped_names

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
    assert nobodys(settings) == [("mart_incidents", "unmapped", 1), ("mart_throughput_hourly", "unmapped", 1)]
