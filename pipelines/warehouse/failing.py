"""Finding the rows at which a format's mapping fails with an error of DuckDB's, so that only they are quarantined.

A mapping is SQL over all rows of a file: an error in one of them is an error of the whole query, and names no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb

from pipelines.warehouse.connect import quote

MOST_ROWS = 1_000_000
"""Rows of a file up to which the failing ones are searched for; a larger file is rejected as a whole."""
MOST_TRIES = 400
"""How often the mapping is tried: some twenty failing rows among a million are found."""
NOT_OF_ROWS: tuple[type[duckdb.Error], ...] = (
    duckdb.IOException, duckdb.OutOfMemoryException, duckdb.BinderException, duckdb.ParserException,
    duckdb.InternalException, duckdb.FatalException, duckdb.InterruptException,
)  # fmt: skip
"""Errors that no row causes."""


def failing_rows(connection: duckdb.DuckDBPyConnection, queries: Callable[[], Mapping[str, str]]) -> bool:
    """Remove from the view `rows` those that make a query over it fail; returns whether they were found.

    `queries` returns the queries over the current view, and may fail as well. The temporary table `failing` gets `_row`
    and `_reason` of the removed rows, `every_row` all rows.
    """
    connection.execute("create or replace temp table every_row as from rows")  # a broken page fails here, as it should
    first, last, count = (
        connection.execute("select min(_row), max(_row), count(*) from every_row").fetchone() or (0,) * 3
    )
    if not count or count > MOST_ROWS or _error(connection, queries, "false"):
        return False
    found: list[tuple[int, str]] = []
    tries = 0
    pending = [(int(first), int(last))]
    while pending:
        low, high = pending.pop()
        tries += 1
        message = _error(connection, queries, f"_row between {low} and {high}")
        if message is None:
            continue
        if low == high:
            found.append((low, message))
        else:
            middle = (low + high) // 2
            pending += [(middle + 1, high), (low, middle)]
        if tries > MOST_TRIES:
            return False
    connection.execute("create or replace temp table failing (_row bigint, _reason varchar)")
    if found:
        values = ", ".join(f"({row}, {quote(message)})" for row, message in found)
        connection.execute(f"insert into failing values {values}")
    connection.execute(
        "create or replace temp view rows as select * from every_row where _row not in (select _row from failing)"
    )
    return bool(found)


def _error(connection: duckdb.DuckDBPyConnection, queries: Callable[[], Mapping[str, str]], which: str) -> str | None:
    connection.execute(f"create or replace temp view rows as select * from every_row where {which}")
    try:
        for query in queries().values():
            connection.execute(f"create or replace temp table tried as {query}")
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None
