"""Reviews as assets, one partition per week, month or quarter, and the schedules that write the last one."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Final, get_args

import dagster as dg

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.company import Cadence
from pipelines.catalog.load import load_catalog
from pipelines.orchestration.describe import owners
from pipelines.scorecard.reviews import shelf
from pipelines.scorecard.reviews.periods import GRAINS, Period
from pipelines.settings import Settings
from pipelines.warehouse.publish import published_at, put, read_published

GROUP: Final = "reviews"
CADENCES: Final[tuple[Cadence, ...]] = get_args(Cadence)
BEGINS: Final[Mapping[Cadence, str]] = {
    "weekly": "0 0 * * 1",
    "monthly": "0 0 1 * *",
    "quarterly": "0 0 1 1,4,7,10 *",
}
CRON: Final[Mapping[Cadence, str]] = {
    "weekly": "0 9 * * 1",
    "monthly": "0 9 1 * *",
    "quarterly": "0 9 1 1,4,7,10 *",
}
"""The first morning after, when that day's run has published the day before, UTC."""


def write_review(
    settings: Settings, catalog: Catalog, period: Period, team: str | None = None, model: str | None = None
) -> Path:
    """Write the review of `period` under `published/reviews/` and list it there; returns the page.

    Replaces an existing review, the page and its Markdown each atomically.
    """
    from pipelines.scorecard.reviews.render import as_html, as_markdown  # imports Vega, which takes a second
    from pipelines.scorecard.reviews.write import review

    written = review(partial(read_published, settings), catalog, period, team, model, published_at(settings))
    name = f"{shelf.FOLDER}/{shelf.stem(period, team, model)}"
    put(settings, f"{name}.md", as_markdown(written))
    page = put(settings, f"{name}.html", as_html(written))
    names = {one.id: one.name for one in (*catalog.teams, *catalog.members)}
    put(
        settings,
        f"{shelf.FOLDER}/index.html",
        shelf.index((p.name for p in page.parent.iterdir()), catalog.company.name, names),
    )
    return page


def newest_period(settings: Settings, cadence: Cadence, as_of: date | None = None) -> Period:
    """The newest whole period of the published marts, or the last one over by `as_of`."""
    from pipelines.scorecard.reviews.write import period_of

    return period_of(partial(read_published, settings), cadence, as_of, datetime.now(UTC).date())


def review_assets(settings: Settings, marts: dg.AssetKey) -> list[dg.AssetsDefinition]:
    """The reviews of every cadence, for all teams and for each, over the published `marts`."""
    return [_asset(settings, cadence, marts) for cadence in CADENCES]


def review_jobs() -> "dict[Cadence, dg.UnresolvedAssetJobDefinition]":
    """A job that writes the reviews of one period, by cadence."""
    return {
        cadence: dg.define_asset_job(
            f"{cadence}_review",
            dg.AssetSelection.assets(_key(cadence)),
            description=f"Write or replace the {cadence} review of a period.",
        )
        for cadence in CADENCES
    }


def review_schedules(jobs: "Mapping[Cadence, dg.UnresolvedAssetJobDefinition]") -> list[dg.ScheduleDefinition]:
    """For each cadence, the schedule that writes the review of the last ended period."""
    return [_schedule(cadence, job) for cadence, job in jobs.items()]


def _asset(settings: Settings, cadence: Cadence, marts: dg.AssetKey) -> dg.AssetsDefinition:
    @dg.asset(
        key=_key(cadence),
        deps=[marts],
        group_name=GROUP,
        partitions_def=_partitions(settings, cadence),
        description=f"The {cadence} review as a page and as Markdown, for all teams and for each.",
        owners=owners(None),
        kinds={"html"},
    )
    def review(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from pipelines.scorecard.reviews.write import NothingKnownError

        catalog = load_catalog(settings.catalog_dir)
        period = Period.holding(cadence, date.fromisoformat(context.partition_key))
        teams = sorted({interval.team for member in catalog.members for interval in member.team})
        try:
            pages = [write_review(settings, catalog, period, team) for team in (None, *teams)]
        except NothingKnownError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(pages[0])), "pages": len(pages)})

    return review


def _schedule(cadence: Cadence, job: "dg.UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{cadence}_review_schedule",
        job=job,
        cron_schedule=CRON[cadence],
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"The review of the last ended {GRAINS[cadence]}.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        ended = Period.holding(cadence, context.scheduled_execution_time.date()).before
        return dg.RunRequest(run_key=ended.key, partition_key=ended.start.isoformat())

    return schedule


def _key(cadence: Cadence) -> dg.AssetKey:
    return dg.AssetKey(["published", GROUP, cadence])


def _partitions(settings: Settings, cadence: Cadence) -> dg.TimeWindowPartitionsDefinition:
    """One partition per period, named by its first day."""
    return dg.TimeWindowPartitionsDefinition(
        start=Period.holding(cadence, settings.first_day).start.isoformat(),
        fmt="%Y-%m-%d",
        cron_schedule=BEGINS[cadence],
    )
