"""A project's catalog entry is rejected where it contradicts itself or the others, by file, line and field."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.catalog.load import load_catalog
from pipelines.catalog.tables import catalog_tables
from tests.unit.test_catalog_load import message, problems, write

PROJECT = """\
id: ranking
name: Ranking
description: Ranks more.
sponsor: cfo@acme.example
members: [{member: ranker}]
codes: [WBS-1]
start_month: 2026-01
horizon_months: 24
discount_rate:
  - {from: 2026-01-01, annual_rate: 0.1}
categories:
  - {category: development, budget: capital, gl_accounts: ["61"]}
"""
DOWNSIDE = "scenarios: {downside: {uplift: 0.5}, upside: {uplift: 1.5}}\n"


def test_a_project_needs_no_more_than_its_money_and_whose_it_is(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path, projects__ranking=PROJECT))
    tables = catalog_tables(catalog)
    assert tables["projects"].to_pylist()[0] | {"description": "", "sponsor": ""} == {
        "project_id": "ranking", "name": "Ranking", "description": "", "sponsor": "",
        "start_date": date(2026, 1, 1), "horizon_months": 24,
    }  # fmt: skip
    assert tables["project_members"].to_pylist() == [{"project_id": "ranking", "member_id": "ranker", "share": 1.0}]
    base = {"project_id": "ranking", "scenario": "base", "uplift": 1.0, "volume": 1.0, "cost": 1.0}
    assert tables["project_scenarios"].to_pylist() == [base | {"discount_rate": None}]


def test_scenarios_left_out_are_the_plan_and_those_given_are_three(tmp_path: Path) -> None:
    tables = catalog_tables(load_catalog(write(tmp_path, projects__ranking=PROJECT + DOWNSIDE)))
    found = {row["scenario"]: row["uplift"] for row in tables["project_scenarios"].to_pylist()}
    assert found == {"downside": 0.5, "base": 1.0, "upside": 1.5}


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("[{member: ranker}]", "[{member: nobody}]", 5, "members[0].member"),
        ("[{member: ranker}]", "[{member: ops}]", 5, "members[0].member"),
        ("[{member: ranker}]", "[{member: ranker, share: 0.6}]", 5, "members"),
        ("[WBS-1]", "[WBS-1, WBS-1]", 6, "codes[1]"),
        ("start_month: 2026-01", "start_month: 2026-13", 7, "start_month"),
        ("horizon_months: 24", "horizon_months: 0", 8, "horizon_months"),
        ("annual_rate: 0.1", "annual_rate: 10", 10, "discount_rate[0].annual_rate"),
        ("budget: capital", "budget: both", 12, "categories[0].budget"),
        ('["61"]', '["61", "61"]', 12, "categories[0].gl_accounts[1]"),
    ],
)  # fmt: skip
def test_a_wrong_project_is_rejected_at_its_line_and_field(
    tmp_path: Path, old: str, new: str, line: int, field: str
) -> None:
    assert old in PROJECT
    assert problems(write(tmp_path, projects__ranking=PROJECT.replace(old, new))) == [("ranking.yaml", line, field)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("inputs: [{driver: uplift, low: 2, high: 1}]\n", "expected low < high, found 2.0 and 1.0"),
        ("inputs: [{driver: discount_rate, low: 7, high: 14}]\n", "expected annual rates between -1 and 1"),
        ("inputs: [{driver: cost, low: -1, high: 1}]\n", "expected a factor of 0 or more"),
        (
            "inputs: [{driver: cost, low: 0, high: 1, distribution: {shape: uniform, low: 0}}]\n",
            "expected `low`, `high` and no others for `uniform`",
        ),
        (
            "inputs: [{driver: cost, low: 0, high: 1, distribution: {shape: triangular, low: 0, mode: 2, high: 1}}]\n",
            "expected low <= mode <= high, and low < high",
        ),
        (
            "inputs: [{driver: cost, low: 0, high: 1}, {driver: cost, low: 0, high: 2}]\n",
            "`inputs[1].driver`: found `cost` again",
        ),
    ],
)
def test_an_uncertain_input_has_ends_in_order_and_one_entry(tmp_path: Path, more: str, said: str) -> None:
    assert said in message(write(tmp_path, projects__ranking=PROJECT + more))


def test_two_projects_share_neither_id_nor_code(tmp_path: Path) -> None:
    folder = write(tmp_path, projects__one=PROJECT, projects__two=PROJECT)
    assert problems(folder) == [("two.yaml", 1, "id"), ("two.yaml", 6, "codes[0]")]
