"""Undefined is null, never zero and never NaN: every mart of companies that have next to nothing to measure.

dbt's unit tests bring their own rows: they run over the company without a file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.scenario.generate import generate
from pipelines.settings import DBT_PROJECT, SAMPLE_CATALOG, Settings
from pipelines.warehouse.transform import dbt
from tests.integration.conftest import opened, run

DECLARED = {
    "criterion_number", "definition_version", "kpi_number", "month_index", "planned_effect", "planned_unit_count",
    "rolling_days",
}  # fmt: skip
"""Numbers that the catalog and the seeds say, whatever was delivered."""
NUMBERS = "not internal and regexp_matches(data_type, '^(DOUBLE|BIGINT|INTEGER|HUGEINT|SMALLINT|DECIMAL)')"


def nothing(home: Path) -> None:
    """The sample company before its first file."""
    (home / "landing").mkdir()
    shutil.copytree(SAMPLE_CATALOG, home / "catalog")


def one_idle_model(home: Path) -> None:
    """A day of every source, and a catalog of one model that none of them knows."""
    generate(home, days=1, seed=7)
    shutil.rmtree(home / "catalog")
    workforce = home / "catalog" / "workforce"
    workforce.mkdir(parents=True)
    shutil.copy(SAMPLE_CATALOG / "company.yaml", home / "catalog")
    shutil.copy(SAMPLE_CATALOG / "workforce" / "clinical-ai.yaml", workforce)
    model = yaml.safe_load((SAMPLE_CATALOG / "workforce" / "triage.yaml").read_text())
    for identifier in model["identifiers"]:
        identifier["value"] = f"unmapped-{identifier['value']}"
    kept = {key: value for key, value in model.items() if key not in ("features", "surveys", "satisfaction", "value")}
    (workforce / "triage.yaml").write_text(yaml.safe_dump(kept, sort_keys=False))


def a_single_day(home: Path) -> None:
    """The sample company after its first day."""
    generate(home, days=1, seed=7)


@dataclass(frozen=True)
class Sparse:
    """A company's name, its home folder and its published marts."""

    name: str
    settings: Settings
    marts: duckdb.DuckDBPyConnection

    def execute(self, sql: str, values: list[object] | None = None) -> duckdb.DuckDBPyConnection:
        """As the connection's."""
        return self.marts.execute(sql, values or [])


COMPANIES: tuple[Callable[[Path], None], ...] = (nothing, one_idle_model, a_single_day)


@pytest.fixture(scope="module", params=COMPANIES, ids=lambda company: company.__name__)
def marts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sparse]:
    settings = Settings(home=tmp_path_factory.mktemp("sparse"))
    request.param(settings.home)
    run(settings)
    with opened(settings) as connection:
        yield Sparse(request.param.__name__, settings, connection)


def columns(marts: Sparse, kind: str, ending: str = "") -> list[tuple[str, str]]:
    return marts.execute(
        "select table_name, column_name from duckdb_columns() where data_type = ? and column_name like ?",
        [kind, f"%{ending}"],
    ).fetchall()


def test_no_mart_holds_a_number_that_is_none(marts: Sparse) -> None:
    doubles = columns(marts, "DOUBLE")
    assert len(doubles) > 200
    broken = [
        (mart, column)
        for mart, column in doubles
        if marts.execute(f'select count(*) from {mart} where not isfinite("{column}")').fetchall() != [(0,)]
    ]
    assert not broken


def test_a_rate_is_a_share_or_null(marts: Sparse) -> None:
    # A declared size may be too small for the users there are: adoption above 1 is flagged, not clamped.
    outside = [
        (mart, column)
        for mart, column in columns(marts, "DOUBLE", "_rate")
        if mart != "mart_feature_adoption_daily"
        and marts.execute(f'select count(*) from {mart} where "{column}" not between 0 and 1').fetchall() != [(0,)]
    ]
    assert not outside


