"""The sample company's incidents, as PagerDuty and Jira export them, with the times that were planted.

One `Incident` is one thing that went wrong in the world; how many records of it the two systems hold, and
which of them knows of the other, is its `kind`. What the pipeline makes of the records is not known here.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.scenario.world import MEMBERS, World

SERVICES = {
    "recommender": "PRECS01",
    "fraud-detector": "PFRAUD1",
    "triage": "PTRIAG1",
    "route-optimiser": "PROUTE1",
    "support-assistant": "PSUPP01",
    "writing-assistant": "PWRITE1",
}
UNKNOWN_SERVICE = "PMYSTRY"
"""A service that the catalog does not map."""
CSV_MEMBER = "route-optimiser"
"""Its Jira issues come by the CSV export: to the minute, and without a changelog."""
DAILY_RATE = 0.22
"""Incidents a member has on a day, on average."""
KINDS = (
    "plain", "linked_from_jira", "reopened", "jira_only", "merged", "no_ack", "linked_from_pagerduty",
    "auto_resolved", "priority_change", "jira_reopened", "suppressed", "plain", "unknown_service",
    "jira_first", "open",
)  # fmt: skip
JIRA_ONLY = {"jira_only", "jira_reopened"}
LINKED = {"linked_from_jira", "linked_from_pagerduty", "jira_first"}
SEVERITIES = ("P1", "P2", "P3", "P4")
JIRA_PRIORITIES = {"P1": "Highest", "P2": "High", "P3": "Medium", "P4": "Low"}
REPAIR_HOURS = {"P1": 1.5, "P2": 3.0, "P3": 8.0, "P4": 20.0}
"""Median hours from the first alert to the resolution."""
LATE_DAY = 5
LATE_BY = timedelta(days=4)
"""The log entries of `LATE_DAY` are delivered that much later than the others."""
ANALYTICS_ZONE = "America/New_York"
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
PAGE = 100
SITE = "https://meridian.atlassian.net"
ACCOUNT = "https://meridian.pagerduty.com"


@dataclass
class Event:
    """Something that happened to a record: when, what, and whether a person did it."""

    at: datetime
    what: str
    by_person: bool = True
    value: str | None = None


@dataclass
class Record:
    """An incident's record in one system: a PagerDuty incident or a Jira issue."""

    id: str
    key: str
    member: str
    title: str
    severity: str
    events: list[Event]
    service: str = ""
    number: int = 0
    impact: datetime | None = None
    link: str | None = None
    merged_into: str | None = None

    def until(self, end: datetime) -> list[Event]:
        """What had happened before `end`, in order."""
        return [event for event in self.events if event.at < end]

    def at_end(self, end: datetime, what: str, otherwise: str | None) -> str | None:
        """The value that the last event `what` before `end` gave, or `otherwise`."""
        return next((e.value for e in reversed(self.until(end)) if e.what == what), otherwise)


@dataclass
class Incident:
    """One real-world incident: its records, and the spells in which it was open."""

    kind: str
    model_id: str
    severity: str
    started: datetime
    detected: datetime
    acknowledged: datetime | None
    spells: list[tuple[datetime, datetime]]
    impact: datetime | None = None
    pagerduty: list[Record] = field(default_factory=list)
    jira: list[Record] = field(default_factory=list)
    merged: list[Record] = field(default_factory=list)


@dataclass
class _Numbers:
    """What the two systems count up: taken in the order in which things happen."""

    incident: int = 0
    issue: int = 0


def write_incidents(world: World, landing: Path) -> dict[str, object]:
    """Write PagerDuty's and Jira's exports under `landing`; return what was planted.

    A day's files hold what changed on that day, so that a record's snapshots repeat for as long as it lives.
    What would happen after the last day has not happened: those incidents are open.
    """
    incidents, suppressed = planned_incidents(world)
    end = world.at(world.start + timedelta(days=world.days))
    broken = _write_pagerduty(world, landing / "pagerduty", incidents, suppressed, end)
    broken_issues = _write_jira(world, landing / "jira", incidents, end)
    return _truth(incidents, suppressed, end) | {"quarantined": {"pagerduty": broken, "jira": broken_issues}}


