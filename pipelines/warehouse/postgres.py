"""The published marts in a Postgres schema, for tools that need a server.

A version is written in one transaction: readers see the former version meanwhile. `publish` makes the versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from pydantic import SecretStr

from pipelines.settings import Settings
from pipelines.warehouse.connect import name, quote
from pipelines.warehouse.errors import PostgresBusyError, PostgresError
from pipelines.warehouse.ledger import digest
from pipelines.warehouse.postgres_server import connected, place_of, words
from pipelines.warehouse.publish import published_file, published_version

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

SETTING = "postgres_url"
TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "HUGEINT": "numeric(38,0)",
    "INTEGER": "integer",
    "TIMESTAMP": "timestamp with time zone",
    "VARCHAR": "text",
}
"""DuckDB's type of a mart's column → Postgres' own name of its type; a DECIMAL becomes a numeric of its precision."""
SENT_AS = {
    "HUGEINT": "cast({} as decimal(38, 0))",
    "TIMESTAMP": "cast({} as timestamptz)",
    "VARCHAR": "replace({}, chr(0), '')",  # the one character that Postgres' text cannot hold
}
LOCK_TIMEOUT_MS = 900
"""Below the second after which Postgres looks for deadlocks: in one with a reader, this writer gives way."""

TRANSIENT = ("08", "40", "55P03", "57")
"""SQLSTATEs, or their classes, of transient errors: a lost connection, a deadlock, a lock held, a shutdown."""
REMEDIES = {
    "2BP01": "Drop or change what depends on it.",
    "42501": "The role in `postgres_url` must own the schema and its tables: as an administrator, "
    "`create schema {schema} authorization …` or `alter schema {schema} owner to …`.",
    "42704": "Create the role that `postgres_reader` names, `create role {reader}`, or unset it.",
    "55P03": "Another session holds it: `select pid, state, query from pg_stat_activity` shows which.",
}
"""What to do, by SQLSTATE."""


@dataclass(frozen=True)
class Column:
    """A column in Postgres, current or wanted."""

    type: str
    comment: str | None = None


@dataclass(frozen=True)
class Table:
    """A table in Postgres, current or wanted."""

    comment: str | None
    columns: Mapping[str, Column]


def publish_to_postgres(settings: Settings) -> dict[str, int]:
    """Replace the marts in `postgres_schema` by the published ones; returns the rows of each.

    Tables are created and changed to follow the marts' contracts (see `changes`), and `postgres_reader` may read them.
    PostgresError says what failed and what to do, PostgresBusyError the same of transient errors; the former version
    then stays. FileNotFoundError where nothing is published.
    """
    schema, reader = settings.postgres_schema, settings.postgres_reader
    with _transaction(settings) as postgres:
        # One at a time, and the version is chosen inside: the last process writes the newest.
        postgres.execute(f"select pg_advisory_xact_lock(hashtext({quote(f'scorecard {schema}')}))::text")
        postgres.fetchall()
        postgres.execute(f"set local lock_timeout = {LOCK_TIMEOUT_MS}")
        file = published_file(settings)
        with duckdb.connect(str(file), read_only=True) as published:
            published.execute("set TimeZone = 'UTC'")
            wanted = _published(published)
            for statement in changes(schema, _existing_tables(postgres, schema), wanted):
                postgres.execute(statement)
            for statement in grants(schema, list(wanted), reader) if reader and wanted else []:
                postgres.execute(statement)
            counts = {mart: _replace(published, postgres, schema, mart) for mart in wanted}
    _marker(settings).parent.mkdir(parents=True, exist_ok=True)
    _marker(settings).write_text(_publication(settings, file.parent.name))
    return counts


def is_behind(settings: Settings) -> bool:
    """Whether Postgres is set and does not have the published marts, as far as this home knows."""
    if settings.postgres_url is None:
        return False
    marker = _marker(settings)
    return not marker.exists() or marker.read_text() != _publication(settings, published_version(settings))


def _marker(settings: Settings) -> Path:
    return settings.warehouse_dir / "postgres_publication"


def _publication(settings: Settings, version: str) -> str:
    where = digest([_url(settings).get_secret_value(), settings.postgres_schema])  # no password is written down
    return f"{where} {version}\n"


def changes(schema: str, existing: Mapping[str, Table] | None, wanted: Mapping[str, Table]) -> list[str]:
    """The statements that make the tables of `schema` (None: it does not exist) the `wanted` ones.

    A new column goes to the end. One that is no longer wanted is dropped, and one with another type is dropped and
    added again: every row is about to be replaced. Nothing cascades: if a view reads a dropped column, Postgres rejects
    the statement and names the view.
    """
    if existing is None:
        return [f"create schema {name(schema)}", *changes(schema, {}, wanted)]
    statements = [f"drop table {_path(schema, table)}" for table in existing.keys() - wanted.keys()]
    for table, new in wanted.items():
        path, old = _path(schema, table), existing.get(table, Table(None, {}))
        if table not in existing:
            statements.append(f"create table {path} ()")
        kept = {c: spec for c, spec in old.columns.items() if c in new.columns and new.columns[c].type == spec.type}
        statements += [f"alter table {path} drop column {name(c)}" for c in old.columns if c not in kept]
        statements += [
            f"alter table {path} add column {name(c)} {spec.type}" for c, spec in new.columns.items() if c not in kept
        ]
        if new.comment != old.comment:
            statements.append(f"comment on table {path} is {quote(new.comment or '')}")
        statements += [
            f"comment on column {path}.{name(c)} is {quote(spec.comment or '')}"
            for c, spec in new.columns.items()
            if spec.comment != (kept[c].comment if c in kept else None)
        ]
    return statements


