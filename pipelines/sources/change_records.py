"""Change records: ServiceNow's change_request table, as its CSV and JSON exports and its Table API give it.

Every change is ingested; dbt decides which of them put a model's version into production. Times are read as UTC: an
export has them in the time zone of the user who ran it, which must be UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pipelines.sources.spec import Column, Format, Names, Rule, Source, Table

CLOSE_CODES = "(un)?successful.*|cancell?ed.*|rejected.*"
"""Close codes that are known, in lower case: what was cancelled or rejected was not deployed."""

CHANGE_REQUESTS = Table(
    name="change_requests",
    description="One row per delivered snapshot of a change request; the newest one holds.",
    columns=(
        Column("change_number", "VARCHAR", "The number people quote: CHG0030001.", required=True),
        Column("short_description", "VARCHAR", "What is changed, in a line.", free=True),
        Column("change_type", "VARCHAR", "normal, standard or emergency."),
        Column("state", "VARCHAR", "The state's name, or its number (3 is closed).", required=True),
        Column("close_code", "VARCHAR", "successful…, unsuccessful…, cancelled or rejected; null while it is open."),
        Column("configuration_item", "VARCHAR", "What is changed; the catalog maps it to a member."),
        Column("environment", "VARCHAR", "Where; null where the company keeps no such field."),
        Column("model_version", "VARCHAR", "The version, where the company keeps such a field."),
        Column("created_at", "TIMESTAMP", "When it was filed.", required=True),
        Column("work_ended_at", "TIMESTAMP", "Actual end; null while it is not done."),
        Column("updated_at", "TIMESTAMP", "When anything of it last changed."),
    ),
    key=("change_number", "updated_at", "state"),
    day="created_at",
    touched=("updated_at", "work_ended_at"),
    rules=(
        # Companies add codes of their own: what one means for the deployment, nobody here can say.
        Rule(
            f"regexp_full_match(lower(trim(close_code)), '{CLOSE_CODES}')",
            "the close code says neither successful nor unsuccessful",
            "close_code",
        ),
    ),
)


_COLUMNS = CHANGE_REQUESTS.column_names
_FIELDS = (
    "number", "short_description", "type", "state", "close_code", "cmdb_ci",
    "u_environment", "u_model_version", "sys_created_on", "work_end", "sys_updated_on",
)  # fmt: skip
_LABELS = (
    "Number", "Short description", "Type", "State", "Close code", "Configuration item",
    "Environment", "Model version", "Created", "Actual end date", "Updated",
)  # fmt: skip
_REQUIRED = {0, 3, 4, 5, 8, 9}
"""Places of the columns that an export must have: without them nobody knows what was deployed, when, and if."""


def _select(expressions: Iterable[str]) -> dict[str, str]:
    """The query that gives change requests, from the SQL of each column."""
    columns = ", ".join(f"{sql} as {name}" for sql, name in zip(expressions, _COLUMNS, strict=True))
    return {"change_requests": f"select _row, _raw, {columns} from rows"}


def _csv(name: str, columns: tuple[str, ...]) -> Format:
    return Format(
        name=name,
        container="csv",
        requires=tuple(column for place, column in enumerate(columns) if place in _REQUIRED),
        optional=tuple(column for place, column in enumerate(columns) if place not in _REQUIRED),
        select=_select(f'"{column}"' for column in columns),
    )


def _property(field: str) -> str:
    """A field of the Table API's record: text, or an object of its value, its display value and a link.

    The value of a time is in UTC, its display value in the caller's zone and format. A reference has a name only as its
    display value: its value is an id.
    """
    parts = ("display_value", "value") if field == "cmdb_ci" else ("value", "display_value")
    texts = [f"doc ->> '$.{field}.{part}'" for part in parts]
    texts.append(f"case when json_type(doc -> '$.{field}') <> 'OBJECT' then doc ->> '$.{field}' end")
    found = ", ".join(f"nullif({text}, '')" for text in texts)
    return f"coalesce({found})"


SOURCE = Source(
    name="change_records",
    title="Change records",
    description="Change requests: ServiceNow's CSV export, by field name or by label, its JSON export and Table API.",
    owner="group:sre",
    glob=("change_records/**/*",),
    tables=(CHANGE_REQUESTS,),
    formats=(
        _csv("ServiceNow CSV by fields", _FIELDS),
        _csv("ServiceNow CSV by labels", _LABELS),
        Format(
            name="ServiceNow Table API or JSON export",
            container="json",
            records=("$.result", "$.records"),
            requires=tuple(f"$.{field}" for place, field in enumerate(_FIELDS) if place in _REQUIRED),
            select=_select(map(_property, _FIELDS)),
        ),
    ),
    # A change is closed some days after it was filed.
    late=timedelta(days=14),
    day_by="rows",
    role="deployments",
    identifiers=("configuration_item",),
    names=(Names("change_requests", "configuration_item", "configuration_item"),),
)
