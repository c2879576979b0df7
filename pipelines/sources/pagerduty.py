"""PagerDuty: incidents, their log entries and alerts (REST v2), and the Analytics raw-incident form.

What the vendor's fields are called, and nothing of what they mean for MTTR: dbt replays
states from the log entries.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.mentions import mentioned, named
from pipelines.sources.spec import Column, Format, Names, Paging, Rule, Source, Table

JIRA_KEY = r"\b[A-Z][A-Z0-9_]+-[0-9]+\b"

_INCIDENT_ID = Column("incident_id", "VARCHAR", "PagerDuty's id of the incident.", required=True)
_SERVICE_ID = Column("service_id", "VARCHAR", "The PagerDuty service; the catalog maps it to a member.")
_SERVICE_NAME = Column("service_name", "VARCHAR", "The service's name.")
_STATUS = Rule("status in ('triggered', 'acknowledged', 'resolved')", "status is not one PagerDuty has")

INCIDENTS = Table(
    name="incidents",
    description="One row per delivered snapshot of an incident; the newest one holds.",
    columns=(
        _INCIDENT_ID,
        Column("incident_number", "BIGINT", "The number people quote."),
        Column("title", "VARCHAR", "What it is about.", free=True),
        Column("html_url", "VARCHAR", "Where a person looks at it."),
        _SERVICE_ID,
        _SERVICE_NAME,
        Column("status", "VARCHAR", "triggered, acknowledged or resolved.", required=True),
        Column("urgency", "VARCHAR", "high or low: how loudly people are notified, not how bad it is."),
        Column("priority_name", "VARCHAR", "The priority's name; null where none was given."),
        Column("created_at", "TIMESTAMP", "When it was first triggered.", required=True),
        Column("updated_at", "TIMESTAMP", "When anything of it last changed, a note included."),
        Column("last_status_change_at", "TIMESTAMP", "When its status last changed."),
        Column("resolved_at", "TIMESTAMP", "Its last resolution; null while it is not resolved."),
        Column("last_status_change_by_type", "VARCHAR", "user_reference, or service_reference: no person."),
        Column("resolve_reason_type", "VARCHAR", "merge_resolve_reason where it was merged into another."),
        Column("merged_into_incident_id", "VARCHAR", "The incident it was merged into."),
        Column("impact_started_at", "TIMESTAMP", "The custom field `impact_start`: when users felt it first."),
        Column(
            "linked_records",
            "VARCHAR",
            "Records elsewhere that its custom fields and references name: a JSON list of `source:key`; null where the "
            "export left those out.",
        ),
    ),
    key=("incident_id", "updated_at", "status"),
    day="created_at",
    touched=("updated_at", "last_status_change_at", "resolved_at"),
    rules=(_STATUS,),
)

LOG_ENTRIES = Table(
    name="log_entries",
    description="One row per delivered log entry: what happened to an incident, and when.",
    columns=(
        Column("log_entry_id", "VARCHAR", "PagerDuty's id of the entry.", required=True),
        _INCIDENT_ID,
        Column("entry_type", "VARCHAR", "trigger_log_entry, acknowledge_log_entry, …", required=True),
        Column("created_at", "TIMESTAMP", "When it happened.", required=True),
        Column("agent_type", "VARCHAR", "Who did it: user_reference, service_reference, …"),
        Column("channel_type", "VARCHAR", "How: auto, timeout, api, website, …"),
    ),
    key=("log_entry_id",),
    day="created_at",
)

ALERTS = Table(
    name="alerts",
    description="One row per delivered snapshot of an alert; suppressed ones never opened an incident.",
    columns=(
        Column("alert_id", "VARCHAR", "PagerDuty's id of the alert.", required=True),
        Column("incident_id", "VARCHAR", "The incident it belongs to; null where it was suppressed."),
        _SERVICE_ID,
        Column("status", "VARCHAR", "triggered or resolved."),
        Column("severity", "VARCHAR", "What the monitoring tool called it: critical, error, warning, info."),
        Column("suppressed", "BOOLEAN", "Whether it was held back from people.", required=True),
        Column("created_at", "TIMESTAMP", "When it was first triggered.", required=True),
        Column("updated_at", "TIMESTAMP", "When it last changed."),
    ),
    key=("alert_id", "status", "suppressed"),
    day="created_at",
    touched=("updated_at",),
)

ANALYTICS_INCIDENTS = Table(
    name="analytics_incidents",
    description="One row per delivered row of the Analytics raw-incident export, which lags up to 24 hours.",
    columns=(
        _INCIDENT_ID,
        Column("incident_number", "BIGINT", "The number people quote."),
        Column("description", "VARCHAR", "What it is about.", free=True),
        _SERVICE_ID,
        _SERVICE_NAME,
        Column("status", "VARCHAR", "triggered, acknowledged or resolved.", required=True),
        Column("urgency", "VARCHAR", "high or low."),
        Column("priority_name", "VARCHAR", "The priority's name; null where none was given."),
        Column("created_at", "TIMESTAMP", "When it was first triggered.", required=True),
        Column("updated_at", "TIMESTAMP", "When Analytics last computed this row."),
        Column("resolved_at", "TIMESTAMP", "Its last resolution."),
        Column("seconds_to_first_ack", "BIGINT", "From creation to the first acknowledgement."),
        Column("seconds_to_resolve", "BIGINT", "From creation to the resolution."),
        Column("auto_resolved", "BOOLEAN", "Whether an integration or a timeout resolved it."),
    ),
    key=("incident_id", "updated_at"),
    day="created_at",
    touched=("updated_at", "resolved_at"),
    rules=(_STATUS,),
)


def _json(pointer: str) -> str:
    return f"doc ->> '$.{pointer}'"


def _in_utc(field: str) -> str:
    """The instant in `field`, naive in the zone its page names.

    Text that is not a time is passed on unchanged, to be quarantined; so is every time of a page that
    names no zone, or UTC.
    """
    return f"""case
            when page ->> '$.time_zone' in (select name from pg_timezone_names())
                and not regexp_matches({_json(field)}, '(Z|[+-][0-9:]+)$')
            then coalesce(
                cast((try_cast({_json(field)} as timestamp) at time zone (page ->> '$.time_zone'))
                    at time zone 'UTC' as varchar),
                {_json(field)}
            )
            else {_json(field)}
        end"""


_REFERENCES = "concat_ws(' ', doc -> '$.custom_fields', doc -> '$.external_references')"

_SELECT_INCIDENTS = f"""
    select
        _row, _raw,
        {_json("id")} as incident_id,
        {_json("incident_number")} as incident_number,
        coalesce({_json("title")}, {_json("summary")}) as title,
        {_json("html_url")} as html_url,
        {_json("service.id")} as service_id,
        coalesce({_json("service.summary")}, {_json("service.name")}) as service_name,
        {_json("status")} as status,
        {_json("urgency")} as urgency,
        coalesce({_json("priority.summary")}, {_json("priority.name")}) as priority_name,
        {_json("created_at")} as created_at,
        {_json("updated_at")} as updated_at,
        {_json("last_status_change_at")} as last_status_change_at,
        {_json("resolved_at")} as resolved_at,
        {_json("last_status_change_by.type")} as last_status_change_by_type,
        {_json("resolve_reason.type")} as resolve_reason_type,
        {_json("resolve_reason.incident.id")} as merged_into_incident_id,
        list_filter(
            json_extract(doc, '$.custom_fields[*]'), lambda field: field ->> '$.name' = 'impact_start'
        )[1] ->> '$.value' as impact_started_at,
        case
            when json_exists(doc, '$.custom_fields') or json_exists(doc, '$.external_references')
            then to_json(list_sort(list_distinct(
                {named(f"regexp_extract_all({_REFERENCES}, '{JIRA_KEY}')", "jira")}
                || {mentioned(_REFERENCES, "pagerduty")}
            )))
        end as linked_records
    from rows
