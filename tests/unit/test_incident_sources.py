"""PagerDuty's, incident.io's and Jira's exports, in the vendors' own published examples, through the intake."""

from __future__ import annotations

import json
from datetime import datetime

import duckdb

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.json_rows import BROKEN_OFF
from pipelines.warehouse.ledger import FileReport

# The response example of GET /incidents in PagerDuty's OpenAPI file, references shortened.
INCIDENT = {
    "id": "PT4KHLK",
    "type": "incident",
    "summary": "[#1234] The server is on fire.",
    "html_url": "https://subdomain.pagerduty.com/incidents/PT4KHLK",
    "incident_number": 1234,
    "title": "The server is on fire.",
    "created_at": "2015-10-06T21:30:42Z",
    "updated_at": "2015-10-06T21:40:23Z",
    "status": "resolved",
    "service": {"id": "PIJ90N7", "type": "service_reference", "summary": "My Mail Service"},
    "last_status_change_at": "2015-10-06T21:38:23Z",
    "resolved_at": "2015-10-06T21:38:23Z",
    "acknowledgements": [],
    "last_status_change_by": {"id": "PXPGF42", "type": "user_reference", "summary": "Earline Greenholt"},
    "priority": {"id": "P53ZZH5", "type": "priority_reference", "summary": "P2"},
    "resolve_reason": None,
    "urgency": "high",
}
LOG_ENTRY = {
    "id": "Q02JTSNZWHSEKV",
    "type": "trigger_log_entry",
    "summary": "Triggered through the API",
    "created_at": "2015-11-07T00:14:20Z",
    "agent": {"id": "PIJ90N7", "type": "service_reference", "summary": "My Mail Service"},
    "channel": {"type": "api"},
    "incident": {"id": "PT4KHLK", "type": "incident_reference"},
}
ANALYTICS = {
    "auto_resolved": False,
    "created_at": "2023-05-31T10:05:00",
    "updated_at": "2023-06-04T00:00:00",
    "description": "The server is on fire!",
    "id": "PYC0H08",
    "incident_number": 928,
    "priority_name": None,
    "resolved_at": "2023-05-31T10:15:00",
    "seconds_to_first_ack": 5,
    "seconds_to_resolve": 3305,
    "service_id": "PPSCXAN",
    "status": "resolved",
    'total_interruptions"': None,
}
ISSUE = {
    "id": "10002",
    "self": "https://your-domain.atlassian.net/rest/api/3/issue/10002",
    "key": "ED-1",
    "fields": {
        "summary": "Main order flow broken",
        "project": {"key": "ED"},
        "issuetype": {"name": "Incident"},
        "created": "2024-01-02T03:04:05.678+0200",
        "updated": "2024-01-03T03:04:05.678+0000",
        "resolutiondate": None,
        "resolution": None,
        "status": {"name": "In Progress"},
        "priority": {"name": "High"},
        "labels": ["model:triage", "urgent"],
        "components": [{"name": "triage"}],
        "customfield_10040": "2024-01-01T22:00:00.000+0000",
        "customfield_10052": "https://subdomain.pagerduty.com/incidents/PT4KHLK",
        "comment": {"comments": [{"body": "like https://subdomain.pagerduty.com/incidents/POTHER1"}]},
    },
    "changelog": {
        "histories": [
            {
                "id": "10124",
                "created": "2024-01-02T05:00:00.000+0000",
                "items": [{"field": "status", "fieldId": "status", "fromString": "To Do", "toString": "In Progress"}],
            }
        ]
    },
}
CSV = (
    "\ufeffSummary,Issue key,Issue id,Issue Type,Status,Project key,Priority,Resolution,Created,Updated,Resolved,"
    "Component/s,Component/s,Labels,Inward issue link (Blocks),Outward issue link (Duplicate),"
    "Custom field (PagerDuty incident),Comment\r\n"
    '"Routes, all of them, stuck",ED-7,10007,Incident,Done,ED,Highest,Done,05/Jan/26 3:04 PM,06/Jan/26 9:00 AM,'
    "05/Jan/26 11:59 PM,route-optimiser,maps,carrier,,ED-6,https://x.pagerduty.com/incidents/PT4KHLK,"
    '"a note on https://x.pagerduty.com/incidents/POTHER1,\r\nover two lines"\r\n'
    "Undated,ED-8,10008,Incident,To Do,ED,Low,Unresolved,soon,,,,,,,,,\r\n"
)


