"""What was loaded, from where, covering which days, judged how and built when: the schema `ledger`.

The questions of staleness are answered here. Who loads, judges and builds writes through these functions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa

from pipelines.sources.spec import Column, Source, Table
from pipelines.warehouse.connect import name

TABLES: tuple[Table, ...] = (
    Table(
        "files",
        "One row per landing file ever seen. `status` is loaded, refused (no format fits), unreadable, or gone "
        "(the path holds another content by now, was read anew by a later version, or has vanished while its bytes lie "
        "under another name).",
        (
            Column("source", "VARCHAR", "The source whose glob found it."),
            Column("path", "VARCHAR", "Relative to the landing folder."),
            Column(
                "content_id",
                "VARCHAR",
                "The first 16 hex digits of its bytes' SHA-256, and of a format that reads the path a hash of what it "
                "reads there.",
            ),
            Column(
                "format",
                "VARCHAR",
                "The format recognised; null where none was, or no row was held.",
            ),
            Column("status", "VARCHAR", "loaded, refused, unreadable or gone."),
            Column("message", "VARCHAR", "Why it was not loaded."),
            Column("size_bytes", "BIGINT", "Its size."),
            Column("modified_at", "TIMESTAMP", "Its modification time as last seen, UTC."),
            Column(
                "delivered_at",
                "TIMESTAMP",
                "When its content was first delivered: the earliest that any file of it was written, under whatever "
                "name, be that gone, UTC. Of two states of one thing, the later delivered holds.",
            ),
            Column("rows_read_count", "BIGINT", "Records in it, broken ones included."),
            Column("rows_loaded_count", "BIGINT", "Records that stand in a raw table."),
            Column(
                "rows_quarantined_count",
                "BIGINT",
                "Records set aside, with a reason, in raw.quarantine.",
            ),
            Column(
                "rows_skipped_count",
                "BIGINT",
                "Records that no table holds: `skip_reasons` says why.",
            ),
            Column("loaded_at", "TIMESTAMP", "When it was taken in, UTC."),
            Column("version", "VARCHAR", "The version of the module that read it, and of the reader if in vain."),
            Column("stream_id", "VARCHAR", "What its deliveries replace one another in; null where files add up."),
            Column("delivery_id", "VARCHAR", "The delivery it is a part of; null where files add up."),
            Column("encoding", "VARCHAR", "How its text was written, told by its bytes; null where it is no text."),
            Column("told", "VARCHAR", "How new its path says the delivery is, to order by; null where it does not."),
            Column(
                "relation", "VARCHAR", "What deliveries of its format do: replace a period, replace a day or append."
            ),
            Column("skip_reasons", "JSON", "Why records were skipped: an object of reason and number of records."),
        ),
        key=("source", "path", "content_id"),
        day="modified_at",
    ),
    Table(
        "content_days",
        "One row per content, table, part and day it covers; `row_count` 0 where it speaks for a day without rows.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("content_id", "VARCHAR", "The content."),
            Column("table_name", "VARCHAR", "The table the rows belong to."),
            Column("day", "DATE", "The UTC day."),
            Column("row_count", "BIGINT", "Good rows of that day."),
            Column(
                "part", "VARCHAR", "The part of the table that is delivered by itself, a bill's account and period."
            ),
            Column("rows_hash", "HUGEINT", "The sum of the rows' hashes; null where the source's days go by contents."),
        ),
        key=("source", "content_id", "table_name", "part", "day"),
        day="day",
    ),
    Table(
        "days",
        "One row per source and day judged: what it was made from, and whether it was accepted.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("day", "DATE", "The UTC day."),
            Column(
                "fingerprint",
                "VARCHAR",
                "Over what makes the day, its contents or their rows, and the module's version.",
            ),
            Column("status", "VARCHAR", "accepted or refused."),
            Column("message", "VARCHAR", "Why it was refused."),
            Column("row_count", "BIGINT", "Rows in the raw tables for that day; none of a refused one."),
            Column("judged_at", "TIMESTAMP", "When, UTC."),
            Column("contents", "VARCHAR", "Over the contents that its raw rows are read from."),
        ),
        key=("source", "day"),
        day="day",
    ),
    Table(
        "standing",
        "One row per day and content of a table whose rows stay in the intake: what its view shows.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("table_name", "VARCHAR", "The table the rows belong to."),
            Column("day", "DATE", "The UTC day, accepted."),
            Column("content_id", "VARCHAR", "A content that has rows on it."),
            Column("version", "VARCHAR", "The version of the source's module that read it."),
        ),
        key=("source", "table_name", "day", "content_id"),
        day="day",
    ),
    Table(
        "built",
        "One row per day the marts were built for, with the fingerprint they were built with.",
        (
            Column("day", "DATE", "The UTC day."),
            Column("fingerprint", "VARCHAR", "Over every source's day."),
            Column("built_at", "TIMESTAMP", "When, UTC."),
        ),
        key=("day",),
        day="day",
    ),
    Table(
        "worklist",
        "One row per day that the run under way rebuilds.",
        (Column("day", "DATE", "The UTC day."),),
        key=("day",),
        day="day",
    ),
    Table(
        "sources",
        "One row per source: how old its newest day may be.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("title", "VARCHAR", "Its name for people."),
            Column("fresh_hours", "BIGINT", "Hours since its newest day ended after which it counts as stale."),
            Column("newest_day", "DATE", "The newest day its files tell of: covered, or the last change of a row."),
        ),
        key=("source",),
        day="",
    ),
    Table(
        "coverage",
        "One row per source and day known to be loaded: where nothing happened on such a day, the count is 0; "
        "elsewhere, and on a day that was rejected, it is unknown.",
        (Column("source", "VARCHAR", "The source."), Column("day", "DATE", "The UTC day.")),
        key=("source", "day"),
        day="day",
    ),
    Table(
        "rejections",
        "One row per source and day that pre-load validation rejected: nothing of the source is known of such a day.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("day", "DATE", "The UTC day."),
            Column("message", "VARCHAR", "What was found against what was expected."),
        ),
        key=("source", "day"),
        day="day",
    ),
    Table(
        "deliveries",
        "One row per content that is part of a delivery, however many names it lies under.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("content_id", "VARCHAR", "The content."),
            Column("stream_id", "VARCHAR", "What replaces one another."),
            Column("delivery_id", "VARCHAR", "What adds up."),
            Column("format", "VARCHAR", "The format recognised."),
            Column("relation", "VARCHAR", "replace a period, replace a day or append."),
            Column("told", "VARCHAR", "How new the path says it is, to order by; null where it does not."),
            Column("written_at", "TIMESTAMP", "When its newest file was written, UTC."),
        ),
        key=("source", "content_id"),
        day="written_at",
    ),
)
"""The ledger's tables; those in `VIEWS` are views."""

