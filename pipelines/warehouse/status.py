"""What waits, what is refused and what is missing: the questions asked before and after a run.

Nothing is changed here. Who loads and builds lives in `intake`, `days` and `transform`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from pipelines.catalog.types import Catalog
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import name, quote, writer
from pipelines.warehouse.intake import changed_files, landing_files, version_of
from pipelines.warehouse.publish import published_at
from pipelines.warehouse.transform import code_fingerprint, prepare

COMMON_REASONS = 3
NOBODY = ("unmapped", "unallocated")
"""What the marts call a model that no identifier of the catalog leads to."""


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
    marts are not what the files, the catalog and the code make them; `fingerprint` changes when what a run over
    them would build does. `unpublished`: the marts are newer than their publication, or nothing was ever
    published.
    """

    changed: Mapping[str, int]
    stale_days: tuple[date, ...]
    refused_files: tuple[RefusedFile, ...]
    refused_days: tuple[RefusedDay, ...]
    fingerprint: str
    covered: tuple[date, date] | None
    unpublished: bool


def status(settings: Settings, catalog: Catalog, sources: Mapping[str, Source], wait: bool = True) -> Status:
    """Look at the home folder; with `wait` false WarehouseBusyError is raised while another process writes."""
    prepare()
    code = code_fingerprint(catalog)
    with writer(settings, "looking for stale days", wait) as connection:
        ledger.create(connection)
        changed = {source: len(changed_files(connection, settings, spec)) for source, spec in sources.items()}
        stale = set(ledger.stale_days(connection, code))
        prints = [code]
        for source, spec in sources.items():
            version = version_of(spec)
            stale |= set(ledger.stale_source_days(connection, source, version, settings.first_day))
            prints += [
                f"{source} {day} {text}" for day, text in ledger.fingerprints(connection, source, version).items()
            ]
        built = connection.execute("select max(built_at) from ledger.built").fetchone()
        span = connection.execute("select min(day), max(day) from ledger.coverage").fetchone()
        published = published_at(settings)
        return Status(
            changed={source: count for source, count in changed.items() if count},
            stale_days=tuple(sorted(stale)),
            refused_files=tuple(refused_files(connection, settings)),
            refused_days=tuple(refused_days(connection)),
            fingerprint=ledger.digest(sorted(prints)),
            covered=(span[0], span[1]) if span and span[0] else None,
            unpublished=published is None or bool(built and built[0] and published < built[0]),
        )


def refused_files(
    connection: duckdb.DuckDBPyConnection, settings: Settings, source: str | None = None
) -> list[RefusedFile]:
    """The files (of `source`, or of all) that lie in the landing folder and were not loaded."""
    rows = connection.execute(
        "select source, path, status, message from ledger.files where status in ('refused', 'unreadable') "
        "and ($1 is null or source = $1) order by source, path",
        [source],
    ).fetchall()
    return [RefusedFile(*row) for row in rows if (settings.landing_dir / row[1]).exists()]


def refused_days(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[RefusedDay]:
    """The days (of `source`, or of all) that stand refused."""
    rows = connection.execute(
        "select source, day, message from ledger.days where status = 'refused' and ($1 is null or source = $1) "
        "order by source, day",
        [source],
    ).fetchall()
    return [RefusedDay(*row) for row in rows]


@dataclass(frozen=True)
class Health:
    """What is known of one source: its files, its quarantined rows with the commonest reasons, its days."""

    source: str
    files_found: int
    files_loaded: int
    files_refused: int
    files_waiting: int
    rows_loaded: int
    rows_quarantined: int
    reasons: tuple[tuple[str, int], ...]
    days_covered: int
    first_day: date | None
    newest_day: date | None
    is_fresh: bool | None


def health(settings: Settings, sources: Mapping[str, Source], now: datetime | None = None) -> list[Health]:
    """The health of each source; a source is fresh while its newest day ended no longer ago than it may."""
    now = now or datetime.now(UTC)
    with writer(settings, "examining the sources") as connection:
        ledger.create(connection)
        return [_health(connection, settings, source, now) for source in sources.values()]


def _health(connection: duckdb.DuckDBPyConnection, settings: Settings, source: Source, now: datetime) -> Health:
    loaded, read, aside = connection.execute(
        "select count(distinct path), coalesce(sum(rows_loaded_count), 0)::bigint, "
        "coalesce(sum(rows_quarantined_count), 0)::bigint from (select content_id, any_value(path) as path, "
        "any_value(rows_loaded_count) as rows_loaded_count, any_value(rows_quarantined_count) as "
        "rows_quarantined_count from ledger.files where source = ? and status = 'loaded' group by content_id)",
        [source.name],
    ).fetchone() or (0, 0, 0)
    # Values differ from row to row ("amount: 12x is not a DOUBLE"); what is wrong is the column and the rule.
    reasons = connection.execute(
        "select regexp_replace(reason, '^([^:;]+): .* (is not )', '\\1: … \\2') as kind, count(*) as n "
        "from raw.quarantine join ledger.current_contents using (source, content_id) where source = ? "
        "group by kind order by n desc, kind limit ?",
        [source.name, COMMON_REASONS],
    ).fetchall()
    days, first, newest = connection.execute(
        "select count(*), min(day), max(day) from ledger.coverage where source = ?", [source.name]
    ).fetchone() or (0, None, None)
    ended = datetime.combine(newest, time(), UTC) + timedelta(days=1) if newest else None
    return Health(
        source=source.name,
        files_found=len(landing_files(settings, source)),
        files_loaded=loaded,
        files_refused=len(refused_files(connection, settings, source.name)),
        files_waiting=len(changed_files(connection, settings, source)),
        rows_loaded=read,
        rows_quarantined=aside,
        reasons=tuple((kind, count) for kind, count in reasons),
        days_covered=days,
        first_day=first,
        newest_day=newest,
        is_fresh=None if ended is None else now - ended <= source.fresh_within,
    )


def nobodys(settings: Settings) -> list[tuple[str, str, int]]:
    """(mart, `unmapped` or `unallocated`, rows) wherever a mart holds rows that no model of the catalog owns."""
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
                "group by model_id order by model_id",
                [list(NOBODY)],
            ).fetchall()
        ]


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
