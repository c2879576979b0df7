"""Every number on the sample company's page is its mart's: the page is read through its own tables and files.

Each figure's CSV is held against SQL over the published marts, its table against the CSV, the matrix and the tiles
against the scorecard. What the page rounds, it rounds to four digits at least.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipelines.scorecard.datasets import DATASETS
from pipelines.scorecard.page import page as written
from pipelines.warehouse.publish import read_published
from tests.integration.conftest import Company
from tests.integration.page_figures import FIGURES, MODELS, NEWEST, WINDOW

TOLERANCE = 5.01e-4
"""Half of the fourth digit: the page keeps four of what it draws, and adds up sums of five."""


@pytest.fixture(scope="module")
def page(browser: Browser, company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    file: Path = tmp_path_factory.mktemp("page") / "scorecard.html"
    tables = read_published(company.settings, DATASETS)
    file.write_text(written(tables, "Meridian", "2026-03-02T06:00:00Z", file.parent / "kept"))
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    yield page
    page.context.close()


def test_every_figure_is_held_against_a_mart(page: Page) -> None:
    assert set(page.locator("figure h3").all_text_contents()) == FIGURES.keys()


@pytest.mark.parametrize("title", FIGURES)
def test_a_figure_says_what_its_mart_says(page: Page, company: Company, title: str) -> None:
    lines = delivered(page, title)
    wanted = company.rows(FIGURES[title])
    if title in NEWEST:
        days = sorted((line[0] for line in lines), reverse=True)
        assert days == sorted((str(row[0]) for row in wanted), reverse=True)[: NEWEST[title]]
        wanted = [row for row in wanted if row[2] in {line[2] for line in lines}]
    assert wanted
    assert len(lines) == len(wanted)
    for line, row in zip(sorted(lines, key=sort_key), sorted(wanted, key=sort_key), strict=True):
        assert all(map(alike, line, row)), f"{line} is not {row}"


@pytest.mark.parametrize("title", ["Model throughput by day", "By cohort and week", "Projects"])
def test_a_table_shows_what_its_file_says(page: Page, title: str) -> None:
    turn_to(page, title)
    figure = page.locator("figure", has=page.get_by_role("heading", name=title, exact=True))
    if figure.get_by_role("button", name="Table of").count():
        figure.get_by_role("button", name="Table of").click()
    shown = [row.split("\t") for row in figure.locator("tbody tr").all_inner_texts()]
    lines = delivered(page, title)[: len(shown)]
    assert shown
    for cells, line in zip(shown, lines, strict=True):
        assert all(map(reads_as, cells, line)), f"{cells} does not read as {line}"


def test_the_home_view_says_what_the_portfolio_s_month_says(page: Page, company: Company) -> None:
    page.evaluate("location.hash = ''")
    page.locator("#home .ledger").wait_for()
    ((spent, measured, difference, npv),) = company.rows(
        "select investment_usd + running_usd, measured_usd, difference_usd, npv_usd from mart_portfolio_monthly "
        f"inner join {WINDOW} on month_date = date_trunc('month', last_day)"
    )
    shown = page.locator("#home .big").all_inner_texts()
    assert list(map(amount, shown)) == pytest.approx([spent, measured, difference, npv], rel=0.00501)
    decided = page.locator("#home ol.queue > li > a").all_inner_texts()
    wanted = company.rows("select subject_name || ': ' || decision_name from mart_decisions order by decision_rank")
    assert decided == [text for (text,) in wanted[:4]]


def test_a_card_says_what_its_experiment_s_mart_says(page: Page, company: Company) -> None:
    page.evaluate("location.hash = ''")
    page.locator("#stories article").first.wait_for()
    shown = {
        card.locator("h3 a").inner_text(): card.locator("dd").all_inner_texts()
        for card in page.locator("#stories article").all()
    }
    wanted = company.rows(
        "select experiment_name, hypothesis, metric_name, lift_relative, lift_relative_ci_low, lift_relative_ci_high, "
        "decided from mart_experiments where is_primary and not is_control and decided is not null"
    )
    assert len(shown) == len(wanted) == 4
    for name, hypothesis, metric, *lifts, decided in wanted:
        done, measured, said = shown[name]
        assert done.startswith(f"{hypothesis} Tried ")
        assert measured.startswith(f"{metric} ")
        found = re.findall(r"[+−]?[\d.]+(?= %(?!:))", measured)
        assert [float(text.replace("−", "-")) / 100 for text in found] == pytest.approx(lifts, rel=0.00501)
        assert said == decided


def test_a_what_if_that_changes_nothing_gives_the_mart_s_verdict(page: Page, company: Company) -> None:
    page.evaluate("location.hash = 'view=money&whatif=volume:1.0000001'")
    page.locator("#portfolio th", has_text="Hypothetical verdict").wait_for()
    supposed = {line[0]: (line[2], float(line[3])) for line in delivered(page, "Portfolio", is_shown=True)}
    wanted = company.rows(f"select model, verdict, net_usd from mart_portfolio inner join {MODELS} using (model_id)")
    assert supposed == {model: (verdict, pytest.approx(net, rel=1e-3)) for model, verdict, net in wanted}


PERIODS = ["#", "#period=quarter", "#period=week", "#model=fraud-detector"]


@pytest.mark.parametrize("address", PERIODS)
def test_every_cell_of_the_scorecard_reads_as_the_mart_s(page: Page, company: Company, address: str) -> None:
    page.goto(page.url.partition("#")[0] + address)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    start = page.locator("#start").input_value()
    period = page.locator("#period").input_value()
    known = {
        (model, kpi): facts
        for model, kpi, *facts in company.rows(
            "select s.model_id, s.kpi_id, s.value, s.unit, s.status, s.trend, c.change, c.change_relative "
            "from mart_scorecard as s left join mart_kpi_changes as c "
            "using (model_id, kpi_id, period, period_start_date) where s.period = ? and s.period_start_date = ?",
            period,
            start,
        )
    }
    cells = page.locator("#overview button.cell").all()
    assert len(cells) == (10 if address.startswith("#model") else 60)
    for cell in cells:
        place = str(cell.get_attribute("data-model")), str(cell.get_attribute("data-kpi"))
        value, unit, status, trend, change, change_relative = known[place]
        assert status in str(cell.get_attribute("class"))
        if value is None:
            assert cell.locator("b").count() == 0
        else:
            shown = amount(cell.locator("b").inner_text())
            assert shown == pytest.approx(value * (100 if unit.startswith("share") else 1), rel=0.00501)
        changes = [text for text in cell.locator("small").all_inner_texts() if text[0] in "↑↓→"]
        if trend is None:
            assert changes == []
        elif trend == "steady":
            assert changes == ["→ steady"]
        else:
            (text,) = changes
            assert text[0] == ("↑" if change > 0 else "↓")
            assert text.endswith("better" if trend == "improving" else "worse")
            if change_relative is not None and abs(change_relative) >= 2:  # what has begun: the value before
                assert amount(text.split()[2].rstrip(",")) == pytest.approx(value - change, rel=0.00501)
            elif change_relative is not None:  # two digits of it
                assert amount(text) == pytest.approx(abs(100 * change_relative), rel=0.0501)


def turn_to(page: Page, title: str) -> None:
    """Show the view and unfold the part of it in which the figure is."""
    figure = page.locator("figure", has=page.get_by_role("heading", name=title, exact=True, include_hidden=True))
    section = figure.evaluate("(figure) => figure.closest('section').id")
    page.evaluate("(id) => { location.hash = `at=${id}` }", section)
    page.locator(f"#{section}").wait_for()
    figure.evaluate("(figure) => figure.closest('details')?.setAttribute('open', '')")


def delivered(page: Page, title: str, *, is_shown: bool = False) -> list[list[str]]:
    """The lines of a figure's file, without its heading; if it `is_shown`, the page stays where it is."""
    if not is_shown:
        turn_to(page, title)
    figure = page.locator("figure", has=page.get_by_role("heading", name=title, exact=True))
    with page.expect_download() as download:
        figure.get_by_role("button", name="CSV of").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    # An apostrophe keeps a spreadsheet from running a text as a formula.
    return [
        [re.sub(r"^'(?=[=+\-@])", "", field) for field in line] for line in csv.reader(io.StringIO(text, newline=""))
    ][1:]


