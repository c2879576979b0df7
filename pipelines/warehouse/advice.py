"""What `scorecard doctor` advises on: undeclared names and currencies, bills exported twice, values that count as none.

Nothing is changed here. What waits and what is rejected: `status`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches

import duckdb

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.names import Name, declared_names, line_for, place_for
from pipelines.settings import Settings
from pipelines.sources.spec import Names, Source, Table
from pipelines.warehouse.connect import name, quote, writer
from pipelines.warehouse.days import raw_name
from pipelines.warehouse.variables import variables

UNMAPPED = ("unmapped", "unallocated")
"""What the marts call a model that no identifier of the catalog leads to."""


HAPPENED = {
    "mart_throughput_hourly": "request_count > 0",
    "mart_satisfaction_measures_daily": "observation_count > 0",
    "mart_cost_allocation_daily": "(billed_cost <> 0 or effective_cost <> 0)",
}
"""Marts with rows that are of nothing, an hour without a request or a charge of 0, and when one is of anything."""


def unmapped_rows(settings: Settings) -> list[tuple[str, str, int]]:
    """(mart, `unmapped` or `unallocated`, rows) wherever a mart holds what no model of the catalog owns."""
    with writer(settings, "looking for unmapped identifiers") as connection:
        marts = connection.execute(
            "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'model_id' "
            "and table_name like 'mart\\_%' escape '\\' order by table_name"
        ).fetchall()
        return [
            (mart, model, count)
            for (mart,) in marts
            for model, count in connection.execute(
                f"select model_id, count(*) from marts.{name(mart)} where list_contains(?, model_id) "
                f"and {HAPPENED.get(mart, 'true')} group by model_id order by model_id",
                [list(UNMAPPED)],
            ).fetchall()
        ]


def passed_over_bills(settings: Settings) -> list[str]:
    """A sentence for every export of a bill of which another export counts, as the last build found them."""
    with writer(settings, "looking for bills exported twice") as connection:
        if not connection.execute(
            "select 1 from duckdb_tables() where table_name = 'int_bills__overlapping'"
        ).fetchone():
            return []
        # A stream is what paths have in common: no such path exists, so the advice names files.
        files_of = (
            "(select list(distinct path order by path) from placed "
            "where placed.stream_id = found.{} and first_charge_date <= found.last and last_charge_date >= found.first)"
        )
        rows = connection.execute(
            "with found as (select bill_id, min(charge_date) as first, max(charge_date) as last, kept_stream_id, "
            "stream_id, sum(charge_count)::bigint as charge_count, sum(effective_cost)::double as effective_cost, "
            "billing_currency from intermediate.int_bills__overlapping group by all), "
            "placed as (select covered.stream_id, first_charge_date, last_charge_date, path "
            "from intermediate.int_deliveries__covered as covered join ledger.files as files "
            "on covered.content_id = files.content_id "
            "and (covered.stream_id = files.stream_id or covered.relation = 'append') "
            "where source = 'cloud_billing' and status = 'loaded') "
            f"select bill_id, first, last, {files_of.format('kept_stream_id')}, {files_of.format('stream_id')}, "
            "charge_count, effective_cost, billing_currency from found order by all"
        ).fetchall()
    return [
        f"cloud_billing: two exports of account {bill} on {first} to {last}: {_last_of(kept)} counts, "
        f"{_last_of(other)} is passed over ({count:,} charges, {cost:,.2f} {currency})"
        for bill, first, last, kept, other, count, cost, currency in rows
    ]


_HOSTED = "azure|bedrock|vertex|foundry|on aws"
"""Services of a cloud that run a model vendor's models: what they cost is in no report of the vendor's."""


def spend_billed_elsewhere(settings: Settings) -> list[str]:
    """A sentence for each month in which another bill has charges of a model vendor that has a report of its own.

    They may be the same spend, paid through a cloud's marketplace or exported once more: no export says so. Nor does a
    report that does not name its organization say which of those that others name it is.
    """
    with writer(settings, "looking for spend on two bills") as connection:
        if not connection.execute("select 1 from duckdb_tables() where table_name = 'int_charges__current'").fetchone():
            return []
        rows = connection.execute(
            "with sets as (select distinct stream_id, data_set from intermediate.int_deliveries__covered), "
            "charges as (select *, date_trunc('month', charge_date) as month "
            "from intermediate.int_charges__current join sets using (stream_id)), "
            "reports as (select provider_name as vendor, month, "
            "bool_or(billing_account_id = provider_name) as is_unnamed "
            "from charges where data_set in ('openai', 'anthropic') group by all), "
            "others as (select *, data_set in ('openai', 'anthropic') as is_report from charges "
            "where not regexp_matches(coalesce(service_name, ''), ?, 'i')) "
            "select vendor, strftime(month, '%Y-%m'), provider_name, billing_account_id, service_name, count(*), "
            "sum(billed_cost)::double, billing_currency from reports join others using (month) "
            "where contains(lower(concat_ws(' ', provider_name, publisher_name)), lower(vendor)) "
            "and (not is_report or (is_unnamed and billing_account_id <> vendor)) "
            "group by all having sum(billed_cost) <> 0 order by all",
            [_HOSTED],
        ).fetchall()
    return [
        f"cloud_billing: {vendor}'s own report has costs of {month}, and so has the bill of {provider}, account "
        f"{account}: {service}, {count:,} {'charge' if count == 1 else 'charges'}, {cost:,.2f} {currency}. If they are "
        "the same spend, they count twice: land one of the two. See docs/connect.md, OpenAI and Anthropic"
        for vendor, month, provider, account, service, count, cost, currency in rows
    ]


def _last_of(paths: Sequence[str] | None) -> str:
    """The last of the paths, and how many there are beside it."""
    *others, path = paths or ("a file that is gone",)
    return f"{path} (and {len(others):,} more)" if others else path


def cut_changelogs(settings: Settings) -> list[str]:
    """A sentence if incidents of Jira lack entries of their changelogs, as the last build found them."""
    with writer(settings, "looking for cut changelogs") as connection:
        if not connection.execute(
            "select 1 from duckdb_views() where view_name = 'int_jira_changelogs__counted'"
        ).fetchone():
            return []
        rows = connection.execute(
            "select jira_issue_key, held_change_count, change_count from intermediate.int_jira_changelogs__counted "
            "where is_incident and is_cut order by change_count - held_change_count desc, jira_issue_key"
        ).fetchall()
    if not rows:
        return []
    key, held, count = rows[0]
    return [
        f"jira: {len(rows):,} {'incident has' if len(rows) == 1 else 'incidents have'} a cut changelog, so nobody can "
        f"say when somebody took them up: of {key} {held:,} of {count:,} entries were delivered. "
        f"Land every page of /rest/api/3/issue/{key}/changelog"
    ]


_LEFT_OUT = {
    "mart_accuracy_daily": """
        select format(
            'predictions: {:,} labels of {} are not what its task is about, a number or a list',
            sum(unreadable_label_count)::bigint, model_id
        )
        from marts.mart_accuracy_daily where unreadable_label_count > 0 and cohort_attribute = 'all'
        group by model_id order by model_id""",
    "int_deployment_reports__united": """
        select format(
            '{}: {} of {} in {} not counted: nothing says whether {} is production. {}',
            source, case count(*) when 1 then '1 deployment' else format('{:,} deployments', count(*)) end, model_id,
            deployed_name || case count(*) when 1 then ' is' else ' are' end, environment,
            case source
                when 'github' then 'If it is, map it in the catalog, with `kind: environment`'
                else 'If it is, have its name say so, as in eu-production'
            end
        )
        from intermediate.int_deployment_reports__united
        where is_succeeded and model_id <> 'unmapped' and environment not in ('prod', 'staging', 'dev')
        group by source, model_id, deployed_name, environment order by source, model_id, environment""",
    "fct_latency_hourly": """
        select format(
            'serving_logs: {:,} requests of {} have a {} below 0 or above a day: they count, their time does not',
            sum(request_count)::bigint, model_id, case measure
                when 'implausible_ttft' then 'time to first token' when 'implausible_busy' then 'busy time'
                else 'latency'
            end
        )
        from marts.fct_latency_hourly where starts_with(measure, 'implausible_')
        group by model_id, measure order by model_id, measure""",
    "fct_serving_hourly": """
        -- Of our own log's models many have no tokens; those of the other formats are language models.
        with days as (
            select day as event_date from ledger.file_version_days join ledger.files using (source, content_id)
            where source = 'serving_logs' and status = 'loaded'
            group by day having not bool_or(starts_with(format, 'serving_log_'))
        )
        select format(
            'serving_logs: none of {:,} calls of {} has a token count: the log lacks it, or has it under another name',
            sum(request_count)::bigint, model_id
        )
        from marts.fct_serving_hourly semi join days using (event_date)
        group by model_id having sum(request_count) > 0 and count(coalesce(input_tokens, output_tokens)) = 0
        order by model_id""",
    "int_events__accounted": """
        select format(
            '{}: {:,} of {:,} uses of features are of devices on which nobody logs in: they count for no user',
            source, sum(anonymous_event_count)::bigint, sum(anonymous_event_count + counted_event_count)::bigint
        )
        from intermediate.int_events__accounted
        group by source having sum(anonymous_event_count) > 0 order by source""",
    "stg_jira__issues": """
        select format(
            'jira: none of {:,} issues is an incident, of types {}. Name yours: `incident_types` in company.yaml',
            count(*), string_agg(distinct issue_type, ', ' order by issue_type)
        )
        from staging.stg_jira__issues having count(*) > 0 and not bool_or(is_incident)""",
    "mart_drift_windows": """
        select format(
            '{}: {:,} values of {} of {} are text and no number, though the catalog declares it numeric',
            place, value_count::bigint, feature, model_id
        )
        from (
            select 'features' as place, model_id, feature, sum(no_number_count) as value_count
            from marts.mart_drift_windows group by all
            union all
            -- A window after the other is compared with the same reference.
            select 'training', model_id, feature, sum(value_count)
            from (
                select model_id, feature, max(reference_no_number_count) as value_count
                from marts.mart_drift_windows where reference_kind = 'snapshot' group by model_id, feature, reference_id
            ) group by all
        )
        where value_count > 0 order by model_id, feature, place""",
    "int_deployment_outcomes__missing": """
        select format(
            '{}: {:,} attempts to deploy {} came without {}, the newest of {}: nobody can say whether they succeeded. '
            'Deliver these too', source, sum(attempt_count)::bigint, model_id, missing_records, max(requested_date)
        )
        from intermediate.int_deployment_outcomes__missing where model_id <> 'unmapped'
        group by source, model_id, missing_records order by source, model_id, missing_records""",
    "int_feature_columns__missing": """
        select format(
            'features: {} is watched for drift of a column that is missing: {}. '
            'Call the column so, or watch it under the name it has', model_id, reason
        )
        from intermediate.int_feature_columns__missing order by model_id, reason""",
}
"""Table or view of the warehouse → a query that gives a sentence for each kind of value in it that counts as none."""


def left_out(settings: Settings) -> list[str]:
    """A sentence for each kind of value that was read and counts as none, as the last build found them."""
    with writer(settings, "looking for values that count as none") as connection:
        built = connection.execute(
            "select table_name from duckdb_columns() where database_name = current_database() group by 1"
        ).fetchall()
        return [
            sentence
            for table, query in _LEFT_OUT.items()
            if (table,) in built
            for (sentence,) in connection.execute(query).fetchall()
        ]


_BY_ID = {
    "notes": ("notes", "model_id"),
    "campaigns": ("annotations", "unnest(string_split(nullif(trim(models), 'all'), ';'))"),
}
"""Sources with rows that name a member by its id → the table, and SQL of the ids."""


def unknown_members(settings: Settings, catalog: Catalog) -> list[str]:
    """A sentence for each file and id that a note or a campaign names and the catalog does not know."""
    members = [member.id for member in catalog.members]
    found: list[str] = []
    with writer(settings, "looking for unknown members") as connection:
        for source, (table, ids) in _BY_ID.items():
            raw = f"{source}__{table}"
            if not connection.execute("select 1 from duckdb_tables() where table_name = ?", [raw]).fetchone():
                continue
            rows = connection.execute(
                f"with named as (select trim({ids}) as member_id, _content_id as content_id from raw.{name(raw)}) "
                "select distinct path, member_id from named join ledger.current_file_versions using (content_id) "
                "join ledger.files using (source, content_id) where source = ? and status = 'loaded' "
                "and member_id <> '' and not list_contains(?, member_id) order by all",
                [source, members],
            ).fetchall()
            for path, member in rows:
                near = get_close_matches(member, members, 1)
                meant = f" Is `{near[0]}` meant?" if near else ""
                found.append(f"{source}: {path} names `{member}`, which is no member of the catalog.{meant}")
    return found


@dataclass(frozen=True)
class UnmappedName:
    """A name in a source's rows, none of which any name of theirs maps; `label` is what people call it."""

    name: Name
    label: str | None
    row_count: int
    newest_day: date

    @property
    def line(self) -> str:
        """The line of the catalog that would map it."""
        return line_for(self.name)

    @property
    def place(self) -> str:
        """Where that line goes."""
        return place_for(self.name)

    def with_rows_of(self, other: UnmappedName | None) -> UnmappedName:
        """The name in two tables of its source."""
        if other is None:
            return self
        newest = max(self.newest_day, other.newest_day)
        return replace(self, row_count=self.row_count + other.row_count, newest_day=newest)


