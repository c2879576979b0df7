"""The tables SQL sees of a catalog hold each fact once, on the days it held."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.columns import CatalogTable
from pipelines.catalog.domains.company import Company
from pipelines.catalog.domains.costs import SharedPool
from pipelines.catalog.domains.members import AiMember, Team
from pipelines.catalog.load import load_catalog
from pipelines.catalog.tables import CATALOG_TABLES, catalog_tables
from pipelines.settings import SAMPLE_CATALOG

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture(scope="module")
def sample() -> Catalog:
    return load_catalog(SAMPLE_CATALOG)


def catalog(**member: object) -> Catalog:
    """A catalog of one member, `m`, with these fields."""
    entry = {"id": "m", "name": "M", "description": "A model.", "business_unit": "U"}
    return Catalog(
        company=Company(name="Acme"),
        members=(AiMember.model_validate(entry | {"kind": "model"} | member),),
        teams=(Team.model_validate(entry | {"id": "t", "kind": "team", "members": ["a@b.example"]}),),
        pools=(),
    )


def rows(table: str, of: Catalog, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[c] for c in columns) for row in catalog_tables(of)[table].to_pylist()]


def test_a_interval_ends_on_the_day_the_next_begins_and_the_last_stays_open() -> None:
    moved = catalog(team=[{"from": FEBRUARY, "team": "b"}, {"from": JANUARY, "team": "a"}])
    assert rows("team_history", moved, "team_id", "valid_from", "valid_to") == [
        ("a", JANUARY, FEBRUARY),
        ("b", FEBRUARY, None),
    ]


def test_a_target_ends_with_the_next_of_its_own_kpi_only() -> None:
    targets = [
        {"from": JANUARY, "kpi": "mttr", "target": 4, "at_risk": 6},
        {"from": FEBRUARY, "kpi": "throughput", "target": 100},
        {"from": MARCH, "kpi": "mttr", "target": 2},
    ]
    assert rows("targets", catalog(targets=targets), "kpi_id", "valid_from", "valid_to", "target", "at_risk") == [
        ("mttr", JANUARY, MARCH, 4.0, 6.0),
        ("mttr", MARCH, None, 2.0, None),
        ("throughput", FEBRUARY, None, 100.0, None),
    ]


def test_targets_by_severity_hold_as_long_as_the_target_that_lists_them() -> None:
    severities = {"P4": {"target": 24}, "P1": {"target": 2, "at_risk": 4}}
    targets = [
        {"from": JANUARY, "kpi": "mttr", "target": 8, "by_severity": severities},
        {"from": MARCH, "kpi": "mttr", "target": 6},
    ]
    assert rows(
        "severity_targets", catalog(targets=targets), "severity", "valid_from", "valid_to", "target", "at_risk"
    ) == [("P1", JANUARY, MARCH, 2.0, 4.0), ("P4", JANUARY, MARCH, 24.0, None)]


def test_an_identifier_without_dates_is_open_at_both_ends() -> None:
    names = [
        {"source": "cloud_billing", "kind": "tag", "key": "model", "value": "m"},
        {"source": "jira", "kind": "label", "value": "l", "from": JANUARY, "to": MARCH},
    ]
    assert catalog_tables(catalog(identifiers=names))["identifiers"].to_pylist() == [
        {
            "member_id": "m",
            "source": "cloud_billing",
            "identifier_kind": "tag",
            "identifier_key": "model",
            "identifier_value": "m",
            "valid_from": None,
            "valid_to": None,
        },
        {
            "member_id": "m",
            "source": "jira",
            "identifier_kind": "label",
            "identifier_key": None,
            "identifier_value": "l",
            "valid_from": JANUARY,
            "valid_to": MARCH,
        },
    ]


FEATURE = {
    "id": "f",
    "name": "F",
    "source": "segment",
    "exposed_events": ["Shown"],
    "qualifying_events": ["Clicked", "Bought"],
}


def test_every_event_of_a_feature_carries_its_stage_and_the_property_that_tells_it() -> None:
    by_property = FEATURE | {"property": {"name": "feature", "equals": "f"}}
    expected = [("exposed", "Shown"), ("qualifying", "Clicked"), ("qualifying", "Bought")]
    for feature, by in ((FEATURE, (None, None)), (by_property, ("feature", "f"))):
        assert rows(
            "feature_events",
            catalog(features=[feature]),
            "stage",
            "event_name",
            "property_name",
            "property_value",
        ) == [(stage, event, *by) for stage, event in expected]


def test_a_population_is_a_size_or_a_row_for_each_value_of_its_rule() -> None:
    populations = [
        {"from": JANUARY, "size": 400},
        {"from": FEBRUARY, "rule": {"property": "role", "in": ["nurse", "doctor"]}},
        {"from": MARCH, "rule": {"property": "role", "equals": "doctor"}},
    ]
    of = catalog(features=[FEATURE | {"target_population": populations}])
    columns = ("valid_from", "valid_to", "size", "property_name", "property_value")
    assert rows("target_populations", of, *columns) == [
        (JANUARY, FEBRUARY, 400, None, None),
        (FEBRUARY, MARCH, None, "role", "nurse"),
        (FEBRUARY, MARCH, None, "role", "doctor"),
        (MARCH, None, None, "role", "doctor"),
    ]


def test_processes_are_counted_where_a_feature_names_their_property() -> None:
    of = catalog(features=[FEATURE | {"process_property": "route_id"}])
    assert rows("features", of, "feature_id", "process_property") == [("f", "route_id")]


def test_a_survey_is_told_by_its_names_its_scored_texts_and_its_waves() -> None:
    survey = {
        "id": "pulse", "name": "Pulse", "source": "qualtrics", "survey": "SV_1", "questions": ["QID1", "Q1"],
        "measure": "csat", "worst": 5, "best": 1, "answers": {"Poor": 5}, "comments": ["QID2"],
        "invited": [{"from": FEBRUARY, "count": 30}, {"from": JANUARY, "count": 20}],
    }  # fmt: skip
    of = catalog(
        surveys=[survey],
        satisfaction=[
            {"from": JANUARY, "primary": "survey", "survey": "csat"},
            {"from": MARCH, "primary": "trust", "survey": "csat"},
        ],
    )
    assert rows("survey_questions", of, "purpose", "question", "question_rank") == [
        ("score", "QID1", 1), ("score", "Q1", 2), ("comment", "QID2", 1),
    ]  # fmt: skip
    assert rows("survey_answers", of, "survey_id", "answer", "score") == [("pulse", "Poor", 5.0)]
    assert rows("survey_waves", of, "valid_from", "valid_to", "invited_count") == [
        (JANUARY, FEBRUARY, 20),
        (FEBRUARY, None, 30),
    ]
    assert rows("satisfaction_measures", of, "valid_from", "valid_to", "primary_measure", "survey_measure") == [
        (JANUARY, MARCH, "csat", "csat"),
        (MARCH, None, "trust", "csat"),
    ]


def test_teams_are_members_of_kind_team_and_list_who_is_in_them() -> None:
    of = catalog(roles={"sre": "sre@acme.example"})
    assert rows("members", of, "member_id", "kind", "sre") == [
        ("m", "model", "sre@acme.example"),
        ("t", "team", None),
    ]
    assert rows("team_members", of, "team_id", "address") == [("t", "a@b.example")]


def test_a_pool_is_told_by_its_names_on_bills_its_members_and_its_driver() -> None:
    pool = {
        "id": "gpu",
        "name": "GPU",
        "match": [{"kind": "tag", "key": "cluster", "value": "a", "to": MARCH}],
        "members": [{"member": "m", "from": FEBRUARY}],
        "driver": "tokens",
    }
    of = catalog().model_copy(update={"pools": (SharedPool.model_validate(pool),)})
    assert rows("shared_pools", of, "pool_id", "driver") == [("gpu", "tokens")]
    columns = ("identifier_kind", "identifier_key", "identifier_value", "valid_from", "valid_to")
    assert rows("pool_matches", of, *columns) == [("tag", "cluster", "a", None, MARCH)]
    columns = ("member_id", "valid_from", "valid_to")
    assert rows("pool_members", of, *columns) == [("m", FEBRUARY, None)]


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_a_table_without_rows_keeps_its_types(table: CatalogTable, sample: Catalog) -> None:
    full = table.fill(sample)
    nobody = catalog().model_copy(update={"members": (), "teams": ()})
    empty = table.fill(nobody)
    assert empty.schema == full.schema
    assert pa.null() not in empty.schema.types
    # The company itself, and what holds where it says nothing.
    assert (empty.num_rows > 0) == (table.name in ("company", "incident_types"))


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_no_two_rows_of_the_sample_have_one_key(table: CatalogTable, sample: Catalog) -> None:
    filled = table.fill(sample)
    assert filled.num_rows > 0
    keys = [tuple(row[column] for column in table.key) for row in filled.to_pylist()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_every_table_and_column_is_described(table: CatalogTable) -> None:
    assert table.description.startswith("One row")
    assert [c.name for c in table.columns if not c.description] == []


def test_the_route_optimiser_changes_hands_on_the_tenth_of_february(sample: Catalog) -> None:
    day = date(2026, 2, 10)
    columns = ("member_id", "team_id", "valid_from", "valid_to")
    intervals = rows("team_history", sample, *columns)
    assert [s for s in intervals if s[0] == "route-optimiser"] == [
        ("route-optimiser", "platform", JANUARY, day),
        ("route-optimiser", "logistics-ai", day, None),
    ]


def test_one_sample_member_has_no_target_so_that_no_target_shows(sample: Catalog) -> None:
    targeted = {member for (member,) in rows("targets", sample, "member_id")}
    assert {m.id for m in sample.members} - targeted == {"writing-assistant"}


def test_the_company_row_carries_the_catalogs_fingerprint(sample: Catalog) -> None:
    assert rows("company", sample, "name", "default_currency", "catalog_fingerprint") == [
        ("Meridian Group", "USD", sample.fingerprint)
    ]
