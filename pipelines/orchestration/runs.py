"""Runs executed in this process, for the command line: ingest new files, then everything for the stale days.

They are recorded in the home's Dagster instance: the UI shows them with the daemon's runs.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Protocol

import dagster as dg

from pipelines.catalog.catalog import Catalog
from pipelines.notify.delivery import notify_failure
from pipelines.notify.failures import Failed
from pipelines.orchestration.assembly import build_defs
from pipelines.orchestration.instance import alive, fail_orphaned_runs, opened_instance
from pipelines.orchestration.jobs import DAILY, LANDING, keys_to_run
from pipelines.orchestration.landing import landing_key
from pipelines.orchestration.manifest import prepared
from pipelines.orchestration.partitions import range_of, range_tags, ranges_to_run
from pipelines.orchestration.retention import tidy
from pipelines.orchestration.tags import FORCE, PROCESS
from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.status import Status, status

log = logging.getLogger(__name__)

LARGEST_LOG = 10_000_000
"""Size in bytes at which the command line's log is rotated; one old log is kept."""

NO_REASON = "no reason was given"


@dataclass(frozen=True)
class StepFailure:
    """A failed step, or a job that failed outside of any step, and the reason."""

    step: str
    message: str


def run(
    settings: Settings,
    catalog: Catalog,
    sources: Mapping[str, Source],
    before: Status,
    asked: tuple[date | None, date | None] = (None, None),
    force: bool = False,
) -> list[StepFailure]:
    """Ingest new files, then rebuild the stale days among those `asked`; returns the failures.

    `before` is the status found. With `force` days are rebuilt that are not stale.
    """
    token = uuid.uuid4().hex
    tags = {PROCESS: token} | ({FORCE: "true"} if force else {})
    with opened_instance(settings) as instance, alive(settings, token):
        fail_orphaned_runs(settings, instance)
        log.info("Reading the dbt project …")
        manifest = prepared(settings)
        loggers = {"file": _file_logger(log_file(settings))}
        defs = build_defs(settings, sources=sources, manifest=manifest, loggers=loggers)
        failures: list[StepFailure] = []
        if before.changed:
            log.info("Ingesting %s", ", ".join(f"{count} files of {name}" for name, count in before.changed.items()))
            keys = [landing_key(source) for source in before.changed]
            failures += _execute(settings, defs, instance, LANDING, tags, keys)
            before = status(settings, catalog, sources, files=False)
        # Without days to rebuild or changed models there is nothing more to do.
        every = defs.resolve_job_def(DAILY).asset_layer.executable_asset_keys
        keys = keys_to_run(every, sources, manifest, before, force)
        for first, last in ranges_to_run(before, asked, force):
            log.info("Validating, building and testing %s … %s", first, last)
            # Publishing a later range would include the failures of an earlier one.
            if failed := _execute(settings, defs, instance, DAILY, tags | range_tags(first, last), keys):
                return failures + failed
        tidy(settings, sources, instance)
    return failures


def log_file(settings: Settings) -> Path:
    """Where Dagster's own log of the command line's runs goes."""
    return settings.dagster_home / "scorecard.log"


def _file_logger(path: Path) -> dg.LoggerDefinition:
    """Dagster's events in a file instead of on the terminal."""

    def file_logger(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("scorecard", logging.DEBUG)
        handler = RotatingFileHandler(path, maxBytes=LARGEST_LOG, backupCount=1)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        return logger

    return dg.LoggerDefinition(file_logger)


def _execute(
    settings: Settings,
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    tags: Mapping[str, str],
    keys: Sequence[dg.AssetKey],
) -> list[StepFailure]:
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        tags=dict(tags),
        asset_selection=keys,
        run_config={"loggers": {"file": {}}},
        raise_on_error=False,
    )
    failures = [
        StepFailure(str(event.step_key), _reason(event)) for event in result.get_step_failure_events() if event.step_key
    ]
    if not result.success and not failures:  # outside the steps, for example when the warehouse cannot be opened
        failures = [
            StepFailure(job, _root_cause(event.job_failure_data.error) or event.message or NO_REASON)
            for event in result.filter_events(lambda event: event.is_run_failure)
        ] or [StepFailure(job, NO_REASON)]
    if not result.success:
        steps = tuple(failure.step for failure in failures)
        message = "; ".join(failure.message for failure in failures)
        notify_failure(settings, Failed(job, result.run_id, range_of(tags), steps, message))
    return failures


def _reason(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return _root_cause(data.error) or NO_REASON


class _Error(Protocol):
    """What Dagster's events say of an error."""

    @property
    def message(self) -> str: ...
    @property
    def cause(self) -> _Error | None: ...


def _root_cause(error: _Error | None) -> str:
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else ""
