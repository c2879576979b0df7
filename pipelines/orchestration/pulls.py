"""Pull assets: what is fetched from a vendor's API into the landing folder. One per source that is configured."""

from __future__ import annotations

import dagster as dg

from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.run import Pulled, pull
from pipelines.settings import Settings

GROUP = "pulls"
BEFORE_THE_DAILY_RUN = "0 5 * * *"
"""An hour before the daily run, UTC."""


def pull_key(source: str) -> dg.AssetKey:
    """`pulls/<source>`."""
    return dg.AssetKey([GROUP, source])


def pull_keys(settings: Settings, source: str) -> list[dg.AssetKey]:
    """The keys of the configured pulls that write what `source` reads."""
    names = sorted(settings.pulls.configured())
    return [pull_key(name) for name in names if all_connectors()[name].source == source]


def pull_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The assets of the sources that are configured. A failed one stops no other."""
    return [_asset(settings, source) for source in sorted(settings.pulls.configured())]


def _asset(settings: Settings, source: str) -> dg.AssetsDefinition:
    title = all_connectors()[source].title

    @dg.asset(
        key=pull_key(source),
        group_name=GROUP,
        description=f"{title}: what is new or changed, fetched from its API into the landing folder.",
        kinds={"api"},
        tags={"source": source},
    )
    def fetched() -> dg.MaterializeResult[None]:
        (result,) = pull(settings, [source])
        if result.error:
            # Tries have been made, and the next pull continues: a retry of the step would gain nothing.
            raise dg.Failure(result.error, allow_retries=False)
        return dg.MaterializeResult(metadata=_metadata(result))

    return fetched


def _metadata(result: Pulled) -> dict[str, int | str]:
    found: dict[str, int | str] = {
        "pages": result.pages,
        "records": result.records,
        "files new or changed": result.files,
        "requests": result.requests,
        "up to date at": f"{min(result.reached.values()):%Y-%m-%d %H:%M} UTC" if result.reached else "unknown",
    }
    return found | ({"missing fields": "; ".join(result.warnings)} if result.warnings else {})


def pull_job() -> dg.UnresolvedAssetJobDefinition:
    """Pulls every configured source."""
    return dg.define_asset_job(
        GROUP, dg.AssetSelection.groups(GROUP), description="Fetch what is new or changed from vendors' APIs."
    )


def pull_schedule(job: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Each morning, before the daily run."""
    return dg.ScheduleDefinition(
        name="pulls_schedule",
        job=job,
        cron_schedule=BEFORE_THE_DAILY_RUN,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Each morning, an hour before the daily run.",
    )
