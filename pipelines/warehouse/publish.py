"""Publishing: a copy of the marts for readers, replaced atomically.

`published/current` is a link to an immutable version; `marts.duckdb` and `parquet/` are reached through it, so one
rename swaps both. A reader who has the old version open continues to read it.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import files
from pipelines.kpis import KPIS
from pipelines.settings import Settings
from pipelines.warehouse.connect import name, quote, transaction, writer
from pipelines.warehouse.transform import descriptions

log = logging.getLogger(__name__)

VERSIONS_KEPT = 3
VERSION_FORMAT = "%Y%m%dT%H%M%S%f"
UNFINISHED = ".building"
PAGE = "scorecard.html"
_OF_VERSION = "<!-- of version "
STORAGE_VERSION = "v1.0.0"
"""DuckDB clients from 1.0.0 on open this; a database in 2.0's own format opens in no 1.x client."""


def publish(settings: Settings) -> dict[str, int]:
    """Copy every mart to a new version and swap it in; returns the rows of each mart.

    Call it after the tests have passed. Readers see the old version or the new one, never a mixture. The marts
    are in the database's main schema: DuckDB calls the database `marts` after its file, so that
    `marts.mart_scorecard` reads there as it does in the warehouse; a schema of that name would be ambiguous.
    """
    now = datetime.now(UTC)
    version = settings.published_dir / "versions" / now.strftime(VERSION_FORMAT)
    building = version.with_suffix(UNFINISHED)
    # Under the lock to its end: what another publication is building would look like what a killed one left.
    with writer(settings, "publishing") as connection:
        (building / "parquet").mkdir(parents=True)
        target = quote(str(building / "marts.duckdb"))
        connection.execute(f"attach {target} as published (storage_version {quote(STORAGE_VERSION)})")
        try:
            counts = _copied(connection, descriptions(settings), building / "parquet")
        finally:
            connection.execute("detach published")
        for file in building.rglob("*.*"):
            _sync(file)
        building.rename(version)
        _replace_symlink(settings.published_dir / "current", Path("versions") / version.name)
        _replace_symlink(settings.published_dir / "marts.duckdb", Path("current") / "marts.duckdb")
        _replace_symlink(settings.published_dir / "parquet", Path("current") / "parquet")
        remove_old_versions(version)
    return counts


def remove_old_versions(published: Path) -> None:
    """Keep the newest `VERSIONS_KEPT` versions, by name, and `published`: a clock set back gives it the oldest name.

    What a killed publication left unfinished goes too, and is no version.
    """
    unfinished = list(published.parent.glob(f"*{UNFINISHED}"))
    others = sorted(other for other in published.parent.iterdir() if other not in (published, *unfinished))
    for old in [*unfinished, *others[: max(0, len(others) - (VERSIONS_KEPT - 1))]]:
        shutil.rmtree(old, ignore_errors=True)


def _copied(
    connection: duckdb.DuckDBPyConnection, described: Mapping[str, tuple[str, Mapping[str, str]]], parquet: Path
) -> dict[str, int]:
    """Copy every mart into the attached database `published` and from there into `parquet`; the rows of each."""
    counts: dict[str, int] = {}
    marts = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' "
        "and database_name = current_database() and table_name like 'mart\\_%' escape '\\' order by table_name"
    ).fetchall()
    with transaction(connection):
        for (mart,) in marts:
            copy = f"published.{name(mart)}"
            connection.execute(f"create table {copy} as from marts.{name(mart)}")
            about, columns = described.get(mart, ("", {}))
            if about:
                connection.execute(f"comment on table {copy} is {quote(about)}")
            for (column,) in connection.execute(f"select column_name from (describe {copy})").fetchall():
                if columns.get(column):
                    connection.execute(f"comment on column {copy}.{name(column)} is {quote(columns[column])}")
            (counts[mart],) = connection.execute(f"select count(*) from {copy}").fetchone() or (0,)
    for (mart,) in marts:
        file = quote(str(parquet / f"{mart}.parquet"))
        connection.execute(f"copy published.{name(mart)} to {file} (format parquet)")
    return counts


