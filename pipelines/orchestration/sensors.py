"""Sensors: new files and stale days start runs; alerts and failed runs send notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.notify.delivery import notify, notify_failure, utc_now
from pipelines.notify.failures import Failed
from pipelines.notify.outbox import OutboxBusyError
from pipelines.orchestration.instance import fail_orphaned_runs
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.partitions import range_of, range_tags, ranges_to_run
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
    """Requests ingestion when the source has new or changed files.

    The ledger is read only if names, sizes or times have changed since it last had them all.
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
        if not is_changed:  # a run from the command line has ingested them
            return dg.SensorResult(skip_reason=nothing, cursor=seen)
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=f"{source.name} {seen}", asset_selection=[landing_key(source.name)])],
            cursor=seen,
        )

    return landed


def stale_days_sensor(
    settings: Settings, sources: Mapping[str, Source], job: dg.UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """Requests the runs that the home needs (`ranges_to_run`), as the command line does.

    Late files and restated bills make days stale. The same state is requested once: a run that failed on it is not
    tried again until something has changed.
    """

    @dg.sensor(
        name="stale_days",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Stale days: their files, catalog or code have changed since their marts were built.",
    )
    def stale(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        fail_orphaned_runs(settings, context.instance)
        if not settings.warehouse_file.exists():
            yield dg.SkipReason("nothing has been ingested yet")
            return
        try:
            found = status(settings, load_catalog(settings.catalog_dir), sources, wait=False, files=False)
        except WarehouseBusyError as busy:
            yield dg.SkipReason(f"looking again later: {busy}")
            return
        ranges = ranges_to_run(found)
        if not ranges:
            yield dg.SkipReason("no day is stale")
        for first, last in ranges:
            yield dg.RunRequest(run_key=f"{first} {last} {found.fingerprint}", tags=range_tags(first, last))

    return stale


def failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """Notifies the channels of a failed run."""

    @dg.run_failure_sensor(
        name="run_failed",
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Log the failed run and notify every configured channel.",
    )
    def failed(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        steps = [event for event in context.get_step_failure_events() if event.step_key]
        notify_failure(
            settings,
            Failed(
                job=run.job_name,
                run_id=run.run_id,
                days=range_of(run.tags),
                steps=tuple(str(event.step_key) for event in steps),
                message=context.failure_event.message or "",
            ),
        )

    return failed


def alerts_sensor(settings: Settings) -> dg.SensorDefinition:
    """Notifies every channel once of each change of the published alerts, and retries failures.

    The outbox records what was sent, so that a tick without changes is cheap.
    """
    read_at = utc_now()

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notify every configured channel of alerts that opened, were acknowledged or closed.",
    )
    def alerts() -> dg.SkipReason:
        try:
            reports = notify(settings, since=read_at, wait=False)
        except OutboxBusyError as busy:
            return dg.SkipReason(f"looking again later: {busy}")
        return dg.SkipReason("; ".join(report.text for report in reports) or "no channel is set (docs/alerts.md)")

    return alerts
