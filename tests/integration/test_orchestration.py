"""Dagster over the engine, on a pipeline of two made-up sources: ranges, rejections, sensors, retries, lineage."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import duckdb
import pytest
from pydantic import SecretStr

from pipelines.orchestration import landing, retries, warehouse
from pipelines.orchestration.assembly import build_defs
from pipelines.orchestration.instance import alive, fail_orphaned_runs, opened_instance
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.lineage import keep_lineage
from pipelines.orchestration.manifest import prepared
from pipelines.orchestration.marts import BUILT
from pipelines.orchestration.partitions import RANGE_END, RANGE_START, range_tags
from pipelines.orchestration.tags import PROCESS
from pipelines.settings import DBT_PROJECT, Settings
from pipelines.warehouse.connect import lock, writer
from pipelines.warehouse.docs import KPIS, POLICY, write_docs
from pipelines.warehouse.intake import take_in
from tests.integration import toy
from tests.integration.shop import look, new_home, parsed, project, published, run, shop  # noqa: F401 - fixtures
from tests.integration.toy import land

JAN_2, JAN_3, JAN_5 = date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 5)


def deliver_first(home: Path) -> None:
    land(home, "sales/2026-01-02.csv", ("s1", "2026-01-02 10:00:00", 5))
    land(home, "returns/2026-01-02.csv")


def deliver_second(home: Path) -> None:
    land(home, "sales/2026-01-03.csv", ("s2", "2026-01-03 10:00:00", 7), ("s3", "2026-01-03 11:00:00", 1))
    land(home, "returns/2026-01-03.csv", ("r1", "2026-01-03 12:00:00", 2))


def deliver_a_rejected_day(home: Path) -> None:
    land(home, "sales/2026-01-03.csv", ("s2", "2026-01-03 10:00:00", 5000))
    land(home, "returns/2026-01-03.csv", ("r1", "2026-01-03 12:00:00", 2))


def deliver_a_restated_day_that_is_rejected(home: Path) -> None:
    land(home, "sales/late.csv", ("s0", "2026-01-02 23:00:00", 4))
    land(home, "returns/2026-01-02.csv", ("r0", "2026-01-02 12:00:00", 500), modified=1_767_990_000)


def deliver_a_day_mended_and_another_rejected(home: Path) -> None:
    land(home, "sales/2026-01-03.csv", ("s2", "2026-01-03 10:00:00", 50), modified=1_767_990_000)
    land(home, "sales/2026-01-05.csv", ("s5", "2026-01-05 10:00:00", 3000), ("s6", "2026-01-05 11:00:00", 1))
    land(home, "returns/2026-01-05.csv", ("r5", "2026-01-05 12:00:00", 1))


def test_rejected_late_and_restated_days_come_to_the_same_daily_at_once_and_anew(parsed: Path, tmp_path: Path) -> None:  # noqa: F811
    daily, backfill = new_home(parsed, tmp_path / "daily"), new_home(parsed, tmp_path / "backfill")
    rejected = []
    for deliver in (
        deliver_first,
        deliver_a_rejected_day,
        deliver_a_restated_day_that_is_rejected,
        deliver_a_day_mended_and_another_rejected,
    ):
        deliver(daily.home)
        deliver(backfill.home)
        assert run(daily) == []
        rejected.append(sorted((day.source, day.day) for day in look(daily).rejected_days))
    assert rejected == [
        [],
        [("sales", JAN_3)],
        [("returns", JAN_2), ("sales", JAN_3)],
        [("returns", JAN_2), ("sales", JAN_5)],
    ]
    assert run(backfill) == []
    once = published(backfill)
    assert once == [("2026-01-02", 9.0, None, 2), ("2026-01-03", 50.0, 2.0, 1)], "a rejected day is never 0"
    assert published(daily) == once
    assert run(backfill, force=True) == []
    assert published(backfill) == once


def test_a_range_of_days_is_one_run_and_columns_lead_back_to_those_they_are_made_from(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    deliver_second(shop.home)
    run(shop)
    with opened_instance(shop) as instance:
        runs = instance.get_runs(dg.RunsFilter(job_name="daily"))
        assert [(r.tags[RANGE_START], r.tags[RANGE_END]) for r in runs] == [("2026-01-02", "2026-01-03")]
        assert instance.get_materialized_partitions(BUILT) == {"2026-01-02", "2026-01-03"}
        mart = dg.AssetKey(["marts", "shop", "fct_orders"])
        assert not instance.get_materialized_partitions(mart) and instance.get_latest_materialization_event(mart)
        newest = instance.get_latest_materialization_event(dg.AssetKey(["raw", "sales", "orders"]))
        assert newest is not None and newest.run_id == runs[0].run_id
    keep_lineage(shop, prepared(shop))
    graph = build_defs(shop).resolve_asset_graph()
    lineage = graph.get(dg.AssetKey(["staging", "sales", "stg_sales__orders"])).metadata["dagster/column_lineage"]
    assert lineage.deps_by_column["amount_usd"] == [
        dg.TableColumnDep(dg.AssetKey(["raw", "sales", "orders"]), "amount")
    ]


def test_years_without_a_row_are_no_days_to_dagster(shop: Settings) -> None:  # noqa: F811
    land(shop.home, "sales/2024.csv", ("s0", "2024-01-02 10:00:00", 5), ("s1", "2024-01-04 10:00:00", 5))
    deliver_first(shop.home)
    assert run(shop) == []
    with opened_instance(shop) as instance:
        ran = [(r.tags[RANGE_START], r.tags[RANGE_END]) for r in instance.get_runs(dg.RunsFilter(job_name="daily"))]
        made = instance.get_materialized_partitions(BUILT)
    assert ran == [("2026-01-02", "2026-01-02"), ("2024-01-02", "2024-01-04")]
    assert made == {"2024-01-02", "2024-01-03", "2024-01-04", "2026-01-02"}
    assert [day for day, *_ in published(shop)] == ["2024-01-02", "2024-01-04", "2026-01-02"]


def test_postgres_is_published_to_where_a_url_says_so(shop: Settings) -> None:  # noqa: F811
    key = dg.AssetKey(["published", "postgres"])
    assert not build_defs(shop).resolve_asset_graph().has(key)
    there = shop.model_copy(update={"postgres_url": SecretStr("postgresql://127.0.0.1/bi")})
    assert build_defs(there).resolve_asset_graph().get(key).parent_keys == {dg.AssetKey(["published", "marts"])}


def test_the_documentation_is_one_page_that_asks_nobody(shop: Settings, project: Path) -> None:  # noqa: F811
    overview = project / "models" / "overview.md"
    shutil.copy(DBT_PROJECT / "models" / "overview.md", overview)
    page = write_docs(shop).read_text()
    overview.unlink()
    assert "One row per day." in page and "mart_revenue_daily" in page
    assert "Ten KPIs per AI model" in page and KPIS not in page and "](kpis/" not in page
    assert page.index(f'content="{POLICY}"') < page.index("<script")


def test_a_rejected_day_of_one_source_does_not_stop_another(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    land(shop.home, "sales/2026-01-03.csv", ("s2", "2026-01-03 10:00:00", 50))
    land(shop.home, "returns/2026-01-03.csv", ("r1", "2026-01-03 11:00:00", 5))
    assert run(shop) == []
    assert published(shop)[1] == ("2026-01-03", 50.0, 5.0, 1)
    land(shop.home, "returns/2026-01-03.csv", ("r1", "2026-01-03 11:00:00", 5000), modified=1_767_990_000)
    assert run(shop) == []
    assert published(shop)[1] == ("2026-01-03", 50.0, None, 1), "what the rejected source gave before is not shown"
    assert [(r.source, r.day) for r in look(shop).rejected_days] == [("returns", JAN_3)]
    assert look(shop).stale_days == (), "a rejected day is not validated again until its files change"


def test_the_good_days_go_on_while_a_rejected_one_waits_and_comes_back_mended(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    land(shop.home, "sales/2026-01-03.csv", ("s2", "2026-01-03 10:00:00", 5000))
    assert run(shop) == []
    assert published(shop) == [("2026-01-02", 5.0, None, 1)]
    with opened_instance(shop) as instance:
        key = dg.AssetCheckKey(dg.AssetKey(["raw", "sales", "orders"]), "expectations_met")
        # The one record: a check that is planned for days and evaluated for the run would stay planned.
        (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
        event = record.event
        assert event is not None and event.dagster_event is not None
        verdict = event.dagster_event.asset_check_evaluation_data
        assert (verdict.passed, verdict.severity) == (False, dg.AssetCheckSeverity.ERROR)
        assert "total is 5000, expected at most 1000" in (verdict.description or "")
    land(shop.home, "sales/2026-01-03.csv", ("s2", "2026-01-03 10:00:00", 50), modified=1_767_990_000)
    assert run(shop) == []
    assert look(shop).rejected_days == ()
    assert published(shop)[1] == ("2026-01-03", 50.0, None, 1)


def test_a_file_that_fits_no_format_is_seen_and_the_others_load(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    (shop.home / "landing" / "sales" / "odd.csv").write_text("a,b\n1,2\n")
    run(shop)
    (rejected,) = look(shop).rejected_files
    assert rejected.path == "sales/odd.csv" and "needs id, sold, amount" in rejected.message
    assert published(shop) == [("2026-01-02", 5.0, None, 1)]
    with opened_instance(shop) as instance:
        for check in (landing.CHECK, landing.FRESH):  # nor is a day long past fresh
            key = dg.AssetCheckKey(landing_key("sales"), check)
            (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
            assert record.status.value == "FAILED"


def test_a_failed_dbt_test_is_a_failed_check_and_nothing_is_published(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    run(shop)
    before = published(shop)
    land(shop.home, "sales/more.csv", *[(f"m{i}", "2026-01-03 10:00:00", 1) for i in range(4)])
    (failure,) = run(shop)
    assert failure.step == "marts" and "accepted_values_mart_revenue_daily_order_count" in failure.message
    assert published(shop) == before
    assert look(shop).stale_days == (JAN_3,)


def test_a_transient_error_is_tried_again_and_a_fault_is_not(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.01)
    deliver_first(shop.home)
    tries: list[str] = []

    def failing(*errors: Exception) -> object:
        waiting = list(errors)

        def once(settings: Settings, source: object) -> object:
            tries.append("tried")
            if waiting:
                raise waiting.pop(0)
            return take_in(settings, source)  # type: ignore[arg-type]

        return once

    defs = build_defs(shop)
    for error, tried, succeeds in (
        (duckdb.IOException("disk full"), 3, True),
        (ValueError("a fault of ours"), 1, False),
    ):
        tries.clear()
        with patch.object(landing, "take_in", failing(error, error)), opened_instance(shop) as instance:
            result = defs.resolve_job_def("landing").execute_in_process(
                instance=instance, asset_selection=[landing_key("sales")], raise_on_error=False
            )
        assert (len(tries), result.success) == (tried, succeeds)


def test_a_warehouse_that_cannot_be_opened_fails_the_run_and_says_why(
    shop: Settings,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def unopened(*_: object) -> Iterator[None]:
        raise duckdb.IOException("the disk is gone")
        yield

    deliver_first(shop.home)
    monkeypatch.setattr(warehouse, "kept_open", unopened)
    failures = run(shop)
    assert failures
    assert "the disk is gone" in failures[0].message


def test_landed_files_start_one_run_and_a_changed_one_another_for_its_source(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    sensor = build_defs(shop).resolve_sensor_def("files_landed")
    with opened_instance(shop) as instance:
        first = sensor.evaluate_tick(dg.build_sensor_context(instance))
        both = [landing_key("returns"), landing_key("sales")]
        assert [list(r.asset_selection or []) for r in first.run_requests or []] == [both]
        again = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=first.cursor))
        assert not again.run_requests
        take_in(shop, toy.SOURCES["returns"])
        take_in(shop, toy.SOURCES["sales"])
        land(shop.home, "sales/2026-01-02.csv", ("s1", "2026-01-02 10:00:00", 6), modified=1_767_990_000)
        changed = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=first.cursor))
        assert [list(r.asset_selection or []) for r in changed.run_requests or []] == [[landing_key("sales")]]


def test_files_that_the_command_line_took_in_start_no_run(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    sensor = build_defs(shop).resolve_sensor_def("files_landed")
    with opened_instance(shop) as instance:
        with lock(shop, "a test"):
            busy = sensor.evaluate_tick(dg.build_sensor_context(instance))
        assert not busy.run_requests and busy.cursor is None and "held by a test" in (busy.skip_message or "")
        take_in(shop, toy.SOURCES["returns"])
        take_in(shop, toy.SOURCES["sales"])
        known = sensor.evaluate_tick(dg.build_sensor_context(instance))
        assert not known.run_requests and known.cursor and "none new or changed" in (known.skip_message or "")


def requested(settings: Settings, instance: dg.DagsterInstance) -> list[tuple[str, str]]:
    data = build_defs(settings).resolve_sensor_def("stale_days").evaluate_tick(dg.build_sensor_context(instance))
    return [(r.tags[RANGE_START], r.tags[RANGE_END]) for r in data.run_requests or []]


def test_the_sensor_requests_the_stale_days_as_one_range(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    deliver_second(shop.home)
    land(shop.home, "sales/2026-01-05.csv", ("s5", "2026-01-05 10:00:00", 1))
    run(shop)
    with opened_instance(shop) as instance:
        assert requested(shop, instance) == []
        land(shop.home, "sales/late.csv", ("s9", "2026-01-02 10:00:00", 1), ("s8", "2026-01-05 10:00:00", 1))
        take_in(shop, toy.SOURCES["sales"])
        assert requested(shop, instance) == [("2026-01-02", "2026-01-05")]

        with lock(shop, "a test"):
            data = build_defs(shop).resolve_sensor_def("stale_days").evaluate_tick(dg.build_sensor_context(instance))
        assert not data.run_requests and "held by a test" in (data.skip_message or "")

        company = shop.catalog_dir / "company.yaml"
        company.write_text(company.read_text().replace("default_currency: USD", "default_currency: EUR"))
        assert requested(shop, instance) == [("2026-01-02", "2026-01-05")], "no model reads the currency"


def test_the_sensor_leaves_out_what_is_as_it_was(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    run(shop)
    land(shop.home, "sales/late.csv", ("s9", "2026-01-02 10:00:00", 1))
    take_in(shop, toy.SOURCES["sales"])
    defs = build_defs(shop)
    with opened_instance(shop) as instance:
        data = defs.resolve_sensor_def("stale_days").evaluate_tick(dg.build_sensor_context(instance))
        (request,) = data.run_requests or []
        selected = {key.to_user_string() for key in request.asset_selection or []}
        assert {"raw/sales/orders", "marts/shop/mart_revenue_daily", "ledger/built", "published/marts"} <= selected
        assert not {"landing/sales", "raw/returns/orders", "staging/sales/stg_sales__orders"} & selected
        job = defs.resolve_job_def(request.job_name or "daily")
        result = job.execute_in_process(instance=instance, asset_selection=request.asset_selection, tags=request.tags)
        assert result.success
        assert requested(shop, instance) == []


def test_the_schedule_asks_for_yesterday_and_the_days_that_may_still_change(shop: Settings) -> None:  # noqa: F811
    deliver_first(shop.home)
    defs = build_defs(shop)
    moment = datetime(2026, 3, 10, 6, tzinfo=UTC)

    def asked_for() -> dg.RunRequest:
        schedule = defs.resolve_schedule_def("daily_schedule")
        context = dg.build_schedule_context(scheduled_execution_time=moment)
        (request,) = schedule.evaluate_tick(context).run_requests or []
        assert request.tags.items() >= range_tags(date(2026, 3, 6), date(2026, 3, 9)).items()
        return request

    assert asked_for().asset_selection is None, "everything"
    run(shop)
    quiet = asked_for()
    assert quiet.asset_selection == [landing_key("returns"), landing_key("sales")], "the sensors have done the rest"
    with opened_instance(shop) as instance:
        job = defs.resolve_job_def("daily")
        assert job.execute_in_process(instance=instance, asset_selection=quiet.asset_selection, tags=quiet.tags).success
    deliver_second(shop.home)
    assert asked_for().asset_selection is None


@pytest.fixture
def edit(project: Path) -> Iterator[Callable[[str, str, str], None]]:  # noqa: F811
    """A function that replaces text in a file of the project; what it did is undone afterwards."""
    before: dict[Path, str] = {}

    def replaced(name: str, old: str, new: str) -> None:
        path = project / "models" / "marts" / "shop" / name
        text = before.setdefault(path, path.read_text())
        assert old in text
        path.write_text(path.read_text().replace(old, new))

    yield replaced
    for path, text in before.items():
        path.write_text(text)


def test_a_changed_model_rebuilds_itself_and_what_follows_and_words_rebuild_nothing(
    shop: Settings,  # noqa: F811
    edit: Callable[[str, str, str], None],
) -> None:
    def marked() -> int:
        with writer(shop, "a test") as connection:
            (count,) = connection.execute(
                "select count(*) from marts.fct_orders where order_id = 'mark'"
            ).fetchone() or (0,)
            return int(count)

    deliver_first(shop.home)
    assert run(shop) == []
    with writer(shop, "a test") as connection:
        connection.execute("update marts.fct_orders set order_id = 'mark'")

    edit("shop.yml", "One row per day.", "One row per day on which something was sold.")
    assert (look(shop).changed_models, look(shop).stale_days) == ((), ())

    edit("mart_revenue_daily.sql", "sum(amount_usd) as sold_usd", "2 * sum(amount_usd) as sold_usd")
    assert (look(shop).changed_models, look(shop).stale_days) == (("mart_revenue_daily",), ())
    with opened_instance(shop) as instance:
        assert requested(shop, instance) == [("2026-01-02", "2026-01-02")]
    assert run(shop) == []
    assert published(shop) == [("2026-01-02", 10.0, None, 1)]
    assert marked() == 1, "the fact it reads was not built again"

    edit("fct_orders.sql", "select order_id,", "select order_id || '-1' as order_id,")
    assert look(shop).changed_models == ("fct_orders", "mart_revenue_daily")
    assert run(shop) == []
    assert marked() == 0
    assert (look(shop).changed_models, look(shop).stale_days) == ((), ())


def test_the_definitions_open_no_database_and_make_no_connection(shop: Settings) -> None:  # noqa: F811
    with (
        patch("duckdb.connect", side_effect=AssertionError("a database was opened")),
        patch("socket.socket.connect", side_effect=AssertionError("a connection was made")),
    ):
        dg.Definitions.validate_loadable(build_defs(shop))
    assert not shop.warehouse_file.exists()


def test_every_asset_leads_back_to_a_landing_folder_and_says_who_owns_it(shop: Settings) -> None:  # noqa: F811
    graph = build_defs(shop).resolve_asset_graph()
    roots = {key for key in graph.get_all_asset_keys() if not graph.get(key).parent_keys}
    assert {key for key in roots if key.path[0] not in ("landing", "seeds")} == {
        key for key in graph.get_all_asset_keys() if key.path[:2] == ["raw", "catalog"]
    }
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.is_materializable and node.owners and node.kinds and node.description and node.group_name, key
        if node.partitions_def is not None:
            assert node.backfill_policy == dg.BackfillPolicy.single_run(), key
    mart = dg.AssetKey(["marts", "shop", "mart_revenue_daily"])
    ancestors = graph.get_ancestor_asset_keys(mart)
    assert {landing_key("sales"), landing_key("returns")} <= ancestors
    # Publishing waits for every mart, and building for every source's days.
    assert graph.get(dg.AssetKey(["published", "marts"])).parent_keys >= {mart}
    assert dg.AssetKey(["raw", "returns", "orders"]) in graph.get_ancestor_asset_keys(
        dg.AssetKey(["ledger", "days_to_rebuild"])
    )


def test_an_interrupted_run_leaves_no_lock_file(shop: Settings) -> None:  # noqa: F811
    with pytest.raises(KeyboardInterrupt), alive(shop, "interrupted"):
        assert (shop.dagster_home / "processes" / "interrupted").exists()
        raise KeyboardInterrupt
    assert list((shop.dagster_home / "processes").iterdir()) == []


def test_a_run_whose_process_died_is_marked_failed_and_one_that_lives_is_left_alone(shop: Settings) -> None:  # noqa: F811
    job = build_defs(shop).resolve_job_def("landing")
    with opened_instance(shop) as instance:
        dead = instance.create_run_for_job(job, tags={PROCESS: "dead"}, status=dg.DagsterRunStatus.STARTED)
        with alive(shop, "living"):
            living = instance.create_run_for_job(job, tags={PROCESS: "living"}, status=dg.DagsterRunStatus.STARTED)
            assert fail_orphaned_runs(shop, instance) == [dead.run_id]
            assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
            assert instance.get_run_by_id(living.run_id).status == dg.DagsterRunStatus.STARTED  # type: ignore[union-attr]