VIEWS = {
    "rejections": "select source, day, message from ledger.days where status = 'refused'",
    "coverage": "select distinct source, day "
    "from ledger.content_days join ledger.current_contents using (source, content_id) "
    "anti join ledger.rejections using (source, day)",
    # Contents that are gone too: they stand in raw until the days they are on are replaced. Of the streams that a
    # content lies in, its own is the one whose path is the oldest: a copy is made later, or bears no date. In its
    # stream, the newest path counts: what was delivered again is current again. What is appended is all one stream.
    "deliveries": "with named as (select *, "
    "min(told) over (partition by source, content_id, stream_id, status = 'loaded') as first_told "
    "from ledger.files where delivery_id is not null and status in ('loaded', 'gone')) "
    "select source, content_id, if(relation = 'append', 'append', stream_id) as stream_id, delivery_id, format, "
    "relation, told, modified_at as written_at from named qualify row_number() over "
    "(partition by source, content_id order by status = 'loaded' desc, first_told nulls last, stream_id, "
    "told desc nulls last, modified_at desc, path desc) = 1",
}

QUARANTINE = Table(
    "quarantine",
    "One row per record that could not be loaded, with the reason and its text.",
    (
        Column("source", "VARCHAR", "The source."),
        Column(
            "table_name",
            "VARCHAR",
            "The table it was meant for; null where the record did not parse.",
        ),
        Column("content_id", "VARCHAR", "The content it came from (ledger.files names the file)."),
        Column("row_number", "BIGINT", "Its number in the file, from 1."),
        Column("day", "DATE", "Its UTC day, where it could be read."),
        Column("reason", "VARCHAR", "What was found against what was expected."),
        Column("raw", "VARCHAR", "The record as it came."),
    ),
    key=("source", "content_id", "row_number"),
    day="day",
)


