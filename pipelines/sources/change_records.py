"""Change records: ServiceNow's change_request table as its CSV export gives it, by field names or by labels.

Every change is taken in; which of them put a model's version into production is said in dbt. Times are read as
UTC: the export bears those of the user who ran it, so it is run by one whose time zone is UTC.
"""

from __future__ import annotations

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


def _select(
    number: str, description: str, kind: str, state: str, close_code: str, item: str,
    environment: str, version: str, created: str, ended: str, updated: str,
) -> str:  # fmt: skip
    """The query for an export whose columns have these names."""
    return f"""
        select
            _row, _raw,
            "{number}" as change_number,
            "{description}" as short_description,
            "{kind}" as change_type,
            "{state}" as state,
            "{close_code}" as close_code,
            "{item}" as configuration_item,
            "{environment}" as environment,
            "{version}" as model_version,
            "{created}" as created_at,
            "{ended}" as work_ended_at,
            "{updated}" as updated_at
        from rows
    """


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


def _format(name: str, columns: tuple[str, ...]) -> Format:
    return Format(
        name=name,
        container="csv",
        requires=tuple(column for place, column in enumerate(columns) if place in _REQUIRED),
        optional=tuple(column for place, column in enumerate(columns) if place not in _REQUIRED),
        select={"change_requests": _select(*columns)},
    )


SOURCE = Source(
    name="change_records",
    title="Change records",
    description="Change requests: ServiceNow's CSV export, its columns by field name or by label.",
    owner="group:sre",
    glob=("change_records/**/*",),
    tables=(CHANGE_REQUESTS,),
    formats=(_format("ServiceNow CSV by fields", _FIELDS), _format("ServiceNow CSV by labels", _LABELS)),
    # A change is closed some days after it was filed.
    late=timedelta(days=14),
    day_by="rows",
    role="deployments",
    identifiers=("configuration_item",),
    names=(Names("change_requests", "configuration_item", "configuration_item"),),
)