def published_version(settings: Settings) -> str:
    """The name of the published version; empty where nothing is published."""
    link = settings.published_dir / "current"
    return link.readlink().name if link.is_symlink() else ""


def published_at(settings: Settings) -> datetime | None:
    """When the published version was made, UTC; None where nothing is published."""
    version = published_version(settings)
    if not version:
        return None
    return datetime.strptime(version, VERSION_FORMAT)  # noqa: DTZ007 - UTC without a zone, as the ledger's times


def published_file(settings: Settings) -> Path:
    """The published marts by their real path, which a publication meanwhile does not change.

    FileNotFoundError where nothing is published.
    """
    file = (settings.published_dir / "marts.duckdb").resolve()
    if not file.exists():
        raise FileNotFoundError(f"nothing is published in {settings.published_dir}. Run `scorecard run` first.")
    return file


def read_published(
    settings: Settings, queries: Mapping[str, str], values: Mapping[str, object] = MappingProxyType({})
) -> dict[str, pa.Table]:
    """Each query's result over the published marts, by its name; all of one version.

    `values` are the parameters that queries name as `$name`. FileNotFoundError where nothing is published.
    """
    with duckdb.connect(str(published_file(settings)), read_only=True) as connection:
        return {
            title: connection.sql(
                query, params={key: value for key, value in values.items() if re.search(rf"\${key}\b", query)}
            ).to_arrow_table()
            for title, query in queries.items()
        }


def put_page(settings: Settings, text: str, version: str) -> Path:
    """Publish the page, with the marts' version at its end; returns its path."""
    return put(settings, PAGE, f"{text}\n{_OF_VERSION}{version} -->\n")


def is_page_behind(settings: Settings) -> bool:
    """Whether the published scorecard has no page that was written from it."""
    page = settings.published_dir / PAGE
    if not (settings.published_dir / "parquet" / "mart_scorecard.parquet").exists():
        return False
    if not page.exists():
        return True
    with page.open("rb") as stream:
        stream.seek(max(0, page.stat().st_size - 200))
        end = stream.read().decode(errors="replace")
    return end.rpartition(_OF_VERSION)[2].removesuffix(" -->\n") != published_version(settings)


def put(settings: Settings, file_name: str, text: str) -> Path:
    """Publish `text` as `file_name`, replaced atomically; returns its path."""
    path = settings.published_dir / file_name
    files.replace(path, text)
    return path


def scorecard(settings: Settings) -> list[dict[str, Any]]:
    """The last whole month that holds a number, of every KPI and model, as published.

    Before there is one: the newest month that holds a number, else the last whole one, else the newest. Empty where no
    scorecard is.
    """
    file = (settings.published_dir / "marts.duckdb").resolve()
    if not file.exists():
        return []
    with duckdb.connect(str(file), read_only=True) as connection:
        if connection.execute("from duckdb_tables() where table_name = 'mart_scorecard'").fetchone() is None:
            return []
        found = connection.execute(
            "select model_name, kpi_id, kpi_name, unit, period_start_date, value, target, "
            "status, gap_reason, as_of = last_day(period_start_date) as is_whole "
            "from mart_scorecard where period = 'month' qualify period_start_date = coalesce("
            "max(period_start_date) filter (as_of = last_day(period_start_date) and value is not null) over (), "
            "max(period_start_date) filter (value is not null) over (), "
            "max(period_start_date) filter (as_of = last_day(period_start_date)) over (), "
            "max(period_start_date) over ()) order by list_position($kpis, kpi_id), model_name",
            {"kpis": [kpi.kpi_id for kpi in KPIS]},
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _replace_symlink(link: Path, target: Path) -> None:
    """Make `link` point to `target` in one step."""
    if link.is_symlink() and link.readlink() == target:
        return
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