@dataclass(frozen=True)
class FileReport:
    """What became of one landing file; the fields are `ledger.files`'s."""

    source: str
    path: str
    content_id: str
    format: str | None
    status: str
    message: str | None
    size_bytes: int
    modified_at: datetime
    delivered_at: datetime
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_skipped: int = 0
    encoding: str | None = None
    skip_reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line: the file and what it gave, or why it gave nothing."""
        if self.message:
            return f"{self.status}: {self.message}"
        aside = f", {self.rows_quarantined:,} quarantined" if self.rows_quarantined else ""
        skipped = "".join(f", {count:,} skipped ({reason})" for reason, count in self.skip_reasons.items())
        return f"{self.path}: {self.rows_loaded:,} rows{aside}{skipped}"


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger and the quarantine where they do not exist."""
    connection.execute("create schema if not exists ledger")
    connection.execute("create schema if not exists raw")
    for schema, table in [
        *(("ledger", t) for t in TABLES if t.name not in VIEWS),
        ("raw", QUARANTINE),
    ]:
        columns = ", ".join(f"{c.name} {c.type}" for c in table.columns)
        connection.execute(f"create table if not exists {schema}.{table.name} ({columns})")
    _add_columns(connection)
    _forget_the_impossible(connection)
    # Of no interest to a model, so none of TABLES: what each model and seed was last built from.
    connection.execute("create table if not exists ledger.models (unique_id varchar, fingerprint varchar)")
    connection.execute(
        "create or replace view ledger.current_contents as "
        "select source, content_id, arg_max(version, loaded_at) filter (status = 'loaded') as version, "
        "min(delivered_at) as delivered_at "
        "from ledger.files group by source, content_id having bool_or(status = 'loaded')"
    )
    for view, select in VIEWS.items():
        connection.execute(f"create or replace view ledger.{view} as {select}")


def _forget_the_impossible(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget contents that were recorded for days no calendar has, so that they are read again or gone with their file.

    An older version took such rows in, and then could not name their days.
    """
    impossible = "(day < date '1900-01-01' or day > date '2262-01-01')"
    if not connection.execute(f"select 1 from ledger.content_days where {impossible} limit 1").fetchone():
        return
    contents = f"(source, content_id) in (select source, content_id from ledger.content_days where {impossible})"
    for table in ("ledger.files", "ledger.standing", "raw.quarantine", "ledger.content_days"):
        connection.execute(f"delete from {table} where {contents}")
    for table in ("ledger.days", "ledger.built"):
        connection.execute(f"delete from {table} where {impossible}")


def _add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a ledger written by an older version the columns it lacks."""
    present = set(
        connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'ledger'"
        ).fetchall()
    )
    for table in TABLES:
        for column in table.columns:
            if table.name not in VIEWS and (table.name, column.name) not in present:
                connection.execute(f"alter table ledger.{table.name} add column {column.name} {column.type}")


def known_files(
    connection: duckdb.DuckDBPyConnection, source: str, version: str, refusal_version: str
) -> dict[str, tuple[int, datetime]]:
    """Path → (size in bytes, modified_at) of the source's files as last read by `version`, or refused by the other."""
    rows = connection.execute(
        "select path, size_bytes, modified_at from ledger.files where source = ? and status <> 'gone' "
        "and version = case status when 'loaded' then ? else ? end order by loaded_at",
        [source, version, refusal_version],
    ).fetchall()
    return {path: (size, modified) for path, size, modified in rows}


def first_delivered(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, datetime]:
    """Content → when it was first delivered, of all the source's contents ever seen."""
    return dict(
        connection.execute(
            # An older version's ledger was without the column.
            "select content_id, min(delivered_at) from ledger.files where source = ? and delivered_at is not null "
            "group by content_id",
            [source],
        ).fetchall()
    )


