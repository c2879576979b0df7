"""How shared and real bills are allocated; the sample company's planted costs, test_planted finds."""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.catalog.load import load_catalog
from pipelines.settings import PROJECT_ROOT, SAMPLE_CATALOG, Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.transform import build
from tests.integration.conftest import Company
from tests.integration.planted.costs import COSTS


def asked(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """What `sql` gives over the warehouse, for what is not published."""
    with writer(settings, "a test's question") as connection:
        return connection.execute(sql).fetchall()


def test_the_shared_cluster_is_split_by_busy_seconds(company: Company) -> None:
    busy: dict[tuple[str, str], int] = defaultdict(int)
    for model, day, seconds in asked(
        company.settings,
        "select model_id, event_date::varchar, busy_seconds from marts.fct_serving_hourly "
        "where model_id in ('recommender', 'writing-assistant')",
    ):
        busy[model, day] += math.floor(seconds * 1_000_000 + 0.5)
    shares = company.rows(
        "select model_id, event_date::varchar, allocation_method, effective_cost, "
        "sum(effective_cost) over (partition by charge_id) from mart_cost_allocation_daily "
        "where pool_id = 'gpu-a'"
    )

    assert {method for _, _, method, *_ in shares} == {"shared_busy_seconds"}
    for model, day, _, share, whole in shares:
        exact = whole * busy[model, day] / (busy["recommender", day] + busy["writing-assistant", day])
        assert abs(share - exact) < Decimal("1e-12"), (model, day)


def test_the_recipe_traces_a_models_cost_to_lines_that_are_in_the_files_it_names(company: Company) -> None:
    recipe = (PROJECT_ROOT / "docs" / "recipes.md").read_text().split('--inline "')[1].split('"\n```')[0]
    names = {
        "ref('mart_cost_allocation_daily')": "marts.mart_cost_allocation_daily",
        "ref('int_charges__current')": "intermediate.int_charges__current",
        "source('ledger', 'files')": "ledger.files",
    }
    for jinja, table in names.items():
        recipe = recipe.replace(f"{{{{ {jinja} }}}}", table)
    traced = asked(company.settings, recipe)
    (cost,) = company.rows(
        "select sum(effective_cost_usd) from mart_cost_allocation_daily "
        "where model_id = 'triage' and event_date = '2026-02-03'"
    )[0]
    assert traced, "the recipe's model has a cost on its day"
    assert sum(effective for _, effective, *_ in traced) == cost
    assert all((company.settings.landing_dir / path).is_file() and row > 0 for *_, path, row in traced)


def test_nothing_of_an_unused_commitment_reaches_a_model(company: Company) -> None:
    owners = company.rows(
        "select distinct model_id from mart_cost_allocation_daily where allocation_method = 'unused_commitment'"
    )

    assert owners == [("unused_commitment",)]


def test_the_real_bill_is_unallocated_but_for_what_a_small_catalog_names(tmp_path: Path, real_data: Path) -> None:
    """The FOCUS sample with one of its applications catalogued: its own cost, and an honest rest."""
    settings = Settings(home=tmp_path)
    landing = settings.landing_dir / "cloud_billing"
    landing.mkdir(parents=True)
    (landing / "focus.csv").write_bytes((real_data / "focus" / "focus_sample.csv").read_bytes())
    catalog = tmp_path / "catalog"
    (catalog / "workforce").mkdir(parents=True)
    (catalog / "company.yaml").write_text((SAMPLE_CATALOG / "company.yaml").read_text())
    for name in ("platform.yaml", "support-assistant.yaml"):
        text = (SAMPLE_CATALOG / "workforce" / name).read_text()
        text = text.replace("key: model, value: support-assistant", "key: application, value: BrightLensMatrix")
        (catalog / "workforce" / name).write_text(text)
    take_in(settings, all_sources()["cloud_billing"])
    replace_days(settings, all_sources()["cloud_billing"])
    assert build(settings, load_catalog(catalog)).success

    owners = asked(
        settings,
        f"select model_id, count(*), {COSTS.format('_usd')} from marts.mart_cost_allocation_daily group by all",
    )
    ((named_rows, named_cost),) = asked(
        settings,
        'select count(*), sum("EffectiveCost") from raw.cloud_billing__charges '
        "where \"Tags\" ->> '$.application' = 'BrightLensMatrix'",
    )

    assert {owner for owner, *_ in owners} == {"support-assistant", "unallocated"}
    assert sum(row[1] for row in owners) == 1000
    assert [round(sum(row[basis] for row in owners), 9) for basis in (2, 3, 4)] == [
        Decimal("20.520226729"),
        Decimal("14.976514186"),
        Decimal("20.390905751"),
    ]
    ((rows, cost),) = [(row[1], row[3]) for row in owners if row[0] == "support-assistant"]
    assert (rows, cost) == (named_rows, named_cost)
    assert rows > 0
