"""What surrounds the ten KPIs, over the sample company: metrics, guardrails, alerts, gates, coverage, versions."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from pipelines.scenario.predictions import WORSE_BAND
from pipelines.scenario.world import CONCEPT_DRIFT
from pipelines.settings import DBT_PROJECT
from pipelines.warehouse.transform import metrics_environment
from tests.integration.conftest import Company

KPIS = DBT_PROJECT.parent / "docs" / "kpis.md"
SEMANTICS = DBT_PROJECT / "models" / "marts" / "scorecard" / "kpi_metrics.yml"


def metric_names() -> list[str]:
    metrics = yaml.safe_load(SEMANTICS.read_text())["metrics"]
    return [metric["name"] for metric in metrics if metric["type"] == "ratio"]


def test_a_metric_by_name_is_the_number_of_the_scorecard(company: Company, tmp_path: Path) -> None:
    names = [name for name in metric_names() if not name.endswith(("_daily", "_weekly"))]
    answer = tmp_path / "answer.csv"
    command = [Path(sys.executable).with_name("mf"), "query", "--metrics", ",".join(names)]
    folder, environment = metrics_environment(company.settings)
    subprocess.run(  # noqa: S603 - our own arguments
        [*command, "--group-by", "model,metric_time__month", "--csv", answer],
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    scorecard = {
        (model, kpi, month.isoformat()): value
        for model, kpi, month, value in company.rows(
            "select model_id, kpi_id, period_start_date, value from mart_scorecard where period = 'month'"
        )
    }
    compared = 0
    for row in csv.DictReader(answer.open()):
        for name in names:
            said = float(row[name]) if row[name] else None
            key = (row["model"], name.removesuffix("_monthly"), row["metric_time__month"][:10])
            in_scorecard = scorecard.get(key)
            assert said == (in_scorecard if in_scorecard is None else pytest.approx(in_scorecard, rel=1e-12)), key
            compared += said is not None
    assert compared == sum(value is not None for value in scorecard.values())


def test_every_kpi_has_a_metric_by_its_name(company: Company) -> None:
    kpis = {kpi for (kpi,) in company.rows("select distinct kpi_id from mart_scorecard")}
    assert kpis == {
        name.removesuffix("_daily").removesuffix("_weekly").removesuffix("_monthly") for name in metric_names()
    }


def test_an_alert_is_open_exactly_where_the_newest_judgement_is_a_breach(company: Company) -> None:
    newest = company.rows(
        "select model_id, kpi_id, status from mart_scorecard inner join mart_kpis using (kpi_id) "
        "where period = target_period and value is not null and target is not null "
        "and as_of = if(period = 'week', period_start_date + 6, last_day(period_start_date)) "
        "qualify row_number() over (partition by model_id, kpi_id order by period_start_date desc) = 1"
    )
    missed = {(model, kpi) for model, kpi, status in newest if status == "off_target"}
    open_now = company.rows(
        "select model_id, subject_id from mart_alerts where alert_kind = 'kpi_off_target' and closed_at is null"
    )
    assert missed
    assert sorted(open_now) == sorted(missed)


def test_an_alert_names_its_owner_what_showed_it_and_what_to_do(company: Company) -> None:
    alerts = company.rows("select owner, opening_evidence, latest_evidence, recommended_action from mart_alerts")
    assert alerts
    assert all(all(cell for cell in row) for row in alerts)


def test_the_group_that_is_planted_worse_off_crosses_the_guardrail_on_equal_opportunity(company: Company) -> None:
    evaluated = company.rows(
        "select period_start_date, cohort_value, value, is_breached, is_beyond_chance from mart_guardrails "
        "where guardrail_id = 'equal-opportunity' order by period_start_date"
    )
    worst = company.rows(
        "select month_date, min(equal_opportunity_difference) from mart_fairness_monthly "
        "where month_date < '2026-03-01' group by 1 order by 1"
    )
    assert [(month, value) for month, _, value, _, _ in evaluated] == worst
    assert evaluated[0][1] == WORSE_BAND
    assert evaluated[0][3:] == (True, True)


def test_a_breached_guardrail_is_an_alert_until_a_period_holds(company: Company) -> None:
    alerts = company.rows(
        "select subject_id, opened_at::date, closed_at::date, severity from mart_alerts where alert_kind = 'guardrail' "
        "and subject_id in ('four-fifths', 'spend-ceiling') order by subject_id"
    )
    assert alerts == [
        ("four-fifths", date(2026, 2, 1), date(2026, 3, 1), "ticket"),
        ("spend-ceiling", date(2026, 2, 1), date(2026, 3, 1), "page"),
    ]


def test_the_experiment_with_the_broken_split_alone_is_an_alert(company: Company) -> None:
    broken = {name for name, planted in company.truth["experiments"]["experiments"].items() if planted["is_srm"]}
    alerts = company.rows("select subject_id, closed_at from mart_alerts where alert_kind = 'experiment_invalid'")
    assert {name for name, closed_at in alerts if closed_at is None} == broken


def test_a_retrain_that_is_due_is_an_alert_that_the_deployment_closes(company: Company) -> None:
    alerts = company.rows(
        "select model_id, opened_at, closed_at, latest_evidence from mart_alerts where alert_kind = 'retrain_due'"
    )
    triggers = company.rows("select model_id, raised_at, closed_at, evidence from mart_retrain_triggers")
    assert sorted(alerts, key=str) == sorted(triggers, key=str)
    assert {closed_at is None for _, _, closed_at, _ in alerts} == {True, False}


def test_recall_below_its_floor_after_the_concept_drift_calls_for_a_retrain_once(company: Company) -> None:
    ((model, raised_at),) = company.rows(
        "select model_id, raised_at from mart_retrain_triggers where guardrail_id = 'recall-floor'"
    )
    _, age = CONCEPT_DRIFT
    assert model == "fraud-detector"
    assert raised_at.date() > date(2026, 1, 1) + timedelta(days=age)


def test_a_company_whose_sources_all_come_has_none_that_is_stale_or_silent(company: Company) -> None:
    assert not company.rows(
        "select alert_id from mart_alerts where alert_kind in ('source_stale', 'instrumentation_broken')"
    )


def test_hours_and_budgets_of_the_slo_are_those_of_the_logs(company: Company) -> None:
    ((burnt, logged),) = company.rows(
        "select (select sum(bad_request_count) from mart_slo_burn where slo = 'availability'), "
        "(select sum(unavailable_request_count) from mart_throughput_hourly where availability_target_rate is not null)"
    )
    assert burnt == logged > 0


def test_gates_pass_on_whole_months_and_wait_for_persons(company: Company) -> None:
    statuses = {
        (model, gate, criterion): status
        for model, gate, criterion, status in company.rows(
            "select model_id, gate_id, criterion_id, status from mart_decision_gates"
        )
    }
    assert statuses["recommender", "review-30", "cost"] == "passed"
    assert statuses["recommender", "review-30", "sponsor"] == "passed"
    assert statuses["triage", "pre-production", "performance"] == "failed"
    assert statuses["triage", "review-30", "sponsor"] == "waiting_for_person"
    assert statuses["recommender", "review-90", "payback"] == "not_due"


def test_coverage_has_a_row_for_every_model_and_kpi_and_one_next_step_until_all_is_done(company: Company) -> None:
    rows = company.rows(
        "select model_id, kpi_id, next_step is null, has_objective and has_owner and has_baseline and has_target "
        "and is_source_connected and is_identifier_mapped and is_measured and is_fresh "
        "from mart_instrumentation_coverage"
    )
    pairs = company.rows("select distinct model_id, kpi_id from mart_scorecard")
    assert sorted((model, kpi) for model, kpi, _, _ in rows) == sorted(pairs)
    assert all(is_done == is_whole for _, _, is_done, is_whole in rows)


def test_versions_share_out_the_days_and_their_predictions(company: Company) -> None:
    ((days, numerators),) = company.rows(
        "select sum(served_day_count), sum(numerator) from mart_model_versions where kpi_id = 'throughput'"
    )
    ((served, total),) = company.rows(
        "select count(*) filter (numerator > 0), sum(numerator) from mart_scorecard "
        "where period = 'day' and kpi_id = 'throughput'"
    )
    assert (days, numerators) == (served, total)


def test_a_version_that_came_back_after_a_rollback_has_all_of_its_days(company: Company) -> None:
    ((days,),) = company.rows(
        "select served_day_count from mart_model_versions where model_id = 'fraud-detector' "
        "and model_version = 'v2' and kpi_id = 'throughput'"
    )
    assert days == (39 - 18) + (44 - 41)


def test_two_versions_are_compared_on_all_ten_by_the_documents_query(company: Company) -> None:
    (query,) = re.findall(r"```sql\n(select\n.*?from mart_model_versions.*?)```", KPIS.read_text(), re.DOTALL)
    rows = company.rows(query)
    assert len(rows) == 10
    # The detector has no feature that people use; all else is known of both.
    assert [name for name, _, one, other in rows if one is None or other is None] == ["Feature adoption"]


def test_a_version_names_its_training_snapshot_and_where_its_features_come_from(company: Company) -> None:
    rows = company.rows(
        "select distinct training_snapshot_id, training_row_count from mart_model_versions "
        "where model_id = 'route-optimiser' and model_version = 'v4'"
    )
    assert rows == [("route-plan-training-v4", company.truth["features"]["snapshot_rows"])]
    origins = company.rows(
        "select source_table, source_column from mart_feature_lineage "
        "where model_id = 'route-optimiser' and model_version = 'v4' and feature = 'fuel_price'"
    )
    assert origins == [("market.fuel_prices", "fuel_price")]


def test_the_recommenders_cost_is_told_against_its_declared_baseline(company: Company) -> None:
    rows = company.rows(
        "select distinct baseline, baseline_source from mart_scorecard where model_id = 'recommender' "
        "and kpi_id = 'cost_per_prediction' and period = 'month'"
    )
    assert rows == [(0.0014, "declared")]
