"""Assembles the asset graph from settings and sources."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from pipelines.orchestration.catalog import catalog_assets, ledger_assets
from pipelines.orchestration.jobs import daily_job, daily_schedule, landing_job
from pipelines.orchestration.landing import landing_asset
from pipelines.orchestration.manifest import Manifest, prepared
from pipelines.orchestration.marts import mart_assets
from pipelines.orchestration.published import bucket_asset, page_asset, postgres_asset, published_asset
from pipelines.orchestration.pulls import pull_assets, pull_job, pull_schedule
from pipelines.orchestration.raw import raw_assets
from pipelines.orchestration.retention import retention_job, retention_schedule
from pipelines.orchestration.reviews import review_assets, review_jobs, review_schedules
from pipelines.orchestration.sensors import alerts_sensor, failure_sensor, landing_sensor, stale_days_sensor
from pipelines.orchestration.warehouse import WAREHOUSE, warehouse
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.sources.spec import Source
from pipelines.warehouse.values import configured

SCORECARD = dg.AssetKey(["marts", "scorecard", "mart_scorecard"])
"""The mart required by the page and the reviews; a project without it has neither."""
ALERTS = dg.AssetKey(["marts", "scorecard", "mart_alerts"])
"""The mart of alerts; a project without it only sends notifications of failed runs."""


def build_defs(
    settings: Settings | None = None,
    *,
    sources: Mapping[str, Source] | None = None,
    manifest: Manifest | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """The definitions for `settings`; other arguments override what would be discovered.

    Opens no database and no connection. The dbt project is parsed again if it has changed.
    """
    settings = settings or Settings()
    sources = configured(all_sources() if sources is None else sources, settings)
    manifest = manifest or prepared(settings)
    marts = mart_assets(settings, manifest)
    published = published_asset(settings, sorted(key for key in marts.keys if key.path[-1].startswith("mart_")))
    landing, daily, retention = landing_job(), daily_job(), retention_job(settings, sources)
    pulled = pull_assets(settings)
    pulls = [pull_job()] if pulled else []
    has_scorecard = SCORECARD in marts.keys
    reviews = review_jobs() if has_scorecard else {}
    every_day = [
        *(landing_asset(settings, source) for source in sources.values()),
        *(raw_assets(settings, source) for source in sources.values()),
        catalog_assets(settings),
        ledger_assets(settings, sources),
        marts,
        published,
        *([page_asset(settings, published.key)] if has_scorecard else []),
        *([postgres_asset(settings, published.key)] if settings.postgres_url else []),
        *([bucket_asset(settings, published.key, has_scorecard)] if settings.publish_to else []),
    ]
    keys = sorted(key for definition in every_day for key in definition.keys)
    return dg.Definitions(
        assets=[*pulled, *every_day, *(review_assets(settings, published.key) if has_scorecard else [])],
        jobs=[landing, daily, retention, *pulls, *reviews.values()],
        schedules=[
            *map(pull_schedule, pulls),
            daily_schedule(settings, sources, daily),
            retention_schedule(retention),
            *review_schedules(reviews),
        ],
        sensors=[
            landing_sensor(settings, sources, landing),
            stale_days_sensor(settings, sources, manifest, keys, daily),
            failure_sensor(settings),
            *([alerts_sensor(settings)] if ALERTS in marts.keys else []),
        ],
        # Starting a process for each step costs more than the steps of a day do (docs/decisions.md).
        executor=dg.in_process_executor,
        resources={WAREHOUSE: warehouse(settings)},
        loggers=loggers,
    )