def known_contents(connection: duckdb.DuckDBPyConnection, source: str, version: str) -> dict[str, FileReport]:
    """Content → a report of it, of the contents that `version` has read well, whatever their names' fate."""
    rows = connection.execute(
        "select source, path, content_id, format, status, message, size_bytes, modified_at, "
        "min(delivered_at) over (partition by content_id), rows_read_count, "
        "rows_loaded_count, rows_quarantined_count, rows_skipped_count, encoding, coalesce(skip_reasons, '{}') "
        "from ledger.files where source = ? and version = ? and status in ('loaded', 'gone') and message is null "
        "order by loaded_at",
        [source, version],
    ).fetchall()
    return {row[2]: replace(FileReport(*row[:-1]), skip_reasons=json.loads(row[-1])) for row in rows}


def record_files(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    reports: Sequence[FileReport],
    version: str,
    refusal_version: str,
) -> dict[str, list[str]]:
    """Write the reports of the source's files; returns each content touched that still stands, with its paths.

    What a path held before, or an older version read there, is marked gone, unless the path now holds what cannot
    be loaded: then what it gave before stands.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        [
            report.source, report.path, report.content_id, report.format, report.status, report.message,
            report.size_bytes, report.modified_at, report.delivered_at, report.rows_read, report.rows_loaded,
            report.rows_quarantined, report.rows_skipped, now,
            version if report.status == "loaded" else refusal_version,
            *_delivery(source, report),
        ]
        for report in reports
    ]  # fmt: skip
    connection.execute("create or replace temp table reported as from ledger.files limit 0")
    _append(connection, "reported", rows)
    connection.execute(
        "delete from ledger.files as known using reported where known.source = reported.source "
        "and known.path = reported.path and known.content_id = reported.content_id"
    )
    retired = connection.execute(
        "update ledger.files as known set status = 'gone' from reported where known.source = reported.source "
        "and known.path = reported.path and (known.status in ('refused', 'unreadable') "
        "or known.status = 'loaded' and reported.status = 'loaded') returning known.content_id"
    ).fetchall()
    connection.execute("insert into ledger.files from reported")
    touched = {report.content_id for report in reports if report.status == "loaded"}
    touched |= {content for (content,) in retired}
    return _standing(connection, source.name, version, touched)


def retire_moved(
    connection: duckdb.DuckDBPyConnection, source: str, present: Sequence[str], version: str
) -> dict[str, list[str]]:
    """Mark what has moved (`moved_paths`) as gone; returns as `record_files` does."""
    moved = connection.execute(
        "update ledger.files set status = 'gone' where source = ? and status = 'loaded' and list_contains(?, path) "
        "returning content_id",
        [source, moved_paths(connection, source, present)],
    ).fetchall()
    return _standing(connection, source, version, {content for (content,) in moved})


def moved_paths(connection: duckdb.DuckDBPyConnection, source: str, present: Sequence[str]) -> list[str]:
    """The source's paths that have vanished, their bytes lying under another of the `present` ones.

    What vanished and lies nowhere stands: landing folders are tidied.
    """
    connection.register("present", pa.table({"path": pa.array(present, pa.string())}))
    rows = connection.execute(
        "with loaded as (select path, left(content_id, 16) as bytes_id from ledger.files where source = ? "
        "and status = 'loaded'), lying as (from loaded semi join present using (path)) "
        "select distinct path from (from loaded anti join present using (path)) semi join lying using (bytes_id)",
        [source],
    ).fetchall()
    connection.unregister("present")
    return [path for (path,) in rows]


def _standing(
    connection: duckdb.DuckDBPyConnection, source: str, version: str, contents: Collection[str]
) -> dict[str, list[str]]:
    """Those of the contents that stand as `version` read them, with their paths."""
    return dict(
        connection.execute(
            "select content_id, list(path order by path) from ledger.files where status = 'loaded' and version = ? "
            "and source = ? and content_id in (select unnest(?::varchar[])) group by content_id",
            [version, source, sorted(contents)],
        ).fetchall()
    )


def _delivery(source: Source, report: FileReport) -> list[str | None]:
    """The last columns of `files`: what the file is a part of, its encoding, how new its path says it is, its skips."""
    skips = json.dumps(report.skip_reasons) if report.skip_reasons else None
    if source.deliveries is None:
        return [None, None, report.encoding, None, None, skips]
    found = source.deliveries.of(report.path)
    relation = next((form.deliveries for form in source.formats if form.name == report.format), None)
    return [found.stream, found.delivery, report.encoding, found.told, relation, skips]


def forget_contents(connection: duckdb.DuckDBPyConnection, source: str, contents: Sequence[str]) -> None:
    """Drop what is recorded of the contents' days and quarantined rows, before it is written anew."""
    for table in ("ledger.content_days", "raw.quarantine"):
        connection.execute(
            f"delete from {table} where source = ? and list_contains(?, content_id)",
            [source, list(contents)],
        )


