"""Pulls as Dagster assets: one per configured source, before landing, outside the daily run, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest

from pipelines.orchestration.assembly import build_defs
from pipelines.orchestration.jobs import DAILY
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.pulls import GROUP, pull_assets, pull_key
from tests.pulls.anthropic import Anthropic
from tests.pulls.conftest import Home
from tests.pulls.openai import OpenAi
from tests.pulls.pagerduty import PagerDuty
from tests.pulls.vendor import Vendor


@pytest.fixture
def vendor(home: Home) -> Iterator[Vendor]:
    with PagerDuty().server().up() as server:
        home.connect("pagerduty", server, since=datetime.now(UTC).date())
        yield server


def test_an_asset_pulls_and_its_failure_says_why_without_the_token(vendor: Vendor, home: Home) -> None:
    home.settings.dagster_home.mkdir()
    with dg.DagsterInstance.local_temp(str(home.settings.dagster_home)) as instance:
        good = dg.materialize(pull_assets(home.settings), instance=instance)
        (event,) = good.get_asset_materialization_events()
        assert event.materialization.metadata["pages"].value == 2
        vendor.authorized = lambda _: False
        bad = dg.materialize(pull_assets(home.settings), instance=instance, raise_on_error=False)
        (failure,) = bad.get_step_failure_events()
        data = failure.step_failure_data.user_failure_data
        assert data is not None and "is wrong, expired or revoked" in str(data.description)


def test_pulls_are_before_landing_and_not_in_the_daily_run(vendor: Vendor, home: Home) -> None:
    defs = build_defs(home.settings)
    graph = defs.resolve_asset_graph()
    assert graph.get(landing_key("pagerduty")).parent_keys == {pull_key("pagerduty")}
    assert pull_key("pagerduty") not in defs.resolve_job_def(DAILY).asset_layer.executable_asset_keys
    assert defs.resolve_job_def(GROUP).asset_layer.executable_asset_keys == {pull_key("pagerduty")}
    crons = {schedule.name: schedule.cron_schedule for schedule in defs.schedules or []}
    assert (crons["pulls_schedule"], crons["daily_schedule"]) == ("0 5 * * *", "0 6 * * *")


def test_a_bill_waits_for_every_pull_that_it_reads(home: Home) -> None:
    with OpenAi().server().up() as one, Anthropic(home.clock).server().up() as other:
        home.connect("openai", one)
        home.connect("anthropic", other)
        graph = build_defs(home.settings).resolve_asset_graph()
    assert graph.get(landing_key("cloud_billing")).parent_keys == {pull_key("openai"), pull_key("anthropic")}
