"""Dagster's own ways to start work: models selected, days backfilled, old runs removed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import dagster as dg
import pytest

from pipelines.orchestration.assembly import build_defs
from pipelines.orchestration.instance import DAGSTER_YAML, STORAGE_BEFORE, opened_instance, write_settings
from pipelines.orchestration.marts import BUILT
from pipelines.orchestration.partitions import range_tags
from pipelines.orchestration.retention import forget_runs
from pipelines.orchestration.tags import BACKFILL
from pipelines.settings import Settings
from pipelines.warehouse.connect import writer
from pipelines.warehouse.intake import version_of
from pipelines.warehouse.retention import collect
from tests.integration import toy
from tests.integration.shop import look, parsed, project, published, run, shop  # noqa: F401 - fixtures
from tests.integration.test_orchestration import JAN_2, JAN_3, deliver_first, deliver_second

FACT, MART = dg.AssetKey(["marts", "shop", "fct_orders"]), dg.AssetKey(["marts", "shop", "mart_revenue_daily"])
CHECK = dg.AssetCheckKey(MART, "unique_mart_revenue_daily_order_date")


def execute(settings: Settings, keys: Collection[dg.AssetKey], tags: dict[str, str]) -> dg.ExecuteInProcessResult:
    with opened_instance(settings) as instance:
        job = build_defs(settings).resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=instance, asset_selection=list(keys), tags=tags)


def mark(settings: Settings, table: str, column: str, value: str) -> None:
    with writer(settings, "a test") as connection:
        connection.execute(f"update marts.{table} set {column} = {value}")


def marked(settings: Settings, table: str, column: str, value: str) -> int:
    with writer(settings, "a test") as connection:
        found = connection.execute(f"select count(*) from marts.{table} where {column} = {value}").fetchone()
    return int(found[0]) if found else 0


def test_one_model_is_built_alone_and_its_own_tests_are_run(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    run(shop)
    mark(shop, "mart_revenue_daily", "sold_usd", "99")
    mark(shop, "fct_orders", "order_id", "'mark'")
    result = execute(shop, [MART], {})
    assert result.success
    assert (marked(shop, "mart_revenue_daily", "sold_usd", "99"), marked(shop, "fct_orders", "order_id", "'mark'")) == (
        0,
        1,
    )
    evaluated = {evaluation.check_name for evaluation in result.get_asset_check_evaluations()}
    assert {"unique_mart_revenue_daily_order_date", "not_null_mart_revenue_daily_order_date"} <= evaluated
    assert (look(shop).stale_days, look(shop).changed_models) == ((), ())


def test_a_model_is_built_with_what_follows_from_it_and_published(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    run(shop)
    mark(shop, "fct_orders", "amount_usd", "99")
    mark(shop, "mart_revenue_daily", "sold_usd", "99")
    graph = build_defs(shop).resolve_asset_graph()
    follows = dg.AssetSelection.assets(FACT).downstream().resolve(graph)
    assert BUILT not in follows, "who selects a model need name no day"
    assert execute(shop, follows, {}).success
    assert published(shop) == [("2026-01-02", 5.0, None, 1)]


def test_a_backfill_builds_its_days_again_and_no_other(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    deliver_second(shop.home)
    run(shop)
    mark(shop, "fct_orders", "order_id", "'mark'")
    tags = range_tags(JAN_2, JAN_2)
    assert execute(shop, [BUILT], tags).success
    assert marked(shop, "fct_orders", "order_id", "'mark'") == 3, "asked for by a schedule a current day is left"
    assert execute(shop, [BUILT], tags | {BACKFILL: "by hand"}).success
    assert marked(shop, "fct_orders", "order_id", "'mark'") == 2
    with opened_instance(shop) as instance:
        assert instance.get_materialized_partitions(BUILT) == {str(JAN_2), str(JAN_3)}


def test_a_check_that_did_not_run_is_not_reported(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    run(shop)
    with opened_instance(shop) as instance:
        store = instance.event_log_storage
        before = len(store.get_asset_check_execution_history(CHECK, limit=10))
        assert run(shop, force=True) == []
        assert len(store.get_asset_check_execution_history(CHECK, limit=10)) == before + 1
    result = execute(shop, [BUILT], range_tags(JAN_2, JAN_2))
    assert result.success and not result.get_asset_check_evaluations(), "no day was stale, so nothing was tested"


def test_runs_and_contents_go_when_they_are_old_and_nothing_needs_them(
    shop: Settings,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver_first(shop.home)
    run(shop)
    run(shop, force=True)
    sales = toy.SOURCES["sales"]
    (read,) = (shop.warehouse_dir / "intake" / "sales" / version_of(sales)).iterdir()
    former = read.parent.with_name("former") / read.name
    former.mkdir(parents=True)
    with opened_instance(shop) as instance:
        assert (forget_runs(shop, instance), collect(shop, toy.SOURCES.values())) == (0, 0)
        later = shop.model_copy(update={"history_days": -1})
        runs = {record.run_id for record in instance.get_runs()}
        assert runs and forget_runs(later, instance) == len(runs)
        assert not instance.get_runs()
        checked = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=10)
        assert len(checked) == 1, "a check keeps its newest result alone"
    assert not {path.stem for path in (shop.dagster_home / "history" / "runs").iterdir()} & runs
    assert collect(later, toy.SOURCES.values()) == 1
    assert not former.exists() and read.exists()
    assert published(shop) == [("2026-01-02", 5.0, None, 1)]


def test_a_home_of_the_version_before_has_its_storage_setting_mended(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    path = write_settings(settings)
    path.write_text(path.read_text().replace("concurrency:", STORAGE_BEFORE + "concurrency:").replace("90", "91"))
    assert write_settings(settings).read_text() == DAGSTER_YAML.replace("90", "91"), "what a user changed stays"
