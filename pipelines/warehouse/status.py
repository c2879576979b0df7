"""What waits, what is refused and what is missing: the questions asked before and after a run.

Nothing is changed here. Who loads and builds lives in `intake`, `days` and `transform`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.names import Name, declared_names, line_for, place_for
from pipelines.settings import Settings
from pipelines.sources.spec import Names, Source, Table
from pipelines.warehouse import ledger, models
from pipelines.warehouse.connect import name, quote, writer
from pipelines.warehouse.days import raw_name
from pipelines.warehouse.intake import days_version_of, files_waiting
from pipelines.warehouse.landing import landing_files, look
from pipelines.warehouse.postgres import is_behind
from pipelines.warehouse.publish import is_page_behind, published_at
from pipelines.warehouse.transform import model_fingerprints

COMMON_REASONS = 3
NOBODY = ("unmapped", "unallocated")
"""What the marts call a model that no identifier of the catalog leads to."""
HAPPENED = {
    "mart_throughput_hourly": "request_count > 0",
    "mart_satisfaction_measures_daily": "observation_count > 0",
    "mart_cost_allocation_daily": "(billed_cost <> 0 or effective_cost <> 0)",
}
"""Marts with rows that are of nothing, an hour without a request or a charge of 0, and when one is of anything."""


@dataclass(frozen=True)
class RefusedFile:
    """A landing file that was not loaded, with what was found, what was expected and what to do."""

    source: str
    path: str
    status: str
    message: str


@dataclass(frozen=True)
class RefusedDay:
    """A day of a source that its judge refused, and why."""

    source: str
    day: date
    message: str


@dataclass(frozen=True)
class Status:
    """The state of a home folder.

    `changed` counts each source's landing files that are new or changed; `stale_days` are those on which raw or
    marts are not what the files make them, `stale_sources` those whose raw is not, `changed_models` those that code or
    catalog make otherwise than they were built;
    `fingerprint` changes when what a run over them would build does. `covered`: the days that files speak for.
    `unpublished`: the marts are newer than their publication, or the page or Postgres is older than that.
    """

    changed: Mapping[str, int]
    stale_days: tuple[date, ...]
    changed_models: tuple[str, ...]
    stale_sources: frozenset[str]
    refused_files: tuple[RefusedFile, ...]
    refused_days: tuple[RefusedDay, ...]
    fingerprint: str
    covered: tuple[date, ...]
    unpublished: bool


def status(
    settings: Settings, catalog: Catalog, sources: Mapping[str, Source], wait: bool = True, files: bool = True
) -> Status:
    """Look at the home folder; with `wait` false WarehouseBusyError is raised while another process writes.

    With `files` false the landing folder is left alone, and no file counts as changed.
    """
    wanted = model_fingerprints(settings, catalog)
    with writer(settings, "looking for stale days", wait) as connection:
        ledger.create(connection)
        changed = {
            source: files_waiting(connection, settings, spec) if files else 0 for source, spec in sources.items()
        }
        stale = set(ledger.stale_days(connection))
        stale_sources: set[str] = set()
        prints = sorted(wanted.values())
        for source, spec in sources.items():
            days = ledger.source_days(connection, spec, days_version_of(spec), settings.first_day)
            if days.stale:
                stale |= set(days.stale)
                stale_sources.add(source)
            prints += [f"{source} {day} {of}" for day, of in days.fingerprints.items()]
        built = connection.execute("select max(built_at) from ledger.built").fetchone()
        covered = connection.execute(
            "select distinct day from ledger.content_days join ledger.current_contents using (source, content_id) "
            "order by day"
        ).fetchall()
        published = published_at(settings)
        return Status(
            changed={source: count for source, count in changed.items() if count},
            stale_days=tuple(sorted(stale)),
            changed_models=tuple(sorted(node.split(".")[-1] for node in models.changed(connection, wanted))),
            stale_sources=frozenset(stale_sources),
            refused_files=tuple(refused_files(connection, settings, sources.values())),
            refused_days=tuple(refused_days(connection)),
            fingerprint=ledger.digest(sorted(prints)),
            covered=tuple(day for (day,) in covered),
            unpublished=published is None
            or bool(built and built[0] and published < built[0])
            or is_page_behind(settings)
            or is_behind(settings),
        )


def refused_files(
    connection: duckdb.DuckDBPyConnection, settings: Settings, sources: Iterable[Source]
) -> list[RefusedFile]:
    """The files of the sources that lie in the landing folder and were not loaded."""
    found: list[RefusedFile] = []
    for source in sources:
        rows = connection.execute(
            "select source, path, status, message from ledger.files where status in ('refused', 'unreadable') "
            "and source = ? order by path",
            [source.name],
        ).fetchall()
        if rows:  # one that vanished, or is passed over by now, is of no interest
            present = {file.path for file in landing_files(settings, source)}
            found += [RefusedFile(*row) for row in rows if row[1] in present]
    return found


def refused_days(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[RefusedDay]:
    """The days (of `source`, or of all) that stand refused."""
    rows = connection.execute(
        "select source, day, message from ledger.days where status = 'refused' and ($1 is null or source = $1) "
        "order by source, day",
        [source],
    ).fetchall()
    return [RefusedDay(*row) for row in rows]


@dataclass(frozen=True)
class Freshness:
    """How old a source's data is; `is_fresh` None where it has none."""

    newest_day: date | None
    is_fresh: bool | None