def unmapped_names(
    settings: Settings, catalog: Catalog, sources: Mapping[str, Source], most: int = 3
) -> list[UnmappedName]:
    """The commonest names of the rows in raw that the catalog, as it is now, maps to nobody: `most` of a source's kind.

    A row may have several names, one of which is enough to map it: all of an unmapped row's are here.
    """
    declared = declared_names(catalog)
    found: list[UnmappedName] = []
    with writer(settings, "looking for unmapped names") as connection:
        for source in sources.values():
            mine = [name for name in declared if name.source == source.name]
            counted: dict[Name, UnmappedName] = {}
            for table in source.warehouse_tables:
                names = [item for item in source.names if item.table == table.name]
                if names and _exists(connection, source, table):
                    for item in _unmapped(connection, source, table, names, mine):
                        counted[item.name] = item.with_rows_of(counted.get(item.name))
            by_rows = sorted(counted.values(), key=lambda item: (-item.row_count, item.name))
            kinds = Counter[str]()
            for item in by_rows:
                kinds[item.name.kind] += 1
                if kinds[item.name.kind] <= most:
                    found.append(item)
    return found


_AMOUNTS = (
    ("cloud_billing", "charges", "BillingCurrency"),
    *(("finance", table, "currency") for table in ("actual_costs", "actual_benefits", "planned_flows", "budgets")),
)
"""(source, table, column) of the currencies that are converted to dollars."""


