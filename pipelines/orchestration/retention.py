"""How long the home keeps its history: Dagster's finished runs with their events, check results and logs.

What the warehouse no longer needs is `warehouse.retention`'s affair. `tidy` has both done; a job does so each night.
"""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa

from pipelines.settings import Settings
from pipelines.sources.spec import Source
from pipelines.warehouse.retention import collect

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
AT_ONCE = 50
EVERY_NIGHT = "30 3 * * *"


def tidy(settings: Settings, sources: Mapping[str, Source], instance: dg.DagsterInstance) -> tuple[int, int]:
    """Remove unused runs and file versions older than `history_days`; returns the number of each."""
    return forget_runs(settings, instance), collect(settings, sources.values())


def forget_runs(settings: Settings, instance: dg.DagsterInstance) -> int:
    """Delete the finished runs that began more than `history_days` ago; returns the number."""
    before = datetime.now(UTC) - timedelta(days=settings.history_days)
    forgotten = 0
    while runs := instance.get_runs(dg.RunsFilter(statuses=FINISHED, created_before=before), limit=AT_ONCE):
        for run in runs:
            instance.delete_run(run.run_id)
            # Dagster empties the run's SQLite file and keeps it, and its logs.
            for path in (settings.dagster_home / "history" / "runs").glob(f"{run.run_id}.db*"):
                path.unlink()
            shutil.rmtree(settings.dagster_home / "storage" / run.run_id, ignore_errors=True)
            forgotten += 1
    _forget_check_results(instance, before)
    return forgotten


def _forget_check_results(instance: dg.DagsterInstance, before: datetime) -> None:
    """Delete the results of asset checks from before `before`, except the newest of each check.

    Dagster leaves them when it deletes a run, and offers no other way than wiping the asset. A storage without SQL, or
    with other tables, keeps them.
    """
    connect = getattr(instance.event_log_storage, "index_connection", None)
    if connect is None:
        return
    columns = [*map(sa.column, ("id", "asset_key", "check_name")), sa.column("create_timestamp", sa.DateTime)]
    results = sa.table("asset_check_executions", *columns)
    newest = sa.select(sa.func.max(results.c.id)).group_by(results.c.asset_key, results.c.check_name)
    old = results.c.create_timestamp < before.replace(tzinfo=None)
    with connect() as connection:
        if sa.inspect(connection).has_table(results.name):
            connection.execute(sa.delete(results).where(old, results.c.id.not_in(newest)))


def retention_job(settings: Settings, sources: Mapping[str, Source]) -> dg.JobDefinition:
    """Removes old, unused data."""

    @dg.op(name="remove_what_is_old")
    def remove(context: dg.OpExecutionContext) -> None:
        runs, versions = tidy(settings, sources, context.instance)
        context.log.info(f"removed {runs} runs and {versions} file versions older than {settings.history_days} days")

    @dg.job(
        name="retention", description=f"Remove runs and unused file versions older than {settings.history_days} days."
    )
    def retention() -> None:
        remove()

    return retention


def retention_schedule(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Each night."""
    return dg.ScheduleDefinition(
        name="retention_schedule",
        job=job,
        cron_schedule=EVERY_NIGHT,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Each night, before the daily run.",
    )
