"""The page in a browser: what people see, by mouse and by keyboard, is what the marts say."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.scorecard.datasets import DATASETS
from pipelines.scorecard.page import page as written
from tests.browser.company import HOSTILE, KPIS, company

NAMES = ["Alpha", "Beta", HOSTILE]
Open = Callable[..., tuple[Page, list[str]]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("SCORECARD_BROWSER") == "required":
            pytest.fail("no Chromium on the PATH, and SCORECARD_BROWSER=required says that there must be one")
        pytest.skip("no Chromium on the PATH: `apt-get install chromium` lets these tests run")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    companies = {"small": company(NAMES), "empty": company([]), "large": company([f"Model {i}" for i in range(100)])}
    for name, tables in companies.items():
        (folder / f"{name}.html").write_text(written(tables, "Acme <b>& Co", "2026-03-02T04:00:00Z"), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in companies}


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Open]:
    """Opens one of the pages; beside it, a list that fills with all it complains of and all it asks others for."""
    contexts = []

    def open_(name: str = "small", address: str = "", **options: Any) -> tuple[Page, list[str]]:
        context = browser.new_context(viewport={"width": 1300, "height": 900}, **options)
        contexts.append(context)
        page, heard = context.new_page(), list[str]()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else heard.append(r.url))
        page.goto(f"{files[name].as_uri()}{address}")
        page.wait_for_selector("html[data-ready]")
        return page, heard

    yield open_
    for context in contexts:
        context.close()


def until(page: Page, condition: str) -> None:
    """Wait for `condition`; playwright's own wait evaluates text inside the page, which its policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def draw_all(page: Page) -> None:
    for figure in page.locator("figure").all():
        figure.scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('.plot:not([hidden])')].every((plot) => plot.querySelector('svg, p'))")


def test_fixture_has_every_table_of_the_page() -> None:
    assert company(NAMES).keys() == DATASETS.keys()


def test_page_draws_every_picture_without_complaint_or_request(opened: Open) -> None:
    page, heard = opened()
    draw_all(page)
    assert page.locator(".plot svg").count() >= 15
    assert heard == []


def test_every_number_of_the_matrix_is_the_table_s(opened: Open) -> None:
    page, _ = opened()
    cells = company(NAMES)["cells"].to_pylist()
    wanted = [f"{row['value']:.3g}" for row in cells if row["start"].month == 2]
    assert len(wanted) == len(NAMES) * len(KPIS)
    assert [text.strip() for text in page.locator(".matrix .cell b").all_inner_texts()] == wanted


def test_choosing_a_model_changes_address_and_content(opened: Open) -> None:
    page, _ = opened()
    page.select_option("#model", label="Beta")
    until(page, "location.hash.includes('model=model-1')")
    assert page.locator("#overview h2").inner_text() == "Beta"
    assert page.locator(".matrix").count() == 0
    page.go_back()
    page.wait_for_selector(".matrix")


def test_deep_link_opens_what_it_names(opened: Open) -> None:
    page, _ = opened(address="#model=model-1&start=2026-01-01&at=kpi-mttr")
    assert page.locator("#overview h2").inner_text() == "Beta"
    assert page.locator("#start").input_value() == "2026-01-01"
    until(page, "Math.abs(document.querySelector('#kpi-mttr').getBoundingClientRect().top) < 450")


def test_dark_mode_follows_the_system_and_can_be_changed(opened: Open) -> None:
    page, _ = opened(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.click("#theme")
    assert page.locator("#theme").get_attribute("aria-pressed") == "false"
    assert page.evaluate(paper) != dark


def test_keyboard_reaches_controls_and_opens_and_closes_a_cell(opened: Open) -> None:
    page, _ = opened()
    reached = []
    for _press in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if str(reached[-1]).startswith("cell"):
            break
    assert {"period", "start", "unit", "team", "model", "reset", "theme"} <= set(reached)
    page.keyboard.press("Enter")
    assert "Alpha" in page.locator("dialog[open] h2").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert str(page.evaluate("document.activeElement.className")).startswith("cell")


def test_hostile_names_are_text(opened: Open) -> None:
    page, heard = opened(address="#model=model-2")
    draw_all(page)
    assert page.locator("#overview h2").inner_text() == HOSTILE
    assert page.locator("#company").inner_text() == "Acme <b>& Co"
    assert page.locator("main img, main script").count() == 0
    assert heard == []


def test_empty_company_says_so(opened: Open) -> None:
    page, heard = opened("empty")
    draw_all(page)
    assert "No model is chosen" in page.locator("#overview").inner_text()
    assert heard == []


def test_hundred_models_stand_in_the_matrix(opened: Open) -> None:
    page, heard = opened("large")
    assert page.locator(".matrix tbody tr").count() == 100
    page.locator("#kpi-drift_rate").scroll_into_view_if_needed()
    page.wait_for_selector("#kpi-drift_rate .plot svg")
    assert heard == []


def test_phone_has_no_sideways_scroll(opened: Open) -> None:
    page, _ = opened()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_axe_finds_nothing_serious(opened: Open) -> None:
    page, _ = opened()
    draw_all(page)
    until(page, "[...document.querySelectorAll('.plot svg')].every((svg) => svg.ariaHidden)")
    assert serious(page, rules={"color-contrast": {"enabled": False}}) == {}
    for _scheme in ("light", "dark"):
        # axe takes seconds to find the ground behind each letter of a picture, which is hidden from it anyway.
        assert serious(page, context={"exclude": [[".plot"]]}, runOnly=["color-contrast"]) == {}
        page.click("#theme")


def serious(page: Page, context: dict[str, Any] | None = None, **options: Any) -> dict[str, list[str]]:
    """Rule of axe-core that is broken seriously or critically → the first elements that break it."""
    violations = Axe().run(page, context=context, options=options).response["violations"]
    return {
        one["id"]: [node["html"][:200] for node in one["nodes"][:3]]
        for one in violations
        if one["impact"] in ("serious", "critical")
    }
