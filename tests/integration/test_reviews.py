"""The reviews over the sample company: their numbers are the marts', their page and Markdown say the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, get_args

import dagster as dg
import duckdb
import pytest
import yaml

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.company import Cadence
from pipelines.catalog.load import load_catalog
from pipelines.orchestration.reviews import review_assets, review_jobs, review_schedules
from pipelines.scorecard import words
from pipelines.scorecard.reviews.document import Picture, Review, Section, Table
from pipelines.scorecard.reviews.periods import Period
from pipelines.scorecard.reviews.render import as_html, as_markdown
from pipelines.scorecard.reviews.write import NothingKnownError, period_of, review
from pipelines.settings import DBT_PROJECT
from pipelines.warehouse.publish import read_published
from tests.integration.conftest import Company

MONTH = Period("monthly", date(2026, 2, 1))
WEEK = Period("weekly", date(2026, 2, 16))
QUARTER = Period("quarterly", date(2026, 1, 1))


@pytest.fixture(scope="module")
def catalog(company: Company) -> Catalog:
    return load_catalog(company.settings.catalog_dir)


@pytest.fixture(scope="module")
def reviews(company: Company, catalog: Catalog) -> dict[str, Review]:
    read = partial(read_published, company.settings)
    made = {period.cadence: review(read, catalog, period) for period in (WEEK, MONTH, QUARTER)}
    made["team"] = review(read, catalog, WEEK, team="fraud-operations")
    made["launch"] = review(read, catalog, MONTH, model="recommender")
    return made


def section(found: Review, key: str) -> Section:
    return next(one for one in found.sections if one.key == key)


def table(found: Section, number: int = 0) -> Table:
    return [block for block in found.blocks if isinstance(block, Table)][number]


def test_the_matrix_is_the_scorecard(company: Company, reviews: dict[str, Review]) -> None:
    kpis = company.rows("select kpi_id, unit from mart_kpis order by kpi_number")
    for period in (WEEK, MONTH, QUARTER):
        cells = {
            (model, kpi): (value, status)
            for model, kpi, value, status in company.rows(
                "select model_name, kpi_id, value, status from mart_scorecard "
                "where period = ? and period_start_date = ?",
                period.grain,
                period.start,
            )
        }
        shown = table(section(reviews[period.cadence], "headline"))
        assert len(shown.rows) * len(kpis) == len(cells) == 60
        for name, *row in shown.rows:
            for (kpi, unit), cell in zip(kpis, row, strict=True):
                value, status = cells[name.text, kpi]
                assert cell.text == ("" if value is None else words.amount(value, unit))
                assert cell.status == status


def test_what_moved_is_what_the_mart_calls_a_movement(company: Company, reviews: dict[str, Review]) -> None:
    for period in (WEEK, MONTH):
        moved = company.rows(
            "select model_name, kpi_name, movement, change, unit from mart_kpi_changes "
            "inner join mart_kpis using (kpi_name) where period = ? and period_start_date = ? and movement <> 'steady'",
            period.grain,
            period.start,
        )
        assert moved
        shown = table(section(reviews[period.cadence], "moved"))
        assert {(row[0].text, row[0].note, row[1].text, row[4].text) for row in shown.rows} == {
            (model, kpi, "better" if movement == "improved" else "worse", words.change(change, unit))
            for model, kpi, movement, change, unit in moved
        }
    assert "no previous quarter" in section(reviews["quarterly"], "moved").says


def test_planted_changes_are_told_and_noise_is_not(company: Company, reviews: dict[str, Review]) -> None:
    moved = {(row[0].text, row[0].note): row[1].text for row in table(section(reviews["monthly"], "moved")).rows}
    assert moved["Support assistant", "Satisfaction and trust"] == "worse", "a release that hurts satisfaction"
    assert moved["Recommender", "Compute cost per prediction"] == "better", "moved to cheaper machines"
    assert ("Recommender", "Satisfaction and trust") not in moved
    # Weeks in which nothing was planted: of some sixty comparisons each, movements are few.
    moved_count, evaluated = company.rows(
        "select count_if(movement <> 'steady'), count(movement) from mart_kpi_changes "
        "where period = 'week' and kpi_id in ('throughput', 'accuracy') and model_id in ('recommender', 'triage')"
    )[0]
    assert evaluated > 25 and moved_count <= 3


def test_a_change_s_interval_is_around_the_change_unless_it_ends_where_shares_do(company: Company) -> None:
    off = company.rows(
        "select model_id, kpi_id, period, period_start_date from mart_kpi_changes "
        "where change_ci_low <> -1 and change_ci_high <> 1 "
        "and abs((change_ci_low + change_ci_high) / 2 - change) > 1e-9 * (abs(value) + abs(previous_value))"
    )
    assert off == [], "the days of a period do not add up to it"


def test_alerts_incidents_and_experiments_are_those_of_the_period(company: Company, reviews: dict[str, Review]) -> None:
    ((opened, closed, left),) = company.rows(
        "select count_if(opened_at > timestamp '2026-02-16' and opened_at <= timestamp '2026-02-23'), "
        "count_if(closed_at > timestamp '2026-02-16' and closed_at <= timestamp '2026-02-23'), "
        "count_if(opened_at <= timestamp '2026-02-23' and (closed_at is null or closed_at > timestamp '2026-02-23')) "
        "from mart_alerts"
    )
    assert opened and closed and left
    assert section(reviews["weekly"], "alerts").says == f"{opened} opened, {closed} closed, {left} open at the end."
    ended = company.rows(
        "select distinct experiment_name, decision from mart_experiments where is_primary and not is_control "
        "and end_date between date '2026-02-01' and date '2026-02-28'"
    )
    shown = table(section(reviews["monthly"], "experiments")).rows
    assert len(ended) >= 3
    assert {(row[0].text, row[4].text) for row in shown if row[1].text.startswith("ended")} == set(ended)
    invalid = next(row for row in shown if row[4].text.startswith("Invalid"))
    assert invalid[3].text == words.NONE, "an invalid experiment has no lift"


@pytest.mark.parametrize("kind", ["weekly", "monthly", "quarterly", "launch"])
def test_every_review_leads_with_the_open_decisions_of_its_models(
    company: Company, reviews: dict[str, Review], kind: str
) -> None:
    found = company.rows(
        "select subject_name, decision_name, severity, owner, evidence, model_ids, "
        "coalesce(sign_off_roles, owner_role) from mart_decisions "
        "order by decision_rank"
    )
    expected = [row for row in found if kind != "launch" or "recommender" in row[5].split(",")]
    first = reviews[kind].sections[0]
    decisions = "1 decision" if len(expected) == 1 else f"{len(expected)} decisions"
    assert first.key == "decisions" and first.says.startswith(f"{decisions} open on 1 March 2026: ")
    rows = table(first).rows
    assert [(row[0].text, row[0].note, row[1].text, row[4].text, row[5].text) for row in rows] == [
        row[:5] for row in expected
    ]
    for row, decision in zip(rows, expected, strict=True):
        assert all(role.replace("_", " ") in row[4].note.lower() for role in decision[6].split(","))


def test_nothing_that_leads_a_review_is_said_again_below(company: Company, reviews: dict[str, Review]) -> None:
    shown = table(section(reviews["weekly"], "alerts")).rows
    assert {row[1].text for row in shown} <= {"opened", "closed", "opened and closed"}
    (gates,) = company.rows(
        "select count(distinct (model_id, gate_id)) from mart_decision_gates "
        "where due_date between date '2026-02-01' and date '2026-03-31'"
    )
    assert (len(table(section(reviews["monthly"], "gates")).rows),) == gates


def test_the_quarter_looks_back_on_value_and_on_plans(company: Company, reviews: dict[str, Review]) -> None:
    roi = section(reviews["quarterly"], "roi")
    worth = dict(
        company.rows(
            "select model_name, arg_max(cumulative_value_usd, event_date) from mart_business_value_daily "
            "inner join (select distinct model_id, model_name from mart_scorecard) using (model_id) group by all"
        )
    )
    assert {row[0].text: row[1].text for row in table(roi).rows} == {
        model: words.amount(value, "USD") for model, value in worth.items() if value is not None
    }
    plans = company.rows(
        "select project_name, npv_to_date_usd, planned_npv_to_date_usd, npv_usd from mart_project_finance_monthly "
        "where month_date = date '2026-02-01' and npv_usd is not null"
    )
    shown = {row[0].text: (row[1].text, row[1].note, row[2].text) for row in table(roi, 1).rows}
    begins_in_april = company.rows(
        "select project_name, npv_usd from mart_project_finance_monthly where project_id not in (select project_id "
        "from mart_project_finance_monthly where month_date <= date '2026-02-01') and month_date = date '2026-04-01'"
    )
    assert len(begins_in_april) == 1
    assert shown == {
        name: (words.amount(actual, "USD"), f"planned {words.amount(planned, 'USD')}", words.amount(npv, "USD"))
        for name, actual, planned, npv in plans
    } | {name: (words.NONE, "", words.amount(npv, "USD")) for name, npv in begins_in_april}


def test_off_target_names_owner_and_action(company: Company, reviews: dict[str, Review]) -> None:
    missed = company.rows(
        "select model_name, kpi_name from mart_scorecard where period = 'week' "
        "and period_start_date = date '2026-02-16' and status in ('off_target', 'at_risk')"
    )
    rows = table(section(reviews["weekly"], "off-target")).rows
    assert {(row[0].text, row[0].note) for row in rows} == set(missed)
    assert all("@" in row[4].text and row[5].text for row in rows)


def test_a_team_s_review_has_its_models_alone(company: Company, reviews: dict[str, Review]) -> None:
    models = company.rows("select distinct model_name from mart_scorecard where team_id = 'fraud-operations'")
    assert [(row[0].text,) for row in table(section(reviews["team"], "headline")).rows] == models
    assert "Recommender" not in as_markdown(reviews["team"])


def test_a_launch_is_reviewed_by_its_gates(company: Company, reviews: dict[str, Review]) -> None:
    gates = company.rows(
        "select statement, replace(status, '_', ' ') from mart_decision_gates where model_id = 'recommender' "
        "order by due_date, gate_id, criterion_number"
    )
    assert [(row[1].text, row[2].text) for row in table(section(reviews["launch"], "gates")).rows] == gates
    assert len(gates) > 20


def cells_of(page: str) -> list[str]:
    """The texts of a page's table cells, notes in brackets; drawings, and words for who cannot see them, left out."""
    found = re.findall(r"<t[hd][ >].*?</t[hd]>", page, re.S)
    bare = (re.sub(r'<svg.*?</svg>|<span class="aside">.*?</span>', "", cell, flags=re.S) for cell in found)
    noted = (re.sub(r"<small>(.*?)</small>", r" (\1)", cell, flags=re.S) for cell in bare)
    return [" ".join(unescape(re.sub(r"<[^>]*>", "", cell)).split()) for cell in noted]