def planned_incidents(world: World) -> tuple[list[Incident], list[tuple[str, datetime]]]:
    """What goes wrong in `world`, in order, and the alerts (member, moment) that are held back from people."""
    incidents: list[Incident] = []
    suppressed: list[tuple[str, datetime]] = []
    numbers = _Numbers()
    for age, day in enumerate(world.dates):
        starts: list[tuple[datetime, str, str, np.random.Generator]] = []
        for place, member in enumerate(MEMBERS):
            dice = world.rng("incidents", member.id, day)
            for turn in range(int(dice.poisson(DAILY_RATE))):
                kind = KINDS[(age * 4 + place * 7 + turn) % len(KINDS)]
                if member.id == CSV_MEMBER and kind == "jira_reopened":
                    kind = "jira_only"
                starts.append((world.at(day, float(dice.uniform(0.5, 21.0))), member.id, kind, dice))
        for detected, model_id, kind, dice in sorted(starts, key=lambda start: start[0]):
            detected = detected.replace(second=int(dice.integers(60)), microsecond=0)
            if kind == "suppressed":
                suppressed.append((model_id, detected))
            else:
                incidents.append(_incident(model_id, kind, detected, dice, numbers))
    return incidents, suppressed


def _incident(model_id: str, kind: str, detected: datetime, dice: np.random.Generator, numbers: _Numbers) -> Incident:
    severity = str(dice.choice(SEVERITIES, p=(0.1, 0.3, 0.4, 0.2)))
    hours = REPAIR_HOURS[severity] * float(dice.lognormal(0.0, 0.6))
    whole_minutes = model_id == CSV_MEMBER and kind in JIRA_ONLY
    if whole_minutes:
        detected = detected.replace(second=0)

    def after(moment: datetime, seconds: float) -> datetime:
        step = 60 if whole_minutes else 1
        return moment + timedelta(seconds=max(1, round(seconds / step)) * step)

    acknowledged = after(detected, float(dice.lognormal(5.5, 0.8)))
    resolved = after(acknowledged, hours * 3600)
    spells = [(detected, resolved)]
    if kind in {"reopened", "jira_reopened"}:
        reopened = after(resolved, float(dice.uniform(1, 9)) * 3600)
        spells.append((reopened, after(reopened, hours * 1800)))
    if kind == "open":
        spells = [(detected, NEVER)]
    impact = detected - timedelta(minutes=int(dice.integers(2, 50)))
    incident = Incident(
        kind=kind,
        model_id="unmapped" if kind == "unknown_service" else model_id,
        severity=severity,
        started=detected,
        detected=detected,
        # The CSV export holds no changelog, so nobody who reads it can know when it was taken up.
        acknowledged=None if kind in {"no_ack", "auto_resolved"} or whole_minutes else acknowledged,
        spells=spells,
    )
    if dice.uniform() < 0.7 and not whole_minutes:
        incident.impact = incident.started = impact
    if kind not in JIRA_ONLY:
        _page_people(incident, model_id, dice, numbers)
    if kind in JIRA_ONLY | LINKED:
        _file_issue(incident, model_id, dice, numbers)
    if kind == "jira_first":
        # Somebody filed the issue before any alert went off: detection is then the filing.
        incident.detected = incident.jira[0].events[0].at
        incident.started = min(incident.started, incident.detected)
        incident.spells[0] = (incident.detected, incident.spells[0][1])
    return incident


