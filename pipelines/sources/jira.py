"""Jira: issues with their changelogs (REST v3, every page that carries one) and the CSV export.

Every issue type is ingested; `stg_jira__issues` decides which of them are incidents.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.instants import iso_or_milliseconds
from pipelines.sources.mentions import mentioned, named
from pipelines.sources.spec import Column, Format, Names, Paging, Rule, Source, Table

PAGERDUTY_ID = r'"customfield_[0-9]+": ?"([PQR][A-Z0-9]{6,13})"'
IMPACT_START = ("impact start", "impact started", "impact start time", "incident start time")
"""Names under which sites keep the moment users felt an incident first."""
CSV_TIMES = ("%d/%b/%y %I:%M %p", "%d/%b/%y %H:%M", "%d/%b/%Y %I:%M %p", "%Y-%m-%d %H:%M")
"""How Jira writes times in CSV, by the site's look-and-feel setting: to the minute, in the exporter's zone."""
CATEGORY_NAMES = {
    "undefined": ("no category", "keine kategorie", "aucune catégorie", "sin categoría", "sem categoria"),
    "new": (
        *("to do", "zu erledigen", "à faire", "por hacer", "tareas por hacer", "itens pendentes", "da completare"),
        *("te doen", "do zrobienia", "att göra", "к выполнению", "待办", "해야 할 일"),
    ),
    "indeterminate": (
        *("in progress", "in arbeit", "en cours", "en curso", "em andamento", "in corso", "in behandeling", "w toku"),
        *("pågående", "в работе", "进行中", "正在进行", "進行中", "진행 중"),
    ),
    "done": (
        *("done", "fertig", "erledigt", "terminé", "terminée", "listo", "finalizada", "itens concluídos", "concluído"),
        *("completata", "completato", "gereed", "gotowe", "klart", "готово", "完成", "完了", "완료"),
    ),
}
"""Category of a status → its names in the common languages: the CSV export has nothing else of it."""

ISSUES = Table(
    name="issues",
    description="One row per delivered snapshot of an issue; the newest one holds.",
    columns=(
        Column("issue_id", "VARCHAR", "Jira's id of the issue; it outlives a move to another project."),
        Column("issue_key", "VARCHAR", "The key people quote, such as MLOPS-12.", required=True),
        Column("project_key", "VARCHAR", "The project's key."),
        Column("issue_type", "VARCHAR", "Incident, Bug, Story, …; untranslated if the site has it.", required=True),
        Column("summary", "VARCHAR", "What it is about.", free=True),
        Column("url", "VARCHAR", "Where the API finds it."),
        Column("status", "VARCHAR", "The workflow's status."),
        Column("status_category", "VARCHAR", "new, indeterminate or done, whatever the status is called."),
        Column("status_category_changed_at", "TIMESTAMP", "When its status last came into this category."),
        Column("priority_name", "VARCHAR", "Highest, High, Medium, Low, Lowest, or the site's own."),
        Column("resolution", "VARCHAR", "How it was resolved; null while it is not."),
        Column("created_at", "TIMESTAMP", "When it was filed.", required=True),
        Column("updated_at", "TIMESTAMP", "When anything of it last changed, a comment included."),
        Column("resolved_at", "TIMESTAMP", "Its last resolution only: earlier ones are in the changelog."),
        Column("impact_started_at", "TIMESTAMP", "The custom field `Impact start`: when users felt it first."),
        Column("components", "VARCHAR", "Its components' names, as a JSON list."),
        Column("labels", "VARCHAR", "Its labels, as a JSON list."),
        Column("linked_records", "VARCHAR", "Incidents elsewhere that its fields name: a JSON list of `source:key`."),
        Column("duplicate_of_key", "VARCHAR", "The issue it duplicates, by its link."),
        Column("change_count", "BIGINT", "Entries that its changelog has, by the page that holds it."),
        Column("held_change_count", "BIGINT", "Those of them that the page holds: Jira gives the newest ones only."),
    ),
    key=("issue_key", "updated_at", "status"),
    day="created_at",
    touched=("updated_at", "resolved_at"),
    rules=(
        # Of an issue with a resolution that says more than its status does.
        Rule(
            f"status_category in {tuple(CATEGORY_NAMES)} or resolved_at is not null",
            "the status category is not known: export through the API, or in English",
            "status_category",
        ),
    ),
)

CHANGES = Table(
    name="changes",
    description="One row per delivered item of a changelog: a field of an issue that changed.",
    columns=(
        Column("change_id", "VARCHAR", "Jira's id of the changelog entry.", required=True),
        Column("item_number", "BIGINT", "The item's number in the entry, from 1.", required=True),
        Column("issue_id", "VARCHAR", "The issue's id, where the page says it."),
        Column("issue_key", "VARCHAR", "The issue's key, where the page says it."),
        Column("created_at", "TIMESTAMP", "When the field changed.", required=True),
        Column("field", "VARCHAR", "The field that changed: status, resolution, priority, …", required=True),
        Column("from_text", "VARCHAR", "What it was; null when it was empty."),
        Column("to_text", "VARCHAR", "What it became; null when it was cleared."),
        Column("change_count", "BIGINT", "Entries that the issue's changelog has, where the page says it."),
    ),
    key=("change_id", "item_number"),
    day="created_at",
)


_IMPACT_NAMES = ", ".join(f"'{name}'" for name in IMPACT_START)

_SELECT_ISSUES = rf"""
    with
    parts as (
        select
            _row, _raw, doc,
            doc -> '$.fields' as fields,
            -- Comments, links and attachments mention other incidents; its own fields name this one.
            cast(json_merge_patch(
                doc -> '$.fields',
                '{{"comment": null, "issuelinks": null, "worklog": null, "attachment": null}}'
            ) as varchar) as own_text,
            list_filter(
                json_keys(page -> '$.names'),
                lambda id: lower(page -> '$.names' ->> id) in ({_IMPACT_NAMES})
            )[1] as impact_field
        from rows
    )
    select
        _row, _raw,
        doc ->> '$.id' as issue_id,
        doc ->> '$.key' as issue_key,
        coalesce(fields ->> '$.project.key', regexp_extract(doc ->> '$.key', '^(.+)-[0-9]+$', 1)) as project_key,
        coalesce(nullif(fields ->> '$.issuetype.untranslatedName', ''), fields ->> '$.issuetype.name') as issue_type,
        fields ->> '$.summary' as summary,
        doc ->> '$.self' as url,
        fields ->> '$.status.name' as status,
        fields ->> '$.status.statusCategory.key' as status_category,
        fields ->> '$.statuscategorychangedate' as status_category_changed_at,
        fields ->> '$.priority.name' as priority_name,
        fields ->> '$.resolution.name' as resolution,
        fields ->> '$.created' as created_at,
        fields ->> '$.updated' as updated_at,
        fields ->> '$.resolutiondate' as resolved_at,
        fields ->> impact_field as impact_started_at,
        to_json(coalesce(json_extract_string(fields, '$.components[*].name'), [])) as components,
        to_json(coalesce(json_extract_string(fields, '$.labels[*]'), [])) as labels,
        to_json(list_sort(list_distinct(
            {mentioned("own_text", "jira")}
            || {named(f"regexp_extract_all(own_text, '{PAGERDUTY_ID}', 1)", "pagerduty")}
        ))) as linked_records,
        list_filter(
            json_extract(fields, '$.issuelinks[*]'),
            lambda link: link ->> '$.type.name' = 'Duplicate' and json_exists(link, '$.outwardIssue')
        )[1] ->> '$.outwardIssue.key' as duplicate_of_key,
        doc ->> '$.changelog.total' as change_count,
        json_array_length(doc, '$.changelog.histories') as held_change_count
    from parts
