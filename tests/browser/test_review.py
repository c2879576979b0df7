"""A review in a browser: nothing run and nothing asked for; readable in the dark, on a phone, to a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipelines.catalog.load import load_catalog
from pipelines.scorecard.reviews import shelf
from pipelines.scorecard.reviews.periods import Period
from pipelines.scorecard.reviews.render import as_html, as_markdown
from pipelines.scorecard.reviews.write import review
from pipelines.settings import SAMPLE_CATALOG
from pipelines.warehouse.publish import PAGE
from tests.browser.reviewed import HOSTILE, answers
from tests.browser.test_page import serious

PERIODS = (
    Period("weekly", date(2026, 2, 16)),
    Period("monthly", date(2026, 2, 1)),
    Period("quarterly", date(2026, 1, 1)),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reviews")
    catalog = load_catalog(SAMPLE_CATALOG)
    catalog = catalog.model_copy(update={"company": catalog.company.model_copy(update={"name": HOSTILE})})
    pages = {period.cadence: as_html(review(answers, catalog, period)) for period in PERIODS}
    pages["launch"] = as_html(review(answers, catalog, PERIODS[1], model="recommender"))
    pages["index"] = shelf.index(["weekly-2026-W08.html", "launch-2026-02-x.html"], HOSTILE, {"x": HOSTILE})
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Any]:
    """Opens one of the pages; beside it, a list that fills with all it complains of and all it asks others for."""
    contexts = []

    def open_(name: str, **options: Any) -> tuple[Page, list[str]]:
        context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **options})
        contexts.append(context)
        page, heard = context.new_page(), list[str]()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else heard.append(r.url))
        page.goto(files[name].as_uri())
        return page, heard

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["weekly", "monthly", "quarterly", "launch", "index"])
def test_hostile_names_are_text_and_nothing_is_asked_for_or_run(opened: Any, name: str) -> None:
    page, heard = opened(name)
    assert page.locator("script, img, iframe, object").count() == 0
    assert page.locator("[onerror], [onload], [onclick], a[href^='javascript']").count() == 0
    assert HOSTILE in page.locator("header").inner_text()
    assert heard == []


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("weekly", "../scorecard.html#period=week&start=2026-02-16"),
        ("quarterly", "../scorecard.html#period=quarter&start=2026-01-01"),
        ("launch", "../scorecard.html#period=month&start=2026-02-01&model=recommender"),
    ],
)
def test_a_review_links_to_the_page_s_view_of_the_same_period(opened: Any, name: str, address: str) -> None:
    page, _ = opened(name)
    assert page.locator("header a").first.get_attribute("href") == address
    assert f"../{PAGE}" == shelf.PAGE


def test_hostile_names_are_text_in_markdown_too() -> None:
    text = as_markdown(review(answers, load_catalog(SAMPLE_CATALOG), PERIODS[0]))
    bare = text.replace("\\<", "").replace("\\|", "").replace("\\[", "").replace("\\`", "").replace("\\*", "")
    assert "<script" not in bare and "<img" not in bare and "[l]" not in bare and "`" not in bare
    head, _, *rows = [line.count("|") for line in bare.splitlines() if line.startswith("|")][:4]
    assert rows == [head, head], "a bar in a name adds no column"


def test_pictures_are_drawn_with_the_style_sheet_s_colours(opened: Any) -> None:
    page, _ = opened("quarterly")
    assert page.locator("figure svg").count() == 3
    colour = "getComputedStyle(document.querySelector('figure svg text')).fill"
    light = page.evaluate(colour)
    dark, _ = opened("quarterly", color_scheme="dark")
    assert dark.evaluate(colour) != light
    paper = "getComputedStyle(document.body).backgroundColor"
    assert dark.evaluate(paper) != page.evaluate(paper)


def test_it_prints_on_white_and_a_phone_has_no_sideways_scroll(opened: Any) -> None:
    page, _ = opened("weekly", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    phone, _ = opened("monthly", viewport={"width": 390, "height": 800})
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("name", "scheme"), [("weekly", "light"), ("quarterly", "dark")])
def test_axe_finds_nothing_serious(opened: Any, name: str, scheme: str) -> None:
    page, _ = opened(name, color_scheme=scheme, bypass_csp=True)
    assert serious(page, context={"exclude": [["figure svg"]]}) == {}
