"""What has to be decided in the sample company: alerts by model and cause, gates, experiments, projects."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from pipelines.settings import SAMPLE_CATALOG
from tests.integration.conftest import Company


@pytest.fixture(scope="module")
def recorded() -> dict[str, date]:
    """The decisions that the sample company's catalog records as taken."""
    company = yaml.safe_load((SAMPLE_CATALOG / "company.yaml").read_text())
    return {one["decision"]: one["date"] for one in company["decisions"]}


def test_the_open_alerts_are_a_handful_of_decisions_by_model_and_cause(company: Company) -> None:
    found = company.rows(
        "select decision_id, alert_count, alert_ids from mart_decisions where alert_count > 0 order by decision_id"
    )
    assert [name for name, *_ in found] == [
        "experiment:recs-basket", "fraud-detector:fairness", "fraud-detector:operations", "fraud-detector:quality",
        "support-assistant:operations",
    ]  # fmt: skip
    listed = sorted(alert for *_, alerts in found for alert in alerts.split(","))
    assert listed == [
        alert for (alert,) in company.rows("select alert_id from mart_alerts where status = 'open' order by 1")
    ]
    assert sum(count for _, count, _ in found) == len(listed) == 9
    assert company.rows("select count(*) from mart_alerts where status = 'acknowledged'") == [(1,)]


def test_missing_sign_offs_name_the_roles_that_must_give_them(company: Company) -> None:
    waiting = company.rows(
        "select model_id, string_agg(distinct sign_off_role, ',' order by sign_off_role) "
        "filter (where status = 'waiting_for_person'), count(*), min(due_date) from mart_decision_gates "
        "where status in ('failed', 'waiting_for_person', 'waiting_for_data') group by model_id order by model_id"
    )
    found = company.rows(
        "select model_id, sign_off_roles, item_count, opened_date from mart_decisions where kind = 'gate' "
        "order by model_id"
    )
    assert found == waiting and len(found) == 3


def test_a_result_is_open_until_a_decision_is_recorded(company: Company, recorded: dict[str, date]) -> None:
    finished = company.rows(
        "select distinct 'experiment:' || experiment_id, end_date from mart_experiments "
        "where is_primary and not is_control and status in ('finished', 'underpowered') order by 1"
    )
    taken = [name for name, ended in finished if name in recorded and recorded[name] >= ended]
    left = company.rows("select decision_id from mart_decisions where cause = 'finished_experiment' order by 1")
    assert len(taken) == 5
    assert left == [(name,) for name, _ in finished if name not in taken] != []


def test_a_project_below_zero_is_open_unless_its_loss_was_decided_on(
    company: Company, recorded: dict[str, date]
) -> None:
    negative = {
        row["project_id"]
        for row in company.truth["finance"]["values"]
        if row["as_of"] == "2026-03-01" and float(row["npv_usd"]) < 0
    }
    assert negative == {"support-copilot", "writing-licence"}
    assert company.rows("select decision_id, owner from mart_decisions where kind = 'project'") == [
        ("project:writing-licence", "technology-sponsor@meridian.example")
    ]
    assert "project:support-copilot" in recorded


def test_failed_comes_before_waiting_and_the_oldest_first(company: Company) -> None:
    ranks = company.rows("select severity, opened_date, decision_rank from mart_decisions order by decision_rank")
    order = ["critical", "failed", "waiting"]
    assert [rank for *_, rank in ranks] == list(range(1, len(ranks) + 1))
    assert ranks == sorted(ranks, key=lambda row: (order.index(row[0]), row[1], row[2]))
    assert {severity for severity, *_ in ranks} == set(order)


def test_a_decision_has_an_owner_options_and_evidence_with_numbers(company: Company) -> None:
    found = company.rows(
        "select decision_id, owner, options, evidence, as_of, due_date, is_overdue from mart_decisions"
    )
    assert found
    for name, owner, options, evidence, as_of, due, overdue in found:
        assert "@" in owner and ";" in options and any(sign.isdigit() for sign in evidence), name
        assert as_of == date(2026, 3, 1) and overdue == (due < as_of), name
