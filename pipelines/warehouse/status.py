"""What waits, what is rejected and what is missing: the questions asked before and after a run.

Nothing is changed here: `intake`, `days` and `transform` load and build.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb

from pipelines.catalog.catalog import Catalog
from pipelines.settings import Settings
from pipelines.settings.places import Bucket
from pipelines.sources.spec import Source
from pipelines.warehouse import ledger, ledger_schema, models, staleness
from pipelines.warehouse.bucket_errors import BucketError
from pipelines.warehouse.bucket_publish import is_bucket_behind
from pipelines.warehouse.connect import name, quote, writer
from pipelines.warehouse.intake import days_version_of, files_waiting
from pipelines.warehouse.landing import landing_files, look, look_for
from pipelines.warehouse.postgres import is_behind
from pipelines.warehouse.publish import is_page_behind, published_at
from pipelines.warehouse.transform import model_fingerprints

COMMON_REASONS = 3
EXAMPLE_KEPT = 120
"""How many characters of a reason are shown as an example."""
_VALUE = "(?s)(^|; )([A-Za-z_][A-Za-z0-9_]*): .*?( is not an? [A-Z]| is not between | can be read two ways)"
_NUMBER = "[0-9]{4}-[0-9]{2}-[0-9]{2}(, a day after)|[0-9]+( columns)"
_KIND = (
    f"regexp_replace(regexp_replace(reason, {quote(_VALUE)}, '\\1\\2: …\\3', 'g'), {quote(_NUMBER)}, '…\\1\\2', 'g')"
)
"""SQL of a reason without what differs from row to row: `amount: … is not a DOUBLE`."""


@dataclass(frozen=True)
class RejectedFile:
    """A landing file that was not loaded, with what was found, what was expected and what to do."""

    source: str
    path: str
    status: str
    message: str


@dataclass(frozen=True)
class RejectedDay:
    """A day of a source that validation rejected, and why."""

    source: str
    day: date
    message: str


@dataclass(frozen=True)
class Status:
    """The state of a home folder.

    `changed` counts each source's landing files that are new or changed. `stale_days` are those on which raw or
    marts differ from what the files give, `stale_sources` the sources with such days in raw, `changed_models` those
    of which code or catalog has changed since they were built. `fingerprint` changes when the result of a run over them
    would. `covered`: the days that files account for. `unpublished`: the marts are newer than their publication, or the
    page, Postgres or a bucket is older than that.
    """

    changed: Mapping[str, int]
    stale_days: tuple[date, ...]
    changed_models: tuple[str, ...]
    stale_sources: frozenset[str]
    rejected_files: tuple[RejectedFile, ...]
    rejected_days: tuple[RejectedDay, ...]
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
        ledger_schema.create(connection)
        changed = {
            source: files_waiting(connection, settings, spec) if files else 0 for source, spec in sources.items()
        }
        stale = set(staleness.stale_days(connection))
        stale_sources: set[str] = set()
        prints = sorted(wanted.values())
        for source, spec in sources.items():
            days = staleness.source_days(connection, spec, days_version_of(spec), settings.first_day)
            if days.stale:
                stale |= set(days.stale)
                stale_sources.add(source)
            prints += [f"{source} {day} {of}" for day, of in days.fingerprints.items()]
        built = connection.execute("select max(built_at) from ledger.built").fetchone()
        covered = connection.execute(
            "select distinct day from ledger.file_version_days "
            "join ledger.current_file_versions using (source, content_id) order by day"
        ).fetchall()
        published = published_at(settings)
        return Status(
            changed={source: count for source, count in changed.items() if count},
            stale_days=tuple(sorted(stale)),
            changed_models=tuple(sorted(node.split(".")[-1] for node in models.changed(connection, wanted))),
            stale_sources=frozenset(stale_sources),
            rejected_files=tuple(rejected_files(connection, settings, sources.values())),
            rejected_days=tuple(rejected_days(connection)),
            fingerprint=ledger.digest(sorted(prints)),
            covered=tuple(day for (day,) in covered),
            unpublished=published is None
            or bool(built and built[0] and published < built[0])
            or is_page_behind(settings)
            or is_behind(settings)
            or is_bucket_behind(settings),
        )


def rejected_files(
    connection: duckdb.DuckDBPyConnection, settings: Settings, sources: Iterable[Source]
) -> list[RejectedFile]:
    """The files of the sources that have landed and were not loaded, also where their folder cannot be listed now."""
    found: list[RejectedFile] = []
    for source in sources:
        rejected = _ever_rejected(connection, source.name)
        if rejected:
            files = landing_files(settings, source)
            present = {file.path for file in files}
            unlisted = tuple("" if file.path == "." else f"{file.path}/" for file in files if file.trouble)
            found += [file for file in rejected if file.path in present or file.path.startswith(unlisted)]
    return found


def _ever_rejected(connection: duckdb.DuckDBPyConnection, source: str) -> list[RejectedFile]:
    """The source's rejected files in the ledger: also those that have vanished or are ignored by now."""
    rows = connection.execute(
        "select source, path, status, message from ledger.files where status in ('rejected', 'unreadable') "
        "and source = ? order by path",
        [source],
    ).fetchall()
    return [RejectedFile(*row) for row in rows]


