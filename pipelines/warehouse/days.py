"""Replacing days: the rows of a day are those of its current file versions, validated before they are loaded.

A source's day is replaced in all of its tables at once. A rejected day has no rows in any of them, whatever it had
before: its rows depend on what is in landing, not on what was delivered earlier. Other sources' days are unaffected.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.sources.spec import Expectation, Source, Table
from pipelines.warehouse import ledger_schema, staleness
from pipelines.warehouse.connect import name, quote, transaction, writer
from pipelines.warehouse.file_versions import current_parquet, file_version_folder, good_rows
from pipelines.warehouse.intake import days_version_of
from pipelines.warehouse.validation import Finding, measured_column, validate

log = logging.getLogger(__name__)

DAYS_AT_ONCE = 31
"""Days that are replaced in one transaction: bounds the memory of a backfill of years."""
BULK_ROWS = 122_880
"""Rows (a row group of DuckDB's) from which a file version of an external table is left in the intake. Smaller ones are
copied: a query of the view opens all its files, 1,800 small ones in 0.15 seconds (2026-11-27)."""


@dataclass
class Replacement:
    """The result of replacing a source's days."""

    source: str
    accepted: list[date] = field(default_factory=list)
    rejected: dict[date, list[Finding]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def create_tables(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create the source's raw tables; a table with changed columns is created again, and its days are stale."""
    for table in source.warehouse_tables:
        wanted = [(c.name, c.type) for c in table.columns]
        wanted += [("_day", "DATE"), ("_content_id", "VARCHAR"), ("_row", "BIGINT")]
        definition = ", ".join(f"{name(column)} {kind}" for column, kind in wanted)
        target = _copy_name(source, table)
        connection.execute(f"create table if not exists {target} ({definition})")
        connection.execute(f"create or replace temp table wanted ({definition})")
        shape = "select list((column_name, column_type)) from (describe {})"
        has_changed = (
            connection.execute(shape.format(target)).fetchone() != connection.execute(shape.format("wanted")).fetchone()
        )
        if has_changed:
            connection.execute(f"create or replace table {target} ({definition})")
        if table.name in source.external:
            has_changed |= _renew_view(connection, source, table, wanted)
        if has_changed:
            connection.execute("delete from ledger.days where source = ?", [source.name])


def _renew_view(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, columns: list[tuple[str, str]]
) -> bool:
    """Make the external table an empty view if it is not a view of these (name, type)s; returns whether it did."""
    entry = [f"{source.name}__{table.name}"]
    found = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = 'raw' and table_name = ? order by column_index",
        entry,
    ).fetchall()
    is_table = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = ?", entry
    ).fetchone()
    if found == columns and not is_table:
        return False
    if is_table:  # in a warehouse of an older version
        connection.execute(f"drop table {raw_name(source, table)}")
    connection.execute(f"create or replace view {raw_name(source, table)} as {_empty(table)}")
    connection.execute("delete from ledger.external_days where source = ?", [source.name])
    return True


def create_views(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source) -> None:
    """Point the source's external tables at the copied rows and the intake files, wherever the home folder is now."""
    for table in source.warehouse_tables:
        if table.name not in source.external:
            continue
        whole: list[Path] = []
        parts: list[tuple[list[Path], str]] = []
        for content_id, version, days in staleness.external_file_versions(connection, source.name, table.name):
            folder = file_version_folder(settings, source.name, version, content_id)
            if days is None:
                whole.append(folder)
            else:
                parts.append(([folder], f" where _day in ({_listed(days)})"))
        selects = [f"select * from {_copy_name(source, table)}"]
        selects += [
            f"select * from ({found}){shown}"
            for folders, shown in [(whole, ""), *parts]
            if (found := good_rows(source, table, folders))
        ]
        connection.execute(f"create or replace view {raw_name(source, table)} as {' union all '.join(selects)}")


def raw_name(source: Source, table: Table) -> str:
    """The table's name in the warehouse."""
    return f"raw.{name(f'{source.name}__{table.name}')}"


def _copy_name(source: Source, table: Table) -> str:
    """The name of the table of rows copied into the warehouse: the table itself or, if it is external, a part of it."""
    return (
        f"raw.{name(f'{source.name}__{table.name}__copied')}"
        if table.name in source.external
        else raw_name(source, table)
    )


def replace_days(
    settings: Settings, source: Source, days: Iterable[date] | None = None, force: bool = False
) -> Replacement:
    """Validate and replace the source's stale days among `days` (None: all); with `force`, those that are not too.

    Rejected days become empty. Days that have moved to other file versions are always read from these. Returns which
    days were accepted and rejected, and how many rows the accepted ones have.
    """
    outcome = Replacement(source.name)
    with writer(settings, f"replacing days of {source.name}") as connection:
        ledger_schema.create(connection)
        create_tables(connection, source)
        asked = None if days is None else set(days)
        found = staleness.source_days(connection, source, days_version_of(source), settings.first_day)
        todo = set(found.stale)
        if asked is not None:
            todo = asked & (found.fingerprints.keys() | todo if force else todo)
        for chunk in _chunks(sorted(todo)):
            _replace_chunk(connection, settings, source, chunk, found.fingerprints, outcome)
        for chunk in _chunks(sorted(set(found.moved) - todo)):
            _move_chunk(connection, settings, source, chunk, found.fingerprints)
    for findings in outcome.rejected.values():
        for finding in findings:
            log.error("%s rejected: %s. Fix the export and deliver it again.", source.name, finding)
    return outcome


def _chunks(days: Sequence[date]) -> Iterator[list[date]]:
    for start in range(0, len(days), DAYS_AT_ONCE):
        yield list(days[start : start + DAYS_AT_ONCE])


def _replace_chunk(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    days: list[date],
    prints: Mapping[date, staleness.Fingerprint],
    outcome: Replacement,
) -> None:
    rows_of = _day_rows(connection, settings, source, days)
    findings: dict[date, list[Finding]] = {}
    for table in source.warehouse_tables:
        for finding in _validate(connection, settings, source, table, rows_of.get(table.name), days):
            findings.setdefault(finding.day, []).append(finding)
    accepted = [day for day in days if day not in findings]
    with transaction(connection):
        _write(connection, settings, source, rows_of, days, accepted)
        staleness.record_days(connection, source, prints, accepted, findings)
    outcome.accepted += accepted
    outcome.rejected |= findings
    for table in source.warehouse_tables:
        (count,) = connection.execute(
            f"select count(*) from {raw_name(source, table)} where list_contains(?, _day)", [accepted]
        ).fetchone() or (0,)
        outcome.rows[table.name] = outcome.rows.get(table.name, 0) + int(count)


def _move_chunk(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    days: list[date],
    prints: Mapping[date, staleness.Fingerprint],
) -> None:
    """Read the rows of accepted days from the file versions they are in now: being unchanged, they are validated."""
    rows_of = _day_rows(connection, settings, source, days)
    with transaction(connection):
        _write(connection, settings, source, rows_of, days, days)
        staleness.move_days(connection, source.name, prints, days)


def _write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    rows_of: Mapping[str, str],
    days: list[date],
    accepted: list[date],
) -> None:
    """Empty `days` and load those of them that were `accepted`."""
    for table in source.warehouse_tables:
        rows = rows_of.get(table.name)
        if table.name in source.external:
            staleness.show_external_days(connection, source.name, table.name, days, accepted, BULK_ROWS)
            rows = current_parquet(connection, settings, source, table.name, accepted, below=BULK_ROWS)
        target = _copy_name(source, table)
        connection.execute(f"delete from {target} where list_contains(?, _day)", [days])
        if rows and accepted:
            connection.execute(
                f"insert into {target} by name select * from ({rows}) where _day in ({_listed(accepted)})"
            )
    create_views(connection, settings, source)