def test_a_kpi_without_a_denominator_has_no_value_and_says_why(marts: Sparse) -> None:
    rows = marts.execute("select value, denominator, status, gap_reason from mart_scorecard").fetchall()
    assert bool(rows) == (marts.name != "nothing")
    for value, denominator, status, gap_reason in rows:
        assert (value is None) >= (not denominator)
        assert (status == "no_data") == (value is None) == (gap_reason is not None)


def test_every_mart_stands_whatever_was_delivered(marts: Sparse) -> None:
    models = {
        file.stem for file in (DBT_PROJECT / "models" / "marts").rglob("mart_*") if file.suffix in (".sql", ".py")
    }
    assert {table for (table,) in marts.execute("select table_name from duckdb_tables()").fetchall()} == models


def test_where_nothing_was_delivered_no_number_was_measured(marts: Sparse) -> None:
    if marts.name == "nothing":
        numbers = marts.execute(f"select table_name, column_name from duckdb_columns() where {NUMBERS}").fetchall()
        assert len(numbers) > 400
        measured = [
            (mart, column)
            for mart, column in numbers
            if column not in DECLARED and marts.execute(f'select count("{column}") from {mart}').fetchall() != [(0,)]
        ]
        assert not measured


def test_what_a_measure_does_not_have_is_not_zero(marts: Sparse) -> None:
    assert marts.execute(
        "select count(promoter_count), count(detractor_count) from mart_satisfaction_measures_daily "
        "where measure <> 'nps'"
    ).fetchall() == [(0, 0)]


def test_a_model_nobody_asks_has_counted_zeros_and_no_ratio(marts: Sparse) -> None:
    if marts.name == "one_idle_model":
        months = marts.execute("select kpi_id, value from mart_scorecard where period = 'month'").fetchall()
        assert len({kpi for kpi, _ in months}) == 10
        # Their sources were loaded and hold nothing of the model: nothing was predicted, nothing was deployed.
        assert {kpi: value for kpi, value in months if value is not None} == {
            "throughput": 0, "deployment_cadence": 0,
        }  # fmt: skip
        assert marts.execute(
            "select sum(prediction_count), sum(failed_request_count), count(availability_rate), count(latency_p95_ms) "
            "from mart_throughput_hourly where model_id = 'triage'"
        ).fetchall() == [(0, 0, 0, 0)]
        assert marts.execute(
            "select count(*), count(accuracy_rate), count(auc), count(log_loss) from mart_accuracy_daily"
        ).fetchall() == [(0, 0, 0, 0)]


def test_what_is_not_known_is_not_worth_nothing_and_calls_for_no_decision(marts: Sparse) -> None:
    found = marts.execute(
        "select claimed_usd, measured_usd, actual_usd, difference_usd, claimed_gap_reason, measured_gap_reason, "
        "actual_gap_reason, difference_gap_reason from mart_value_reconciliation"
    ).fetchall()
    assert bool(found) == (marts.name != "nothing")
    for row in found:
        assert all((amount is None) == (reason is not None) for amount, reason in zip(row[:4], row[4:], strict=True))
    portfolio = marts.execute(
        "select verdict, full_cost_usd, verdict_reason, would_change from mart_portfolio"
    ).fetchall()
    assert portfolio
    assert all(row[:2] == (None, None) and row[2] == "No whole month of data yet." and row[3] for row in portfolio)
    kinds = {kind for (kind,) in marts.execute("select distinct kind from mart_decisions").fetchall()}
    assert kinds <= {"nothing": set(), "one_idle_model": {"gate", "alerts"}}.get(
        marts.name, {"gate", "alerts", "project"}
    )


def test_every_rule_with_a_corner_holds_on_made_up_rows(marts: Sparse) -> None:
    if marts.name == "nothing":
        result = dbt(marts.settings, ["test", "--quiet", "--select", "test_type:unit"])
        results = getattr(result.result, "results", [])
        wrong = [f"{r.node.name}: {r.message}" for r in results if r.status != "pass"]
        assert result.success, "\n".join(wrong) or result.exception
        assert len(results) > 50