def load(settings: Settings, source: str, name: str, content: object) -> FileReport:
    """What the intake says of one landing file; its rows are then in the raw tables."""
    path = settings.landing_dir / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    (report,) = take_in(settings, all_sources()[source])
    replace_days(settings, all_sources()[source])
    return report


def rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_published_incident_is_read_from_a_page_and_bare_from_a_line(settings: Settings) -> None:
    page = {"incidents": [INCIDENT], "limit": 1, "offset": 0, "more": True}
    load(settings, "pagerduty", "page.json", page)
    load(settings, "pagerduty", "bare.jsonl", json.dumps(INCIDENT) + "\n" + json.dumps(page))
    read = rows(
        settings,
        "select incident_id, service_id, priority_name, status, resolved_at, last_status_change_by_type "
        "from raw.pagerduty__incidents",
    )
    resolved = datetime(2015, 10, 6, 21, 38, 23)  # noqa: DTZ001  (the warehouse keeps UTC without saying so)
    assert read == [("PT4KHLK", "PIJ90N7", "P2", "resolved", resolved, "user_reference")] * 3


def test_what_an_incident_says_of_its_impact_its_ticket_and_its_merge_is_kept(settings: Settings) -> None:
    merged = INCIDENT | {
        "resolve_reason": {"type": "merge_resolve_reason", "incident": {"id": "PTARGET"}},
        "custom_fields": [
            {"name": "ticket", "data_type": "url", "value": "https://x.atlassian.net/browse/MLOPS-12"},
            {"name": "impact_start", "data_type": "datetime", "value": "2015-10-06T21:00:00+02:00"},
        ],
    }
    load(settings, "pagerduty", "page.json", {"incidents": [merged]})
    (read,) = rows(
        settings,
        "select resolve_reason_type, merged_into_incident_id, linked_records, impact_started_at::varchar "
        "from raw.pagerduty__incidents",
    )
    assert read == ("merge_resolve_reason", "PTARGET", '["jira:MLOPS-12"]', "2015-10-06 19:00:00")


def test_the_published_log_entry_is_read(settings: Settings) -> None:
    load(settings, "pagerduty", "log.json", {"log_entries": [LOG_ENTRY], "more": True})
    assert rows(
        settings,
        "select log_entry_id, incident_id, entry_type, agent_type, channel_type from raw.pagerduty__log_entries",
    ) == [("Q02JTSNZWHSEKV", "PT4KHLK", "trigger_log_entry", "service_reference", "api")]


def test_analytics_times_are_in_the_zone_that_their_page_names(settings: Settings) -> None:
    for zone in ("America/New_York", "Etc/UTC"):
        page = {"data": [ANALYTICS | {"id": zone}], "more": False, "time_zone": zone}
        load(settings, "pagerduty", f"{zone.replace('/', '-')}.json", page)
    assert rows(
        settings,
        "select incident_id, created_at::varchar, seconds_to_first_ack from raw.pagerduty__analytics_incidents "
        "order by incident_id",
    ) == [("America/New_York", "2023-05-31 14:05:00", 5), ("Etc/UTC", "2023-05-31 10:05:00", 5)]


def test_an_empty_page_is_a_quiet_day_and_no_error(settings: Settings) -> None:
    for source, page in (("pagerduty", {"incidents": [], "more": False}), ("jira", {"issues": [], "isLast": True})):
        report = load(settings, source, "2026-01-05.json", page)
        assert (report.status, report.message, report.rows_read) == ("loaded", None, 0)
    covered = rows(settings, "select source, day::varchar from ledger.coverage order by source")
    assert covered == [("jira", "2026-01-05"), ("pagerduty", "2026-01-05")]


def test_a_torn_line_beside_an_empty_page_is_set_aside(settings: Settings) -> None:
    empty = {"log_entries": [], "more": False}
    report = load(settings, "pagerduty", "2026-01-05.jsonl", json.dumps(empty) + '\n{"log_entries": [{"id": "RTORN\n')
    assert (report.status, report.rows_read, report.rows_quarantined) == ("loaded", 1, 1)
    assert rows(settings, "select reason from raw.quarantine") == [(BROKEN_OFF,)]