def _day_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source, days: list[date]
) -> dict[str, str]:
    rows_of = {
        table.name: _rows_of_table(connection, settings, source, table, days) for table in source.warehouse_tables
    }
    return {table: rows for table, rows in rows_of.items() if rows is not None}


def _rows_of_table(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    table: Table,
    days: list[date],
) -> str | None:
    """A query of the rows of the table's days; None where no current file version has any."""
    derived = source.derived.get(table.name)
    if derived is None:
        return current_parquet(connection, settings, source, table.name, days)
    inputs = {item: current_parquet(connection, settings, source, item, days) for item in derived.inputs}
    if not any(inputs.values()):
        return None
    relations = ", ".join(f"{name(item)} as ({query or _empty(source.table(item))})" for item, query in inputs.items())
    columns = ", ".join(name(column) for column in table.column_names)
    return (
        f"with {relations} select {columns}, _day, null::varchar as _content_id, null::bigint as _row "
        f"from ({derived.select})"
    )


def _empty(table: Table) -> str:
    columns = ", ".join(f"null::{column.type} as {name(column.name)}" for column in table.columns)
    return f"select {columns}, null::date as _day, null::varchar as _content_id, null::bigint as _row where false"


_SET_ASIDE = """
        set_aside as (
            select day as _day, count(*) as _bad
            from raw.quarantine join ledger.current_file_versions using (source, content_id)
            where source = $1 and list_contains($2, day) and list_contains($3, table_name) group by day
        )"""
_COUNTED = """
        counted as (
            select * replace (coalesce(_rows, 0)::double as _rows, coalesce(_bad, 0)::double as _bad)
            from measured full join set_aside using (_day)
        )"""
"""A full join: a day of which every row was quarantined has no good row to be measured by."""


def _validate(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    table: Table,
    rows: str | None,
    days: list[date],
) -> list[Finding]:
    quarantined = Expectation(
        "quarantined_share",
        "_bad / (_bad + _rows)",
        "such a share of bad rows is a broken export",
        high=settings.quarantine_limit,
        share_of="(_bad + _rows)",
    )
    measured = "".join(
        f", cast({e.validated} as double) as {name(e.name)}, cast({e.measure} as double) as {name(measured_column(e))}"
        for e in table.expectations
    )
    profile = connection.execute(
        f"""
        with day_rows as ({rows or _empty(table)}),
        measured as (select _day, {table.row_count} as _rows{measured} from day_rows group by _day),
        {_SET_ASIDE},
        {_COUNTED}
        select
            *,
            {quarantined.validated} as {quarantined.name},
            {quarantined.measure} as {name(measured_column(quarantined))}
        from counted order by _day
        """,
        [source.name, days, _tables_validated(source, table)],
    ).df()
    profile["_day"] = [value.date() for value in profile["_day"]]
    return validate(f"{source.name}__{table.name}", profile, (quarantined, *table.expectations))


def _tables_validated(source: Source, table: Table) -> list[str]:
    """The tables of which quarantined rows count against `table`: itself, and the intake tables it is derived from.

    An intake table from which several are derived counts against the first of them.
    """
    hidden: dict[str, str] = {}
    for name_of, derived in source.derived.items():
        for item in derived.inputs:
            hidden.setdefault(item, name_of)
    return [table.name, *(item for item in source.intake_only if hidden.get(item) == table.name)]


def _listed(days: Iterable[date]) -> str:
    return ", ".join(f"date {quote(str(day))}" for day in days)
