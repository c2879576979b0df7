"""What goes wrong in the sample company, with the times that were planted.

One `Incident` is one thing that went wrong in the world; how many records of it the two systems hold, and which of them
knows of the other, is its `kind`. What the pipeline makes of the records is not known here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from pipelines.scenario.incidents.titles import WAITING, title
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
    "jira_first", "plain",
)  # fmt: skip
JIRA_ONLY = {"jira_only", "jira_reopened"}
LINKED = {"linked_from_jira", "linked_from_pagerduty", "jira_first"}
SEVERITIES = ("P1", "P2", "P3", "P4")
REPAIR_HOURS = {"P1": 1.5, "P2": 3.0, "P3": 8.0, "P4": 20.0}
"""Median hours from the first alert to the resolution, for a member that takes them whole."""
REPAIR_SHARE = {
    "recommender": 0.2, "fraud-detector": 0.25, "triage": 0.5, "route-optimiser": 0.3, "support-assistant": 0.6,
    "writing-assistant": 0.6,
}  # fmt: skip
"""The share of them that each member takes: the first and the fourth meet their MTTR target."""
WAITING_MEMBER, WAITING_EVERY, WAITING_SINCE, WAITING_HOURS = "writing-assistant", 7, 4, 162.0
"""Who waits for the vendor to mend something minor: once in so many days, first at that age, for so long. Whenever the
company ends, one such incident is open, and it is recent."""


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
    """One real-world incident: its records, and the intervals in which it was open."""

    kind: str
    model_id: str
    severity: str
    started: datetime
    detected: datetime
    acknowledged: datetime | None
    intervals: list[tuple[datetime, datetime]]
    impact: datetime | None = None
    pagerduty: list[Record] = field(default_factory=list)
    jira: list[Record] = field(default_factory=list)
    merged: list[Record] = field(default_factory=list)


@dataclass
class _Numbers:
    """What the two systems count up: taken in the order in which things happen."""

    incident: int = 0
    issue: int = 0
    title: Counter[str] = field(default_factory=Counter)


def planned_incidents(world: World) -> tuple[list[Incident], list[tuple[str, datetime]]]:
    """What goes wrong in `world`, in order, and the alerts (member, moment) that are held back from people."""
    incidents: list[Incident] = []
    suppressed: list[tuple[str, datetime]] = []
    numbers = _Numbers()
    for age, day in enumerate(world.dates):
        starts: list[tuple[datetime, str, str, np.random.Generator]] = []
        for place, member in enumerate(MEMBERS):
            rng = world.rng("incidents", member.id, day)
            for turn in range(int(rng.poisson(DAILY_RATE))):
                kind = KINDS[(age * 4 + place * 7 + turn) % len(KINDS)]
                if member.id == CSV_MEMBER and kind == "jira_reopened":
                    kind = "jira_only"
                starts.append((world.at(day, float(rng.uniform(0.5, 21.0))), member.id, kind, rng))
        if age % WAITING_EVERY == WAITING_SINCE:
            rng = world.rng("waiting", day)
            starts.append((world.at(day, float(rng.uniform(8, 11))), WAITING_MEMBER, "open", rng))
        for detected, model_id, kind, rng in sorted(starts, key=lambda start: start[0]):
            detected = detected.replace(second=int(rng.integers(60)), microsecond=0)
            if kind == "suppressed":
                suppressed.append((model_id, detected))
            else:
                incidents.append(_incident(model_id, kind, detected, rng, numbers))
    return incidents, suppressed


def _incident(model_id: str, kind: str, detected: datetime, rng: np.random.Generator, numbers: _Numbers) -> Incident:
    severity = str(rng.choice(SEVERITIES, p=(0.1, 0.3, 0.4, 0.2)))
    hours = REPAIR_HOURS[severity] * REPAIR_SHARE[model_id] * float(rng.lognormal(0.0, 0.4))
    if kind == "open":
        severity, hours = "P4", WAITING_HOURS
    whole_minutes = model_id == CSV_MEMBER and kind in JIRA_ONLY
    if whole_minutes:
        detected = detected.replace(second=0)

    def after(moment: datetime, seconds: float) -> datetime:
        step = 60 if whole_minutes else 1
        return moment + timedelta(seconds=max(1, round(seconds / step)) * step)

    acknowledged = after(detected, float(rng.lognormal(5.5, 0.8)))
    resolved = after(acknowledged, hours * 3600)
    intervals = [(detected, resolved)]
    if kind in {"reopened", "jira_reopened"}:
        reopened = after(resolved, float(rng.uniform(1, 9)) * REPAIR_SHARE[model_id] * 3600)
        intervals.append((reopened, after(reopened, hours * 1800)))
    impact = detected - timedelta(minutes=int(rng.integers(2, 50)))
    incident = Incident(
        kind=kind,
        model_id="unmapped" if kind == "unknown_service" else model_id,
        severity=severity,
        started=detected,
        detected=detected,
        # The CSV export holds no changelog, so nobody who reads it can know when it was taken up.
        acknowledged=None if kind in {"no_ack", "auto_resolved"} or whole_minutes else acknowledged,
        intervals=intervals,
    )
    if rng.uniform() < 0.7 and not whole_minutes:
        incident.impact = incident.started = impact
    if kind not in JIRA_ONLY:
        _page_people(incident, model_id, rng, numbers)
    if kind in JIRA_ONLY | LINKED:
        _file_issue(incident, model_id, rng, numbers)
    if kind == "jira_first":
        # Somebody filed the issue before any alert went off: detection is then the filing.
        incident.detected = incident.jira[0].events[0].at
        incident.started = min(incident.started, incident.detected)
        incident.intervals[0] = (incident.detected, incident.intervals[0][1])
    return incident


def _page_people(incident: Incident, model_id: str, rng: np.random.Generator, numbers: _Numbers) -> None:
    first, last = incident.intervals[0], incident.intervals[-1]
    by_person = incident.kind != "auto_resolved"
    events = [Event(first[0], "trigger", by_person=False), Event(first[0], "notify", by_person=False)]
    severity_then = incident.severity
    if incident.kind == "priority_change":
        severity_then = SEVERITIES[(SEVERITIES.index(incident.severity) + 1) % len(SEVERITIES)]
        events.append(Event(first[0] + timedelta(seconds=30), "priority", value=incident.severity))
    if incident.acknowledged is not None:
        events.append(Event(incident.acknowledged, "acknowledge"))
    events.append(Event(first[1], "resolve", by_person))
    if len(incident.intervals) > 1:
        events += [Event(last[0], "trigger"), Event(last[1], "resolve", by_person)]
    # The note that moves `updated_at` after the end and must move nothing else.
    events.append(Event(last[1] + timedelta(hours=float(rng.uniform(1, 40))), "annotate"))
    titled = _title(incident, model_id, numbers)
    record = _pagerduty_record(incident, model_id, titled, severity_then, events, rng, numbers)
    incident.pagerduty.append(record)
    if incident.kind == "merged":
        opened = first[0] + timedelta(seconds=int(rng.integers(20, 200)))
        merged_at = min(opened + timedelta(minutes=6), first[1])
        duplicate = _pagerduty_record(
            incident,
            model_id,
            titled,
            incident.severity,
            [Event(opened, "trigger", by_person=False), Event(merged_at, "resolve")],
            rng,
            numbers,
        )
        duplicate.merged_into = record.id
        incident.merged.append(duplicate)


def _pagerduty_record(
    incident: Incident,
    model_id: str,
    titled: str,
    severity: str,
    events: list[Event],
    rng: np.random.Generator,
    numbers: _Numbers,
) -> Record:
    numbers.incident += 1
    return Record(
        id="Q" + _code(rng, 13),
        key=_code(rng, 32).lower(),
        member=model_id,
        title=titled,
        severity=severity,
        events=sorted(events, key=lambda event: event.at),
        service=UNKNOWN_SERVICE if incident.kind == "unknown_service" else SERVICES[model_id],
        number=numbers.incident,
        impact=incident.impact,
    )


def _file_issue(incident: Incident, model_id: str, rng: np.random.Generator, numbers: _Numbers) -> None:
    numbers.issue += 1
    first, last = incident.intervals[0], incident.intervals[-1]
    filed = first[0]
    if incident.kind in {"linked_from_jira", "linked_from_pagerduty"}:
        filed += timedelta(minutes=int(rng.integers(1, 8)))
    if incident.kind == "jira_first":
        filed -= timedelta(minutes=int(rng.integers(3, 25)))
        filed = filed.replace(second=0) if model_id == CSV_MEMBER else filed
    # A ticket beside a page is closed when somebody gets round to it; PagerDuty has the true end.
    delay = timedelta(hours=int(rng.integers(2, 30))) if incident.pagerduty else timedelta(0)
    events = [Event(filed, "trigger")]
    if incident.acknowledged is not None:
        # Beside a page, nobody moves a ticket before it is filed.
        earliest = filed + timedelta(minutes=1) if incident.pagerduty else filed
        events.append(Event(max(incident.acknowledged, earliest), "acknowledge"))
    events.append(Event(first[1] + delay, "resolve"))
    if len(incident.intervals) > 1:
        events += [Event(last[0], "reopen"), Event(last[1], "resolve")]
    events.append(Event(last[1] + delay + timedelta(hours=3), "label"))
    issue = Record(
        id=str(20_000 + numbers.issue),
        key=f"MLOPS-{numbers.issue}",
        member=model_id,
        title=incident.pagerduty[0].title if incident.pagerduty else _title(incident, model_id, numbers),
        severity=incident.severity,
        events=sorted(events, key=lambda event: event.at),
        impact=None if incident.pagerduty else incident.impact,
    )
    incident.jira.append(issue)
    if incident.kind == "linked_from_pagerduty":
        incident.pagerduty[0].link = issue.key
    elif incident.pagerduty:
        issue.link = incident.pagerduty[0].id


def _title(incident: Incident, model_id: str, numbers: _Numbers) -> str:
    """The next of the member's titles."""
    key = incident.kind if incident.kind == "open" else model_id
    numbers.title[key] += 1
    return title(WAITING if key == "open" else model_id, numbers.title[key])


def _code(rng: np.random.Generator, length: int) -> str:
    return "".join(rng.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"), length))
