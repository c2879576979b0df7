"""What the page says of what is chosen: a period, a version, a cohort; its experiments, targets and reviews."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.company import HOSTILE, IDS
from tests.browser.pages import Open, draw_all, turn_to, until


def test_cards_tell_what_was_done_measured_and_decided(opened: Open) -> None:
    page, heard = opened()
    cards = page.locator("#stories article")
    assert cards.count() == 3
    assert cards.first.locator("dt").all_inner_texts() == ["Done", "Measured", "Decided"]
    done, measured, decided = cards.first.locator("dd").all_inner_texts()
    assert done == f"{HOSTILE} Tried from 1 January 2026 to 1 March 2026."
    assert measured == "m +10 %, 95 %: +5 % to +15 % (A/B test)."
    assert decided == "Rolled out."
    turn_to(page, "view=model&model=model-1")
    assert [card.split()[-1] for card in cards.locator("h3").all_inner_texts()] == ["finished", "invalid"]
    assert "Nothing yet. Found to be better." in cards.last.inner_text()
    assert heard == []


def test_the_page_links_to_the_reviews_of_the_period_and_of_the_chosen_model_s_team(opened: Open) -> None:
    page, _ = opened()
    line = page.locator("#reviews")

    def linked() -> list[str | None]:
        return [link.get_attribute("href") for link in line.locator("a").all()]

    assert linked() == ["reviews/monthly-2026-02.html", "reviews/index.html"]
    turn_to(page, "model=model-0")
    assert linked() == [
        "reviews/monthly-2026-02.html",
        "reviews/launch-2026-02-model-0.html",
        "reviews/index.html",
    ]
    turn_to(page, "period=week&start=2026-02-16&team=team-0")
    assert linked() == ["reviews/weekly-2026-W08-team-0.html", "reviews/index.html"]
    turn_to(page, "period=quarter")
    assert line.inner_text() == "No review of this period was written. All reviews"


def test_a_part_of_a_month_scaled_up_is_a_run_rate_and_what_is_not_is_so_far(opened: Open) -> None:
    page, _ = opened(address="#start=2026-03-01")
    assert page.locator("#overview .says").inner_text().startswith("In March 2026, so far, ")
    cells = {kpi: page.locator(f"#overview .cell[data-kpi={kpi}]").first for kpi in IDS}
    named = {kpi for kpi, cell in cells.items() if "run rate" in cell.inner_text()}
    assert named == {"business_value", "deployment_cadence"}
    cells["business_value"].click()
    assert "/month (run rate)" in page.locator("#cell dl").inner_text()
    page.keyboard.press("Escape")
    turn_to(page, "start=2026-02-01")
    assert "run rate" not in page.locator("#overview").inner_text()


def test_a_target_has_its_unit_and_one_by_severity_says_so(opened: Open) -> None:
    page, _ = opened()
    cell = page.locator("#overview .cell[data-kpi=mttr]").first
    assert "target 110 h\nby severity" in cell.inner_text()
    cell.click()
    assert (
        "P1 3 h of 2 h (1 incident). The target is the mean of these targets" in page.locator("#cell dl").inner_text()
    )


def test_an_outlier_of_a_forest_plot_ends_at_the_edge_and_is_written_there(opened: Open) -> None:
    page, _ = opened(address="#view=money")
    draw_all(page)
    figure = page.locator("figure", has_text="Primary-metric results")
    written = [text for text in figure.locator(".plot text").all_text_contents() if "→" in text]
    assert written == ["+900 % →"]
    assert "its value is written there" in figure.locator(":scope > .legend").inner_text()


def test_cohorts_are_listed_worst_first_against_all_users_of_the_period(opened: Open) -> None:
    page, _ = opened(address="#view=quality&model=model-0&start=2026-02-01")
    figure = page.locator("figure", has=page.get_by_role("heading", name="By cohort", exact=True))
    figure.get_by_role("button", name="Table of").click()
    assert figure.locator("tbody td:first-child").all_inner_texts()[:2] == ["All users", "site: north"]
    assert "1 cohort is below its model's score by more than chance explains: site: north." in figure.inner_text()


def test_the_window_that_drifted_most_is_that_of_the_chosen_period(opened: Open) -> None:
    page, _ = opened()
    shown = {}
    for start in ("2026-01-01", "2026-02-01"):
        turn_to(page, f"view=quality&model=model-0&start={start}")
        draw_all(page)
        shown[start] = page.locator("figure", has_text="Most-drifted feature").locator("h4").inner_text()
    assert shown["2026-01-01"] != shown["2026-02-01"]
    assert "Jan" in shown["2026-01-01"]
    assert "Feb" in shown["2026-02-01"]


def test_a_period_of_choice_is_compared_with_in_cells_and_trends(opened: Open) -> None:
    page, heard = opened(address="#against=2026-01-01")
    assert "Compared with January 2026." in page.locator("#overview .says").inner_text()
    cell = page.get_by_label(re.compile("^Alpha, Model throughput: "))
    now = cell.locator("b").inner_text()
    (said,) = [text for text in cell.locator("small").all_inner_texts() if "from" in text]
    turn_to(page, "start=2026-01-01")
    then = page.get_by_label(re.compile("^Alpha, Model throughput: ")).locator("b").inner_text()
    assert said == f"{'↑' if float(now) > float(then) else '↓'} from {then}"
    turn_to(page, "view=reliability&against=2026-01-01")
    assert "January 2026" in page.locator("#kpi-throughput figure > .legend").first.inner_text()
    draw_all(page)
    assert heard == []


OLD, NEW = "2026-03-09T12:00:00Z", "2026-03-02T12:00:00Z"


@pytest.mark.parametrize(("now", "text"), [(OLD, "Data to 1 March 2026: 7 days old."), (NEW, "every source is as new")])
def test_home_warns_of_old_data_by_the_reader_s_clock(
    browser: Browser, files: dict[str, Path], now: str, text: str
) -> None:
    context = browser.new_context()
    context.clock.set_fixed_time(now)
    page = context.new_page()
    page.goto(files["small"].as_uri())
    page.wait_for_selector("html[data-ready]")
    assert text in page.locator("#home").inner_text()
    assert page.locator("#home .stale").count() == (now == OLD)
    context.close()


def test_a_what_if_shows_a_hypothetical_verdict_beside_the_real_one(opened: Open) -> None:
    page, heard = opened(address="#view=money")
    figure = page.locator("#portfolio figure")
    figure.scroll_into_view_if_needed()
    figure.get_by_label("Effect, per cent of today").fill("20")
    figure.get_by_label("Effect, per cent of today").press("Enter")
    until(page, "location.hash.includes('whatif=effect%3A0.2')")
    figure.locator("th", has_text="Hypothetical verdict").wait_for()
    row = figure.locator("tbody tr", has_text="Alpha").first.locator("td")
    assert row.nth(1).inner_text() == "scale"
    assert row.nth(2).inner_text() == "retire"  # 2,200 at most, against 3,000 that retiring saves
    assert "Hypothetical: effect at 20 %" in page.locator("#portfolio .says").inner_text()
    figure.get_by_role("button", name="As it is").click()
    until(page, "!location.hash.includes('whatif')")
    assert heard == []


def test_cohort_and_instance_type_narrow_what_is_split_by_them_and_are_named_elsewhere(opened: Open) -> None:
    page, _ = opened(address="#view=quality&cohort=site:%20north&instance=c7g.4xlarge")
    draw_all(page)
    cohorts = page.locator("figure", has_text="By cohort and week")
    assert set(cohorts.locator(".panel .legend li").all_inner_texts()) == {"All users", "site: north"}
    page.locator("#views [data-view=money]").click()
    draw_all(page)
    costs = page.locator("figure", has_text="Compute cost by instance type")
    assert costs.locator(".legend li").all_inner_texts() == ["c7g.4xlarge"]
    assert "Not split by cohort." in costs.inner_text()


def test_a_version_shows_the_days_it_served(opened: Open) -> None:
    page, _ = opened(address="#view=reliability&model=model-0&version=v2")
    figure = page.locator("figure", has_text="throughput by day").first
    figure.get_by_role("button", name="Table of").click()
    days = figure.locator("tbody tr td:first-child").all_inner_texts()
    assert (days[0], days[-1]) == ("2026-01-31", "2026-02-28")
