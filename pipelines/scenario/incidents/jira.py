"""Jira's exports: search results with changelogs, and the CSV export."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

from pipelines.scenario.incidents.files import ACCOUNT, SITE, write_lines
from pipelines.scenario.incidents.plan import CSV_MEMBER, Incident, Record
from pipelines.scenario.world import World

JIRA_PRIORITIES = {"P1": "Highest", "P2": "High", "P3": "Medium", "P4": "Low"}


def _jira_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def write_jira(world: World, folder: Path, incidents: list[Incident], end: datetime) -> int:
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
        write_lines(folder / "search" / f"{day}.json", [page])
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
