"""PagerDuty's exports: REST pages of incidents, log entries and alerts, and raw incidents of its analytics."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.scenario.incidents.files import ACCOUNT, SITE, write_lines
from pipelines.scenario.incidents.plan import SERVICES, Event, Incident, Record
from pipelines.scenario.world import World

LATE_DAY = 5
LATE_BY = timedelta(days=4)
"""The log entries of `LATE_DAY` are delivered that much later than the others."""
ANALYTICS_ZONE = "America/New_York"
PAGE = 100


def utc(at: datetime) -> str:
    """The moment in UTC to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _pages(name: str, items: list[dict[str, object]]) -> Iterable[dict[str, object]]:
    """The items as the API pages them; no items are one empty page."""
    for offset in range(0, max(1, len(items)), PAGE):
        page = items[offset : offset + PAGE]
        more = offset + PAGE < len(items)
        yield {name: page, "limit": PAGE, "offset": offset, "total": None, "more": more}


def write_pagerduty(
    world: World,
    folder: Path,
    incidents: list[Incident],
    suppressed: list[tuple[str, datetime]],
    end: datetime,
) -> int:
    """Write the days' files; return how many rows in them are broken."""
    records = [r for incident in incidents for r in (*incident.pagerduty, *incident.merged)]
    changed: dict[date, dict[str, Record]] = defaultdict(dict)
    entries: dict[date, list[dict[str, object]]] = defaultdict(list)
    for record in records:
        for number, event in enumerate(record.until(end)):
            changed[event.at.date()][record.id] = record
            entries[event.at.date()].append(_log_entry(record, event, number))
    alerts: dict[date, list[dict[str, object]]] = defaultdict(list)
    for number, (model_id, at) in enumerate(suppressed):
        alerts[at.date()].append(_suppressed_alert(model_id, at, number))
    broken = 0
    for age, day in enumerate(world.dates):
        midnight = world.at(day + timedelta(days=1))
        snapshots = [_pagerduty_snapshot(record, midnight) for record in changed[day].values()]
        if age == 3:
            snapshots.append(_unreadable_incident())
            broken += 1
        for number, page in enumerate(_pages("incidents", snapshots)):
            write_lines(folder / "incidents" / f"{day}-{number}.json", [page])
        log = folder / "log_entries" / f"{day}.jsonl"
        day_entries = sorted(entries[day], key=lambda entry: str(entry["created_at"]))
        if age == 2:
            day_entries.append(_unreadable_log_entry())
            broken += 1
        write_lines(log, _pages("log_entries", day_entries))
        if age == 1:
            with log.open("a") as torn:
                torn.write('{"log_entries": [{"id": "RTORN\n')
            broken += 1
        if age == LATE_DAY:
            late = (midnight + LATE_BY).timestamp()
            os.utime(log, (late, late))
        write_lines(folder / "alerts" / f"{day}.json", _pages("alerts", alerts[day]))
        seen = [_analytics_row(record, midnight) for record in changed[day].values()]
        analytics = {"data": seen, "limit": 1000, "more": False, "time_zone": ANALYTICS_ZONE}
        write_lines(folder / "analytics" / f"{day}.json", [analytics])
    return broken


def _reference(kind: str, identifier: str, summary: str) -> dict[str, object]:
    folder = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return {
        "id": identifier,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"https://api.pagerduty.com/{folder}/{identifier}",
        "html_url": f"{ACCOUNT}/{folder}/{identifier}",
    }


def _agent(record: Record, event: Event) -> dict[str, object]:
    if event.by_person:
        return _reference("user", "PONCALL", "On-call engineer")
    return _reference("service", record.service, record.member)


def _pagerduty_snapshot(record: Record, midnight: datetime) -> dict[str, object]:
    """The incident as the API gave it at `midnight`."""
    events = record.until(midnight)
    statuses = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
    last = next(event for event in reversed(events) if event.what in statuses)
    status, updated = statuses[last.what], events[-1].at
    merged = status == "resolved" and record.merged_into is not None
    severity = record.at_end(midnight, "priority", record.severity)
    return {
        "id": record.id,
        "type": "incident",
        "summary": f"[#{record.number}] {record.title}",
        "self": f"https://api.pagerduty.com/incidents/{record.id}",
        "html_url": f"{ACCOUNT}/incidents/{record.id}",
        "incident_number": record.number,
        "title": record.title,
        "created_at": utc(events[0].at),
        "updated_at": utc(updated),
        "status": status,
        "incident_key": record.key,
        "service": _reference("service", record.service, record.member),
        "assignments": [],
        "assigned_via": "escalation_policy",
        # While it is triggered, PagerDuty says `updated_at` here.
        "last_status_change_at": utc(updated if status == "triggered" else last.at),
        "resolved_at": utc(last.at) if status == "resolved" else None,
        "alert_counts": {"all": 1, "triggered": int(status != "resolved"), "resolved": int(status == "resolved")},
        "is_mergeable": True,
        "incident_type": {"name": "incident_default"},
        "escalation_policy": _reference("escalation_policy", "PESCAL1", "ML platform"),
        "teams": [_reference("team", "PTEAM01", "ML platform")],
        "pending_actions": [],
        "acknowledgements": (
            [{"at": utc(last.at), "acknowledger": _agent(record, last)}] if status == "acknowledged" else []
        ),
        "last_status_change_by": _agent(record, last),
        "priority": {**_reference("priority", f"PPRIO{severity}", str(severity)), "name": severity},
        "resolve_reason": (
            {
                "type": "merge_resolve_reason",
                "incident": _reference("incident", str(record.merged_into), "The one it was merged into"),
            }
            if merged
            else None
        ),
        "conference_bridge": None,
        "urgency": "high" if severity in {"P1", "P2"} else "low",
        "custom_fields": _custom_fields(record),
    }  # fmt: skip