def _page_people(incident: Incident, model_id: str, dice: np.random.Generator, numbers: _Numbers) -> None:
    first, last = incident.spells[0], incident.spells[-1]
    by_person = incident.kind != "auto_resolved"
    events = [Event(first[0], "trigger", by_person=False), Event(first[0], "notify", by_person=False)]
    severity_then = incident.severity
    if incident.kind == "priority_change":
        severity_then = SEVERITIES[(SEVERITIES.index(incident.severity) + 1) % len(SEVERITIES)]
        events.append(Event(first[0] + timedelta(seconds=30), "priority", value=incident.severity))
    if incident.acknowledged is not None:
        events.append(Event(incident.acknowledged, "acknowledge"))
    events.append(Event(first[1], "resolve", by_person))
    if len(incident.spells) > 1:
        events += [Event(last[0], "trigger"), Event(last[1], "resolve", by_person)]
    if last[1] != NEVER:
        # The note that moves `updated_at` after the end and must move nothing else.
        events.append(Event(last[1] + timedelta(hours=float(dice.uniform(1, 40))), "annotate"))
    record = _pagerduty_record(incident, model_id, severity_then, events, dice, numbers)
    incident.pagerduty.append(record)
    if incident.kind == "merged":
        opened = first[0] + timedelta(seconds=int(dice.integers(20, 200)))
        merged_at = min(opened + timedelta(minutes=6), first[1])
        duplicate = _pagerduty_record(
            incident,
            model_id,
            incident.severity,
            [Event(opened, "trigger", by_person=False), Event(merged_at, "resolve")],
            dice,
            numbers,
        )
        duplicate.merged_into = record.id
        incident.merged.append(duplicate)


def _pagerduty_record(
    incident: Incident,
    model_id: str,
    severity: str,
    events: list[Event],
    dice: np.random.Generator,
    numbers: _Numbers,
) -> Record:
    numbers.incident += 1
    return Record(
        id="Q" + _code(dice, 13),
        key=_code(dice, 32).lower(),
        member=model_id,
        title=f"{model_id}: {incident.kind.replace('_', ' ')} of {events[0].at:%d %b}",
        severity=severity,
        events=sorted(events, key=lambda event: event.at),
        service=UNKNOWN_SERVICE if incident.kind == "unknown_service" else SERVICES[model_id],
        number=numbers.incident,
        impact=incident.impact,
    )


def _file_issue(incident: Incident, model_id: str, dice: np.random.Generator, numbers: _Numbers) -> None:
    numbers.issue += 1
    first, last = incident.spells[0], incident.spells[-1]
    filed = first[0]
    if incident.kind in {"linked_from_jira", "linked_from_pagerduty"}:
        filed += timedelta(minutes=int(dice.integers(1, 8)))
    if incident.kind == "jira_first":
        filed -= timedelta(minutes=int(dice.integers(3, 25)))
        filed = filed.replace(second=0) if model_id == CSV_MEMBER else filed
    # A ticket beside a page is closed when somebody gets round to it; PagerDuty has the true end.
    delay = timedelta(hours=int(dice.integers(2, 30))) if incident.pagerduty else timedelta(0)
    events = [Event(filed, "trigger")]
    if incident.acknowledged is not None:
        # Beside a page, nobody moves a ticket before it is filed.
        earliest = filed + timedelta(minutes=1) if incident.pagerduty else filed
        events.append(Event(max(incident.acknowledged, earliest), "acknowledge"))
    events.append(Event(first[1] + delay, "resolve"))
    if len(incident.spells) > 1:
        events += [Event(last[0], "reopen"), Event(last[1], "resolve")]
    events.append(Event(last[1] + delay + timedelta(hours=3), "label"))
    issue = Record(
        id=str(20_000 + numbers.issue),
        key=f"MLOPS-{numbers.issue}",
        member=model_id,
        title=f"{model_id} is unwell ({incident.kind.replace('_', ' ')})",
        severity=incident.severity,
        events=sorted(events, key=lambda event: event.at),
        impact=None if incident.pagerduty else incident.impact,
    )
    incident.jira.append(issue)
    if incident.kind == "linked_from_pagerduty":
        incident.pagerduty[0].link = issue.key
    elif incident.pagerduty:
        issue.link = incident.pagerduty[0].id


