"""Dagster's storage in the home folder: its settings, and failing orphaned runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from pipelines.orchestration.tags import PROCESS
from pipelines.settings import Settings
from pipelines.warehouse.private import private_folder

DAGSTER_YAML = """\
# Written once by `scorecard`; you may change it.
telemetry:
  enabled: false
nux:
  enabled: false
freshness:
  enabled: true
# Every run writes the one warehouse, so they queue. No pool is used, because its slot survives a killed run
# and the next run waits forever. An operating-system lock separates writers; it is released with its process.
concurrency:
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 21600
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 1
      started: 30
      failure: 30
      success: 90
"""
STORAGE_BEFORE = """\
event_log_storage: # writes the events of a range of days at once
  module: pipelines.orchestration.storage
  class: BatchedEventLogStorage
  config:
    base_dir:
      env: DAGSTER_HOME
"""
"""The storage in homes of version 0.1, a module that no longer exists: its files are read by Dagster's own storage."""


def write_settings(settings: Settings) -> Path:
    """Write dagster.yaml if it is missing or has the storage of version 0.1; returns its path."""
    path = settings.dagster_home / "dagster.yaml"
    if not path.exists():
        private_folder(settings.dagster_home)
        path.write_text(DAGSTER_YAML)
    elif STORAGE_BEFORE in (text := path.read_text()):
        path.write_text(text.replace(STORAGE_BEFORE, ""))
    return path


def environment(settings: Settings) -> dict[str, str]:
    """Environment variables for Dagster's processes; a webserver inherits them from `scorecard ui`."""
    return {"DAGSTER_HOME": str(settings.dagster_home)}


@contextmanager
def opened_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The home's Dagster instance, shared by the command line and the UI."""
    folder = str(write_settings(settings).parent)
    os.environ.update(environment(settings))
    # Each storage creates its tables when first opened, so only one process at a time may do so.
    with FileLock(settings.dagster_home / ".opening"):
        instance = dg.DagsterInstance.from_config(folder)
        instance.fetch_materializations(dg.AssetKey("any"), limit=1)
    with instance:
        yield instance


@contextmanager
def alive(settings: Settings, token: str) -> Iterator[None]:
    """Hold the lock file `token` for as long as this process executes a run tagged with it."""
    folder = settings.dagster_home / "processes"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / token
    try:
        with FileLock(path):
            yield
    finally:
        path.unlink(missing_ok=True)


def fail_orphaned_runs(settings: Settings, instance: dg.DagsterInstance) -> list[str]:
    """Mark orphaned runs of the command line as failed; returns their ids.

    A killed process cannot report its end: its run would count as running and block the queue. The operating system has
    released its lock file.
    """
    under_way = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]
    failed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=under_way)):
        token = run.tags.get(PROCESS)
        if token is None:
            continue
        path = settings.dagster_home / "processes" / token
        try:
            with FileLock(path, timeout=0):
                instance.report_run_failed(run, "The process that executed the run died.")
        except Timeout:
            continue
        path.unlink(missing_ok=True)
        failed.append(run.run_id)
    return failed