def rejected_days(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[RejectedDay]:
    """The days (of `source`, or of all) that are rejected."""
    rows = connection.execute(
        "select source, day, message from ledger.days where status = 'rejected' and ($1 is null or source = $1) "
        "order by source, day",
        [source],
    ).fetchall()
    return [RejectedDay(*row) for row in rows]


@dataclass(frozen=True)
class Freshness:
    """How old a source's data is; `is_fresh` None where it has none."""

    newest_day: date | None
    is_fresh: bool | None


def freshness(connection: duckdb.DuckDBPyConnection, source: Source, now: datetime) -> Freshness:
    """A source is fresh while the newest day in its files ended no longer ago than `Source.fresh_within`."""
    newest = ledger.newest_day(connection, source)
    if newest is None:
        return Freshness(None, None)
    ended = datetime.combine(newest, time(), UTC) + timedelta(days=1)
    return Freshness(newest, now - ended <= source.fresh_within)


@dataclass(frozen=True)
class Health:
    """The state of one source: its files, its quarantined and skipped rows, its days.

    Of quarantined and skipped rows it has the most common kinds of reason, for values with an example.
    """

    source: str
    globs: tuple[str, ...]
    files_found: int
    files_rejected: int
    rows_loaded: int
    rows_quarantined: int
    reasons: tuple[tuple[str, int], ...]
    rows_skipped: int
    skip_reasons: tuple[tuple[str, int], ...]
    left_out_reasons: tuple[tuple[str, int], ...]
    days_covered: int
    newest_day: date | None
    is_fresh: bool | None


def health(settings: Settings, sources: Mapping[str, Source], now: datetime | None = None) -> list[Health]:
    """The health of each source."""
    now = now or datetime.now(UTC)
    with writer(settings, "examining the sources") as connection:
        ledger_schema.create(connection)
        return [_health(connection, settings, source, now) for source in sources.values()]


def _health(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source, now: datetime) -> Health:
    # The rows of a file that is there under several names count once.
    held = (
        "(select distinct on (content_id) path, rows_loaded_count, rows_quarantined_count, rows_skipped_count, "
        "skip_reasons, left_out_reasons from ledger.files where source = ? and status = 'loaded' "
        "order by content_id, loaded_at desc)"
    )
    loaded, quarantined, skipped = connection.execute(
        "select coalesce(sum(rows_loaded_count), 0)::bigint, coalesce(sum(rows_quarantined_count), 0)::bigint, "
        f"coalesce(sum(rows_skipped_count), 0)::bigint from {held}",
        [source.name],
    ).fetchone() or (0, 0, 0)
    skip_reasons, left_out_reasons = (
        tuple(
            connection.execute(
                f"select why.key, sum(why.value::bigint)::bigint as n from {held} as held, json_each({column}) as why "
                "group by why.key order by n desc, why.key limit ?",
                [source.name, COMMON_REASONS],
            ).fetchall()
        )
        for column in ("skip_reasons", "left_out_reasons")
    )
    # A row of several tables is there once for each.
    reasons = connection.execute(
        f"select {_KIND} as kind, min(reason) as example, "
        "count(distinct (content_id, row_number, table_name is null))::bigint as n "
        "from raw.quarantine join ledger.current_file_versions using (source, content_id) where source = ? "
        "group by kind order by n desc, kind limit ?",
        [source.name, COMMON_REASONS],
    ).fetchall()
    (days,) = connection.execute("select count(*) from ledger.coverage where source = ?", [source.name]).fetchone() or (
        0,
    )
    age = freshness(connection, source, now)
    present = {file.path for file in landing_files(settings, source)}
    return Health(
        source=source.name,
        globs=tuple(settings.globs(source.name, source.glob)),
        files_found=len(present),
        files_rejected=sum(file.path in present for file in _ever_rejected(connection, source.name)),
        rows_loaded=loaded,
        rows_quarantined=quarantined,
        reasons=tuple(
            (kind if example == kind else f"{kind} (such as: {example[:EXAMPLE_KEPT]})", count)
            for kind, example, count in reasons
        ),
        rows_skipped=skipped,
        skip_reasons=skip_reasons,
        left_out_reasons=left_out_reasons,
        days_covered=days,
        newest_day=age.newest_day,
        is_fresh=age.is_fresh,
    )


def stray_files(settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """What landed and no source reads, relative to its folder or prefix, without hidden files."""
    claimed: dict[Path | Bucket, set[str]] = {settings.landing_dir: set()}
    for source in sources.values():
        found = look(settings, source)
        for place in (settings.place_of(source.name), settings.pulled_to(source.name)):
            claimed.setdefault(place, set()).update(found.companions, (file.path for file in found.files))
    return [
        file.path
        for place, paths in claimed.items()
        for file in look_for(settings, place, ("**/*",)).files
        if file.path not in paths and not isinstance(file.trouble, BucketError)
    ]


def companions(settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """The companion files of exports, which hold no rows, relative to the landing folder."""
    return sorted({path for source in sources.values() for path in look(settings, source).companions})


def table_rows(settings: Settings, wanted: Sequence[tuple[str, str]] | None = None) -> dict[tuple[str, str], int]:
    """(schema, table) → rows, in one query: of the `wanted` ones that exist; None: of every table, without views."""
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