def cover_ranges(connection: duckdb.DuckDBPyConnection, source: str, table: str, contents: Sequence[str]) -> None:
    """Let each content cover, part by part, the days between its first and last row that it has no row on."""
    connection.execute(
        "insert into ledger.content_days with mine as (from ledger.content_days where source = ? "
        "and table_name = ? and list_contains(?, content_id)), spans as (select content_id, part, "
        "unnest(generate_series(min(day), max(day), interval 1 day))::date as day from mine group by content_id, part) "
        "select ?, content_id, ?, day, 0, part, 0 from spans anti join mine using (content_id, part, day)",
        [source, table, list(contents), source, table],
    )


def cover_days(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: str,
    named: Sequence[tuple[str, date]],
) -> None:
    """Let each (content, day) be covered, rows or not."""
    contents, days = [content for content, _ in named], [day for _, day in named]
    connection.execute(
        "insert into ledger.content_days select $1, content_id, $2, day, 0, '', 0 "
        "from (select unnest($3::varchar[]) as content_id, unnest($4::date[]) as day) as named "
        "anti join (from ledger.content_days where source = $1) as known using (content_id, day)",
        [source, table, contents, days],
    )


@dataclass(frozen=True)
class Fingerprint:
    """Of a source's day: over what makes it (`made_by`), and over the contents that its rows are read from."""

    made_by: str
    contents: str


NOTHING = Fingerprint("", "")
"""Of a day that nothing covers."""

_PRESENT = (
    "with bad as (select content_id, table_name, day, count(*) as bad_count from raw.quarantine where source = $1 "
    "group by all), present as (select content_id, delivered_at, table_name, part, day, row_count, rows_hash, "
    "coalesce(bad_count, 0) as bad_count from ledger.content_days join ledger.current_contents "
    "using (source, content_id) left join bad using (content_id, table_name, day) where source = $1), "
)
# What a content that an older version took in held, only its name tells.
# A day is not another for being covered once more without a row.
_SAME = (
    "case when row_count + bad_count > 0 "
    "then concat_ws(' ', table_name, part, row_count, coalesce(rows_hash::varchar, content_id), bad_count) end"
)
_PARTS = {
    # A content that was read again, as an older file of it turned up, may have other rows set aside.
    "contents": "parts as (select day, delivered_at, "
    "concat_ws(' ', content_id, table_name, part, row_count, bad_count) as part from present)",
    "rows": f"parts as (select day, delivered_at, {_SAME} as part from present)",
    "deliveries": "placed as (from present join (from ledger.deliveries where source = $1) using (content_id)), "
    "spans as (select stream_id, part, delivery_id, min(day) as first_day, max(told) as told, "
    "max(written_at) as written_at from placed group by stream_id, part, delivery_id), "
    "ordered as (select stream_id, part, delivery_id, first_day, row_number() over newness as place, "
    "min(first_day) over (newness rows between unbounded preceding and 1 preceding) as newer_first_day from spans "
    "window newness as (partition by stream_id, part "
    "order by told desc nulls last, written_at desc, delivery_id desc)), "
    "ranked as (from placed join ordered using (stream_id, part, delivery_id) "
    "where relation <> 'replace a period' or newer_first_day is null or newer_first_day > first_day "
    "qualify relation = 'append' or place = min(place) over (partition by stream_id, part, day)), "
    "standing as (select day, stream_id, table_name, part, min(content_id) as content_id, any_value(relation) as "
    "relation, sum(row_count) as row_count, sum(rows_hash) as rows_hash, sum(bad_count) as bad_count, "
    "max(told) as told, max(written_at) as written_at from ranked "
    "group by day, stream_id, table_name, part, if(relation = 'append', delivery_id, '')), "
    # Which of two streams is the newer counts where they are of one bill.
    "parts as (select day, null as delivered_at, concat(stream_id, "
    "if(relation <> 'append' and count(*) over streams > 1, dense_rank() over "
    f"(streams order by told nulls first, written_at, stream_id), null)) || {_SAME} as part from standing "
    "window streams as (partition by day, table_name, part, relation))",
}


