"""Sensors: new files and stale days start runs; alerts and failed runs send notifications."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

import dagster as dg

from pipelines.catalog.load import load_catalog
from pipelines.notify.delivery import notify, notify_failure, utc_now
from pipelines.notify.failures import Failed
from pipelines.notify.outbox import OutboxBusyError
from pipelines.orchestration.instance import fail_orphaned_runs
from pipelines.orchestration.jobs import keys_to_run
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.manifest import Manifest
from pipelines.orchestration.partitions import range_of, range_tags, ranges_to_run
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse import ledger, ledger_schema
from pipelines.warehouse.connect import writer
from pipelines.warehouse.errors import WarehouseBusyError
from pipelines.warehouse.intake import files_waiting, rejection_version_of
from pipelines.warehouse.landing import LandingFile, landing_files
from pipelines.warehouse.status import status

EVERY_SECONDS = 60


def landing_sensor(
    settings: Settings, sources: Mapping[str, Source], job: dg.UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """Requests one run that ingests the sources with new or changed files.

    One sensor for all: each tick is a row of Dagster's storage, and each run starts a process. The ledger is read only
    for sources with files that differ in name, size or time from those it last had.
    """

    @dg.sensor(
        name="files_landed",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="New or changed files in the landing folder: ingests the sources that have some.",
    )
    def landed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        found = {name: landing_files(settings, source) for name, source in sources.items()}
        seen = {name: _digest(sources[name], files) for name, files in found.items() if files}
        before: dict[str, str] = json.loads(context.cursor or "{}")
        differ = {name: version for name, version in seen.items() if before.get(name) != version}
        nothing = dg.SkipReason(f"{sum(map(len, found.values()))} files, none new or changed")
        if not differ:
            return nothing
        try:
            with writer(settings, "looking for new files", wait=False) as connection:
                ledger_schema.create(connection)
                changed = [name for name in differ if files_waiting(connection, settings, sources[name]) > 0]
        except WarehouseBusyError as busy:
            return dg.SkipReason(f"looking again later: {busy}")
        cursor = json.dumps(seen)
        if not changed:  # a run from the command line has ingested them
            return dg.SensorResult(skip_reason=nothing, cursor=cursor)
        request = dg.RunRequest(
            run_key=ledger.digest([f"{name} {seen[name]}" for name in changed]),
            asset_selection=[landing_key(name) for name in changed],
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return landed


def _digest(source: Source, files: Sequence[LandingFile]) -> str:
    return ledger.digest([rejection_version_of(source), *(f"{file.path} {file.identity}" for file in files)])


def stale_days_sensor(
    settings: Settings,
    sources: Mapping[str, Source],
    manifest: Manifest,
    keys: Collection[dg.AssetKey],
    job: dg.UnresolvedAssetJobDefinition,
) -> dg.SensorDefinition:
    """Requests the runs that the home needs (`ranges_to_run`), of those of the job's `keys` that they need.

    The command line runs the same.

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
        needed = keys_to_run(keys, sources, manifest, found)
        for first, last in ranges:
            yield dg.RunRequest(
                run_key=f"{first} {last} {found.fingerprint}", tags=range_tags(first, last), asset_selection=needed
            )

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
