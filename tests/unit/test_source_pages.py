"""The sources' pages say what their modules say, explain how to get the export, and show examples that are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.sources.build import INDEX, PAGES, by_hand, heads, pages
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.intake import take_in

SECTIONS = ["## How to export", "## What to beware of"]
EXAMPLES = [
    (name, container, text)
    for name in heads()
    for container, text in re.findall(r"```(json|csv)\n(.*?)```", by_hand(PAGES / f"{name}.md"), flags=re.DOTALL)
]


def test_there_is_a_page_for_each_source_and_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*heads(), INDEX.stem}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_page_is_what_the_source_says_above_its_mark(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "run `make generate`"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_link_leads_to_a_file_and_a_heading_that_there_are(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", page.read_text(encoding="utf-8"))
    targets = [(page.parent / file if file else page, anchor) for file, anchor in links]
    assert [str(path) for path, _ in targets if not path.exists()] == []
    assert [anchor for path, anchor in targets if anchor and anchor not in _anchors(path)] == []


def _anchors(page: Path) -> set[str]:
    """Where GitHub lets a link lead to in a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", heads())
def test_a_page_says_below_it_how_to_export_and_what_to_beware_of(name: str) -> None:
    text = by_hand(PAGES / f"{name}.md")
    assert [line for line in text.splitlines() if line.startswith("#")] == SECTIONS
    assert all(section.strip() for section in re.split("^## .*$", text, flags=re.MULTILINE)[1:])


@pytest.mark.parametrize(("name", "container", "text"), EXAMPLES, ids=[f"{name}-{kind}" for name, kind, _ in EXAMPLES])
def test_an_example_is_read_whole(settings: Settings, name: str, container: str, text: str) -> None:
    path = settings.landing_dir / name / "folder" / f"example.{container}"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    (report,) = take_in(settings, all_sources()[name])
    assert (report.status, report.rows_quarantined) == ("loaded", 0), report.summary
    assert report.rows_loaded > 0
