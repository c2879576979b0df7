"""What is no drift, and what follows from drift; the windows planted, test_planted finds."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import stats

from tests.integration.conftest import Company


@pytest.fixture(scope="module")
def truth(company: Company) -> dict[str, Any]:
    planted: dict[str, Any] = company.truth["features"]
    return planted


def test_a_season_a_constant_and_missing_values_are_no_drift(company: Company) -> None:
    rows = company.rows(
        "select feature, count(*), count(*) filter (where is_drifted) from mart_drift_windows "
        "where feature in ('season_index', 'schema_version', 'items_seen') group by feature order by feature"
    )
    assert rows == [("items_seen", 60, 0), ("schema_version", 60, 0), ("season_index", 60, 0)]
    assert company.rows("select max(psi) from mart_drift_windows where feature = 'schema_version'") == [(0.0,)]


def test_too_few_values_are_told_apart_from_no_drift(company: Company) -> None:
    assert company.rows("select distinct status, is_drifted from mart_drift_windows where model_id = 'triage'") == [
        ("insufficient_data", None)
    ]
    assert set(
        company.rows("select value, gap_reason from mart_scorecard where model_id = 'triage' and kpi_id = 'drift_rate'")
    ) == {(None, "too little data to test")}


def test_the_errors_of_the_last_days_are_not_known_yet(company: Company) -> None:
    assert company.rows(
        "select count(*) from mart_drift_windows where feature = 'is_error' and status = 'insufficient_data'"
    ) == [(5,)]


def test_a_feature_that_is_not_critical_does_not_make_the_window_drift(company: Company) -> None:
    assert company.rows(
        "select drifted_window_count, drifted_feature_test_count > 0, worst_feature from mart_drift_rate_monthly "
        "where model_id = 'route-optimiser' and month_date = date '2026-01-01'"
    ) == [(0, True, "vehicle")]


def test_a_retrain_is_raised_once_and_closed_by_the_version_trained_since(company: Company) -> None:
    assert company.rows(
        "select model_id, raised_at::date::varchar, closed_at::date::varchar, worst_feature, is_open "
        "from mart_retrain_triggers where reason = 'drift' order by model_id"
    ) == [
        ("fraud-detector", "2026-02-18", None, "is_error", True),
        ("route-optimiser", "2026-02-13", "2026-02-24", "fuel_price", False),
    ]


def test_the_scorecard_says_the_same_as_the_monthly_mart(company: Company) -> None:
    assert company.rows(
        "select count(*), count(*) filter (s.value is distinct from m.drift_rate) from mart_scorecard as s "
        "join mart_drift_rate_monthly as m on s.model_id = m.model_id and s.period_start_date = m.month_date "
        "where s.kpi_id = 'drift_rate' and s.period = 'month'"
    ) == [(14, 0)]


def test_histograms_add_up_to_what_was_compared(company: Company) -> None:
    assert company.rows(
        "with sums as (select model_id, window_start_at, feature, sum(reference_count) as n, sum(window_count) as m "
        "from mart_drift_histograms group by all) select count(*) from mart_drift_windows as w left join sums as s "
        "using (model_id, window_start_at, feature) "
        "where w.reference_count <> coalesce(s.n, 0) or w.window_count <> coalesce(s.m, 0)"
    ) == [(0,)]


@pytest.mark.parametrize("day", ["2026-01-20", "2026-02-12"])
def test_distances_are_scipys_on_the_values_themselves(company: Company, day: str) -> None:
    """To within what the bins round: a hundredth."""
    landing = company.settings.landing_dir
    with duckdb.connect() as connection:
        logged = connection.execute(
            "select feature, value::double, version from read_csv(?, all_varchar = true) "
            "where environment = 'prod' and feature <> 'vehicle' and \"timestamp\"[:10] = ?",
            [str(landing / "features" / "route-plan-*.csv.gz"), day],
        ).fetchall()
        version = logged[0][2]
        trained = connection.execute(
            f"from read_parquet('{landing}/training/route-plan-training-{version}-*.parquet')"
        ).df()
    for feature in ("fuel_price", "parcels", "distance_km", "depot_temperature_k", "planned_minutes"):
        window = np.array([value for name, value, _ in logged if name == feature])
        reference = trained[feature].to_numpy()
        ((ks, wasserstein, n, m),) = company.rows(
            "select ks_distance, wasserstein_distance, reference_count, window_count from mart_drift_windows "
            "where model_id = 'route-optimiser' and feature = ? and window_start_at = ?::timestamp",
            feature,
            day,
        )
        assert (n, m) == (len(reference), len(window))
        assert ks == pytest.approx(stats.ks_2samp(reference, window).statistic, abs=0.02)
        expected = stats.wasserstein_distance(reference, window) / reference.std()
        assert wasserstein == pytest.approx(expected, rel=0.05, abs=0.01)
