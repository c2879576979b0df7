"""The KPI pages say what the registry says, show a picture each, and name tables that there are."""

from __future__ import annotations

import re

import pytest

from docs.kpis.build import OVERVIEW, PAGES, PICTURES, WRITTEN, heads, pages
from pipelines.settings import DBT_PROJECT

TABLES = {path.stem for path in (DBT_PROJECT / "models").rglob("*") if path.suffix in (".sql", ".py")}


def test_there_is_a_page_for_each_kpi_and_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(heads())


@pytest.mark.parametrize("kpi_id", heads())
def test_a_page_is_what_the_registry_says_above_its_mark(kpi_id: str) -> None:
    page = PAGES / f"{kpi_id}.md"
    assert page.read_text(encoding="utf-8") == pages()[page], "run `make docs-kpis`"


def test_the_page_of_all_kpis_has_each_of_the_registry() -> None:
    assert OVERVIEW.read_text(encoding="utf-8") == pages()[OVERVIEW], "run `make docs-kpis`"


@pytest.mark.parametrize("kpi_id", heads())
def test_a_page_explains_itself_below_it_and_names_tables_that_there_are(kpi_id: str) -> None:
    by_hand = (PAGES / f"{kpi_id}.md").read_text(encoding="utf-8").partition(WRITTEN)[2]
    assert [line for line in by_hand.splitlines() if line.startswith("#")] == ["## How it is computed", "## Edge cases"]
    assert set(re.findall(r"`((?:mart|fct|dim|int)_\w+)`", by_hand)) <= TABLES


@pytest.mark.parametrize("kpi_id", heads())
def test_a_picture_is_there_and_small(kpi_id: str) -> None:
    assert 5_000 < (PICTURES / f"{kpi_id}.png").stat().st_size < 60_000
