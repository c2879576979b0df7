"""Which files were loaded, which days they cover, and which rows were quarantined.

All writers of these tables use this module. `staleness` finds which days are stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from pipelines.sources.spec import Source
from pipelines.warehouse.connect import name


@dataclass(frozen=True)
class FileReport:
    """The result for one landing file; its fields are columns of `ledger.files`."""

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
    left_out_reasons: Mapping[str, int] = field(default_factory=dict)
    etag: str | None = None

    @property
    def summary(self) -> str:
        """One line: the file and its rows, or why it has none."""
        if self.message:
            return f"{self.status}: {self.message}"
        quarantined = f", {self.rows_quarantined:,} quarantined" if self.rows_quarantined else ""
        skipped = "".join(f", {count:,} skipped ({reason})" for reason, count in self.skip_reasons.items())
        left_out = "".join(f", {count:,} without a value ({why})" for why, count in self.left_out_reasons.items())
        return f"{self.path}: {self.rows_loaded:,} rows{quarantined}{skipped}{left_out}"


def known_files(
    connection: duckdb.DuckDBPyConnection, source: str, version: str, rejection_version: str
) -> dict[str, tuple[int, datetime, str | None]]:
    """Path → (size in bytes, modified_at, etag) of the source's files.

    As last read by `version`, or rejected by the other.
    """
    rows = connection.execute(
        "select path, size_bytes, modified_at, etag from ledger.files where source = ? and status <> 'gone' "
        "and reader_version = case status when 'loaded' then ? else ? end order by loaded_at",
        [source, version, rejection_version],
    ).fetchall()
    return {path: (size, modified, etag) for path, size, modified, etag in rows}


def first_delivered(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, datetime]:
    """File version → when it was first delivered, for all file versions of the source ever seen."""
    return dict(
        connection.execute(
            # An older version's ledger did not have the column.
            "select content_id, min(delivered_at) from ledger.files where source = ? and delivered_at is not null "
            "group by content_id",
            [source],
        ).fetchall()
    )


def known_file_versions(connection: duckdb.DuckDBPyConnection, source: str, version: str) -> dict[str, FileReport]:
    """File version → its report, for those that `version` has read without an error, also under names that are gone."""
    rows = connection.execute(
        "select source, path, content_id, format, status, message, size_bytes, modified_at, "
        "min(delivered_at) over (partition by content_id), rows_read_count, "
        "rows_loaded_count, rows_quarantined_count, rows_skipped_count, encoding, coalesce(skip_reasons, '{}'), "
        "coalesce(left_out_reasons, '{}') from ledger.files where source = ? and reader_version = ? "
        "and status in ('loaded', 'gone') and message is null order by loaded_at",
        [source, version],
    ).fetchall()
    return {
        row[2]: replace(FileReport(*row[:-2]), skip_reasons=json.loads(row[-2]), left_out_reasons=json.loads(row[-1]))
        for row in rows
    }


def record_files(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    reports: Sequence[FileReport],
    version: str,
    rejection_version: str,
) -> dict[str, list[str]]:
    """Write the reports of the source's files; returns each changed file version that is still current, with its paths.

    The former file version of a path, or the reading of it by an older version of the source, is marked gone, unless
    the path now holds a file that cannot be loaded: then the former one stays current.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        [
            report.source, report.path, report.content_id, report.format, report.status, report.message,
            report.size_bytes, report.modified_at, report.delivered_at, report.rows_read, report.rows_loaded,
            report.rows_quarantined, report.rows_skipped, now,
            version if report.status == "loaded" else rejection_version,
            *_delivery(source, report), report.etag,
        ]
        for report in reports
    ]  # fmt: skip
    connection.execute("create or replace temp table reported as from ledger.files limit 0")
    append(connection, "reported", rows)
    connection.execute(
        "delete from ledger.files as known using reported where known.source = reported.source "
        "and known.path = reported.path and known.content_id = reported.content_id"
    )
    retired = connection.execute(
        "update ledger.files as known set status = 'gone' from reported where known.source = reported.source "
        "and known.path = reported.path and (known.status in ('rejected', 'unreadable') "
        "or known.status = 'loaded' and reported.status = 'loaded') returning known.content_id"
    ).fetchall()
    connection.execute("insert into ledger.files from reported")
    touched = {report.content_id for report in reports if report.status == "loaded"}
    touched |= {content_id for (content_id,) in retired}
    return _current(connection, source.name, version, touched)


def retire_moved(
    connection: duckdb.DuckDBPyConnection, source: str, present: Sequence[str], version: str
) -> dict[str, list[str]]:
    """Mark the paths that have moved (`moved_paths`) as gone; returns what `record_files` does."""
    moved = connection.execute(
        "update ledger.files set status = 'gone' where source = ? and status = 'loaded' and list_contains(?, path) "
        "returning content_id",
        [source, moved_paths(connection, source, present)],
    ).fetchall()
    return _current(connection, source, version, {content_id for (content_id,) in moved})


