"""The inputs of each day, the result of its validation, and which days are stale: to be validated, moved or rebuilt.

`ledger` records the file versions that days are made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from pipelines.sources.spec import Source
from pipelines.warehouse.ledger import FILE_VERSIONS_OF_TABLE, append, newest_day


@dataclass(frozen=True)
class Fingerprint:
    """Of a source's day: over its inputs (`fingerprint`), and over the file versions that its rows are read from."""

    fingerprint: str
    file_versions: str


NO_FILES = Fingerprint("", "")
"""Of a day that no file covers."""
_PRESENT = """
    bad as (
        select content_id, table_name, day, count(*) as bad_count
        from raw.quarantine where source = $1 group by all
    ),
    present as (
        select
            content_id, delivered_at, table_name, part as account_period, day, row_count, rows_hash,
            coalesce(bad_count, 0) as bad_count
        from ledger.file_version_days
        join ledger.current_file_versions using (source, content_id)
        left join bad using (content_id, table_name, day)
        where source = $1
    )"""
"""What current file versions have on each day. Only bills have parts, an account and period each."""
_SAME = (
    "case when row_count + bad_count > 0 then "
    "concat_ws(' ', table_name, account_period, row_count, coalesce(rows_hash::varchar, content_id), bad_count) end"
)
"""Rows that an older version ingested have no hash: the file version's id identifies them. A day does not change when
it is covered once more without a row."""
_DELIVERIES = """
    placed as (
        -- A delivery is as new as the newest of its files, for the accounts in its other files too.
        select * replace (max(written_at) over (partition by delivery_id) as written_at)
        from present join (from ledger.deliveries where source = $1) using (content_id)
    ),
    spans as (
        select
            stream_id, account_period, delivery_id, min(day) as first_day, max(path_order) as path_order,
            max(written_at) as written_at
        from placed group by stream_id, account_period, delivery_id
    ),
    ordered as (
        select
            stream_id, account_period, delivery_id, first_day, row_number() over newness as rank,
            min(first_day) over (newness rows between unbounded preceding and 1 preceding) as newer_first_day
        from spans
        window newness as (
            partition by stream_id, account_period
            order by path_order desc nulls last, written_at desc, delivery_id desc
        )
    ),
    ranked as (
        from placed join ordered using (stream_id, account_period, delivery_id)
        where relation <> 'replace a period' or newer_first_day is null or newer_first_day > first_day
        qualify relation = 'append' or rank = min(rank) over (partition by stream_id, account_period, day)
    ),
    counted as (
        select
            day, stream_id, table_name, account_period, min(content_id) as content_id, any_value(relation) as relation,
            sum(row_count) as row_count, sum(rows_hash) as rows_hash, sum(bad_count) as bad_count,
            max(path_order) as path_order, max(written_at) as written_at
        from ranked
        group by day, stream_id, table_name, account_period, if(relation = 'append', delivery_id, '')
    )"""
"""Which rows of which delivery of a bill count on a day. The dbt models `int_deliveries__covered` and
`int_deliveries__ranked` decide it in a run: tests/unit/test_bill_deliveries.py compares the two."""
_INPUTS = {
    # A file version that was read again, because an older file of it was found, may have other rows quarantined.
    "file_versions": """
    inputs as (
        select
            day, delivered_at,
            concat_ws(' ', content_id, table_name, account_period, row_count, bad_count) as input
        from present
    )""",
    "rows": f"""
    inputs as (select day, delivered_at, {_SAME} as input from present)""",
    # The newer of two streams counts where they are one bill.
    "deliveries": f"""{_DELIVERIES},
    inputs as (
        select
            day, null as delivered_at,
            concat(
                stream_id,
                if(
                    relation <> 'append' and count(*) over streams > 1,
                    dense_rank() over (streams order by path_order nulls first, written_at, stream_id),
                    null
                )
            ) || {_SAME} as input
        from counted
        window streams as (partition by day, table_name, account_period, relation)
    )""",
}
"""Of which inputs a day's fingerprint is made, by `Source.day_by`, or by deliveries."""


def fingerprints(connection: duckdb.DuckDBPyConnection, source: Source, version: str) -> dict[date, Fingerprint]:
    """Day → fingerprint of the source's day from its current file versions."""
    inputs = _INPUTS["deliveries" if source.deliveries else source.day_by]
    rows = connection.execute(
        # Of two states of one record the later delivered is current: their order is one of the day's inputs.
        f"""with {_PRESENT}, {inputs},
        made as (
            select day, string_agg(input, ',' order by delivered_at, input) as inputs
            from (select day, input, max(delivered_at) as delivered_at from inputs group by day, input) group by day
        ),
        read as (
            select day, string_agg(distinct content_id, ',' order by content_id) as file_versions
            from present group by day
        )
        select day, md5(coalesce(made.inputs, '') || $2), md5(file_versions || $2) from read left join made using (day)
        """,
        [source.name, version],
    ).fetchall()
    return {day: Fingerprint(fingerprint, file_versions) for day, fingerprint, file_versions in rows}


def record_days(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    prints: Mapping[date, Fingerprint],
    accepted: Sequence[date],
    rejected: Mapping[date, Sequence[object]],
) -> None:
    """Record the result for each day: accepted days with the number of their rows, rejected ones with the reason."""
    now = datetime.now(UTC).replace(tzinfo=None)
    days = [*accepted, *rejected]
    counts = " union all ".join(
        f'select _day, count(*) as n from raw."{source.name}__{table.name}" where list_contains($1, _day) group by _day'
        for table in source.warehouse_tables
    )
    rows: dict[date, int] = dict(
        connection.execute(f"select _day, sum(n)::bigint from ({counts}) group by _day", [days]).fetchall()
    )
    connection.execute("delete from ledger.days where source = ? and list_contains(?, day)", [source.name, days])
    verdicts = []
    for day in days:
        message = "; ".join(str(finding) for finding in rejected[day]) if day in rejected else None
        found = prints.get(day, NO_FILES)
        verdicts.append([
            source.name, day, found.fingerprint, "rejected" if message else "accepted", message, rows.get(day, 0),
            now, found.file_versions,
        ])  # fmt: skip
    append(connection, "ledger.days", verdicts)