"""

_SELECT_LOG_ENTRIES = f"""
    select
        _row, _raw,
        {_json("id")} as log_entry_id,
        {_json("incident.id")} as incident_id,
        {_json("type")} as entry_type,
        {_json("created_at")} as created_at,
        {_json("agent.type")} as agent_type,
        {_json("channel.type")} as channel_type
    from rows
"""

_SELECT_ALERTS = f"""
    select
        _row, _raw,
        {_json("id")} as alert_id,
        {_json("incident.id")} as incident_id,
        {_json("service.id")} as service_id,
        {_json("status")} as status,
        {_json("severity")} as severity,
        {_json("suppressed")} as suppressed,
        {_json("created_at")} as created_at,
        {_json("updated_at")} as updated_at
    from rows
"""

_SELECT_ANALYTICS = f"""
    select
        _row, _raw,
        {_json("id")} as incident_id,
        {_json("incident_number")} as incident_number,
        {_json("description")} as description,
        {_json("service_id")} as service_id,
        {_json("service_name")} as service_name,
        {_json("status")} as status,
        {_json("urgency")} as urgency,
        {_json("priority_name")} as priority_name,
        {_in_utc("created_at")} as created_at,
        {_in_utc("updated_at")} as updated_at,
        {_in_utc("resolved_at")} as resolved_at,
        {_json("seconds_to_first_ack")} as seconds_to_first_ack,
        {_json("seconds_to_resolve")} as seconds_to_resolve,
        {_json("auto_resolved")} as auto_resolved
    from rows
"""

_PAGING = Paging(is_last="not try_cast(page ->> '$.more' as boolean)")

SOURCE = Source(
    name="pagerduty",
    title="PagerDuty",
    description="Incidents with their log entries and alerts: pages of the API saved as JSON or JSONL.",
    owner="group:sre",
    glob=("pagerduty/**/*",),
    tables=(INCIDENTS, LOG_ENTRIES, ALERTS, ANALYTICS_INCIDENTS),
    formats=(
        Format(
            name="REST v2 incidents",
            container="json",
            records=("$.incidents",),
            paging=_PAGING,
            requires=("$.id", "$.incident_number", "$.status", "$.created_at", "$.service"),
            select={"incidents": _SELECT_INCIDENTS},
        ),
        Format(
            name="REST v2 log entries",
            container="json",
            records=("$.log_entries",),
            paging=_PAGING,
            requires=("$.id", "$.type", "$.created_at", "$.agent", "$.incident"),
            select={"log_entries": _SELECT_LOG_ENTRIES},
        ),
        Format(
            name="REST v2 alerts",
            container="json",
            records=("$.alerts",),
            paging=_PAGING,
            requires=("$.id", "$.alert_key", "$.created_at", "$.suppressed"),
            select={"alerts": _SELECT_ALERTS},
        ),
        Format(
            name="Analytics raw incidents",
            container="json",
            records=("$.data",),
            paging=_PAGING,
            requires=("$.id", "$.created_at", "$.service_id", "$.seconds_to_resolve"),
            select={"analytics_incidents": _SELECT_ANALYTICS},
        ),
    ),
    # A reopened incident changes its creation day; PagerDuty's own list goes back one month by default.
    late=timedelta(days=35),
    day_by="rows",
    role="incidents",
    # Its log has the moments at which people were called and were done.
    precedence=1,
    identifiers=("service_id",),
    names=(
        Names("incidents", "service_id", "service_id", label="service_name"),
        Names("analytics_incidents", "service_id", "service_id", label="service_name"),
    ),
)