def fingerprints(connection: duckdb.DuckDBPyConnection, source: Source, version: str) -> dict[date, Fingerprint]:
    """Day → fingerprint of the source's day as its present contents make it."""
    parts = _PARTS["deliveries" if source.deliveries else source.day_by]
    rows = connection.execute(
        f"{_PRESENT}{parts}, "
        # Of two states of one thing the later delivered holds: their order is a part of what makes the day.
        "made as (select day, string_agg(part, ',' order by delivered_at, part) as made_by from "
        "(select day, part, max(delivered_at) as delivered_at from parts group by day, part) group by day), "
        "read as (select day, string_agg(distinct content_id, ',' order by content_id) as contents "
        "from present group by day) "
        "select day, md5(coalesce(made_by, '') || $2), md5(contents || $2) from read left join made using (day)",
        [source.name, version],
    ).fetchall()
    return {day: Fingerprint(made_by, contents) for day, made_by, contents in rows}


def record_days(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    prints: Mapping[date, Fingerprint],
    accepted: Sequence[date],
    refused: Mapping[date, Sequence[object]],
) -> None:
    """Record the verdict on each day: accepted days with the rows they now have, refused ones with why."""
    now = datetime.now(UTC).replace(tzinfo=None)
    days = [*accepted, *refused]
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
        message = "; ".join(str(finding) for finding in refused[day]) if day in refused else None
        fingerprint = prints.get(day, NOTHING)
        verdicts.append([
            source.name, day, fingerprint.made_by, "refused" if message else "accepted", message, rows.get(day, 0), now,
            fingerprint.contents,
        ])  # fmt: skip
    _append(connection, "ledger.days", verdicts)


