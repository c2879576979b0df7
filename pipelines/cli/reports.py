"""Commands about the published numbers: `alerts`, `review`, `template`, `plan-experiment`."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.cli.common import (
    FAILED,
    CatalogFolder,
    Home,
    catalog_of,
    day,
    member_of,
    require_known,
    settings_of,
    usage_error,
)

commands = typer.Typer()


class ReviewKind(StrEnum):
    """The kinds of review."""

    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"
    launch = "launch"


class TemplateKind(StrEnum):
    """The kinds of template."""

    roi = "roi"
    experiment = "experiment"
    postmortem = "postmortem"


@commands.command(
    epilog="`scorecard alerts` — open alerts and notifications · `scorecard alerts --test slack` · "
    "`scorecard run; scorecard alerts --send` — from cron, without Dagster"
)
def alerts(
    home: Home = None,
    send: Annotated[bool, typer.Option("--send", help="Send all due notifications now.")] = False,
    test: Annotated[
        str | None, typer.Option(metavar="CHANNEL", help="Send a test notification to this channel.")
    ] = None,
) -> None:
    """Show open alerts and which channels were notified; send due notifications, or a test.

    `--send` and `--test` exit with 0 only if every receiver accepted its messages.
    """
    from pipelines.notify.delivery import connected, notify, overview, send_test, utc_now
    from pipelines.notify.notification import RejectedError, UnfitError, UnreachableError

    settings = settings_of(home)
    if test is not None:
        channels = {channel.name: channel for channel in connected(settings)}
        if test not in channels:
            usage_error(
                f"no channel `{test}` is configured; configured: {', '.join(channels) or 'none'}. See docs/alerts.md."
            )
        try:
            send_test(channels[test], settings)
        except (UnreachableError, RejectedError, UnfitError) as error:
            console.complain(f"{test}: {error}")
            raise typer.Exit(FAILED) from None
        console.say(f"{test} accepted a test notification.")
        return
    reports = notify(settings, since=utc_now()) if send else []
    try:
        console.show_alerts(overview(settings))
    except FileNotFoundError as error:
        usage_error(str(error))
    for report in reports:
        if not report.trouble:
            console.say(report.text)
    raise typer.Exit(FAILED if any(report.waiting_count for report in reports) else 0)


@commands.command(
    epilog="`scorecard review weekly` — the last whole week · "
    "`scorecard review monthly --team fraud-operations --as-of 2026-02-28` · "
    "`scorecard review launch --model recommender`"
)
def review(
    kind: Annotated[ReviewKind, typer.Argument(help="A period, or `launch` for one launched model.")],
    team: Annotated[str | None, typer.Option(help="Only the models of this team.")] = None,
    model: Annotated[str | None, typer.Option(help="The launched model.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="The last period that had ended by this day.")
    ] = None,
    home: Home = None,
    catalog: CatalogFolder = None,
) -> None:
    """Write a review, as a printable page and as Markdown, from the published marts.

    It is written to HOME/published/reviews, like the reviews of Dagster's schedules, and replaces an older version.
    """
    settings = settings_of(home, catalog=catalog)
    loaded = catalog_of(settings)
    launched = kind is ReviewKind.launch
    if launched != (model is not None):
        usage_error(
            "--model is only for `review launch`." if model else "the launched model is required: --model MODEL"
        )
    if team is not None:
        require_known("team", team, [one.id for one in loaded.teams])
    if model is not None:
        require_known("model", model, [one.id for one in loaded.members])
    from pipelines.orchestration.reviews import newest_period, write_review
    from pipelines.scorecard.reviews.periods import CADENCES
    from pipelines.scorecard.reviews.write import NothingKnownError

    try:
        period = newest_period(settings, CADENCES[kind], day("--as-of", as_of))
        page = write_review(settings, loaded, period, team, model)
    except (FileNotFoundError, NothingKnownError) as error:
        usage_error(str(error))
    console.say(f"The review of {period.name} is in {page}, and next to it as Markdown.")


@commands.command(
    epilog="`scorecard template roi --model recommender` · "
    "`scorecard template experiment --model recommender --metric revenue-per-user --out plan.md` · "
    "`scorecard template postmortem --model triage --incident QN0K60BJ9E862U`"
)
def template(
    kind: Annotated[TemplateKind, typer.Argument(help="The kind of template.")],
    model: Annotated[str, typer.Option(help="The model it is about.")],
    incident: Annotated[str | None, typer.Option(help="For a post-mortem: the incident.")] = None,
    metric: Annotated[str | None, typer.Option(help="For an experiment plan: the primary metric.")] = None,
    mde: Annotated[float | None, typer.Option(help="For an experiment plan: as in `plan-experiment`.")] = None,
    baseline: Annotated[float | None, typer.Option(help="For an experiment plan: as in `plan-experiment`.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default="standard output")] = None,
    home: Home = None,
    catalog: CatalogFolder = None,
) -> None:
    """Write an ROI calculation, an experiment plan or a post-mortem, filled in from the data."""
    from pipelines.scorecard import plans, templates
    from pipelines.warehouse.publish import published_at, read_published

    settings = settings_of(home, catalog=catalog)
    loaded = catalog_of(settings)
    member = member_of(loaded, model)
    read = partial(read_published, settings)
    try:
        made_at = published_at(settings)
        if kind is TemplateKind.roi:
            text = templates.roi(read, member, made_at)
        elif kind is TemplateKind.postmortem:
            text = templates.postmortem(read, member, incident, made_at)
        else:
            planned = plans.plan(read, loaded, member, plans.Asked(metric, mde, baseline))
            text = templates.experiment(planned, datetime.now(UTC).date(), made_at)
    except (FileNotFoundError, plans.PlanError, templates.TemplateError) as error:
        usage_error(str(error))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        console.say(f"The template is in {out}; unknown fields are marked ____.")


@commands.command(
    "plan-experiment",
    epilog="`scorecard plan-experiment --model recommender --metric revenue-per-user --mde 0.03` · "
    "`scorecard plan-experiment --model triage --metric referrals --baseline 0.12 --mde 0.1 --units-per-day 400`",
)
def plan_experiment(
    model: Annotated[str, typer.Option(help="The model it is about.")],
    metric: Annotated[
        str | None, typer.Option(help="The primary metric.", show_default="that of its newest experiment")
    ] = None,
    mde: Annotated[
        float | None,
        typer.Option(help="Minimum detectable relative effect, such as 0.05.", show_default="as planned last time"),
    ] = None,
    baseline: Annotated[
        float | None, typer.Option(help="The metric's current mean or share.", show_default="from past experiments")
    ] = None,
    deviation: Annotated[float | None, typer.Option(help="Standard deviation of a unit's value.")] = None,
    power: Annotated[float, typer.Option(help="Probability of detecting the effect if it exists.")] = 0.8,
    split: Annotated[float, typer.Option(help="The treatment's share of the units.")] = 0.5,
    units_per_day: Annotated[
        float | None, typer.Option(help="New units a day.", show_default="from past experiments")
    ] = None,
    home: Home = None,
    catalog: CatalogFolder = None,
) -> None:
    """Compute the sample size, duration at current traffic, and MDE of an experiment.

    Ends with the experiment's file for the catalog.
    """
    from pipelines.scorecard import plans, words
    from pipelines.warehouse.publish import read_published

    settings = settings_of(home, catalog=catalog)
    loaded = catalog_of(settings)
    asked = plans.Asked(metric, mde, baseline, deviation, power, split, units_per_day)
    try:
        planned = plans.plan(partial(read_published, settings), loaded, member_of(loaded, model), asked)
    except (FileNotFoundError, plans.PlanError) as error:
        usage_error(str(error))
    console.show_table(f"Experiment plan for {planned.member.name}", ("", ""), plans.summary(planned))
    rows = [
        (f"{weeks}", f"{units:,}", words.number(absolute), words.percent(relative))
        for weeks, units, absolute, relative in planned.reach()
    ]
    if rows:
        console.show_table("MDE by duration", ("weeks", "units", "absolute", "relative"), rows)
    typer.echo(plans.stub(planned, datetime.now(UTC).date()), nl=False)
