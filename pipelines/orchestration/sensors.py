"""What starts a run by itself: files that land, days that are stale; and who tells people: alerts, failed runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.notify.delivery import tell, tell_failure, utc_now
from pipelines.notify.failures import Failed
from pipelines.notify.outbox import OutboxBusyError
from pipelines.orchestration.instance import bury_the_dead
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.partitions import RANGE_END, RANGE_START, range_tags, stretches, up_to_today
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse import ledger, ledger_schema
from pipelines.warehouse.connect import writer
from pipelines.warehouse.errors import WarehouseBusyError
from pipelines.warehouse.intake import files_waiting, rejection_version_of
from pipelines.warehouse.landing import landing_files
from pipelines.warehouse.status import status

EVERY_SECONDS = 60


def landing_sensor(settings: Settings, source: Source, job: dg.UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Requests that the source's files be taken in when there are new or changed ones.

    The ledger is asked only when names, sizes or times are not what they were when it last knew them all.
    """

    @dg.sensor(
        name=f"{source.name}_landed",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"New or changed files of {source.title}.",
    )
    def landed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        files = landing_files(settings, source)
        seen = ledger.digest(
            [rejection_version_of(source), *(f"{file.path} {file.size_bytes} {file.modified_at}" for file in files)]
        )
        nothing = dg.SkipReason(f"{len(files)} files, none new or changed")
        if not files or context.cursor == seen:
            return nothing
        try:
            with writer(settings, f"looking for new files of {source.name}", wait=False) as connection:
                ledger_schema.create(connection)
                is_changed = files_waiting(connection, settings, source) > 0
        except WarehouseBusyError as busy:
            return dg.SkipReason(f"looking again later: {busy}")
        if not is_changed:  # a run from the command line has taken them in
            return dg.SensorResult(skip_reason=nothing, cursor=seen)
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=f"{source.name} {seen}", asset_selection=[landing_key(source.name)])],
            cursor=seen,
        )

    return landed


def stale_days_sensor(
    settings: Settings, sources: Mapping[str, Source], job: dg.UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """Requests a run for each date range of stale days, and for no other day.

    Late files and restated bills make days stale. Where no day is stale and code or catalog have changed models, or
    what was built is not published, a run of the newest day sees to it. The same state is requested once: a run that
    failed on it is not tried again until something has changed.
    """

    @dg.sensor(
        name="stale_days",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Days whose marts are not what the files, the catalog and the code make them.",
    )
    def stale(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        bury_the_dead(settings, context.instance)
        if not settings.warehouse_file.exists():
            yield dg.SkipReason("nothing has been taken in yet")
            return
        try:
            found = status(settings, load_catalog(settings.catalog_dir), sources, wait=False, files=False)
        except WarehouseBusyError as busy:
            yield dg.SkipReason(f"looking again later: {busy}")
            return
        days = up_to_today(found.stale_days)
        if not days and (found.changed_models or found.unpublished):
            days = up_to_today(found.covered)[-1:]
        if not days:
            yield dg.SkipReason("no day is stale")
        for first, last in stretches(days):
            yield dg.RunRequest(run_key=f"{first} {last} {found.fingerprint}", tags=range_tags(first, last))

    return stale


def failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """Tells whoever is to know of a run that failed."""

    @dg.run_failure_sensor(
        name="run_failed",
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Log it, and tell every channel that is set.",
    )
    def failed(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        steps = [event for event in context.get_step_failure_events() if event.step_key]
        tell_failure(
            settings,
            Failed(
                job=run.job_name,
                run_id=run.run_id,
                days=(run.tags.get(RANGE_START, ""), run.tags.get(RANGE_END, "")),
                steps=tuple(str(event.step_key) for event in steps),
                message=context.failure_event.message or "",
            ),
        )

    return failed


def alerts_sensor(settings: Settings) -> dg.SensorDefinition:
    """Tells every channel what has changed among the published alerts, once, and again what it could not take.

    What each was told stands in the outbox, so that a tick costs little where nothing has changed.
    """
    read_at = utc_now()

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Alerts that opened, were acknowledged or closed, to every channel that is set.",
    )
    def alerts() -> dg.SkipReason:
        try:
            reports = tell(settings, since=read_at, wait=False)
        except OutboxBusyError as busy:
            return dg.SkipReason(f"looking again later: {busy}")
        return dg.SkipReason("; ".join(report.text for report in reports) or "no channel is set (docs/alerts.md)")

    return alerts