def grants(schema: str, tables: Sequence[str], reader: str) -> list[str]:
    """The statements that let the role `reader` read `tables`."""
    return [
        f"grant usage on schema {name(schema)} to {name(reader)}",
        f"grant select on {', '.join(_path(schema, table) for table in tables)} to {name(reader)}",
    ]


def postgres_type(duckdb_type: str) -> str | None:
    """What Postgres calls `duckdb_type`; None where a flat table has no place for it."""
    return duckdb_type.replace("DECIMAL", "numeric") if duckdb_type.startswith("DECIMAL") else TYPES.get(duckdb_type)


def place(settings: Settings) -> str:
    """Host, port and database that `postgres_url` names, without user and password; PostgresError if it is no URL."""
    return place_of(_url(settings), SETTING)


def _url(settings: Settings) -> SecretStr:
    return settings.postgres_url or SecretStr("")


@contextmanager
def _transaction(settings: Settings) -> Iterator[Cursor]:
    """A transaction on the server, committed at the end; its errors do not contain the password."""
    where = place(settings)
    try:
        connection = connected(_url(settings), SETTING)
    except PostgresBusyError as error:
        raise PostgresBusyError(f"{error} What was published there is unchanged.") from None
    from adbc_driver_manager import Error

    with connection, connection.cursor() as cursor:
        try:
            yield cursor
            connection.commit()
        except Error as error:
            state = error.sqlstate or ""
            remedy = REMEDIES.get(state, "The next run that publishes tries again.")
            raise (PostgresBusyError if state.startswith(TRANSIENT) else PostgresError)(
                f"Postgres at {where}, schema {settings.postgres_schema}: {words(error)}. What was published there "
                f"is unchanged. {remedy.format(schema=settings.postgres_schema, reader=settings.postgres_reader)}"
            ) from None


def _published(published: duckdb.DuckDBPyConnection) -> dict[str, Table]:
    """The tables that the published marts need."""
    rows = published.execute(
        "select table_name, duckdb_tables.comment, column_name, data_type, duckdb_columns.comment "
        "from duckdb_columns() inner join duckdb_tables() using (database_oid, table_oid, table_name) "
        "order by table_name, column_index"
    ).fetchall()
    strange = [f"`{table}.{column}` is {kind}" for table, _, column, kind, _ in rows if postgres_type(kind) is None]
    if strange:
        raise PostgresError(f"Postgres has no type for these columns, cast them in the mart: {', '.join(strange)}.")
    return _tables((table, about, c, postgres_type(kind) or "", comment) for table, about, c, kind, comment in rows)


def _existing_tables(postgres: Cursor, schema: str) -> dict[str, Table] | None:
    """The tables of marts in `schema`; None where it does not exist."""
    postgres.execute(f"select 1 from pg_namespace where nspname = {quote(schema)}")
    if not postgres.fetchall():
        return None
    postgres.execute(
        "select relname, obj_description(pg_class.oid, 'pg_class'), attname, format_type(atttypid, atttypmod), "
        "col_description(pg_class.oid, attnum) from pg_class "
        f"inner join pg_namespace on pg_namespace.oid = relnamespace and nspname = {quote(schema)} "
        "inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped "
        "where relkind = 'r' and relname like 'mart\\_%' order by relname, attnum"
    )
    return _tables(postgres.fetchall())


def _tables(rows: Iterable[tuple[str, str | None, str, str, str | None]]) -> dict[str, Table]:
    """Tables out of rows of (table, its comment, column, type, its comment)."""
    return {
        table: Table(about, {column: Column(kind, comment) for _, _, column, kind, comment in columns})
        for (table, about), columns in groupby(rows, key=lambda row: row[:2])
    }


def _replace(published: duckdb.DuckDBPyConnection, postgres: Cursor, schema: str, mart: str) -> int:
    """Delete the table's rows and put in those of the mart; returns how many."""
    postgres.execute(f"delete from {_path(schema, mart)}")
    columns = published.execute(f"select column_name, column_type from (describe {name(mart)})").fetchall()
    sent = ", ".join(f"{SENT_AS.get(kind, '{}').format(name(column))} as {name(column)}" for column, kind in columns)
    rows = published.sql(f"select {sent} from {name(mart)}").to_arrow_reader()
    return postgres.adbc_ingest(mart, rows, mode="append", db_schema_name=schema)


def _path(schema: str, table: str) -> str:
    return f"{name(schema)}.{name(table)}"
