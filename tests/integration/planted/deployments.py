"""What went live, how long it took, and what failed after it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, in_warehouse, instant, keyed, quarantined

CADENCE = ("deployment_count", "rollback_count", "redeploy_count", "failed_attempt_count")
FAILURE_WINDOW = timedelta(hours=72)


@exact("deployments: version, moment, first request, rollback, lead time")
def deployments(company: Company) -> tuple[Facts, Facts]:
    """By model and moment."""
    planted = {
        (d["model_id"], instant(d["deployed_at"])): (
            d["version"], instant(d["first_served_at"]), d["is_rollback"], d["lead_seconds"],
        )
        for d in company.truth["deployments"]["deployments"]
    }  # fmt: skip
    found = company.rows(
        "select model_id, deployed_at, version, first_served_at, is_rollback, lead_seconds from mart_deployments "
        "where model_id <> 'unmapped'"
    )
    return planted, keyed(found, 2)


@exact("deployments, rollbacks, redeploys and failed attempts of every month")
def cadence(company: Company) -> tuple[Facts, Facts]:
    """By model."""
    planted = {
        (row["model_id"], row["month"], row["measure"]): row["count"] for row in company.truth["deployments"]["months"]
    }
    found = {
        (model, month, measure): count
        for model, month, *counts in company.rows(
            f"select model_id, strftime(month_date, '%Y-%m'), {', '.join(CADENCE)} from mart_deployment_cadence_monthly"
        )
        for measure, count in zip(CADENCE, counts, strict=True)
        if count
    }
    return planted, found


@exact("lead times of every month: median and 90th percentile")
def lead_times(company: Company) -> tuple[Facts, Facts]:
    """As numpy gives them."""
    leads: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for d in company.truth["deployments"]["deployments"]:
        if d["lead_seconds"] is not None:
            leads[d["model_id"], d["deployed_at"][:7]].append(d["lead_seconds"] / 3600)
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), lead_known_count, median_lead_hours, p90_lead_hours "
        "from mart_deployment_cadence_monthly where lead_known_count > 0"
    )
    return {
        key: (len(hours), float(np.median(hours)), float(np.percentile(hours, 90))) for key, hours in leads.items()
    }, keyed(found, 2)


@exact("change failures")
def failures(company: Company) -> tuple[Facts, Facts]:
    """Whether each planted deployment failed, worked out from the planted incidents alone."""
    end = datetime.fromisoformat(company.truth["start"]) + timedelta(days=company.truth["days"])
    begun: defaultdict[str, list[datetime]] = defaultdict(list)
    for incident in company.truth["incidents"]["incidents"]:
        begun[incident["model_id"]].append(instant(incident["started_at"]))
    lines: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for d in company.truth["deployments"]["deployments"]:
        lines[d["model_id"]].append(d)
    planted: dict[tuple[str, datetime], tuple[bool | None]] = {}
    for model_id, line in lines.items():
        line.sort(key=lambda d: str(d["deployed_at"]))
        for place, d in enumerate(line):
            live = instant(d["deployed_at"])
            after = line[place + 1] if place + 1 < len(line) else None
            until = min(live + FAILURE_WINDOW, instant(after["deployed_at"])) if after else live + FAILURE_WINDOW
            failed = any(live < at <= until for at in begun[model_id]) or bool(after and after["is_rollback"])
            planted[model_id, live] = (True if failed else False if until <= end else None,)
    found = company.rows(
        "select model_id, deployed_at, is_change_failure from mart_deployments where model_id <> 'unmapped'"
    )
    return planted, keyed(found, 2)


@exact("deployment records set aside")
def broken_deployments(company: Company) -> tuple[Facts, Facts]:
    """By source; every file was read."""
    sources = ("github", "mlflow", "sagemaker", "kserve", "change_records")
    names = ", ".join(f"'{source}'" for source in sources)
    unread = in_warehouse(company, f"select path from ledger.files where source in ({names}) and status <> 'loaded'")
    planted = company.truth["deployments"]["quarantined"]
    return planted | {"unread": []}, {**quarantined(company, *sources), "unread": unread}
