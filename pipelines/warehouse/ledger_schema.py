"""The schema `ledger`, and the quarantine beside the raw tables: columns, keys and views.

`ledger` writes which files were loaded; `staleness` finds which days are stale.
"""

from __future__ import annotations

import duckdb

from pipelines.sources.spec import Column, Table

TABLES: tuple[Table, ...] = (
    Table(
        "files",
        "One row per landing file ever seen. `status` is loaded, rejected (no format fits), unreadable, or gone "
        "(the path now holds another file version, was read again by a later version of the source, or has vanished "
        "while its bytes are under another name).",
        (
            Column("source", "VARCHAR", "The source that found it by its glob."),
            Column("path", "VARCHAR", "Relative to the landing folder, or to the prefix in its bucket."),
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
            Column("status", "VARCHAR", "loaded, rejected, unreadable or gone."),
            Column("message", "VARCHAR", "Why it was not loaded."),
            Column("size_bytes", "BIGINT", "Its size."),
            Column("modified_at", "TIMESTAMP", "Its modification time as last seen, UTC."),
            Column(
                "delivered_at",
                "TIMESTAMP",
                "When its bytes were first delivered: the earliest time that any file of them was written, under any "
                "name, even one that is gone, UTC. Of two states of one record, the later delivered is current.",
            ),
            Column("rows_read_count", "BIGINT", "Records in it, broken ones included."),
            Column("rows_loaded_count", "BIGINT", "Records that are in a raw table."),
            Column(
                "rows_quarantined_count",
                "BIGINT",
                "Records in raw.quarantine, with a reason.",
            ),
            Column(
                "rows_skipped_count",
                "BIGINT",
                "Records that belong in no table: `skip_reasons` says why.",
            ),
            Column("loaded_at", "TIMESTAMP", "When it was ingested, UTC."),
            Column(
                "reader_version", "VARCHAR", "The version of the code that read it, its module's, or that did in vain."
            ),
            Column("stream_id", "VARCHAR", "What its deliveries replace one another in; null where files add up."),
            Column("delivery_id", "VARCHAR", "The delivery it is a part of; null where files add up."),
            Column("encoding", "VARCHAR", "The encoding of its text, found from its bytes; null where it is no text."),
            Column(
                "path_order", "VARCHAR", "How new its path says the delivery is, to order by; null where it does not."
            ),
            Column(
                "relation", "VARCHAR", "What deliveries of its format do: replace a period, replace a day or append."
            ),
            Column("skip_reasons", "JSON", "Why records were skipped: an object of reason and number of records."),
            Column(
                "left_out_reasons",
                "JSON",
                "Values of loaded records that could not be read and only inform: an object of reason and number.",
            ),
            Column(
                "etag",
                "VARCHAR",
                "The ETag of an object in a bucket; null of a local file, and of an object that could not be fetched.",
            ),
        ),
        key=("source", "path", "content_id"),
        day="modified_at",
    ),
    Table(
        "file_version_days",
        "One row per file version, table, part and day it covers; `row_count` is 0 on a covered day without rows.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("content_id", "VARCHAR", "The file version."),
            Column("table_name", "VARCHAR", "The table the rows belong to."),
            Column("day", "DATE", "The UTC day."),
            Column("row_count", "BIGINT", "Good rows of that day."),
            Column(
                "part", "VARCHAR", "The part of the table that is delivered by itself, a bill's account and period."
            ),
            Column(
                "rows_hash",
                "HUGEINT",
                "The sum of the rows' hashes; null where the source's days depend on file versions.",
            ),
        ),
        key=("source", "content_id", "table_name", "part", "day"),
        day="day",
    ),
    Table(
        "pages",
        "One row per file version and query it answers, if its API pages say whether there are further ones.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("content_id", "VARCHAR", "The file version."),
            Column("format", "VARCHAR", "The format recognised."),
            Column("query", "VARCHAR", "What the pages answer, where several queries may lie in one folder."),
            Column("is_last", "BOOLEAN", "Whether one of its pages says that it is the last; null where none says."),
            Column("total_count", "BIGINT", "How many records the query has in all; null where no page says."),
            Column("record_count", "BIGINT", "Records in these pages."),
        ),
        key=("source", "content_id", "format", "query"),
        day="",
    ),
    Table(
        "days",
        "One row per source and day validated: what it was made from, and whether it was accepted.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("day", "DATE", "The UTC day."),
            Column(
                "fingerprint",
                "VARCHAR",
                "Over the day's inputs, its file versions or their rows, and the module's version.",
            ),
            Column("status", "VARCHAR", "accepted or rejected."),
            Column("message", "VARCHAR", "Why it was rejected."),
            Column("row_count", "BIGINT", "Rows in the raw tables for that day; none of a rejected one."),
            Column("validated_at", "TIMESTAMP", "When, UTC."),
            Column("file_versions", "VARCHAR", "Over the file versions that its raw rows are read from."),
        ),
        key=("source", "day"),
        day="day",
    ),
    Table(
        "external_days",
        "One row per day and file version that the view of an external table shows; its rows stay in the intake.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("table_name", "VARCHAR", "The table the rows belong to."),
            Column("day", "DATE", "The UTC day, accepted."),
            Column("content_id", "VARCHAR", "A file version that has rows on it."),
            Column("reader_version", "VARCHAR", "The version of the source's module that read it."),
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
        "days_to_rebuild",
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
            Column("newest_day", "DATE", "The newest day in its files: covered, or the last change of a row."),
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
        "One row per file version that is part of a delivery, under however many names.",
        (
            Column("source", "VARCHAR", "The source."),
            Column("content_id", "VARCHAR", "The file version."),
            Column("stream_id", "VARCHAR", "What replaces one another."),
            Column("delivery_id", "VARCHAR", "What adds up."),
            Column("format", "VARCHAR", "The format recognised."),
            Column("relation", "VARCHAR", "replace a period, replace a day or append."),
            Column("path_order", "VARCHAR", "How new the path says it is, to order by; null where it does not."),
            Column("written_at", "TIMESTAMP", "When its newest file was written, UTC."),
        ),
        key=("source", "content_id"),
        day="written_at",
    ),
)
"""The ledger's tables; those in `VIEWS` are views."""
FORMER_TABLES = {"content_days": "file_version_days", "standing": "external_days", "worklist": "days_to_rebuild"}
FORMER_COLUMNS = {
    ("days", "judged_at"): "validated_at",
    ("days", "contents"): "file_versions",
    ("files", "told"): "path_order",
    ("files", "version"): "reader_version",
    ("external_days", "version"): "reader_version",
}
"""Their names in older versions; an older ledger is renamed when it is opened."""
VIEWS = {
    "rejections": "select source, day, message from ledger.days where status = 'rejected'",
    "coverage": "select distinct source, day "
    "from ledger.file_version_days join ledger.current_file_versions using (source, content_id) "
    "anti join ledger.rejections using (source, day)",
    # File versions that are gone too: they are in raw until their days are replaced. Of the streams that a
    # file version is in, its own is the one with the oldest path: a copy is made later, or has no date. In its
    # stream, the newest path counts: what was delivered again is current again. What is appended is all one stream.
    "deliveries": "with named as (select *, "
    "min(path_order) over (partition by source, content_id, stream_id, status = 'loaded') as first_path_order "
    "from ledger.files where delivery_id is not null and status in ('loaded', 'gone')) "
    "select source, content_id, if(relation = 'append', 'append', stream_id) as stream_id, delivery_id, format, "
    "relation, path_order, modified_at as written_at from named qualify row_number() over "
    "(partition by source, content_id order by status = 'loaded' desc, first_path_order nulls last, stream_id, "
    "path_order desc nulls last, modified_at desc, path desc) = 1",
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
        Column("content_id", "VARCHAR", "The file version it came from (ledger.files names the file)."),
        Column(
            "row_number",
            "BIGINT",
            "Its place among the file's records that parsed, from 1, as `_row` of the raw tables. Of a line of CSV "
            "that did not (no `table_name`): its line in the file, as an editor counts.",
        ),
        Column("day", "DATE", "Its UTC day, where it could be read."),
        Column("reason", "VARCHAR", "What was found against what was expected."),
        Column("raw", "VARCHAR", "The record as it came."),
    ),
    key=("source", "content_id", "row_number"),
    day="day",
)


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger and the quarantine where they do not exist."""
    connection.execute("create schema if not exists ledger")
    connection.execute("create schema if not exists raw")
    _rename_former(connection)
    for schema, table in [
        *(("ledger", t) for t in TABLES if t.name not in VIEWS),
        ("raw", QUARANTINE),
    ]:
        columns = ", ".join(f"{c.name} {c.type}" for c in table.columns)
        connection.execute(f"create table if not exists {schema}.{table.name} ({columns})")
    _add_columns(connection)
    _drop_impossible_days(connection)
    # Of no interest to a model, so none of TABLES: what each model and seed was last built from.
    connection.execute("create table if not exists ledger.models (unique_id varchar, fingerprint varchar)")
    connection.execute(
        "create or replace view ledger.current_file_versions as "
        "select source, content_id, arg_max(reader_version, loaded_at) filter (status = 'loaded') as reader_version, "
        "min(delivered_at) as delivered_at "
        "from ledger.files group by source, content_id having bool_or(status = 'loaded')"
    )
    for view, select in VIEWS.items():
        connection.execute(f"create or replace view ledger.{view} as {select}")


def _drop_impossible_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop file versions that were recorded for impossible days, so that they are read again or gone with their file.

    An older version ingested such rows, and then could not name their days.
    """
    impossible = "(day < date '1900-01-01' or day > date '2262-01-01')"
    if not connection.execute(f"select 1 from ledger.file_version_days where {impossible} limit 1").fetchone():
        return
    theirs = f"(source, content_id) in (select source, content_id from ledger.file_version_days where {impossible})"
    for table in ("ledger.files", "ledger.external_days", "raw.quarantine", "ledger.file_version_days"):
        connection.execute(f"delete from {table} where {theirs}")
    for table in ("ledger.days", "ledger.built"):
        connection.execute(f"delete from {table} where {impossible}")


def _rename_former(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the tables, columns and states of an older version's ledger their current names."""
    present = {
        (FORMER_TABLES.get(table, table), column): table
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'ledger'"
        ).fetchall()
    }
    former_tables = set(present.values()) & FORMER_TABLES.keys()
    for former in former_tables:
        connection.execute(f"alter table ledger.{former} rename to {FORMER_TABLES[former]}")
    for (table, former), now in FORMER_COLUMNS.items():
        if (table, former) in present:
            connection.execute(f"alter table ledger.{table} rename column {former} to {now}")
    if former_tables:
        connection.execute("drop view if exists ledger.current_contents")
        for table in ("files", "days"):
            connection.execute(f"update ledger.{table} set status = 'rejected' where status = 'refused'")


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