def moved_paths(connection: duckdb.DuckDBPyConnection, source: str, present: Sequence[str]) -> list[str]:
    """The source's paths that have vanished and have their bytes under another of the `present` ones.

    A file that vanished without a copy stays current: landing folders are tidied.
    """
    connection.register("present", pa.table({"path": pa.array(present, pa.string())}))
    rows = connection.execute(
        "with loaded as (select path, left(content_id, 16) as bytes_id from ledger.files where source = ? "
        "and status = 'loaded'), copies as (from loaded semi join present using (path)) "
        "select distinct path from (from loaded anti join present using (path)) semi join copies using (bytes_id)",
        [source],
    ).fetchall()
    connection.unregister("present")
    return [path for (path,) in rows]


def _current(
    connection: duckdb.DuckDBPyConnection, source: str, version: str, content_ids: Collection[str]
) -> dict[str, list[str]]:
    """Those of the file versions that are current and were read by `version`, with their paths."""
    return dict(
        connection.execute(
            "select content_id, list(path order by path) from ledger.files where status = 'loaded' "
            "and reader_version = ? and source = ? and content_id in (select unnest(?::varchar[])) group by content_id",
            [version, source, sorted(content_ids)],
        ).fetchall()
    )


def _delivery(source: Source, report: FileReport) -> list[str | None]:
    """Columns of `files`: from the stream to the two columns of reasons."""
    reasons = [json.dumps(why) if why else None for why in (report.skip_reasons, report.left_out_reasons)]
    if source.deliveries is None:
        return [None, None, report.encoding, None, None, *reasons]
    found = source.deliveries.of(report.path)
    relation = next((form.deliveries for form in source.formats if form.name == report.format), None)
    return [found.stream, found.delivery, report.encoding, found.path_order, relation, *reasons]


def forget_file_versions(connection: duckdb.DuckDBPyConnection, source: str, content_ids: Sequence[str]) -> None:
    """Drop the recorded days, API pages and quarantined rows of the file versions, before they are written again."""
    for table in ("ledger.file_version_days", "ledger.pages", "raw.quarantine"):
        connection.execute(
            f"delete from {table} where source = ? and list_contains(?, content_id)",
            [source, list(content_ids)],
        )


def cover_ranges(connection: duckdb.DuckDBPyConnection, source: str, table: str, content_ids: Sequence[str]) -> None:
    """Let each file version cover, by part, the days without rows between its first and last row."""
    connection.execute(
        "insert into ledger.file_version_days with mine as (from ledger.file_version_days where source = ? "
        "and table_name = ? and list_contains(?, content_id)), spans as (select content_id, part, "
        "unnest(generate_series(min(day), max(day), interval 1 day))::date as day from mine group by content_id, part) "
        "select ?, content_id, ?, day, 0, part, 0 from spans anti join mine using (content_id, part, day)",
        [source, table, list(content_ids), source, table],
    )


def cover_days(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: str,
    named: Sequence[tuple[str, date]],
) -> None:
    """Let each (file version, day) be covered, with or without rows."""
    content_ids, days = [content_id for content_id, _ in named], [day for _, day in named]
    connection.execute(
        "insert into ledger.file_version_days select $1, content_id, $2, day, 0, '', 0 "
        "from (select unnest($3::varchar[]) as content_id, unnest($4::date[]) as day) as named "
        "anti join (from ledger.file_version_days where source = $1) as known using (content_id, day)",
        [source, table, content_ids, days],
    )


def append(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Append `rows`, one value per column, to the table in one statement."""
    if rows:
        values = [list(column) for column in zip(*rows, strict=True)]
        connection.register("appended", pa.table(values, names=[f"c{number}" for number in range(len(values))]))
        connection.execute(f"insert into {table} from appended")
        connection.unregister("appended")


FILE_VERSIONS_OF_TABLE = (
    "select content_id from ledger.file_version_days where source = $1 and table_name = $2 group by content_id"
)
"""A query of a table's file versions, $2 of source $1, to which a condition on their rows can be added."""


def newest_day(connection: duckdb.DuckDBPyConnection, source: Source) -> date | None:
    """The newest day in the source's files; None where they have none.

    A row's time counts only up to when its files were written: a wrong clock would keep the source fresh for ever.
    """
    # Fetched whole: a connection with half a result takes no table to append.
    covered: date | None = connection.execute(
        "select max(day) from ledger.coverage where source = ?", [source.name]
    ).fetchall()[0][0]
    tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
    touches = [
        f"select max(greatest({', '.join(map(name, table.touched))})) as touched_at from raw.{name(raw)}"
        for table in source.warehouse_tables
        if table.touched and ((raw := f"{source.name}__{table.name}"),) in tables
    ]
    if covered is None or not touches:
        return covered
    touched: date | None = connection.execute(
        "select case when max(touched_at) is not null "
        "then least(max(touched_at), (select max(modified_at) from ledger.files where source = ?)) end::date "
        f"from ({' union all '.join(touches)})",
        [source.name],
    ).fetchall()[0][0]
    return max(covered, touched or covered)


def digest(parts: Sequence[str]) -> str:
    """A short hash over `parts`."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
