"""SQLite databases as the relation `rows`: rows of the format's tables, as JSON. Meant for small tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

import pyarrow as pa

from pipelines.warehouse.connect import name, quote
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.recognise import Landed, Recognised, recognise

SQLITE_BATCH = 10_000


def open_sqlite(landed: Landed) -> Recognised:
    """Create the view `rows` over a SQLite database, by Python's own sqlite3: DuckDB's has to be downloaded."""
    if len(landed.files) > 1:
        raise LandingFileError(
            landed.path, f"{len(landed.files)} databases", "one", "Deliver each in a file of its own."
        )
    connection = landed.connection
    schema = pa.schema([("_table", pa.string()), ("doc", pa.string())])
    # Immutable: nothing is written beside a landing file, not even a lock. DuckDB reads from a thread of its own.
    address = f"{landed.paths[0].resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as database:
        columns: dict[str, list[str]] = {}
        for table, column in database.execute(
            "select t.name, c.name from sqlite_master as t, pragma_table_info(t.name) as c where t.type = 'table'"
        ):
            columns.setdefault(table, []).append(column)
        present = {f"{table}.{column}" for table, names in columns.items() for column in names}
        found = recognise(landed.candidates("sqlite"), present, landed.path, sorted(columns))
        batches = _sqlite_batches(database, {t: columns[t] for t in found.records if t in columns}, schema)
        # Results fetched to their end: a connection that still holds one takes no reader, and gives none up.
        connection.execute("create or replace temp table records (_table varchar, doc varchar)").fetchall()
        connection.register("sqlite_rows", pa.RecordBatchReader.from_batches(schema, batches))
        connection.execute("insert into records select * from sqlite_rows").fetchall()
        connection.unregister("sqlite_rows")
    connection.execute(
        "create or replace temp view rows as "
        f"select rowid + 1 as _row, _table, doc as _raw, cast(doc as json) as doc, {landed.about} from records"
    )
    (count,) = connection.execute("select count(*) from records").fetchone() or (0,)
    return Recognised(found, int(count), 0, "")


def _sqlite_batches(
    database: sqlite3.Connection, columns: Mapping[str, list[str]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for table, names in columns.items():
        pairs = ", ".join(f"{quote(column)}, {name(column)}" for column in names)
        cursor = database.execute(f"select {quote(table)}, json_object({pairs}) from {name(table)}")
        while rows := cursor.fetchmany(SQLITE_BATCH):
            yield pa.record_batch([list(values) for values in zip(*rows, strict=True)], schema=schema)