def sort_key(line: Any) -> list[tuple[int, float, str]]:
    """Texts before numbers, numbers as far as the page keeps them."""
    return [_key(value) for value in line]


def _key(value: object) -> tuple[int, float, str]:
    number = _number(value)
    return (0, 0.0, "" if value is None else str(value)) if number is None else (1, float(f"{number:.3g}"), "")


def _number(value: object) -> float | None:
    if isinstance(value, int | float | Decimal):
        return float(value)
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value) else None


def alike(shown: str, wanted: object) -> bool:
    """Whether a field of the file is the mart's value, at the page's precision."""
    if wanted is None or (isinstance(wanted, float) and math.isnan(wanted)):
        return shown == ""
    if isinstance(wanted, int | float | Decimal):
        return shown != "" and math.isclose(float(shown), float(wanted), rel_tol=TOLERANCE, abs_tol=1e-9)
    return shown == (str(wanted)[:10] if isinstance(wanted, date | datetime) else str(wanted))


def reads_as(cell: str, field: str) -> bool:
    """Whether a cell of a table reads as the field of the file."""
    if field == "":
        return cell == "–"
    number = _number(field)
    if number is None:
        return cell == field
    return amount(cell) == pytest.approx(number * (100 if cell.endswith("%") else 1), rel=0.005)


def amount(text: str) -> float:
    """The number that a text such as `−$1.2 m` says."""
    found = re.search(r"[\d.,]+", text)
    assert found, text
    size = {"m": 1e6, "bn": 1e9}.get(text.split()[-1], 1)
    return float(found[0].replace(",", "")) * size * (-1 if "−" in text else 1)
