"""The sources' pages say what their modules say, and link to files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.sources.build import INDEX, PAGES, heads, pages


def test_there_is_a_page_for_each_source_and_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*heads(), INDEX.stem}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_page_is_what_the_source_says_above_its_mark(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "run `python -m docs.sources.build`"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_link_leads_to_a_file_that_there_is(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