@pytest.mark.parametrize("kind", ["weekly", "monthly", "quarterly", "team", "launch"])
def test_page_and_markdown_say_the_same(reviews: dict[str, Review], kind: str) -> None:
    text = as_markdown(reviews[kind])
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    cells = [cell.strip() for line in lines for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    plain = [re.sub(r"\\(.)", r"\1", re.sub(r"^[●▲■○–] (?=.)", "", cell)) for cell in cells]
    assert plain == cells_of(as_html(reviews[kind]))
    assert len(plain) > 50
    pictures = [block for one in reviews[kind].sections for block in one.blocks if isinstance(block, Picture)]
    shown = re.sub(r"\\(.)", r"\1", text)
    assert pictures or kind == "team"
    assert all(" ".join(picture.reading.split()) in shown for picture in pictures)


def test_a_period_nobody_knows_is_rejected_and_the_last_whole_one_found(company: Company, catalog: Catalog) -> None:
    read = partial(read_published, company.settings)
    assert period_of(read, "weekly", None, date(2030, 1, 1)).key == "2026-W09"
    assert period_of(read, "monthly", date(2026, 2, 28), date(2030, 1, 1)).key == "2026-02"
    assert period_of(read, "quarterly", None, date(2030, 1, 1)).key == "2026-Q1", "in progress: there is no whole one"
    with pytest.raises(NothingKnownError, match="2026-01-01 to 2026-03-01"):
        review(read, catalog, Period("weekly", date(2030, 1, 7)))


def test_an_empty_company_has_reviews_that_say_so(catalog: Catalog) -> None:
    with duckdb.connect() as connection:
        for file in (DBT_PROJECT / "models" / "marts").rglob("mart_*.yml"):
            for model in yaml.safe_load(file.read_text()).get("models", []):
                columns = ", ".join(f"{one['name']} {one['data_type']}" for one in model["columns"])
                connection.execute(f"create table {model['name']} ({columns})")

        def read(queries: Any, values: Any) -> Any:
            return {
                name: connection.sql(
                    query, params={key: value for key, value in values.items() if f"${key}" in query}
                ).to_arrow_table()
                for name, query in queries.items()
            }

        for period in (WEEK, MONTH, QUARTER):
            assert period_of(read, period.cadence, period.end, date(2026, 3, 2)) == period
            found = review(read, catalog, period)
            assert section(found, "headline").says == "Nothing has been measured in this period."
            assert section(found, "decisions").says == "Nothing is waiting for a decision."
            assert "None" not in as_html(found) and "None" not in as_markdown(found)
        assert "nothing is due" in section(review(read, catalog, MONTH, model="triage"), "gates").says


def test_dagster_writes_a_period_s_reviews_again_and_again_the_same(company: Company, tmp_path: Path) -> None:
    settings = company.settings
    assets = review_assets(settings, dg.AssetKey(["published", "marts"]))
    folder = settings.published_dir / "reviews"
    contents = []
    for _ in range(2):
        assert dg.materialize(assets[:1], partition_key="2026-02-16", run_config=None).success
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert {"index.html", "weekly-2026-W08.html", "weekly-2026-W08.md", "weekly-2026-W08-clinical-ai.html"} <= set(
        contents[0]
    )


def test_a_schedule_writes_the_period_that_has_just_ended(company: Company) -> None:
    moments = {
        "weekly": (datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-02-23"),
        "monthly": (datetime(2026, 3, 1, 9, tzinfo=UTC), "2026-02-01"),
        "quarterly": (datetime(2026, 4, 1, 9, tzinfo=UTC), "2026-01-01"),
    }
    schedules = review_schedules(review_jobs())
    assert len(schedules) == len(get_args(Cadence))
    for schedule in schedules:
        moment, expected = moments[schedule.name.removesuffix("_review_schedule")]
        request = schedule(dg.build_schedule_context(scheduled_execution_time=moment))
        assert isinstance(request, dg.RunRequest)
        assert request.partition_key == expected
