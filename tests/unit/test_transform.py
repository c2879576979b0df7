"""Which days a build takes, dbt itself left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.catalog.load import load_catalog
from pipelines.catalog.types import Catalog
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse import ledger, transform
from pipelines.warehouse.connect import writer

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
REFUSED = DAYS[2]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(SAMPLE_CATALOG)


@pytest.fixture
def asked_of_dbt(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The arguments of each dbt run, which succeeds, over three days in raw of which one was refused last."""
    runs: list[Sequence[str]] = []

    def dbt(_settings: Settings, arguments: Sequence[str], _on_event: Any) -> Any:
        runs.append(arguments)
        return SimpleNamespace(success=True)

    monkeypatch.setattr(transform, "dbt", dbt)
    with writer(settings, "a test") as connection:
        ledger.create(connection)
        for day in DAYS:
            status = "refused" if day == REFUSED else "accepted"
            connection.execute(
                "insert into ledger.days values ('sales', ?, 'print', ?, null, 1, now(), 'contents')", [day, status]
            )
    folder = settings.warehouse_dir / "dbt"
    folder.mkdir()
    model = {"resource_type": "model", "schema": "marts", "alias": "mart_sales"}
    (folder / "manifest.json").write_text(json.dumps({"nodes": {"model.scorecard.mart_sales": model}}))
    return runs


def test_a_changed_project_rebuilds_every_known_day_whatever_is_asked(
    settings: Settings, catalog: Catalog, asked_of_dbt: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    transform.build(settings, catalog)
    assert transform.build(settings, catalog, DAYS[:1], force=True).days == DAYS[:1]
    assert "--full-refresh" not in asked_of_dbt[-1]

    monkeypatch.setattr(transform, "project_fingerprint", lambda: "another project")
    # The rejected day too: its table would keep the old columns.
    assert transform.build(settings, catalog, DAYS[:1]).days == DAYS
    assert "--full-refresh" in asked_of_dbt[-1]
    assert transform.build(settings, catalog, DAYS[:1]).days == []


@pytest.mark.usefixtures("asked_of_dbt")
def test_what_only_a_former_project_made_is_gone_when_the_project_has_changed(
    settings: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform.build(settings, catalog)
    with writer(settings, "a test") as connection:
        connection.execute("create schema marts; create table marts.mart_sales as select 1 as sale_count")
        connection.execute("create table marts.mart_former as select 1 as sale_count")
        connection.execute("create view marts.mart_older as select 1 as sale_count; create table raw.kept as select 1")

    def standing() -> list[tuple[str]]:
        with writer(settings, "a test") as connection:
            return connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' or table_name = 'kept' "
                "order by all"
            ).fetchall()

    transform.build(settings, catalog, DAYS[:1], force=True)
    assert standing() == [("kept",), ("mart_former",), ("mart_older",), ("mart_sales",)]
    monkeypatch.setattr(transform, "project_fingerprint", lambda: "another project")
    transform.build(settings, catalog, DAYS[:1])
    assert standing() == [("kept",), ("mart_sales",)]
