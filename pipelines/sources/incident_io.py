"""incident.io: incidents (API v2), the updates of their status, and what is attached to them.

Times are those an organisation keeps on an incident, known by their names; which of them began and which ended it is
said in `int_incident_io_incidents__mapped`.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.mentions import mentioned
from pipelines.sources.spec import Column, Format, Names, Paging, Rule, Source, Table

TIMES = {
    "reported_at": ("reported", "declared"),
    "accepted_at": ("accepted",),
    "impact_started_at": ("impact started",),
    "fixed_at": ("fixed",),
    "resolved_at": ("resolved",),
    "closed_at": ("closed",),
}
"""Column → the names of the timestamp that fills it, without the word `at`; the first one that has a value."""

_CATEGORIES = ("triage", "declined", "merged", "canceled", "live", "paused", "learning", "closed")
_CATEGORY_RULE = Rule(
    f"status_category in {_CATEGORIES}", "the status category is not one incident.io has", "status_category"
)
_MODE_RULE = Rule(
    "mode in ('standard', 'retrospective', 'test', 'tutorial', 'stream')", "the mode is not one incident.io has", "mode"
)

_INCIDENT_ID = Column("incident_id", "VARCHAR", "incident.io's id of the incident.", required=True)

INCIDENTS = Table(
    name="incidents",
    description="One row per delivered snapshot of an incident; the newest one holds.",
    columns=(
        _INCIDENT_ID,
        Column("reference", "VARCHAR", "What people call it, such as INC-123."),
        Column("title", "VARCHAR", "What it is about.", free=True),
        Column("url", "VARCHAR", "Where a person looks at it."),
        Column("mode", "VARCHAR", "standard, retrospective, test or tutorial."),
        Column("status", "VARCHAR", "The status, by the organisation's own name.", free=True),
        Column(
            "status_category",
            "VARCHAR",
            ", ".join(_CATEGORIES) + ".",
            required=True,
        ),
        Column("severity_name", "VARCHAR", "The severity's name; null where none was given, as in triage."),
        Column("created_at", "TIMESTAMP", "When the record was made.", required=True),
        Column("updated_at", "TIMESTAMP", "When anything of it last changed."),
        Column("reported_at", "TIMESTAMP", "The timestamp `Reported at`, or `Declared at`."),
        Column("accepted_at", "TIMESTAMP", "The timestamp `Accepted at`: when it left triage."),
        Column("impact_started_at", "TIMESTAMP", "The timestamp `Impact started at`: when users felt it first."),
        Column("fixed_at", "TIMESTAMP", "The timestamp `Fixed at`."),
        Column("resolved_at", "TIMESTAMP", "The timestamp `Resolved at`."),
        Column("closed_at", "TIMESTAMP", "The timestamp `Closed at`."),
        Column("catalog_entries", "VARCHAR", "Names and external ids of its fields' catalog entries, as a JSON list."),
        Column("field_options", "VARCHAR", "Options chosen in its custom fields, as a JSON list."),
        Column("incident_type", "VARCHAR", "The name of its type."),
        Column(
            "linked_records", "VARCHAR", "Issues and incidents elsewhere that it names, as a JSON list of `source:key`."
        ),
    ),
    key=("incident_id", "updated_at", "status"),
    day="created_at",
    touched=("updated_at",),
    rules=(_CATEGORY_RULE, _MODE_RULE),
)

UPDATES = Table(
    name="updates",
    description="One row per delivered update of an incident: the status it was given, and when.",
    columns=(
        Column("update_id", "VARCHAR", "incident.io's id of the update.", required=True),
        _INCIDENT_ID,
        Column("created_at", "TIMESTAMP", "When it was given.", required=True),
        Column("status", "VARCHAR", "The new status, by the organisation's own name.", free=True),
        Column("status_category", "VARCHAR", "Its category.", required=True),
        Column("by_user", "BOOLEAN", "Whether a person gave it, rather than a key or a workflow; null where not said."),
        Column("merged_into_incident_id", "VARCHAR", "The incident it was merged into by this update."),
    ),
    key=("update_id",),
    day="created_at",
    rules=(_CATEGORY_RULE,),
)

ATTACHMENTS = Table(
    name="attachments",
    description="One row per delivered attachment of an incident: a record of another system.",
    columns=(
        Column("attachment_id", "VARCHAR", "incident.io's id of the attachment.", required=True),
        _INCIDENT_ID,
        Column("resource_type", "VARCHAR", "pager_duty_incident, jira_issue, sentry_issue, …", required=True),
        Column("external_id", "VARCHAR", "The record's id there."),
        Column("permalink", "VARCHAR", "Where a person looks at it."),
        Column("created_at", "TIMESTAMP", "When it was attached: the API has it in the id alone.", required=True),
    ),
    key=("attachment_id",),
    day="created_at",
)


def _timestamp(names: tuple[str, ...]) -> str:
    """The value of the timestamp that has one of `names`, in their order; null where none has a value."""
    found = [
        f"""list_filter(
            json_extract(doc, '$.incident_timestamp_values[*]'),
            lambda stamp: regexp_replace(lower(stamp ->> '$.incident_timestamp.name'), ' at$', '') = '{name}'
        )[1] ->> '$.value.value'"""
        for name in names
    ]
    return f"coalesce({', '.join([*found, 'null'])})"


def _time_of(ulid: str) -> str:
    """The moment in an id of incident.io's, which is a ULID: 48 bits of milliseconds, in Crockford's base 32."""
    digits = f"strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(upper({ulid}), place, 1)) - 1"
    milliseconds = f"list_sum([cast(({digits}) * 32 ** (10 - place) as bigint) for place in range(1, 11)])"
    return f"""case when regexp_full_match({ulid}, '[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{{25}}')
            then cast(epoch_ms(cast({milliseconds} as bigint)) as varchar) end"""


def _all_of(*paths: str) -> str:
    """The values at JSON `paths` of an incident, as a JSON list without duplicates."""
    lists = ", ".join(f"json_extract_string(doc, '{path}')" for path in paths)
    return f"to_json(list_sort(list_distinct(list_filter(list_concat({lists}), lambda name: name <> ''))))"


_VALUES = "$.custom_field_entries[*].values[*]"

_SELECT_INCIDENTS = f"""
    with
    written as (
        select *, coalesce(array_to_string(list_concat(
            json_extract_string(doc, '{_VALUES}.value_link'), json_extract_string(doc, '{_VALUES}.value_text')
        ), ' '), '') as field_text
        from rows
    )
    select
        _row, _raw,
        doc ->> '$.id' as incident_id,
        doc ->> '$.reference' as reference,
        doc ->> '$.name' as title,
        doc ->> '$.permalink' as url,
        doc ->> '$.mode' as mode,
        doc ->> '$.incident_status.name' as status,
        doc ->> '$.incident_status.category' as status_category,
        doc ->> '$.severity.name' as severity_name,
        doc ->> '$.created_at' as created_at,
        doc ->> '$.updated_at' as updated_at,
        {", ".join(f"{_timestamp(names)} as {column}" for column, names in TIMES.items())},
        {_all_of(f"{_VALUES}.value_catalog_entry.name", f"{_VALUES}.value_catalog_entry.external_id")}
            as catalog_entries,
        {_all_of(f"{_VALUES}.value_option.value")} as field_options,
        doc ->> '$.incident_type.name' as incident_type,
        to_json(list_sort(list_distinct(
            case when doc ->> '$.external_issue_reference.provider' in ('jira', 'jira_server')
                then ['jira:' || (doc ->> '$.external_issue_reference.issue_name')] else [] end
            || {mentioned("field_text", "incident_io")}
        ))) as linked_records
    from written
