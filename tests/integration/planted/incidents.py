"""Incidents of two systems, and their times."""

from __future__ import annotations

from typing import Any

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, instant, keyed, quarantined

INCIDENT_FACTS = (
    "model_id", "severity", "started_at", "detected_at", "acknowledged_at", "resolved_at", "detect_seconds",
    "resolve_seconds", "closed_between_seconds", "reopen_count", "is_open", "is_auto_resolved",
)  # fmt: skip


def incident_id(incident: dict[str, Any]) -> str:
    """The id under which the marts hold a planted incident."""
    return str(incident["pagerduty_ids"][0] if incident["pagerduty_ids"] else incident["jira_keys"][0])


@exact("incidents: owner, severity, start, detection, end and reopenings")
def incidents(company: Company) -> tuple[Facts, Facts]:
    """By incident."""
    instants = {"started_at", "detected_at", "acknowledged_at", "resolved_at"}
    planted = {
        (incident_id(incident),): tuple(
            instant(value) if name in instants and (value := incident[name]) else incident[name]
            for name in INCIDENT_FACTS
        )
        for incident in company.truth["incidents"]["incidents"]
    }
    return planted, keyed(company.rows(f"select incident_id, {', '.join(INCIDENT_FACTS)} from mart_incidents"), 1)


@exact("incidents known to two systems, and which one is trusted")
def linked(company: Company) -> tuple[Facts, Facts]:
    """By incident."""
    planted = {
        (incident_id(i),): (i["jira_keys"][0], "pagerduty+jira", "pagerduty")
        for i in company.truth["incidents"]["incidents"]
        if i["pagerduty_ids"] and i["jira_keys"]
    }
    found = company.rows(
        "select incident_id, jira_issue_key, source, resolution_source from mart_incidents "
        "where pagerduty_incident_id is not null and jira_issue_key is not null"
    )
    return planted, keyed(found, 1)


@exact("merged alerts, which are no incidents")
def merged(company: Company) -> tuple[Facts, Facts]:
    """How many were merged into others, and that none remains alone."""
    ids = company.truth["incidents"]["merged_pagerduty_ids"]
    ((count,),) = company.rows("select sum(merged_record_count) from mart_incidents")
    current = {row[0] for row in company.rows("select pagerduty_incident_id from mart_incidents")}
    return {"count": len(ids), "alone": set()}, {"count": count, "alone": current & set(ids)}


@exact("MTTR of every model and month: count, seconds, mean hours")
def mttr(company: Company) -> tuple[Facts, Facts]:
    """Of incidents resolved in the month."""
    planted = {
        (row["model_id"], row["month"]): (row["resolved_count"], row["resolve_seconds"], row["mttr_hours"])
        for row in company.truth["incidents"]["resolved"]
    }
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), resolved_count, resolve_seconds, mean_resolve_hours "
        "from mart_mttr_monthly where severity = 'all' and resolved_count > 0"
    )
    return planted, keyed(found, 2)


@exact("incidents of every model, month and severity")
def severities(company: Company) -> tuple[Facts, Facts]:
    """How many began to be known."""
    planted = {
        (row["model_id"], row["month"], row["severity"]): (row["incident_count"],)
        for row in company.truth["incidents"]["created"]
    }
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), severity, incident_count from mart_mttr_monthly "
        "where incident_count > 0 and severity <> 'all'"
    )
    return planted, keyed(found, 3)


@exact("incident records set aside")
def broken_incidents(company: Company) -> tuple[Facts, Facts]:
    """By source."""
    return company.truth["incidents"]["quarantined"], quarantined(company, "pagerduty", "jira")