"""


def _select_changes(histories: str, issue_id: str, issue_key: str, change_count: str = "null") -> str:
    """The query for `changes` where `histories` is a JSON list of changelog entries within `doc`."""
    return f"""
    with
    entries as (
        select
            _row, _raw,
            {issue_id} as issue_id, {issue_key} as issue_key, {change_count} as change_count,
            unnest({histories}) as entry
        from rows
    ),
    items as (
        select
            * exclude (entry),
            entry ->> '$.id' as change_id,
            entry ->> '$.created' as created,
            json_extract(entry, '$.items[*]') as items
        from entries
    ),
    numbered as (
        select * exclude (items), unnest(items) as item, generate_subscripts(items, 1) as item_number
        from items
    )
    select
        _row, _raw, change_id, item_number, issue_id, issue_key,
        {iso_or_milliseconds("created")} as created_at,
        item ->> '$.field' as field,
        nullif(item ->> '$.fromString', '') as from_text,
        nullif(item ->> '$.toString', '') as to_text,
        change_count
    from numbered
    """


_UNRESOLVED = (
    "'unresolved', 'nicht erledigt', 'non résolu', 'non résolue', 'sin resolver', 'não resolvido', 'não resolvida', "
    "'non risolto', 'niet opgelost'"
)
"""What a CSV says of an issue without a resolution, in the languages in which the resolutions are known."""


def _repeated(header: str) -> str:
    """The filled cells of a column that Jira repeats, once per value, as a JSON list."""
    return f"to_json(list_filter(list_value(*columns('^{header}(_[0-9]+)?$')), lambda cell: cell <> ''))"


def _csv_instant(column: str) -> str:
    """A CSV time as the loader reads it; what none of the known forms fits is passed on to be rejected."""
    forms = ", ".join(f"'{form}'" for form in CSV_TIMES)
    return f"""coalesce(cast(try_strptime("{column}", [{forms}]) as varchar), "{column}")"""


def _category(column: str) -> str:
    """The key of the status category that a CSV names in the reader's language; a name not known is passed on."""
    cases = " ".join(
        f"when lower(\"{column}\") in ({', '.join(repr(name) for name in names)}) then '{key}'"
        for key, names in CATEGORY_NAMES.items()
    )
    return f'case {cases} else lower("{column}") end'