"""


def _select_updates(updates: str) -> str:
    """The query for `updates` where `updates` is a JSON list of them within `doc`."""
    return f"""
    with
    given as (select _row, _raw, unnest({updates}) as given from rows)
    select
        _row, _raw,
        given ->> '$.id' as update_id,
        given ->> '$.incident_id' as incident_id,
        given ->> '$.created_at' as created_at,
        given ->> '$.new_incident_status.name' as status,
        given ->> '$.new_incident_status.category' as status_category,
        case when json_exists(given, '$.updater') then (given ->> '$.updater.user.id') is not null end as by_user,
        given ->> '$.merged_into_incident_id' as merged_into_incident_id
    from given
    """


def _select_attachments(attachments: str) -> str:
    """The query for `attachments` where `attachments` is a JSON list of them within `doc`."""
    return f"""
    with
    attached as (select _row, _raw, unnest({attachments}) as attached from rows),
    named as (select *, attached ->> '$.id' as attachment_id from attached)
    select
        _row, _raw,
        attachment_id,
        attached ->> '$.incident_id' as incident_id,
        attached ->> '$.resource.resource_type' as resource_type,
        attached ->> '$.resource.external_id' as external_id,
        attached ->> '$.resource.permalink' as permalink,
        {_time_of("attachment_id")} as created_at
    from named
    """


# A page that is not full is a last one, cursor or not.
_PAGING = Paging(
    is_last="""case
        when json_exists(page, '$.pagination_meta')
            then coalesce(page ->> '$.pagination_meta.after', '') = ''
            or coalesce(json_array_length(page, '$.incidents'), json_array_length(page, '$.incident_updates'))
            < try_cast(page ->> '$.pagination_meta.page_size' as bigint)
    end""",
    total="page ->> '$.pagination_meta.total_record_count'",
)

SOURCE = Source(
    name="incident_io",
    title="incident.io",
    description="Incidents with their updates and attachments: pages of the API saved as JSON or JSONL.",
    owner="group:sre",
    glob=("incident_io/**/*",),
    tables=(INCIDENTS, UPDATES, ATTACHMENTS),
    formats=(
        # The vendor's own Singer tap puts an incident's updates and attachments into its record.
        Format(
            name="API v2 incidents",
            container="json",
            records=("$.incidents",),
            paging=_PAGING,
            requires=("$.id", "$.reference", "$.incident_status", "$.created_at"),
            select={
                "incidents": _SELECT_INCIDENTS,
                "updates": _select_updates("json_extract(doc, '$.updates[*]')"),
                "attachments": _select_attachments("json_extract(doc, '$.attachments[*]')"),
            },
        ),
        Format(
            name="API v2 incident updates",
            container="json",
            records=("$.incident_updates",),
            paging=_PAGING,
            requires=("$.id", "$.incident_id", "$.new_incident_status", "$.created_at"),
            select={"updates": _select_updates("[doc]")},
        ),
        Format(
            name="API v1 incident attachments",
            container="json",
            records=("$.incident_attachments",),
            requires=("$.id", "$.incident_id", "$.resource"),
            select={"attachments": _select_attachments("[doc]")},
        ),
    ),
    # An incident reopened weeks later changes its creation day.
    late=timedelta(days=35),
    day_by="rows",
    role="incidents",
    # Its times are set by people who know what happened, after a page and before a ticket.
    precedence=2,
    identifiers=("catalog_entry", "field_option", "incident_type"),
    names=(
        Names("incidents", "catalog_entry", "from_json(catalog_entries, '[\"VARCHAR\"]')", is_list=True),
        Names("incidents", "field_option", "from_json(field_options, '[\"VARCHAR\"]')", is_list=True),
        Names("incidents", "incident_type", "incident_type"),
    ),
)