@dataclass(frozen=True)
class UnratedCurrency:
    """A currency in which a source's rows have amounts on days that no exchange rate reaches.

    `is_alone`: whether other currencies have rates on these days; then `last_rate` is the day of its own last one.
    """

    source: str
    currency: str
    row_count: int
    first_day: date
    last_day: date
    is_alone: bool
    last_rate: date | None


def unrated_currencies(settings: Settings, sources: Mapping[str, Source]) -> list[UnratedCurrency]:
    """The currencies of amounts in raw that cannot be converted, since no rate is in force on their day."""
    with writer(settings, "looking for currencies without a rate") as connection:
        needed = [
            f"select {quote(source)} as source, {name(column)} as currency, _day from raw.{name(f'{source}__{table}')}"
            for source, table, column in _AMOUNTS
            if source in sources and _exists(connection, sources[source], sources[source].table(table))
        ]
        if not needed:
            return []
        rate_holds_days = variables()["rate_holds_days"]
        rates = sources.get("fx_rates")
        published = "select null::date as rate_date, null::varchar as currency where false"
        if rates is not None and _exists(connection, rates, rates.table("rates")):
            published = "select rate_date, currency from raw.fx_rates__rates"
        rows = connection.execute(
            f"with published as ({published}), dollars as (select rate_date from published where currency = 'USD'), "
            "rated as (select currency, rate_date from published semi join dollars using (rate_date) "
            "union select 'EUR', rate_date from dollars), "
            f"needed as (select source, currency, _day, count(*) as n from ({' union all '.join(needed)}) "
            "where currency <> 'USD' group by all), "
            "reached as (select *, exists(from rated where rated.currency = needed.currency "
            f"and rated.rate_date between needed._day - {rate_holds_days} and needed._day) as is_rated, "
            f"exists(from dollars where rate_date between needed._day - {rate_holds_days} and needed._day) "
            "as is_alone from needed) "
            "select source, currency, sum(n)::bigint, min(_day), max(_day), bool_and(is_alone), "
            "(select max(rate_date) from published where published.currency = reached.currency) "
            "from reached where not is_rated group by source, currency order by all"
        ).fetchall()
        return [UnratedCurrency(*row) for row in rows]