def _custom_fields(record: Record) -> list[dict[str, object]]:
    custom = [
        ("PIMPACT", "impact_start", "Impact start", "datetime", record.impact and utc(record.impact)),
        ("PTICKET", "ticket", "Ticket", "url", record.link and f"{SITE}/browse/{record.link}"),
    ]
    return [
        {
            "id": identifier,
            "type": "field_value",
            "name": name,
            "display_name": display,
            "data_type": data_type,
            "field_type": "single_value",
            "value": value,
        }
        for identifier, name, display, data_type, value in custom
    ]


def _log_entry(record: Record, event: Event, number: int) -> dict[str, object]:
    kinds = {"priority": "field_value_change"}
    entry: dict[str, object] = {
        "id": f"R{record.id[1:]}{number:012d}",
        "type": f"{kinds.get(event.what, event.what)}_log_entry",
        "summary": event.what,
        "self": f"https://api.pagerduty.com/log_entries/R{record.id[1:]}{number:012d}",
        "html_url": None,
        "created_at": utc(event.at),
        "agent": _agent(record, event),
        "channel": {"type": "website" if event.by_person else "auto"},
        "service": _reference("service", record.service, record.member),
        "incident": _reference("incident", record.id, record.title),
        "teams": [],
        "contexts": [],
    }
    if event.what == "annotate":
        entry["channel"] = {"type": "note", "summary": "Post-mortem is written."}
    return entry


def _suppressed_alert(model_id: str, at: datetime, number: int) -> dict[str, object]:
    return {
        "id": f"QALERT{number:08d}",
        "type": "alert",
        "summary": f"{model_id}: a flapping probe",
        "created_at": utc(at),
        "updated_at": utc(at),
        "status": "triggered",
        "alert_key": f"probe-{model_id}-{number}",
        "service": _reference("service", SERVICES[model_id], model_id),
        "incident": None,
        "suppressed": True,
        "severity": "info",
    }


def _analytics_row(record: Record, midnight: datetime) -> dict[str, object]:
    """The incident as Analytics gave it: naive times in the zone that its page names."""

    def local(at: datetime | None) -> str | None:
        return f"{at.astimezone(ZoneInfo(ANALYTICS_ZONE)):%Y-%m-%dT%H:%M:%S}" if at else None

    events = record.until(midnight)
    last = next(e for e in reversed(events) if e.what in {"trigger", "acknowledge", "resolve"})
    resolved = last.at if last.what == "resolve" else None
    first_ack = next((event.at for event in events if event.what == "acknowledge"), None)
    created = events[0].at
    severity = record.at_end(midnight, "priority", record.severity)
    return {
        "id": record.id,
        "incident_number": record.number,
        "description": record.title,
        "service_id": record.service,
        "service_name": record.member,
        "team_id": "PTEAM01",
        "team_name": "ML platform",
        "status": {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}[last.what],
        "urgency": "high" if severity in {"P1", "P2"} else "low",
        "priority_id": f"PPRIO{severity}",
        "priority_name": severity,
        "priority_order": None,
        "major": severity == "P1",
        "created_at": local(created),
        "updated_at": local(midnight),
        "resolved_at": local(resolved),
        "resolved_by_user_id": "PONCALL" if resolved and last.by_person else None,
        "auto_resolved": bool(resolved and not last.by_person),
        "seconds_to_first_ack": first_ack and int((first_ack - created).total_seconds()),
        "seconds_to_resolve": resolved and int((resolved - created).total_seconds()),
        "snoozed_seconds": 0,
        'total_interruptions"': None,
    }  # fmt: skip


def _unreadable_incident() -> dict[str, object]:
    return {
        "id": "QBROKEN0000001",
        "type": "incident",
        "incident_number": 0,
        "title": "A row that does not hold what it should",
        "created_at": None,
        "status": "on fire",
        "service": _reference("service", "PRECS01", "recommender"),
    }


def _unreadable_log_entry() -> dict[str, object]:
    return {
        "id": "RBROKEN00000000000000000001",
        "type": "annotate_log_entry",
        "created_at": "yesterday, after lunch",
        "agent": _reference("user", "PONCALL", "On-call engineer"),
        "channel": {"type": "note"},
        "incident": _reference("incident", "QBROKEN0000001", "A row that does not hold what it should"),
    }