def test_a_row_of_unknown_status_is_set_aside_and_its_neighbours_load(settings: Settings) -> None:
    page = {"incidents": [INCIDENT, INCIDENT | {"id": "PBAD", "status": "on fire"}]}
    report = load(settings, "pagerduty", "page.json", page)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (2, 1, 1)
    assert rows(settings, "select reason from raw.quarantine") == [("status is not one PagerDuty has",)]


def test_a_jira_issue_brings_its_changelog_and_only_its_own_pagerduty_incident(settings: Settings) -> None:
    page = {"issues": [ISSUE], "isLast": True, "names": {"customfield_10040": "Impact start"}}
    load(settings, "jira", "search.json", page)
    assert rows(
        settings,
        "select issue_key, issue_type, priority_name, created_at::varchar, impact_started_at::varchar, components, "
        "labels, linked_records from raw.jira__issues",
    ) == [
        (
            "ED-1",
            "Incident",
            "High",
            "2024-01-02 01:04:05.678",
            "2024-01-01 22:00:00",
            '["triage"]',
            '["model:triage","urgent"]',
            '["pagerduty:PT4KHLK"]',
        )
    ]
    assert rows(settings, "select issue_id, change_id, field, from_text, to_text from raw.jira__changes") == [
        ("10002", "10124", "status", "To Do", "In Progress")
    ]


def test_the_three_changelog_forms_say_the_same(settings: Settings) -> None:
    history = ISSUE["changelog"]["histories"][0]  # type: ignore[index]
    milliseconds = history | {"created": 1704171600000}
    one = {"self": "https://x.atlassian.net/rest/api/3/issue/10002/changelog?startAt=0", "values": [history]}
    load(settings, "jira", "inline.json", {"issues": [ISSUE], "isLast": True})
    load(settings, "jira", "one.json", one | {"isLast": True})
    load(
        settings,
        "jira",
        "bulk.json",
        {"issueChangeLogs": [{"issueId": "10002", "changeHistories": [milliseconds]}], "nextPageToken": None},
    )
    assert rows(
        settings, "select distinct issue_id, change_id, field, to_text, created_at::varchar from raw.jira__changes"
    ) == [("10002", "10124", "status", "In Progress", "2024-01-02 05:00:00")]


def test_the_csv_export_keeps_repeated_columns_and_rejects_a_date_it_cannot_read(settings: Settings) -> None:
    report = load(settings, "jira", "export.csv", CSV)
    assert (report.format, report.rows_loaded, report.rows_quarantined) == ("CSV export", 1, 1)
    assert rows(
        settings,
        "select issue_key, summary, resolution, created_at::varchar, resolved_at::varchar, components, labels, "
        "linked_records, duplicate_of_key from raw.jira__issues",
    ) == [
        (
            "ED-7",
            "Routes, all of them, stuck",
            "Done",
            "2026-01-05 15:04:00",
            "2026-01-05 23:59:00",
            '["route-optimiser","maps"]',
            '["carrier"]',
            '["pagerduty:PT4KHLK"]',
            "ED-6",
        )
    ]
    assert rows(settings, "select reason from raw.quarantine") == [("created_at: soon is not a TIMESTAMP",)]


def test_an_attachment_of_incident_io_is_of_the_time_in_its_id(settings: Settings) -> None:
    # The id and the creation of an incident in the snapshots of the vendor's Singer tap: both say the same.
    incident_id, created = "01HDH3SMWK0C2D8TN41PVW61TA", "2023-10-24 15:10:35.411"
    resource = {"external_id": "123", "resource_type": "pager_duty_incident", "title": "The database has gone down"}
    attachments = [
        {"id": attached, "incident_id": incident_id, "resource": resource} for attached in (incident_id, "7")
    ]
    report = load(settings, "incident_io", "page.json", {"incident_attachments": attachments})
    assert (report.rows_loaded, report.rows_quarantined) == (1, 1)
    assert rows(settings, "select created_at::varchar from raw.incident_io__attachments") == [(created,)]
    assert rows(settings, "select reason from raw.quarantine") == [("created_at is missing",)]
