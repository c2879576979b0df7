"""Undefined is null, never zero and never NaN: every mart of companies that have next to nothing to measure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.scenario.generate import generate
from pipelines.settings import Settings
from tests.integration.conftest import opened, run

COMPANIES = {"a single day": None, "a bill and nothing else": ("cloud_billing", "fx_rates")}
"""Company → the sources it has delivered; None: all."""


@pytest.fixture(scope="module", params=COMPANIES)
def marts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    home: Path = tmp_path_factory.mktemp("sparse")
    generate(home, days=1, seed=7)
    delivered = COMPANIES[request.param]
    for folder in (home / "landing").iterdir():
        if delivered is not None and folder.name not in delivered:
            shutil.rmtree(folder)
    run(Settings(home=home))
    with opened(Settings(home=home)) as connection:
        yield connection


def columns(marts: duckdb.DuckDBPyConnection, kind: str, ending: str = "") -> list[tuple[str, str]]:
    return marts.execute(
        "select table_name, column_name from duckdb_columns() where data_type = ? and column_name like ?",
        [kind, f"%{ending}"],
    ).fetchall()


def test_no_mart_holds_a_number_that_is_none(marts: duckdb.DuckDBPyConnection) -> None:
    doubles = columns(marts, "DOUBLE")
    assert len(doubles) > 200
    broken = [
        (mart, column)
        for mart, column in doubles
        if marts.execute(f'select count(*) from {mart} where not isfinite("{column}")').fetchall() != [(0,)]
    ]
    assert not broken


def test_a_rate_is_a_share_or_null(marts: duckdb.DuckDBPyConnection) -> None:
    # A declared size may be too small for the users there are: adoption above 1 is flagged, not clamped.
    outside = [
        (mart, column)
        for mart, column in columns(marts, "DOUBLE", "_rate")
        if mart != "mart_feature_adoption_daily"
        and marts.execute(f'select count(*) from {mart} where "{column}" not between 0 and 1').fetchall() != [(0,)]
    ]
    assert not outside


def test_a_kpi_without_a_denominator_has_no_value_and_says_why(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute("select value, denominator, status, gap_reason from mart_scorecard").fetchall()
    assert rows
    for value, denominator, status, gap_reason in rows:
        assert (value is None) >= (not denominator)
        assert (status == "no_data") == (value is None) == (gap_reason is not None)


def test_a_source_that_delivered_nothing_makes_no_zeros(marts: duckdb.DuckDBPyConnection) -> None:
    measured = marts.execute(
        "select kpi_id, count(value) from mart_scorecard where kpi_id in ('throughput', 'mttr', 'feature_adoption', "
        "'accuracy', 'drift_rate', 'satisfaction', 'deployment_cadence') group by all"
    ).fetchall()
    (logged,) = marts.execute("select count(prediction_count) from mart_throughput_hourly").fetchone() or (0,)
    if not logged:  # the company that has delivered a bill and nothing else
        assert {count for _, count in measured} <= {0}