def show_external_days(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: str,
    days: Sequence[date],
    accepted: Sequence[date],
    at_least: int,
) -> None:
    """Let an external table show on `days` the current file versions of at least N rows; none where not `accepted`."""
    connection.execute(
        "delete from ledger.external_days where source = ? and table_name = ? and list_contains(?, day)",
        [source, table, list(days)],
    )
    connection.execute(
        "insert into ledger.external_days select source, table_name, day, content_id, reader_version "
        "from ledger.file_version_days join ledger.current_file_versions using (source, content_id) "
        "where source = $1 and table_name = $2 and list_contains($3, day) and row_count > 0 "
        f"and content_id in ({FILE_VERSIONS_OF_TABLE} having sum(row_count) >= $4)",
        [source, table, list(accepted), at_least],
    )


def external_file_versions(
    connection: duckdb.DuckDBPyConnection, source: str, table: str
) -> list[tuple[str, str, list[date] | None]]:
    """(file version, its reader's version, days) that an external table shows; days None where it shows all of them."""
    return connection.execute(
        "with covered as (select content_id, count(distinct day) as day_count from ledger.file_version_days "
        "where source = $1 and table_name = $2 and row_count > 0 group by content_id) "
        "select content_id, reader_version, case when count(*) < any_value(day_count) then list(day order by day) end "
        "from ledger.external_days left join covered using (content_id) where source = $1 and table_name = $2 "
        "group by content_id, reader_version order by content_id, reader_version",
        [source, table],
    ).fetchall()


@dataclass(frozen=True)
class SourceDays:
    """A source's days by their current inputs, and those that raw does not match.

    `stale` ones have to be validated and built; `moved` ones have the same rows, in other file versions.
    """

    fingerprints: Mapping[date, Fingerprint]
    stale: list[date]
    moved: list[date]


def source_days(connection: duckdb.DuckDBPyConnection, source: Source, version: str, first: date) -> SourceDays:
    """The source's days; stale and moved are only such from `first` on.

    A day that was validated and rejected is stale only when its file versions have changed since. The newest of the
    days that have moved is stale where no other is: models rebuilt in full may depend on which file holds a row.
    """
    now = fingerprints(connection, source, version)
    validated = {
        day: (Fingerprint(fingerprint, file_versions), status)
        for day, fingerprint, file_versions, status in connection.execute(
            "select day, fingerprint, file_versions, status from ledger.days where source = ?", [source.name]
        ).fetchall()
    }
    stale, moved = [], []
    for day in sorted(day for day in now.keys() | validated.keys() if day >= first):
        # A day that no file covers any more was validated with the fingerprint of no files.
        present, (was, status) = now.get(day, NO_FILES), validated.get(day, (None, ""))
        if was is None or present.fingerprint != was.fingerprint or (status == "rejected" and present != was):
            stale.append(day)
        elif present != was:
            moved.append(day)
    return SourceDays(now, stale or moved[-1:], moved)


def move_days(
    connection: duckdb.DuckDBPyConnection, source: str, prints: Mapping[date, Fingerprint], days: Sequence[date]
) -> None:
    """Record that the unchanged rows of accepted `days` are read from their current file versions."""
    connection.executemany(
        "update ledger.days set file_versions = ? where source = ? and day = ?",
        [[prints[day].file_versions, source, day] for day in days],
    )


def day_fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[date, str]:
    """Day → fingerprint over every source's validated day."""
    rows = connection.execute(
        "select day, "
        "md5(string_agg(source || fingerprint || if(status = 'rejected', status, ''), ',' order by source)) "
        "from ledger.days where fingerprint <> '' or row_count > 0 group by day"
    ).fetchall()
    return dict(rows)


def stale_days(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """The days on which the marts were built from other rows than raw has now."""
    now = day_fingerprints(connection)
    built: dict[date, str] = dict(connection.execute("select day, fingerprint from ledger.built").fetchall())
    return sorted(day for day in now.keys() | built.keys() if now.get(day) != built.get(day))


def set_sources(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Make `sources` the ones that models read."""
    connection.execute("delete from ledger.sources")
    hours = timedelta(hours=1)
    rows = [
        [source.name, source.title, source.fresh_within // hours, newest_day(connection, source)] for source in sources
    ]
    append(connection, "ledger.sources", rows)


def set_days_to_rebuild(connection: duckdb.DuckDBPyConnection, days: Iterable[date]) -> None:
    """Make `days` the days that the dbt models rebuild."""
    connection.execute("delete from ledger.days_to_rebuild")
    append(connection, "ledger.days_to_rebuild", [[day] for day in days])


def mark_built(connection: duckdb.DuckDBPyConnection, days: Iterable[date]) -> None:
    """Record that `days` were built from the current rows of raw, and make every known day the days to rebuild.

    So running dbt by hand builds whole tables.
    """
    prints = day_fingerprints(connection)
    now = datetime.now(UTC).replace(tzinfo=None)
    built = sorted(days)
    if built:
        connection.execute("delete from ledger.built where list_contains(?, day)", [built])
    append(connection, "ledger.built", [[day, prints[day], now] for day in built if day in prints])
    set_days_to_rebuild(connection, prints)
