"""The page in a browser: what people see and reach, by mouse and by keyboard, on a screen, a phone and paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pipelines.scorecard.datasets import DATASETS
from tests.browser.company import HOSTILE, KPIS, company
from tests.browser.pages import NAMES, PLOTS, UNFOLDED_DRAWN, VIEWS, Open, draw_all, turn_to, until


def test_every_table_of_the_page_is_filled() -> None:
    tables = company(NAMES)
    assert tables.keys() == DATASETS.keys()
    assert all(table.num_rows for table in tables.values())


def test_page_draws_every_picture_without_complaint_or_request(opened: Open) -> None:
    page, heard = opened()
    for view in VIEWS:
        turn_to(page, f"view={view}")
        draw_all(page)
    undrawn = page.locator("figure:has(.panels p.none) h3").all_inner_texts()
    assert undrawn == []
    assert page.locator("figure:has(.plot svg)").count() >= 34
    assert page.locator("figure table tbody tr").count() >= 30
    assert heard == []


def test_the_menu_leads_to_each_view_whose_address_leads_there_again(opened: Open) -> None:
    page, _ = opened(address="#view=governance")
    ids = "[...document.querySelectorAll('main > section:not([hidden])')].map((one) => one.id)"
    for view in VIEWS:
        page.locator(f"#views [data-view={view}]").click()
        until(page, f"document.documentElement.dataset.view === '{view}'")
        shown = page.evaluate(ids)
        assert shown
        page.reload()
        page.wait_for_selector("html[data-ready]")
        assert page.locator("#views [aria-current=page]").get_attribute("data-view") == view
        assert page.evaluate(ids) == shown


def test_every_section_is_in_a_view_and_a_link_to_it_lands_there(opened: Open) -> None:
    page, _ = opened()
    sections = page.locator("main > section").evaluate_all("(all) => all.map((one) => one.id)")
    assert sections
    for section in sections:
        turn_to(page, f"at={section}")
        assert page.locator(f"#{section}").is_visible(), section


def test_no_view_of_six_models_is_higher_than_3_200_pixels_and_none_of_one_than_3_000(opened: Open) -> None:
    page, _ = opened("six", viewport={"width": 1400, "height": 900})
    heights = {}
    for view in [*VIEWS, "model&model=model-1", "project&project=p-model-1"]:
        turn_to(page, f"view={view}")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        until(page, UNFOLDED_DRAWN)
        heights[view] = page.evaluate("document.documentElement.scrollHeight")
    assert {view: height for view, height in heights.items() if height > (3_000 if "&" in view else 3_200)} == {}


def test_a_model_s_view_folds_lists_behind_their_sentence_until_they_are_asked_for(opened: Open) -> None:
    page, _ = opened(address="#view=model&model=model-1")
    assert page.locator("#alerts .says").inner_text() == "1 alert open, 1 critical."
    assert not page.locator("#alerts figure").is_visible()
    assert page.locator("#decisions figure").is_visible()
    page.locator("#alerts .fold > summary").click()
    assert page.locator("#alerts figure").is_visible()
    turn_to(page, "view=model&model=model-1&period=week")
    assert page.locator("#alerts figure").is_visible()
    turn_to(page, "view=model&model=model-0")
    assert not page.locator("#alerts figure").is_visible()
    turn_to(page, "view=model&model=model-0&at=gates")
    assert page.locator("#gates figure").is_visible()


def test_a_list_shown_whole_grows_with_its_rows_and_is_no_wider_than_the_screen(opened: Open) -> None:
    page, _ = opened("six", "#view=governance", viewport={"width": 1280, "height": 720})
    figure = page.locator("figure", has_text="Criteria due")
    figure.get_by_role("button", name="Show all").click()
    box = figure.locator(".scroll")
    assert figure.locator("tbody tr").count() > 20
    assert box.evaluate("(box) => box.scrollHeight - box.clientHeight") == 0
    assert box.evaluate("(box) => box.scrollWidth - box.clientWidth") == 0


def test_a_click_on_a_heading_sorts_and_a_search_narrows_table_and_file(opened: Open) -> None:
    page, _ = opened("six", "#view=governance")
    figure = page.locator("figure", has_text="Criteria due")
    figure.scroll_into_view_if_needed()
    heading = figure.get_by_role("button", name="Model", exact=True)
    models = figure.locator("tbody td:nth-child(2)")
    heading.click()
    ascending = models.all_inner_texts()
    assert ascending == sorted(ascending)
    assert figure.locator("th[aria-sort=ascending]").count() == 1
    heading.click()
    assert models.first.inner_text() == "Zeta"
    figure.get_by_role("searchbox").fill("GAMMA")
    assert set(models.all_inner_texts()) == {"Gamma"}
    with page.expect_download() as download:
        figure.get_by_role("button", name="CSV of").click()
    assert len(Path(download.value.path()).read_text(encoding="utf-8").splitlines()) == 1 + 4


def test_a_picture_is_saved_as_png(opened: Open) -> None:
    page, heard = opened(address="#view=reliability")
    draw_all(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture of: Model throughput by day").click()
    assert download.value.suggested_filename == "model-throughput-by-day.png"
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20]) > 2000  # pixels wide: two for each of the screen
    assert heard == []


def test_a_figure_fills_the_screen_and_returns(opened: Open) -> None:
    page, heard = opened(address="#view=reliability")
    figure = page.locator("figure", has_text="Model throughput by day")
    figure.locator(".plot svg").first.wait_for()
    before = figure.locator(".plot").first.evaluate("(plot) => plot.offsetHeight")
    figure.get_by_role("button", name="Full screen of").click()
    until(page, "document.fullscreenElement?.tagName === 'FIGURE'")
    until(page, f"document.querySelector(':fullscreen .plot').offsetHeight > {before}")
    figure.get_by_role("button", name="Exit full screen of").click()
    until(page, "document.fullscreenElement === null")
    until(page, f"document.querySelector('#kpi-throughput .plot').offsetHeight === {before}")
    assert figure.get_by_role("button", name="Full screen of").inner_text() == "Full screen"
    assert heard == []


def test_what_happened_links_to_the_incident_s_own_page(opened: Open) -> None:
    page, _ = opened(address="#view=reliability")
    draw_all(page)
    link = page.locator("#kpi-mttr figure table a").first
    assert link.get_attribute("href") == "https://acme.pagerduty.example/incidents/1"


def test_matrix_says_value_status_and_target_of_every_model_and_kpi(opened: Open) -> None:
    page, _ = opened()
    assert page.locator(".matrix .cell").count() == len(NAMES) * len(KPIS)
    cell = page.get_by_label(re.compile("^Alpha, Model throughput: .*(on|off) target$"))
    assert cell.inner_text().count("target 110") == 1


def test_matrix_lists_the_model_with_most_kpis_off_target_first(opened: Open) -> None:
    page, _ = opened("six")
    missed = [row.locator(".off_target").count() for row in page.locator(".matrix tbody tr").all()]
    assert missed == sorted(missed, reverse=True)
    assert len(set(missed)) > 1


def test_home_opens_with_money_trouble_and_decisions(opened: Open) -> None:
    page, heard = opened()
    assert page.locator("#home .ledger h3").all_inner_texts() == [
        "Spent",
        "Returned, as measured",
        "To explain",
        "Portfolio NPV",
    ]
    assert re.fullmatch(r"\$[23]\d,\d{3}", page.locator("#home .big").first.inner_text())
    trouble, decisions = page.locator("#home .two > div").all()
    assert trouble.locator("li").first.inner_text().startswith(HOSTILE)  # to be retired
    assert decisions.locator("li").first.inner_text().startswith("Alpha: Retrain or roll back")
    assert "to be signed by model owner" in decisions.inner_text()
    assert heard == []


def test_totals_of_all_models_say_so_where_some_are_chosen(opened: Open) -> None:
    page, _ = opened(address="#view=money")
    assert not page.locator("#reconciliation").inner_text().count("All models")
    page, _ = opened(address="#view=money&model=model-0")
    assert page.locator("#reconciliation").inner_text().count("All models, ") == 1


def test_every_figure_of_home_leads_to_its_rows(opened: Open) -> None:
    page, _ = opened()
    links = page.locator("#home .two a, #home .ledger a").evaluate_all("(all) => all.map((one) => one.hash)")
    assert links
    for address in sorted(set(links)):
        turn_to(page, address)
        assert page.evaluate("document.documentElement.dataset.view") != "home", address


def test_choosing_a_model_changes_address_and_content(opened: Open) -> None:
    page, _ = opened()
    page.select_option("#model", label="Beta")
    until(page, "location.hash.includes('model=model-1')")
    assert page.locator("#overview h2").inner_text() == "Beta"
    assert page.locator(".matrix").count() == 0
    assert page.locator(".tiles .cell").count() == len(KPIS)
    page.click(".chip")
    page.wait_for_selector(".matrix")
    page.go_back()
    page.wait_for_selector(".tiles")


DRILLS = [
    ("team=team-1", "#overview h2", "Beta"),
    ("unit=unit%200", "#overview h2", "Alpha"),
    ("model=model-0&version=v2", "#overview h2", "Alpha, v2"),
    ("project=p-model-1", "#overview h2", "Project Beta"),
    ("period=week&start=2026-02-16", "#overview .says", "the week of 16 February 2026"),
    ("period=quarter", "#overview .says", "Q1 2026"),
]


@pytest.mark.parametrize(("address", "where", "text"), DRILLS, ids=[address for address, _, _ in DRILLS])
def test_a_deep_link_drills_down(opened: Open, address: str, where: str, text: str) -> None:
    page, heard = opened(address=f"#{address}")
    assert text in page.locator(where).inner_text()
    assert heard == []


def test_projects_begin_with_the_lowest_npv_and_lead_to_their_pages(opened: Open) -> None:
    page, _ = opened("six", "#view=project&at=kpi-npv")
    figure = page.locator("#kpi-npv figure").first
    assert figure.locator("th[aria-sort=ascending]").inner_text() == "NPV, USD"
    link = figure.locator("tbody a").first
    name = link.inner_text()
    link.click()
    until(page, "location.hash.includes('project=')")
    assert page.locator("#overview h2").inner_text() == name


def test_project_page_holds_its_finance_alone(opened: Open) -> None:
    page, _ = opened(address="#project=p-model-0")
    assert page.locator("main > section:visible").count() == 2
    assert page.locator(".tiles h3").first.inner_text() == "Net present value"
    draw_all(page)
    assert page.locator("figure", has_text="NPV sensitivity").locator(".plot svg").count() == 1


def test_address_that_names_nobody_shows_everything(opened: Open) -> None:
    page, heard = opened(address="#model=nobody&period=year&project=none&days=7&version=v9")
    assert page.locator(".matrix tbody tr").count() == len(NAMES)
    assert heard == []


def test_dark_mode_follows_the_system_and_can_be_changed(opened: Open) -> None:
    page, _ = opened(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.click("#theme")
    assert page.locator("#theme").get_attribute("aria-pressed") == "false"
    assert page.evaluate(paper) != dark


def test_keyboard_reaches_controls_and_opens_and_closes_a_cell(opened: Open) -> None:
    page, _ = opened()
    reached: list[str] = []
    for _press in range(120):
        page.keyboard.press("Tab")
        reached.append(str(page.evaluate("document.activeElement.id || document.activeElement.className")))
        if reached[-1].startswith("cell"):
            break
    assert reached[0] == "skip"
    assert {"period", "start", "team", "model", "reset", "print", "theme"} <= set(reached)
    page.keyboard.press("Enter")
    assert page.locator("dialog[open] h2").inner_text().endswith(": Model throughput")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert str(page.evaluate("document.activeElement.className")).startswith("cell")


def test_more_filters_open_by_keyboard(opened: Open) -> None:
    page, _ = opened()
    assert page.locator("#project").is_hidden()
    page.locator(".more > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#project").is_visible()
    page.select_option("#project", label="Project Alpha")
    until(page, "location.hash.includes('project=p-model-0')")
    assert page.locator("#project").input_value() == "p-model-0"


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
    assert page.locator(".plot svg").count() == 0
    assert heard == []


def test_hundred_models_stand_in_the_matrix_and_nine_in_a_figure(opened: Open) -> None:
    page, heard = opened("large", "#at=kpi-throughput")
    assert page.locator(".matrix tbody tr").count() == 100
    figure = page.locator("#kpi-throughput figure", has_text="by day")
    figure.locator(".plot svg").first.wait_for()
    assert figure.locator(".panel").count() == 9
    figure.get_by_role("button", name="Show all 100").click()
    assert figure.locator(".panel").count() == 100
    assert heard == []


def test_phone_has_no_sideways_scroll(opened: Open) -> None:
    page, _ = opened(viewport={"width": 390, "height": 800})
    for view in VIEWS:
        turn_to(page, f"view={view}")
        draw_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, view


def test_phone_shows_the_whole_menu_whole_cells_and_titles_above_their_buttons(opened: Open) -> None:
    page, _ = opened(viewport={"width": 390, "height": 800})
    overflow = "(one) => one.scrollWidth - one.clientWidth"
    assert page.locator("#views").evaluate(overflow) == 0
    assert set(page.locator(".matrix .cell").evaluate_all(f"(all) => all.map({overflow})")) == {0}
    turn_to(page, "view=reliability")
    head = page.locator("figcaption", has_text="Model throughput by day")
    title, tools = head.locator("h3").bounding_box(), head.locator(".tools").bounding_box()
    assert title
    assert tools
    assert tools["y"] >= title["y"] + title["height"]


def test_paper_holds_every_picture_of_the_view_and_names_what_it_leaves_out(opened: Open) -> None:
    page, _ = opened(address="#view=adoption")
    draw_all(page)
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert all(svg.is_visible() for svg in page.locator(f"{PLOTS} svg").all())
    assert "of this view of Adoption" in page.locator("#printed").inner_text()


SMALL_TARGETS = """[...document.querySelectorAll('button, select, summary, nav a')].filter((one) => one.offsetParent
  && one.getBoundingClientRect().height < 24).map((one) => one.outerHTML.slice(0, 99))"""


def test_controls_are_large_enough_to_hit(opened: Open) -> None:
    page, _ = opened()
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize(
    "address",
    ["", "#view=money", "#view=quality", "#view=governance", "#model=model-0&version=v2", "#project=p-model-0"],
)
def test_axe_finds_nothing_serious(opened: Open, address: str) -> None:
    page, _ = opened(address=address)
    draw_all(page)
    # The inside of a picture is hidden from readers, and axe takes minutes to walk it.
    page.evaluate("document.querySelectorAll('.plot svg').forEach((svg) => svg.remove())")
    assert serious(page) == {}
    page.click("#theme")
    assert serious(page, runOnly=["color-contrast"]) == {}


def serious(page: Page, **options: Any) -> dict[str, list[str]]:
    """Rule of axe-core that is broken seriously or critically → the first elements that break it."""
    violations = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return {
        one["id"]: [node["html"][:200] for node in one["nodes"][:3]]
        for one in violations
        if one["impact"] in ("serious", "critical")
    }
