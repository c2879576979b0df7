"""What only looks like a deployment is none, and rates are shares; the deployments planted, test_planted finds."""

from __future__ import annotations

from collections import defaultdict

from tests.integration.conftest import Company
from tests.integration.planted.deployments import failures as planted_failures


def test_every_format_told_of_some_of_them(company: Company) -> None:
    sources = {row[0] for row in company.rows("select distinct source from mart_deployments")}
    assert sources == {"github", "github+sagemaker", "kserve", "change_records"}
    registries = {row[0] for row in company.rows("select distinct registered_source from mart_deployments")}
    assert registries == {"mlflow", "sagemaker", "commit", None}


def test_two_systems_that_report_one_deployment_make_one(company: Company) -> None:
    found = company.rows(
        "select version, source, moment_source, report_count, redeploy_count, is_canaried from mart_deployments "
        "where model_id = 'recommender' order by deployed_at"
    )
    assert found == [
        ("v2", "github+sagemaker", "sagemaker", 2, 0, True),
        ("v3", "github+sagemaker", "sagemaker", 2, 0, False),
    ]


def test_rates_are_shares_of_the_deployments_evaluated_and_never_above_one(company: Company) -> None:
    failures: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    planted, _ = planted_failures(company)
    for (model_id, live), (failed,) in planted.items():
        if failed is not None:
            failures[model_id, f"{live:%Y-%m}"].append(failed)
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), change_failure_rate, rollback_rate, rollback_count, "
        "deployment_count from mart_deployment_cadence_monthly where model_id <> 'unmapped'"
    )
    assert found and failures
    for model_id, month, failure_rate, rollback_rate, rollbacks, deployments in found:
        evaluated = failures[model_id, month]
        assert failure_rate == (sum(evaluated) / len(evaluated) if evaluated else None)
        assert rollback_rate == (rollbacks / deployments if deployments else None)
        assert (rollback_rate or 0) <= 1


def test_the_scorecard_counts_what_the_monthly_mart_counts_and_a_whole_month_is_one(company: Company) -> None:
    assert company.rows(
        "select count(*) from mart_scorecard as s join mart_deployment_cadence_monthly as m "
        "on s.model_id = m.model_id and s.period_start_date = m.month_date "
        "where s.kpi_id = 'deployment_cadence' and s.period = 'month' "
        "and (s.numerator is distinct from m.deployment_count or s.value is distinct from m.deployments_per_month)"
    ) == [(0,)]
    january = company.rows(
        "select model_id, value, numerator, denominator, status from mart_scorecard "
        "where kpi_id = 'deployment_cadence' and period = 'month' and period_start_date = date '2026-01-01'"
    )
    assert len(january) == 6
    for model_id, value, numerator, denominator, status in january:
        assert (value, denominator) == (numerator, 1.0)
        assert (status == "no_target") == (model_id == "writing-assistant")


def test_what_nobody_owns_is_counted_under_unmapped(company: Company) -> None:
    found = company.rows("select source, is_change_failure, url from mart_deployments where model_id = 'unmapped'")
    assert [row[:2] for row in found] == [("github", None)] * 2
    assert all("/meridian/web-shop/" in row[2] for row in found)
