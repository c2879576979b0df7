"""The sample company's incidents written down, and what was planted in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from pipelines.scenario.incidents.jira import write_jira
from pipelines.scenario.incidents.pagerduty import utc, write_pagerduty
from pipelines.scenario.incidents.plan import Incident, planned_incidents
from pipelines.scenario.world import World


def write_incidents(world: World, landing: Path) -> dict[str, object]:
    """Write PagerDuty's and Jira's exports under `landing`; return what was planted.

    A day's files hold what changed on that day, so that a record's snapshots repeat for as long as it lives.
    What would happen after the last day has not happened: those incidents are open.
    """
    incidents, suppressed = planned_incidents(world)
    end = world.at(world.start + timedelta(days=world.days))
    broken = write_pagerduty(world, landing / "pagerduty", incidents, suppressed, end)
    broken_issues = write_jira(world, landing / "jira", incidents, end)
    return _truth(incidents, suppressed, end) | {"quarantined": {"pagerduty": broken, "jira": broken_issues}}


def _truth(incidents: list[Incident], suppressed: list[tuple[str, datetime]], end: datetime) -> dict[str, object]:
    described = [_described(incident, end) for incident in incidents]
    resolved: dict[tuple[object, str], list[float]] = defaultdict(list)
    created: Counter[tuple[object, str, object]] = Counter()
    for one in described:
        created[one["model_id"], str(one["detected_at"])[:7], one["severity"]] += 1
        if isinstance(seconds := one["resolve_seconds"], float):
            resolved[one["model_id"], str(one["resolved_at"])[:7]].append(seconds)
    return {
        "incidents": described,
        "merged_pagerduty_ids": [r.id for i in incidents for r in i.merged if r.events[0].at < end],
        "suppressed_alert_count": sum(at < end for _, at in suppressed),
        "created": [
            {"model_id": model, "month": month, "severity": severity, "incident_count": count}
            for (model, month, severity), count in sorted(created.items(), key=str)
        ],
        "resolved": [
            {
                "model_id": model,
                "month": month,
                "resolved_count": len(seconds),
                "resolve_seconds": sum(seconds),
                "mttr_hours": sum(seconds) / len(seconds) / 3600,
            }
            for (model, month), seconds in sorted(resolved.items(), key=str)
        ],
    }


def _described(incident: Incident, end: datetime) -> dict[str, object]:
    """The incident as somebody who saw everything until `end` would write it down."""
    known = [(begin, min(close, end)) for begin, close in incident.intervals if begin < end]
    resolved = incident.intervals[len(known) - 1][1]
    is_open = resolved >= end
    span = None if is_open else (resolved - incident.started).total_seconds()
    acknowledged = incident.acknowledged
    issues = [r for r in incident.jira if r.events[0].at < end]
    return {
        "kind": incident.kind,
        "model_id": incident.model_id,
        "severity": incident.severity,
        "pagerduty_ids": [record.id for record in incident.pagerduty],
        "jira_keys": [record.key for record in issues],
        "started_at": utc(incident.started),
        "detected_at": utc(incident.detected),
        "acknowledged_at": utc(acknowledged) if acknowledged and acknowledged < end else None,
        "resolved_at": None if is_open else utc(resolved),
        "resolve_seconds": span,
        "detect_seconds": (
            (incident.detected - incident.impact).total_seconds()
            if incident.impact and incident.impact <= incident.detected
            else (0.0 if incident.impact else None)
        ),
        "closed_between_seconds": sum((later[0] - earlier[1]).total_seconds() for earlier, later in pairwise(known)),
        "reopen_count": len(known) - 1,
        "is_open": is_open,
        "is_auto_resolved": incident.kind == "auto_resolved" and not is_open,
    }