def freshness(connection: duckdb.DuckDBPyConnection, source: Source, now: datetime) -> Freshness:
    """A source is fresh while the newest day that its files tell of ended no longer ago than it may."""
    newest = ledger.newest_day(connection, source)
    if newest is None:
        return Freshness(None, None)
    ended = datetime.combine(newest, time(), UTC) + timedelta(days=1)
    return Freshness(newest, now - ended <= source.fresh_within)


@dataclass(frozen=True)
class Health:
    """What is known of one source: its files, its quarantined and skipped rows with the commonest reasons, its days."""

    source: str
    globs: tuple[str, ...]
    files_found: int
    files_loaded: int
    files_refused: int
    files_waiting: int
    rows_loaded: int
    rows_quarantined: int
    reasons: tuple[tuple[str, int], ...]
    rows_skipped: int
    skip_reasons: tuple[tuple[str, int], ...]
    days_covered: int
    first_day: date | None
    newest_day: date | None
    is_fresh: bool | None


def health(settings: Settings, sources: Mapping[str, Source], now: datetime | None = None) -> list[Health]:
    """The health of each source."""
    now = now or datetime.now(UTC)
    with writer(settings, "examining the sources") as connection:
        ledger.create(connection)
        return [_health(connection, settings, source, now) for source in sources.values()]


def _health(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source, now: datetime) -> Health:
    # A file that lies there under several names holds its rows once.
    held = (
        "(select distinct on (content_id) path, rows_loaded_count, rows_quarantined_count, rows_skipped_count, "
        "skip_reasons from ledger.files where source = ? and status = 'loaded')"
    )
    loaded, read, aside, skipped = connection.execute(
        "select count(*), coalesce(sum(rows_loaded_count), 0)::bigint, coalesce(sum(rows_quarantined_count), 0)"
        f"::bigint, coalesce(sum(rows_skipped_count), 0)::bigint from {held}",
        [source.name],
    ).fetchone() or (0, 0, 0, 0)
    skip_reasons = connection.execute(
        f"select skip.key, sum(skip.value::bigint)::bigint as n from {held} as held, json_each(skip_reasons) as skip "
        "group by skip.key order by n desc, skip.key limit ?",
        [source.name, COMMON_REASONS],
    ).fetchall()
    # Values differ from row to row ("amount: 12x is not a DOUBLE"); what is wrong is the column and the rule.
    reasons = connection.execute(
        "select regexp_replace(reason, '^([^:;]+): .* (is not )', '\\1: … \\2') as kind, count(*) as n "
        "from raw.quarantine join ledger.current_contents using (source, content_id) where source = ? "
        "group by kind order by n desc, kind limit ?",
        [source.name, COMMON_REASONS],
    ).fetchall()
    days, first = connection.execute(
        "select count(*), min(day) from ledger.coverage where source = ?", [source.name]
    ).fetchone() or (0, None)
    age = freshness(connection, source, now)
    return Health(
        source=source.name,
        globs=tuple(settings.globs(source.name, source.glob)),
        files_found=len(landing_files(settings, source)),
        files_loaded=loaded,
        files_refused=len(refused_files(connection, settings, [source])),
        files_waiting=files_waiting(connection, settings, source),
        rows_loaded=read,
        rows_quarantined=aside,
        reasons=tuple((kind, count) for kind, count in reasons),
        rows_skipped=skipped,
        skip_reasons=tuple((reason, count) for reason, count in skip_reasons),
        days_covered=days,
        first_day=first,
        newest_day=age.newest_day,
        is_fresh=age.is_fresh,
    )


def stray_files(settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """The files of the landing folder that no source looks at, relative to it; hidden ones left out."""
    looks = [look(settings, source) for source in sources.values()]
    claimed = {file.path for one in looks for file in one.files} | {path for one in looks for path in one.companions}
    everything = replace(next(iter(sources.values())), name="", glob=("**/*",), formats=())
    return [file.path for file in look(settings, everything).files if file.path not in claimed]


def companions(settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """The files known to stand beside exports and to hold no rows, relative to the landing folder."""
    return sorted({path for source in sources.values() for path in look(settings, source).companions})


def nobodys(settings: Settings) -> list[tuple[str, str, int]]:
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
                [list(NOBODY)],
            ).fetchall()
        ]


