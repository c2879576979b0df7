"""Real exports through the whole pipeline: a FOCUS bill and two LLM services' traces, with a small catalog."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import Settings
from tests.integration.conftest import opened, run

MEMBER = """\
id: {id}
kind: agent
name: {id}
description: A production LLM service.
business_unit: Service
identifiers:
  - {{source: serving_logs, kind: model_name, value: AzureLLMInferenceTrace_{trace}}}
  - {{source: cloud_billing, kind: tag, key: application, value: {application}}}
"""


@pytest.fixture(scope="module")
def marts(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    home = tmp_path_factory.mktemp("real")
    workforce = home / "catalog" / "workforce"
    workforce.mkdir(parents=True)
    (home / "catalog" / "company.yaml").write_text("name: Real\n")
    (workforce / "chat.yaml").write_text(MEMBER.format(id="chat", trace="conv", application="BrightPathMatrix"))
    for folder, source in (("focus", "cloud_billing"), ("llm_trace", "serving_logs")):
        shutil.copytree(real_data / folder, home / "landing" / source)
    run(Settings(home=home))
    return opened(Settings(home=home))


def test_every_request_of_the_traces_is_a_prediction_of_its_model_or_unmapped(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    assert marts.execute(
        "select model_id, sum(prediction_count) from mart_throughput_hourly "
        "where prediction_count > 0 group by model_id order by model_id"
    ).fetchall() == [("chat", 19_366), ("unmapped", 8_819)]


def test_the_bill_adds_up_on_every_basis_and_what_nobody_owns_is_unallocated(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    billed, effective, listed = marts.execute(
        "select sum(billed_cost_usd), sum(effective_cost_usd), sum(list_cost_usd) from mart_cost_allocation_daily"
    ).fetchall()[0]
    # What is published of the sample is rounded to nine places.
    published = Decimal("1e-9")
    assert billed.quantize(published) == Decimal("20.520226729")
    assert effective.quantize(published) == Decimal("14.976514186")
    assert listed.quantize(published) == Decimal("20.390905751")
    owners = dict(
        marts.execute(
            "select model_id, sum(effective_cost_usd) from mart_cost_allocation_daily group by model_id"
        ).fetchall()
    )
    assert owners == {"chat": 16, "unallocated": effective - 16}


def test_without_cost_and_predictions_of_one_day_their_ratio_is_undefined_and_says_why(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    """The traces are of November 2023, the bill of September 2024."""
    rows = marts.execute(
        "select value, status, gap_reason is not null from mart_scorecard where kpi_id = 'cost_per_prediction'"
    ).fetchall()
    assert rows
    assert set(rows) == {(None, "no_data", True)}