def _code(dice: np.random.Generator, length: int) -> str:
    return "".join(dice.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"), length))


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
    known = [(begin, min(close, end)) for begin, close in incident.spells if begin < end]
    resolved = incident.spells[len(known) - 1][1]
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
        "started_at": _utc(incident.started),
        "detected_at": _utc(incident.detected),
        "acknowledged_at": _utc(acknowledged) if acknowledged and acknowledged < end else None,
        "resolved_at": None if is_open else _utc(resolved),
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


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _jira_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def _pages(name: str, items: list[dict[str, object]]) -> Iterable[dict[str, object]]:
    """The items as the API pages them; no items are one empty page."""
    for offset in range(0, max(1, len(items)), PAGE):
        page = items[offset : offset + PAGE]
        more = offset + PAGE < len(items)
        yield {name: page, "limit": PAGE, "offset": offset, "total": None, "more": more}


def _write_lines(path: Path, documents: Iterable[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))


def _write_pagerduty(
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
            _write_lines(folder / "incidents" / f"{day}-{number}.json", [page])
        log = folder / "log_entries" / f"{day}.jsonl"
        day_entries = sorted(entries[day], key=lambda entry: str(entry["created_at"]))
        if age == 2:
            day_entries.append(_unreadable_log_entry())
            broken += 1
        _write_lines(log, _pages("log_entries", day_entries))
        if age == 1:
            with log.open("a") as torn:
                torn.write('{"log_entries": [{"id": "RTORN\n')
            broken += 1
        if age == LATE_DAY:
            late = (midnight + LATE_BY).timestamp()
            os.utime(log, (late, late))
        _write_lines(folder / "alerts" / f"{day}.json", _pages("alerts", alerts[day]))
        seen = [_analytics_row(record, midnight) for record in changed[day].values()]
        analytics = {"data": seen, "limit": 1000, "more": False, "time_zone": ANALYTICS_ZONE}
        _write_lines(folder / "analytics" / f"{day}.json", [analytics])
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
    custom = [
        ("PIMPACT", "impact_start", "Impact start", "datetime", record.impact and _utc(record.impact)),
        ("PTICKET", "ticket", "Ticket", "url", record.link and f"{SITE}/browse/{record.link}"),
    ]
    return {
        "id": record.id,
        "type": "incident",
        "summary": f"[#{record.number}] {record.title}",
        "self": f"https://api.pagerduty.com/incidents/{record.id}",
        "html_url": f"{ACCOUNT}/incidents/{record.id}",
        "incident_number": record.number,
        "title": record.title,
        "created_at": _utc(events[0].at),
        "updated_at": _utc(updated),
        "status": status,
        "incident_key": record.key,
        "service": _reference("service", record.service, record.member),
        "assignments": [],
        "assigned_via": "escalation_policy",
        # While it is triggered, PagerDuty says `updated_at` here.
        "last_status_change_at": _utc(updated if status == "triggered" else last.at),
        "resolved_at": _utc(last.at) if status == "resolved" else None,
        "alert_counts": {"all": 1, "triggered": int(status != "resolved"), "resolved": int(status == "resolved")},
        "is_mergeable": True,
        "incident_type": {"name": "incident_default"},
        "escalation_policy": _reference("escalation_policy", "PESCAL1", "ML platform"),
        "teams": [_reference("team", "PTEAM01", "ML platform")],
        "pending_actions": [],
        "acknowledgements": (
            [{"at": _utc(last.at), "acknowledger": _agent(record, last)}] if status == "acknowledged" else []
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
        "custom_fields": [
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
        ],
    }  # fmt: skip


def _log_entry(record: Record, event: Event, number: int) -> dict[str, object]:
    kinds = {"priority": "field_value_change"}
    entry: dict[str, object] = {
        "id": f"R{record.id[1:]}{number:012d}",
        "type": f"{kinds.get(event.what, event.what)}_log_entry",
        "summary": event.what,
        "self": f"https://api.pagerduty.com/log_entries/R{record.id[1:]}{number:012d}",
        "html_url": None,
        "created_at": _utc(event.at),
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
        "created_at": _utc(at),
        "updated_at": _utc(at),
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


def _write_jira(world: World, folder: Path, incidents: list[Incident], end: datetime) -> int:
    """Write the days' search pages and the weekly CSV export; return how many rows are broken."""
    issues = [record for incident in incidents for record in incident.jira]
    by_csv = [r for r in issues if r.member == CSV_MEMBER]
    changed: dict[date, dict[str, Record]] = defaultdict(dict)
    for issue in issues:
        if issue.member != CSV_MEMBER:
            for event in issue.until(end):
                changed[event.at.date()][issue.key] = issue
    broken = 0
    for age, day in enumerate(world.dates):
        midnight = world.at(day + timedelta(days=1))
        found = [_jira_issue(issue, midnight) for issue in changed[day].values()]
        # What else the project holds: it is taken in, and is no incident.
        mentioned = next((r.id for i in incidents for r in i.pagerduty if r.events[0].at < midnight), "QNOBODY")
        if age % 2 == 0:
            found.append(_other_issue(world, day, age, mentioned))
        if age == 4:
            found.append({"id": "19999", "key": "MLOPS-19999", "fields": {"issuetype": {"name": "Incident"}}})
            broken += 1
        page = {
            "issues": found,
            "isLast": True,
            "names": {"customfield_10061": "Impact start", "customfield_10052": "PagerDuty incident"},
        }
        _write_lines(folder / "search" / f"{day}.json", [page])
        if (age + 1) % 7 == 0 or age + 1 == world.days:
            _write_csv(folder / "export" / f"{day}.csv", by_csv, midnight)
    return broken


def _jira_changes(issue: Record, midnight: datetime) -> list[dict[str, object]]:
    """The changelog at `midnight`, newest first, as the API gives it."""
    histories: list[dict[str, object]] = []
    status = "To Do"
    for number, event in enumerate(issue.until(midnight)):
        items: list[dict[str, object]] = []
        moved = {"acknowledge": "In Progress", "resolve": "Done", "reopen": "Reopened"}.get(event.what)
        if moved:
            items.append(_changed("status", status, moved))
            status = moved
        if event.what == "resolve":
            items.append(_changed("resolution", None, "Fixed"))
        if event.what == "reopen":
            items.append(_changed("resolution", "Fixed", None))
        if event.what == "label":
            items.append(_changed("labels", "", "post-mortem"))
        if items:
            histories.append(
                {
                    "id": f"{issue.id}{number:03d}",
                    "author": {"accountId": "on-call", "displayName": "On-call engineer"},
                    "created": _jira_time(event.at),
                    "items": items,
                }
            )
    return histories[::-1]


def _changed(name: str, before: str | None, after: str | None) -> dict[str, object]:
    return {
        "field": name,
        "fieldtype": "jira",
        "fieldId": name,
        "from": before and before[:1],
        "fromString": before,
        "to": after and after[:1],
        "toString": after,
    }


def _jira_state(issue: Record, midnight: datetime) -> tuple[str, datetime | None]:
    """The issue's status at `midnight`, and when it was resolved if it is."""
    status, resolved = "To Do", None
    for event in issue.until(midnight):
        if event.what == "acknowledge":
            status = "In Progress"
        elif event.what == "resolve":
            status, resolved = "Done", event.at
        elif event.what == "reopen":
            status, resolved = "Reopened", None
    return status, resolved


def _jira_issue(issue: Record, midnight: datetime) -> dict[str, object]:
    status, resolved = _jira_state(issue, midnight)
    changes = _jira_changes(issue, midnight)
    labels = [f"model:{issue.member}"]
    if any(event.what == "label" for event in issue.until(midnight)):
        labels.append("post-mortem")
    return {
        "expand": "changelog,names",
        "id": issue.id,
        "self": f"{SITE}/rest/api/3/issue/{issue.id}",
        "key": issue.key,
        "fields": {
            "summary": issue.title,
            "project": {"key": "MLOPS", "name": "ML operations"},
            "issuetype": {"name": "Incident", "subtask": False},
            "created": _jira_time(issue.events[0].at),
            "updated": _jira_time(issue.until(midnight)[-1].at),
            "resolutiondate": _jira_time(resolved) if resolved else None,
            "resolution": {"name": "Fixed"} if resolved else None,
            "status": {"name": status, "statusCategory": {"key": "done" if resolved else "indeterminate"}},
            "priority": {"name": JIRA_PRIORITIES[issue.severity]},
            "labels": labels,
            # Every second issue is known by its label alone.
            "components": [{"name": issue.member}] if int(issue.id) % 2 else [],
            "issuelinks": [],
            "customfield_10052": issue.link and f"{ACCOUNT}/incidents/{issue.link}",
            "customfield_10061": issue.impact and _jira_time(issue.impact),
            "description": None,
        },
        "changelog": {"startAt": 0, "maxResults": len(changes), "total": len(changes), "histories": changes},
    }  # fmt: skip


def _other_issue(world: World, day: date, age: int, mentioned: str) -> dict[str, object]:
    """A story, or a bug that names an incident it followed from."""
    at = world.at(day, 9.5)
    bug = age % 4 == 0
    return {
        "id": str(90_000 + age),
        "key": f"MLOPS-{90_000 + age}",
        "fields": {
            "summary": "Add the missing probe" if bug else "Nicer dashboards",
            "issuetype": {"name": "Bug" if bug else "Story"},
            "created": _jira_time(at),
            "updated": _jira_time(at),
            "resolutiondate": None,
            "resolution": None,
            "status": {"name": "To Do", "statusCategory": {"key": "new"}},
            "priority": {"name": "Medium"},
            "labels": [],
            "components": [{"name": "recommender"}],
            "customfield_10052": f"{ACCOUNT}/incidents/{mentioned}" if bug else None,
        },
        "changelog": {"startAt": 0, "maxResults": 0, "total": 0, "histories": []},
    }


def _write_csv(path: Path, issues: list[Record], midnight: datetime) -> None:
    """Jira's CSV export: a column per value of a list, times to the minute."""

    def minute(at: datetime | None) -> str:
        return f"{at:%d/%b/%y} {at.hour % 12 or 12}:{at:%M} {at:%p}" if at else ""

    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(
        [
            "Summary", "Issue key", "Issue id", "Issue Type", "Status", "Project key", "Priority",
            "Resolution", "Created", "Updated", "Resolved", "Component/s", "Component/s", "Labels", "Labels",
            "Inward issue link (Blocks)", "Custom field (PagerDuty incident)", "Description",
        ]
    )  # fmt: skip
    for issue in issues:
        known = issue.until(midnight)
        if not known:
            continue
        status, resolved = _jira_state(issue, midnight)
        out.writerow(
            [
                issue.title, issue.key, issue.id, "Incident", status, "MLOPS", JIRA_PRIORITIES[issue.severity],
                "Fixed" if resolved else "", minute(known[0].at), minute(known[-1].at), minute(resolved),
                issue.member, "", f"model:{issue.member}", "", "",
                f"{ACCOUNT}/incidents/{issue.link}" if issue.link else "",
                "Seen by the carrier's desk,\nthen by us.",
            ]
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\ufeff" + text.getvalue(), encoding="utf-8", newline="")