def passed_over_bills(settings: Settings) -> list[str]:
    """A sentence for every export of a bill of which another export counts, as the last build found them."""
    with writer(settings, "looking for bills exported twice") as connection:
        if not connection.execute(
            "select 1 from duckdb_tables() where table_name = 'int_bills__overlapping'"
        ).fetchone():
            return []
        # A stream is what paths have in common: no such path exists, so people are told of files.
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


@dataclass(frozen=True)
class UnratedCurrency:
    """A currency in which a source's rows have amounts on days that no exchange rate reaches."""

    source: str
    currency: str
    row_count: int
    first_day: date
    last_day: date


_RATE_HOLDS_DAYS = 7
"""As `int_fx_rates__daily` carries a rate over days without one."""
_AMOUNTS = (
    ("cloud_billing", "charges", "BillingCurrency"),
    *(("finance", table, "currency") for table in ("actual_costs", "booked_benefits", "planned_flows", "budgets")),
)
"""(source, table, column) of the currencies that are converted to dollars."""


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
        rates = sources.get("fx_rates")
        published = "select null::date as rate_date, null::varchar as currency where false"
        if rates is not None and _exists(connection, rates, rates.table("rates")):
            published = "select rate_date, currency from raw.fx_rates__rates"
        rows = connection.execute(
            f"with published as ({published}), dollars as (select rate_date from published where currency = 'USD'), "
            "rated as (select currency, rate_date from published semi join dollars using (rate_date) "
            "union select 'EUR', rate_date from dollars), "
            f"needed as (select source, currency, _day, count(*) as n from ({' union all '.join(needed)}) "
            "where currency <> 'USD' group by all) "
            "select source, currency, sum(n)::bigint, min(_day), max(_day) from needed where not exists ("
            "select 1 from rated where rated.currency = needed.currency "
            f"and rated.rate_date between needed._day - {_RATE_HOLDS_DAYS} and needed._day) group by all order by all"
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
        f"with named as (select flatten([{', '.join(_names(item) for item in names)}]) as names, "
        f"{table.row_count} as row_count, max(_day) as newest_day from {raw_name(source, table)} group by 1), "
        "unmapped as (select unnest(names) as name, row_count, newest_day from named where not list_has_any("
        "list_transform(names, lambda n: concat_ws(chr(31), n.kind, lower(n.key), n.value)), $1)) "
        "select name.kind, name.key, name.value, max(name.label), sum(row_count)::bigint, max(newest_day) "
        "from unmapped group by 1, 2, 3",
        [known],
    ).fetchall()
    return [UnmappedName(Name(source.name, *row[:3]), *row[3:]) for row in rows]


def _names(item: Names) -> str:
    """The names of one kind that a row has, as a list of structs."""

    def each(names: str, key: str, value: str) -> str:
        fields = {"kind": quote(item.kind), "key": key, "value": value, "label": f"{item.label}::varchar"}
        struct = f"struct_pack({', '.join(f'{field} := {sql}' for field, sql in fields.items())})"
        return f"list_filter(list_transform({names}, lambda n: {struct}), lambda s: s.value <> '')"

    if item.is_keyed:
        keys = f"case when json_valid({item.value}) then json_keys({item.value}) else []::varchar[] end"
        pointer = "'/' || replace(replace(n, '~', '~0'), '/', '~1')"
        return each(keys, "n", f"json_extract_string({item.value}, {pointer})")
    return each(item.value if item.is_list else f"[{item.value}]", quote(""), "lower(n)" if item.is_lower else "n")


def table_rows(settings: Settings, wanted: Sequence[tuple[str, str]] | None = None) -> dict[tuple[str, str], int]:
    """(schema, table) → rows, in one query: of the `wanted` ones that exist; None: of every table, views left out."""
    with writer(settings, "counting rows") as connection:
        found = connection.execute(
            "select schema_name, table_name, false from duckdb_tables() where database_name = current_database() "
            "union all select schema_name, view_name, true from duckdb_views() where database_name = "
            "current_database() and not internal"
        ).fetchall()
        chosen = [
            (schema, table)
            for schema, table, is_view in found
            if (not is_view if wanted is None else (schema, table) in wanted)
        ]
        if not chosen:
            return {}
        rows = connection.execute(
            " union all ".join(
                f"select {quote(schema)}, {quote(table)}, count(*) from {name(schema)}.{name(table)}"
                for schema, table in chosen
            )
        ).fetchall()
        return {(schema, table): count for schema, table, count in rows}


def table_columns(settings: Settings) -> dict[tuple[str, str], dict[str, str]]:
    """(schema, table or view) → its columns and their types, in order."""
    with writer(settings, "describing tables") as connection:
        rows = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where database_name = current_database() and not internal order by all"
        ).fetchall()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        found.setdefault((schema, table), {})[column] = kind
    return found
