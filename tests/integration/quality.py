"""Only some models, by default accuracy's, on a landing folder of a test's own: rows as files, and a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.catalog.load import load_catalog
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse import ledger_schema, staleness
from pipelines.warehouse.connect import kept_open, opened, writer
from pipelines.warehouse.days import create_tables, create_views, replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.transform import dbt, load_catalog_tables, manifest_file

MARTS = ("mart_accuracy_daily", "mart_fairness_monthly", "int_accuracy__summed")
Row = dict[str, Any]


def land_predictions(settings: Settings, name: str, rows: Iterable[Row]) -> None:
    """A Parquet prediction log; `timestamp` as text."""
    folder = settings.landing_dir / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    filled = [
        {
            "model_version": "v1",
            "environment": "prod",
            "score": None,
            "prediction": None,
            "scores": None,
            "cohorts": "{}",
        }
        | row
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(filled), folder / f"{name}.parquet")


def land_labels(settings: Settings, name: str, rows: Iterable[Row]) -> None:
    """JSON lines of labels."""
    folder = settings.landing_dir / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(
    settings: Settings,
    full_refresh: bool = False,
    tests: bool = False,
    sources: Sequence[str] = ("predictions",),
    marts: Sequence[str] = MARTS,
) -> list[date]:
    """Ingest what is new of these sources and build these marts for the days that are stale, as a run does.

    Returns these days.
    """
    with kept_open(settings, "a test's run"):
        for name in sources:
            take_in(settings, all_sources()[name])
            replace_days(settings, all_sources()[name])
        if not marts:
            return []
        manifest_file(settings)
        catalog = load_catalog(settings.catalog_dir)
        with opened(settings) as connection:
            ledger_schema.create(connection)
            for other in all_sources().values():
                create_tables(connection, other)
                create_views(connection, settings, other)
            load_catalog_tables(connection, catalog)
            stale = staleness.stale_days(connection)
            days = staleness.day_fingerprints(connection) if full_refresh else stale
            staleness.set_days_to_rebuild(connection, sorted(days))
        selected = ["+" + mart for mart in marts]
        left_out = ["unit_test"] if tests else ["unit_test", "test"]
        # Nobody reads the manifest here, and writing it takes as long as the models.
        arguments = ["build", "--quiet", "--no-write-json", "--indirect-selection", "cautious"]
        arguments += ["--exclude-resource-types", *left_out]
        result = dbt(settings, [*arguments, *(["--full-refresh"] if full_refresh else []), "--select", *selected])
        failed = [r for r in getattr(result.result, "results", []) if r.status not in ("success", "pass")]
        assert result.success, [(r.node.name, r.message) for r in failed] or result.exception
        with opened(settings) as connection:
            staleness.mark_built(connection, days)
    return sorted(days)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What `query` gives over the warehouse, sorted."""
    with writer(settings, "a test") as connection:
        return sorted(connection.execute(query).fetchall(), key=str)


def record(settings: Settings, query: str) -> Row:
    """The one row of `query`, by column."""
    with writer(settings, "a test") as connection:
        found = connection.execute(query)
        columns = [column[0] for column in found.description or []]
        (row,) = found.fetchall()
    return dict(zip(columns, row, strict=True))
