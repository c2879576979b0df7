"""The two jobs: ingesting landing files, and everything for a date range; and the daily schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.orchestration import landing, pulls, reviews
from pipelines.orchestration.manifest import Manifest
from pipelines.orchestration.marts import untouched
from pipelines.orchestration.partitions import range_tags, ranges_to_run
from pipelines.orchestration.raw import raw_key
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.errors import WarehouseBusyError
from pipelines.warehouse.status import Status, status

LANDING, DAILY = "landing", "daily"
EVERY_MORNING = "0 6 * * *"
"""When yesterday's exports have usually been delivered, UTC."""


def landing_job() -> dg.UnresolvedAssetJobDefinition:
    """Ingests landing files."""
    return dg.define_asset_job(
        LANDING, dg.AssetSelection.groups(landing.GROUP), description="Ingest new and changed landing files."
    )


def daily_job() -> dg.UnresolvedAssetJobDefinition:
    """Everything except pulls and reviews, for a day or a date range in one run."""
    return dg.define_asset_job(
        DAILY,
        dg.AssetSelection.all() - dg.AssetSelection.groups(pulls.GROUP, reviews.GROUP),
        description="Ingest, validate and replace the days, build and test the marts, publish.",
    )


def keys_to_run(
    keys: Iterable[dg.AssetKey],
    sources: Mapping[str, Source],
    manifest: Manifest,
    found: Status,
    force: bool = False,
) -> list[dg.AssetKey]:
    """The assets of the daily job, of `keys`, that a run over the days to rebuild needs, with landing done.

    Left out: landing, raw tables of sources without stale days (kept with `force`), and views and seeds as they were.
    """
    done = set(map(landing.landing_key, sources)) | untouched(manifest, found.changed_models)
    done |= {
        raw_key(name, table.name)
        for name, source in sources.items()
        if not force and name not in found.stale_sources
        for table in source.warehouse_tables
    }
    return [key for key in keys if key not in done]


def daily_schedule(
    settings: Settings, sources: Mapping[str, Source], job: dg.UnresolvedAssetJobDefinition
) -> dg.ScheduleDefinition:
    """One run each morning, for yesterday and the days before it that may still change.

    If the sensors have left nothing to do, it only looks at the landing folder, which evaluates the freshness of data.
    """
    late = max((source.late for source in sources.values()), default=timedelta())

    @dg.schedule(
        name="daily_schedule",
        job=job,
        cron_schedule=EVERY_MORNING,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Each morning: yesterday and the {late.days} days before it, in one run.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        yesterday = context.scheduled_execution_time.date() - timedelta(days=1)
        nothing_to_do = settings.warehouse_file.exists() and _is_current(settings, sources)
        return dg.RunRequest(
            run_key=yesterday.isoformat(),
            tags=range_tags(yesterday - late, yesterday),
            asset_selection=list(map(landing.landing_key, sources)) if nothing_to_do else None,
        )

    return schedule


def _is_current(settings: Settings, sources: Mapping[str, Source]) -> bool:
    """Whether no file is new and no day stale; False while another process writes the warehouse."""
    try:
        found = status(settings, load_catalog(settings.catalog_dir), sources, wait=False)
    except WarehouseBusyError:
        return False
    return not any(found.changed.values()) and not ranges_to_run(found)
