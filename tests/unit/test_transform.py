"""Which days and models a build takes, dbt itself left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.load import load_catalog
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse import ledger_schema, transform
from pipelines.warehouse.connect import opened, writer

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
REJECTED = DAYS[2]
MART, SEED, FACT = "model.scorecard.mart_sales", "seed.scorecard.kpis", "model.scorecard.fct_sales"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(SAMPLE_CATALOG)


@pytest.fixture
def asked_of_dbt(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[date], list[str]]]:
    """The days to rebuild and arguments of each dbt run, which succeeds, over three days in raw, one rejected."""
    runs: list[tuple[list[date], list[str]]] = []

    def dbt(_settings: Settings, arguments: Sequence[str], _on_event: Any) -> Any:
        with opened(settings) as connection:
            days = connection.execute("select day from ledger.days_to_rebuild order by day").fetchall()
        runs.append(([day for (day,) in days], list(arguments)))
        return SimpleNamespace(success=True, exception=None, result=None)

    monkeypatch.setattr(transform, "dbt", dbt)
    with writer(settings, "a test") as connection:
        ledger_schema.create(connection)
        for day in DAYS:
            status = "rejected" if day == REJECTED else "accepted"
            connection.execute(
                "insert into ledger.days values ('sales', ?, 'print', ?, null, 1, now(), 'contents')", [day, status]
            )
    manifest = settings.warehouse_dir / "manifest.json"
    manifest.write_text(
        json.dumps({"nodes": {MART: {"resource_type": "model", "schema": "marts", "alias": "mart_sales"}}})
    )
    monkeypatch.setattr(transform, "manifest_file", lambda settings: manifest)
    made_of(monkeypatch)
    return runs


def made_of(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    """Let the models be made of what they were, but for those `changed`."""
    made = {MART: "as it was", SEED: "as it was", FACT: "as it was"}
    made |= {f"model.scorecard.{name}": fingerprint for name, fingerprint in changed.items()}
    monkeypatch.setattr(transform, "model_fingerprints", lambda settings, catalog: made)


def test_the_first_build_makes_everything_and_the_second_nothing(
    settings: Settings, catalog: Catalog, asked_of_dbt: list[tuple[list[date], list[str]]]
) -> None:
    assert transform.build(settings, catalog, DAYS[:1]).days == DAYS
    ((days, arguments),) = asked_of_dbt
    assert days == DAYS and "--full-refresh" in arguments and "--select" not in arguments
    assert transform.build(settings, catalog).results == ()


def test_a_changed_model_is_rebuilt_over_every_known_day_and_the_others_over_the_days_asked(
    settings: Settings,
    catalog: Catalog,
    asked_of_dbt: list[tuple[list[date], list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transform.build(settings, catalog)
    made_of(monkeypatch, mart_sales="other code")
    assert transform.build(settings, catalog).days == []
    days, arguments = asked_of_dbt[-1]
    assert len(asked_of_dbt) == 2 and days == DAYS and "--full-refresh" in arguments
    assert arguments[arguments.index("--select") :] == ["--select", "mart_sales", "resource_type:test"]

    made_of(monkeypatch, mart_sales="yet other code")
    assert transform.build(settings, catalog, DAYS[:1], force=True).days == DAYS[:1]
    (first, others), (whole, same) = asked_of_dbt[2:]
    assert first == DAYS[:1] and "--full-refresh" not in others
    assert others[others.index("--exclude") :][2] == "mart_sales" and others[-1] == "test"
    # The rejected day too: its table would keep the old columns.
    assert whole == DAYS and same == arguments
    assert transform.build(settings, catalog).results == ()


def test_a_build_that_is_cut_short_is_made_again_though_the_code_is_what_it_was(
    settings: Settings,
    catalog: Catalog,
    asked_of_dbt: list[tuple[list[date], list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transform.build(settings, catalog)
    made_of(monkeypatch, mart_sales="other code")
    succeeding = transform.dbt
    monkeypatch.setattr(transform, "dbt", lambda *_: SimpleNamespace(success=False, exception=None, result=None))
    assert not transform.build(settings, catalog).success
    monkeypatch.setattr(transform, "dbt", succeeding)
    made_of(monkeypatch)
    assert transform.build(settings, catalog).changed == {MART}
    assert len(asked_of_dbt) == 2


@pytest.mark.usefixtures("asked_of_dbt")
def test_what_only_a_former_project_made_is_gone_when_the_project_has_changed(
    settings: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform.build(settings, catalog)
    with writer(settings, "a test") as connection:
        connection.execute("create schema marts; create table marts.mart_sales as select 1 as sale_count")
        connection.execute("create table marts.mart_former as select 1 as sale_count")
        connection.execute("create view marts.mart_older as select 1 as sale_count; create table raw.kept as select 1")

    def published() -> list[tuple[str]]:
        with writer(settings, "a test") as connection:
            return connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' or table_name = 'kept' "
                "order by all"
            ).fetchall()

    transform.build(settings, catalog, DAYS[:1], force=True)
    assert published() == [("kept",), ("mart_former",), ("mart_older",), ("mart_sales",)]
    made_of(monkeypatch, mart_sales="other code")
    transform.build(settings, catalog, DAYS[:1])
    assert published() == [("kept",), ("mart_sales",)]