_SELECT_CSV = rf"""
    with
    cells as (
        select
            *,
            {_repeated("Component/s")} as components_list,
            {_repeated("Components")} as new_components_list,
            {_repeated("Labels")} as labels_list,
            concat_ws(' ', *columns('^(Summary|Description|Environment|Custom field .*)$')) as own_text,
            concat_ws(' ', *columns('^Outward issue link \(Duplicate\)(_[0-9]+)?$')) as duplicates_text
        from rows
    )
    select
        _row, _raw,
        "Issue id" as issue_id,
        "Issue key" as issue_key,
        coalesce("Project key", regexp_extract("Issue key", '^(.+)-[0-9]+$', 1)) as project_key,
        "Issue Type" as issue_type,
        "Summary" as summary,
        null as url,
        "Status" as status,
        {_category("Status Category")} as status_category,
        {_csv_instant("Status Category Changed")} as status_category_changed_at,
        "Priority" as priority_name,
        case when lower("Resolution") not in ({_UNRESOLVED}) then "Resolution" end as resolution,
        {_csv_instant("Created")} as created_at,
        {_csv_instant("Updated")} as updated_at,
        {_csv_instant("Resolved")} as resolved_at,
        {_csv_instant("Custom field (Impact start)")} as impact_started_at,
        case when json_array_length(components_list) > 0 then components_list else new_components_list end
            as components,
        labels_list as labels,
        to_json(list_sort(list_distinct({mentioned("own_text", "jira")}))) as linked_records,
        nullif(split_part(duplicates_text, ' ', 1), '') as duplicate_of_key,
        null as change_count,
        null as held_change_count
    from cells
"""

SOURCE = Source(
    name="jira",
    title="Jira",
    description="Issues with their changelogs: pages of the API saved as JSON or JSONL, and the CSV export.",
    owner="group:sre",
    glob=("jira/**/*",),
    tables=(ISSUES, CHANGES),
    formats=(
        Format(
            name="REST v3 search",
            container="json",
            records=("$.issues",),
            # The former search counts issues; the present one has a token for the next page, on all but the last.
            paging=Paging(
                is_last="""case
                    when page ->> '$.isLast' is not null then try_cast(page ->> '$.isLast' as boolean)
                    when page ->> '$.nextPageToken' is not null then false
                    when page ->> '$.total' is not null
                    then try_cast(page ->> '$.startAt' as bigint) + json_array_length(page, '$.issues')
                        >= try_cast(page ->> '$.total' as bigint)
                    when json_exists(page, '$.issues') then true
                end"""
            ),
            requires=("$.key", "$.fields"),
            select={
                "issues": _SELECT_ISSUES,
                "changes": _select_changes(
                    "json_extract(doc, '$.changelog.histories[*]')", "doc ->> '$.id'", "doc ->> '$.key'"
                ),
            },
        ),
        Format(
            name="REST v3 changelog of one issue",
            container="json",
            records=("$.values",),
            requires=("$.id", "$.created", "$.items"),
            select={
                "changes": _select_changes(
                    "[doc]",
                    "nullif(regexp_extract(page ->> '$.self', '/issue/([0-9]+)/', 1), '')",
                    "nullif(regexp_extract(page ->> '$.self', '/issue/([^/0-9][^/]*)/', 1), '')",
                    "page ->> '$.total'",
                )
            },
        ),
        Format(
            name="REST v3 changelogs in bulk",
            container="json",
            records=("$.issueChangeLogs",),
            requires=("$.issueId", "$.changeHistories"),
            select={
                "changes": _select_changes("json_extract(doc, '$.changeHistories[*]')", "doc ->> '$.issueId'", "null")
            },
        ),
        Format(
            name="CSV export",
            container="csv",
            requires=("Issue key", "Issue Type", "Status", "Created"),
            optional=(
                "Summary",
                "Issue id",
                "Project key",
                "Status Category",
                "Status Category Changed",
                "Priority",
                "Resolution",
                "Updated",
                "Resolved",
                "Component/s",
                "Components",
                "Labels",
                "Description",
                "Custom field (Impact start)",
                "Outward issue link (Duplicate)",
            ),
            select={"issues": _SELECT_CSV},
        ),
    ),
    # An issue reopened weeks later changes its creation day.
    late=timedelta(days=35),
    day_by="rows",
    role="incidents",
    # A ticket is closed when somebody gets round to it.
    precedence=3,
    identifiers=("component", "label", "project"),
    names=(
        Names("issues", "component", "from_json(components, '[\"VARCHAR\"]')", is_list=True),
        Names("issues", "label", "from_json(labels, '[\"VARCHAR\"]')", is_list=True),
        Names("issues", "project", "project_key"),
    ),
)
