"""A pipeline small enough to run in seconds: one made-up source, a few models, the engine and Dagster as they are.

`python -m tests.integration.toy run --home DIR` is the `scorecard` command over it, for tests that need processes.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pipelines.settings import DBT_PROJECT, SAMPLE_CATALOG
from pipelines.sources.spec import Column, Expectation, Format, Rule, Source, Table
from pipelines.warehouse.dbt_sources import sources_yml

HEADER = "id,sold,amount\n"


def _source(name: str, limit: float) -> Source:
    return Source(
        name=name,
        title=name.title(),
        description="One row per order.",
        owner="group:shop floor",
        glob=(f"{name}/**/*.csv",),
        late=timedelta(days=3),
        tables=(
            Table(
                "orders",
                "One row per order.",
                (
                    Column("order_id", "VARCHAR", "Its number.", required=True),
                    Column("ordered_at", "TIMESTAMP", "When."),
                    Column("amount", "DECIMAL(38, 12)", "How much."),
                ),
                key=("order_id",),
                day="ordered_at",
                rules=(Rule("amount >= 0", "amount is below 0"),),
                expectations=(Expectation("total", "sum(amount)", "nobody sells that much", high=limit),),
            ),
        ),
        formats=(
            Format(
                "csv",
                "csv",
                requires=("id", "sold", "amount"),
                select={"orders": "select _row, _raw, id as order_id, sold as ordered_at, amount from rows"},
            ),
        ),
    )


SOURCES: Mapping[str, Source] = {"returns": _source("returns", 100), "sales": _source("sales", 1000)}

MODELS = {
    "staging/sales/stg_sales__orders.sql": "select order_id, ordered_at, _day as order_date, amount as amount_usd "
    "from {{ source('sales', 'orders') }}",
    "staging/returns/stg_returns__orders.sql": "select order_id, _day as order_date, amount as amount_usd "
    "from {{ source('returns', 'orders') }}",
    "marts/shop/fct_orders.sql": "{{ config(materialized='incremental', incremental_strategy='append', "
    "pre_hook=\"{{ delete_days_to_rebuild('order_date') }}\") }}\n"
    "select order_id, order_date, amount_usd from {{ ref('stg_sales__orders') }} "
    "where {{ in_days_to_rebuild('order_date') }}",
    "marts/shop/mart_revenue_daily.sql": "with returned as (select order_date, sum(amount_usd) as returned_usd "
    "from {{ ref('stg_returns__orders') }} group by order_date)\n"
    "select order_date, sum(amount_usd) as sold_usd, any_value(returned_usd) as returned_usd, count(*) as order_count "
    "from {{ ref('fct_orders') }} left join returned using (order_date) group by order_date",
    "marts/shop/shop.yml": "models:\n"
    "  - name: mart_revenue_daily\n    description: One row per day.\n    columns:\n"
    "      - name: order_date\n        data_type: date\n        description: The day.\n"
    "        data_tests: [unique, not_null]\n"
    "      - name: order_count\n        description: Orders.\n"
    "        data_tests: [{accepted_values: {arguments: {values: [1, 2, 3], quote: false}}}]\n",
}


def write_project(folder: Path) -> Path:
    """Write the dbt project: the real one's settings and macros, and the shop's models."""
    for part in ("dbt_project.yml", "profiles.yml", "macros", "models/intermediate/core/dim_days.sql"):
        target = folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (DBT_PROJECT / part).is_dir():
            shutil.copytree(DBT_PROJECT / part, target)
        else:
            shutil.copy(DBT_PROJECT / part, target)
    for part in ("seeds", "tests"):
        (folder / part).mkdir()
    (folder / "seeds" / "kpi_sources.csv").write_text(
        "kpi_id,source\n" + "".join(f"revenue,{source}\n" for source in SOURCES)
    )
    for path, text in {**MODELS, "staging/sources.yml": sources_yml(SOURCES.values())}.items():
        (folder / "models" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "models" / path).write_text(text)
    return folder


def patches(project: Path) -> list[Any]:
    """What makes the pipeline run the shop instead of the real sources and models."""
    return [
        patch("pipelines.warehouse.transform.DBT_PROJECT", project),
        patch("pipelines.warehouse.transform.all_sources", lambda: SOURCES),
        patch("pipelines.sources.all_sources", lambda: SOURCES),
        patch("pipelines.orchestration.assembly.all_sources", lambda: SOURCES),
        patch("pipelines.orchestration.marts.PROGRESS_SECONDS", 0),  # a line for each model
    ]


def write_home(home: Path) -> Path:
    """An empty landing folder beside the sample catalog."""
    (home / "landing").mkdir(parents=True)
    shutil.copytree(SAMPLE_CATALOG, home / "catalog")
    return home


def land(home: Path, name: str, *orders: tuple[str, str, float], modified: int = 1_767_900_000) -> Path:
    """Write a landing file with (id, time, amount) rows; `name` begins with the source."""
    path = home / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(f"{number},{sold},{amount}\n" for number, sold, amount in orders))
    os.utime(path, (modified, modified))
    return path


def main() -> None:
    """The command line over the project named by TOY_PROJECT."""
    for item in patches(Path(os.environ["TOY_PROJECT"])):
        item.start()
    from pipelines.cli import app

    app(sys.argv[1:])


if __name__ == "__main__":
    main()