def _exists(connection: duckdb.DuckDBPyConnection, source: Source, table: Table) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_columns() where schema_name = 'raw' and table_name = ?",
            [f"{source.name}__{table.name}"],
        ).fetchone()
    )


def _unmapped(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    table: Table,
    names: Sequence[Names],
    declared: Sequence[Name],
) -> list[UnmappedName]:
    lowered = {item.kind for item in names if item.is_lower}
    known = ["\x1f".join((n.kind, n.key.lower(), n.value.lower() if n.kind in lowered else n.value)) for n in declared]
    # Rows are first folded to the sets of names they have: there are few of these.
    rows = connection.execute(
        f"with named as (select flatten([{', '.join(names_of_row(item) for item in names)}]) as names, "
        f"{table.row_count} as row_count, max(_day) as newest_day from {raw_name(source, table)} group by 1), "
        "unmapped as (select unnest(names) as name, row_count, newest_day from named where not list_has_any("
        "list_transform(names, lambda n: concat_ws(chr(31), n.kind, lower(n.key), n.value)), $1)) "
        "select name.kind, name.key, name.value, max(name.label), sum(row_count)::bigint, max(newest_day) "
        "from unmapped group by 1, 2, 3",
        [known],
    ).fetchall()
    return [UnmappedName(Name(source.name, *row[:3]), *row[3:]) for row in rows]


def names_of_row(item: Names) -> str:
    """SQL of the names of one kind that a row has, as a list of structs: kind, key, value, label."""

    def each(names: str, key: str, value: str) -> str:
        fields = {"kind": quote(item.kind), "key": key, "value": value, "label": f"{item.label}::varchar"}
        struct = f"struct_pack({', '.join(f'{field} := {sql}' for field, sql in fields.items())})"
        return f"list_filter(list_transform({names}, lambda n: {struct}), lambda s: s.value <> '')"

    if item.is_keyed:
        keys = f"case when json_valid({item.value}) then json_keys({item.value}) else []::varchar[] end"
        pointer = "'/' || replace(replace(n, '~', '~0'), '/', '~1')"
        return each(keys, "n", f"json_extract_string({item.value}, {pointer})")
    return each(item.value if item.is_list else f"[{item.value}]", quote(""), "lower(n)" if item.is_lower else "n")