def _append(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Append `rows`, a value a column, to the table in one statement."""
    if rows:
        values = [list(column) for column in zip(*rows, strict=True)]
        connection.register("appended", pa.table(values, names=[f"c{number}" for number in range(len(values))]))
        connection.execute(f"insert into {table} from appended")
        connection.unregister("appended")


CONTENTS_OF_TABLE = (
    "select content_id from ledger.content_days where source = $1 and table_name = $2 group by content_id"
)
"""A query of a table's contents, $2 of source $1, to which a condition on their rows can be added."""


def stand(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: str,
    days: Sequence[date],
    accepted: Sequence[date],
    at_least: int,
) -> None:
    """Let a viewed table's `days` be made of the present contents of `at_least` N rows; none where not `accepted`."""
    connection.execute(
        "delete from ledger.standing where source = ? and table_name = ? and list_contains(?, day)",
        [source, table, list(days)],
    )
    connection.execute(
        "insert into ledger.standing select source, table_name, day, content_id, version "
        "from ledger.content_days join ledger.current_contents using (source, content_id) "
        "where source = $1 and table_name = $2 and list_contains($3, day) and row_count > 0 "
        f"and content_id in ({CONTENTS_OF_TABLE} having sum(row_count) >= $4)",
        [source, table, list(accepted), at_least],
    )


def standing_contents(
    connection: duckdb.DuckDBPyConnection, source: str, table: str
) -> list[tuple[str, str, list[date] | None]]:
    """(content, version, days) that a viewed table shows, by content; days None where it shows all that has rows."""
    return connection.execute(
        "with covered as (select content_id, count(distinct day) as day_count from ledger.content_days "
        "where source = $1 and table_name = $2 and row_count > 0 group by content_id) "
        "select content_id, version, case when count(*) < any_value(day_count) then list(day order by day) end "
        "from ledger.standing left join covered using (content_id) where source = $1 and table_name = $2 "
        "group by content_id, version order by content_id, version",
        [source, table],
    ).fetchall()


@dataclass(frozen=True)
class SourceDays:
    """A source's days as its present files make them, and those whose raw rows are not that.

    `stale` ones have to be judged and built; `moved` ones hold the same rows, read from other contents.
    """

    fingerprints: Mapping[date, Fingerprint]
    stale: list[date]
    moved: list[date]


def source_days(connection: duckdb.DuckDBPyConnection, source: Source, version: str, first: date) -> SourceDays:
    """The source's days; stale and moved are only such from `first` on.

    A day that was judged and refused is stale only when its contents have changed since. The newest of the days that
    have moved is stale where no other is: models that are made whole may depend on what holds a row.
    """
    now = fingerprints(connection, source, version)
    judged = {
        day: (Fingerprint(made_by, contents), status)
        for day, made_by, contents, status in connection.execute(
            "select day, fingerprint, contents, status from ledger.days where source = ?", [source.name]
        ).fetchall()
    }
    stale, moved = [], []
    for day in sorted(day for day in now.keys() | judged.keys() if day >= first):
        # A day nothing covers any more was judged with the fingerprint of nothing.
        present, (was, status) = now.get(day, NOTHING), judged.get(day, (None, ""))
        if was is None or present.made_by != was.made_by or (status == "refused" and present != was):
            stale.append(day)
        elif present != was:
            moved.append(day)
    return SourceDays(now, stale or moved[-1:], moved)


def move_days(
    connection: duckdb.DuckDBPyConnection, source: str, prints: Mapping[date, Fingerprint], days: Sequence[date]
) -> None:
    """Record that the rows of accepted `days`, which are the same, are read from their present contents."""
    connection.executemany(
        "update ledger.days set contents = ? where source = ? and day = ?",
        [[prints[day].contents, source, day] for day in days],
    )


def day_fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[date, str]:
    """Day → fingerprint over every source's validated day."""
    rows = connection.execute(
        "select day, md5(string_agg(source || fingerprint || if(status = 'refused', status, ''), ',' order by source)) "
        "from ledger.days where fingerprint <> '' or row_count > 0 group by day"
    ).fetchall()
    return dict(rows)


def stale_days(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """The days whose marts were built from something else than what stands in raw now."""
    now = day_fingerprints(connection)
    built: dict[date, str] = dict(connection.execute("select day, fingerprint from ledger.built").fetchall())
    return sorted(day for day in now.keys() | built.keys() if now.get(day) != built.get(day))


def set_sources(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Make `sources` the ones the models know of."""
    connection.execute("delete from ledger.sources")
    hours = timedelta(hours=1)
    rows = [
        [source.name, source.title, source.fresh_within // hours, newest_day(connection, source)] for source in sources
    ]
    _append(connection, "ledger.sources", rows)


def newest_day(connection: duckdb.DuckDBPyConnection, source: Source) -> date | None:
    """The newest day that the source's files tell of; None where they tell of none.

    No row tells of a time after its files were written: a clock that is wrong would keep the source fresh for ever.
    """
    covered: date | None
    touched: date | None
    (covered,) = connection.execute(
        "select max(day) from ledger.coverage where source = ?", [source.name]
    ).fetchone() or (None,)
    tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
    told = [
        f"select max(greatest({', '.join(map(name, table.touched))})) as touched_at from raw.{name(raw)}"
        for table in source.warehouse_tables
        if table.touched and ((raw := f"{source.name}__{table.name}"),) in tables
    ]
    if covered is None or not told:
        return covered
    (touched,) = connection.execute(
        "select least(max(touched_at), (select max(modified_at) from ledger.files where source = ?))::date "
        f"from ({' union all '.join(told)})",
        [source.name],
    ).fetchone() or (None,)
    return max(covered, touched or covered)


def set_worklist(connection: duckdb.DuckDBPyConnection, days: Iterable[date]) -> None:
    """Make `days` the days that the dbt models rebuild."""
    connection.execute("delete from ledger.worklist")
    _append(connection, "ledger.worklist", [[day] for day in days])


def mark_built(connection: duckdb.DuckDBPyConnection, days: Iterable[date]) -> None:
    """Record that `days` were built from what stands in raw now, and empty the worklist."""
    prints = day_fingerprints(connection)
    now = datetime.now(UTC).replace(tzinfo=None)
    built = sorted(days)
    if built:
        connection.execute("delete from ledger.built where list_contains(?, day)", [built])
    _append(connection, "ledger.built", [[day, prints[day], now] for day in built if day in prints])
    connection.execute("delete from ledger.worklist")


def digest(parts: Sequence[str]) -> str:
    """A short hash over `parts`."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
