"""The `scorecard` command: one function per subcommand.

`console` prints the output; `orchestration` and `warehouse` do the work. They are imported late so that `--help`
and a run with nothing to do are fast.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from pipelines import console
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog
    from pipelines.catalog.domains.members import AiMember


class _Commands(TyperGroup):
    """The subcommands; errors common to all are handled here."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            from pipelines.warehouse.errors import WarehouseBrokenError

            if not isinstance(error, WarehouseBrokenError):
                raise
            console.complain(str(error))
            raise typer.Exit(FAILED) from None


app = typer.Typer(
    name="scorecard",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Ten KPIs per AI model, from the vendors' own exports.",
    epilog="Start with `scorecard run`: it generates a sample company and its scorecard.",
)


def main() -> None:
    """The entry point of the installed command."""
    app()


def _print_version(asked: bool) -> None:
    if asked:
        console.say(f"scorecard {metadata.version('ai-workforce-scorecard')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version.")
    ] = False,
) -> None:
    pass


SAMPLE_DAYS, SAMPLE_SEED = 60, 7
FAILED, MISUSED = 1, 2


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


Home = Annotated[Path | None, typer.Option(help="Folder for everything the pipeline writes.", show_default="data/")]
Landing = Annotated[Path | None, typer.Option(help="The vendors' exports.", show_default="HOME/landing")]
CatalogFolder = Annotated[
    Path | None, typer.Option("--catalog", help="The AI workforce as YAML.", show_default="HOME/catalog")
]


@app.command(
    epilog="`scorecard run` — the sample company · "
    "`scorecard run --home acme` — your data · "
    "`scorecard run --from 2026-01-05 --to 2026-01-09 --force` — those days again"
)
def run(
    landing: Landing = None,
    catalog: CatalogFolder = None,
    home: Home = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day to rebuild.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day to rebuild.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also rebuild days that are up to date.")] = False,
) -> None:
    """Update the scorecard: ingest new files, rebuild stale days, test, publish.

    Exits with 0 only if every step and blocking check passed and no file or day is rejected.
    """
    settings = _settings(home, landing, catalog)
    asked = _day("--from", from_), _day("--to", to)
    if asked[0] and asked[1] and asked[0] > asked[1]:
        _misused(f"--from {asked[0]} is after --to {asked[1]}. Give the earlier day first.")
    with console.progress():
        if (landing, catalog, home) == (None, None, None) and not any(_files(settings.landing_dir)):
            _generate(settings.home, SAMPLE_DAYS, SAMPLE_SEED)
        read = _catalog(settings)
        _check_landing(settings)
        failed = _run(settings, read, asked, force)
    raise typer.Exit(FAILED if failed else 0)


def _run(settings: Settings, catalog: Catalog, asked: tuple[date | None, date | None], force: bool) -> bool:
    from pipelines.sources import all_sources
    from pipelines.warehouse.publish import scorecard
    from pipelines.warehouse.status import status
    from pipelines.warehouse.values import configured

    sources = configured(all_sources(), settings)
    found = status(settings, catalog, sources)
    failures: list[tuple[str, str]] = []
    if found.changed or found.stale_days or found.changed_models or found.unpublished or force:
        from pipelines.orchestration.runs import log_file
        from pipelines.orchestration.runs import run as run_here

        failures = [(f.step, f.message) for f in run_here(settings, catalog, sources, found, asked, force)]
        found = status(settings, catalog, sources, files=False)
        details = log_file(settings)
    else:
        console.say("Nothing has changed since the last run.")
        details = None
    console.show_scorecard(scorecard(settings), settings)
    if not found.covered:
        console.say("Nothing has been delivered yet: `scorecard doctor` shows which folder each source reads.")
    return console.show_failures(found, failures, details)


@app.command(epilog="`scorecard scenario --out /tmp/acme --days 90 --seed 1` · `scorecard run --home /tmp/acme`")
def scenario(
    out: Annotated[Path, typer.Option(help="Output folder for `landing/`, `catalog/` and `truth.json`.")],
    days: Annotated[int, typer.Option(min=1, help="Number of days.")] = SAMPLE_DAYS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = SAMPLE_SEED,
    scale: Annotated[float, typer.Option(min=0.0, help="Traffic scale; 1 is about 20,000 requests a day.")] = 1.0,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="The first day.")] = None,
) -> None:
    """Write a sample company in the vendors' own formats, with its planted truth."""
    with console.progress():
        _generate(out, days, seed, scale, _day("--start", start))
    console.say(f"The sample company is in {out}. Next: scorecard run --home {out}")


@app.command(epilog="`scorecard doctor --home /tmp/acme`")
def doctor(landing: Landing = None, catalog: CatalogFolder = None, home: Home = None) -> None:
    """Report what is connected, mapped, fresh and missing, and what to do next."""
    from pipelines.sources import all_sources
    from pipelines.warehouse.advice import (
        cut_changelogs,
        left_out,
        nobodys,
        passed_over_bills,
        unknown_members,
        unmapped_names,
        unrated_currencies,
    )
    from pipelines.warehouse.incomplete import incomplete_exports
    from pipelines.warehouse.status import companions, health, status, stray_files
    from pipelines.warehouse.values import configured

    settings = _settings(home, landing, catalog)
    sources = configured(all_sources(), settings)
    with console.progress():
        read = _catalog(settings)
        _check_landing(settings)
        found = status(settings, read, sources)
        strays = stray_files(settings, sources)
        console.show_health(health(settings, sources), found, nobodys(settings), strays, settings)
        lines = incomplete_exports(settings, sources) + passed_over_bills(settings) + cut_changelogs(settings)
        for line in lines + left_out(settings) + unknown_members(settings, read):
            console.say(line)
        console.show_companions(companions(settings, sources))
        console.show_unrated(unrated_currencies(settings, sources))
        console.show_unmapped(unmapped_names(settings, read, sources))


@app.command(
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
    from pipelines.notify.notice import RejectedError, UnfitError, UnreachableError

    settings = _settings(home)
    if test is not None:
        channels = {channel.name: channel for channel in connected(settings)}
        if test not in channels:
            _misused(
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
        _misused(str(error))
    for report in reports:
        if not report.trouble:
            console.say(report.text)
    raise typer.Exit(FAILED if any(report.waiting_count for report in reports) else 0)


@app.command(
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
    settings = _settings(home, catalog=catalog)
    read = _catalog(settings)
    launched = kind is ReviewKind.launch
    if launched != (model is not None):
        _misused("--model is only for `review launch`." if model else "the launched model is required: --model MODEL")
    if team is not None:
        _known("team", team, [one.id for one in read.teams])
    if model is not None:
        _known("model", model, [one.id for one in read.members])
    from pipelines.orchestration.reviews import newest_period, write_review
    from pipelines.scorecard.reviews.periods import CADENCES
    from pipelines.scorecard.reviews.write import NothingKnownError

    try:
        period = newest_period(settings, CADENCES[kind], _day("--as-of", as_of))
        page = write_review(settings, read, period, team, model)
    except (FileNotFoundError, NothingKnownError) as error:
        _misused(str(error))
    console.say(f"The review of {period.name} is in {page}, and next to it as Markdown.")


@app.command(
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

    settings = _settings(home, catalog=catalog)
    known = _catalog(settings)
    member = _member(known, model)
    read = partial(read_published, settings)
    try:
        made_at = published_at(settings)
        if kind is TemplateKind.roi:
            text = templates.roi(read, member, made_at)
        elif kind is TemplateKind.postmortem:
            text = templates.postmortem(read, member, incident, made_at)
        else:
            planned = plans.plan(read, known, member, plans.Asked(metric, mde, baseline))
            text = templates.experiment(planned, datetime.now(UTC).date(), made_at)
    except (FileNotFoundError, plans.PlanError, templates.TemplateError) as error:
        _misused(str(error))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        console.say(f"The template is in {out}; unknown fields are marked ____.")


@app.command(
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

    settings = _settings(home, catalog=catalog)
    known = _catalog(settings)
    asked = plans.Asked(metric, mde, baseline, deviation, power, split, units_per_day)
    try:
        planned = plans.plan(partial(read_published, settings), known, _member(known, model), asked)
    except (FileNotFoundError, plans.PlanError) as error:
        _misused(str(error))
    console.show_table(f"Experiment plan for {planned.member.name}", ("", ""), plans.summary(planned))
    rows = [
        (f"{weeks}", f"{units:,}", words.number(absolute), words.percent(relative))
        for weeks, units, absolute, relative in planned.reach()
    ]
    if rows:
        console.show_table("MDE by duration", ("weeks", "units", "absolute", "relative"), rows)
    typer.echo(plans.stub(planned, datetime.now(UTC).date()), nl=False)


@app.command(epilog="`scorecard ui` · `scorecard ui --home /tmp/acme --port 3001`")
def ui(
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open Dagster's web interface, with its daemon: schedule and sensors run while it is open."""
    from pipelines.orchestration.instance import environment, write_settings
    from pipelines.orchestration.lineage import keep_lineage
    from pipelines.orchestration.manifest import prepared

    settings = _settings(home)
    write_settings(settings)
    # Parsed once here, because webserver, daemon and code server all start at the same time.
    manifest = prepared(settings)
    if manifest.lineage is None:
        console.say("Computing column lineage, once per change of the dbt project …")
        keep_lineage(settings, manifest)
    values = {"SCORECARD_HOME": str(settings.home.resolve()), **environment(settings)}
    command = [sys.executable, "-m", "dagster", "dev", "-m", "pipelines.definitions", "--host", "127.0.0.1"]
    os.execve(sys.executable, [*command, "--port", str(port)], {**os.environ, **values})  # noqa: S606 - no shell needed


@app.command(epilog="`scorecard docs --home /tmp/acme`")
def docs(home: Home = None) -> None:
    """Write the documentation of marts, columns, tests, KPIs and lineage as one page."""
    from pipelines.warehouse.docs import write_docs

    try:
        with console.progress():
            page = write_docs(_settings(home))
    except RuntimeError as error:
        console.complain(str(error))
        raise typer.Exit(FAILED) from None
    console.say(f"The documentation is in {page}")


@app.command(
    "dbt",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    epilog="`scorecard dbt parse --warn-error` · `scorecard dbt build --select stg_jira__issues`",
)
def dbt_command(context: typer.Context) -> None:
    """Run dbt over the home's warehouse, with its source file written and the writer lock held."""
    from pipelines.warehouse.connect import lock
    from pipelines.warehouse.private import private_folder
    from pipelines.warehouse.transform import dbt

    settings = _settings()
    private_folder(settings.warehouse_dir)
    with console.progress(), lock(settings, f"dbt {' '.join(context.args)}"):
        result = dbt(settings, context.args)
    if result.exception:
        console.complain(str(result.exception))
    raise typer.Exit(0 if result.success else FAILED)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    epilog="`scorecard metrics list metrics` · "
    "`scorecard metrics query --metrics throughput,mttr --group-by model,metric_time__month`",
)
def metrics(context: typer.Context) -> None:
    """Query metrics of the published scorecard by name: MetricFlow (`mf`), from the extra `metrics`."""
    from pipelines.warehouse.transform import metrics_environment

    settings = _settings()
    command = Path(sys.executable).with_name("mf")
    if not command.exists():
        _misused("MetricFlow is not installed. Install the extra: pip install 'ai-workforce-scorecard[metrics]'")
    try:
        folder, environment = metrics_environment(settings)
    except FileNotFoundError as error:
        _misused(str(error))
    asked = subprocess.run([command, *context.args], cwd=folder, env={**os.environ, **environment}, check=False)  # noqa: S603 - the user's own arguments
    raise typer.Exit(asked.returncode)


def _settings(home: Path | None = None, landing: Path | None = None, catalog: Path | None = None) -> Settings:
    given = {"home": home, "landing": landing, "catalog": catalog}
    # Other values come from the environment and scorecard.toml.
    return Settings.model_validate({key: value.expanduser() for key, value in given.items() if value is not None})


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        _misused(f"{option} is `{text}`, expected a day such as 2026-01-31.")


def _known(what: str, given: str, there_are: Sequence[str]) -> None:
    if given not in there_are:
        _misused(f"there is no {what} `{given}` in the catalog. There are: {', '.join(sorted(there_are)) or 'none'}.")


def _member(catalog: Catalog, model: str) -> AiMember:
    _known("model", model, [one.id for one in catalog.members])
    return next(one for one in catalog.members if one.id == model)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _check_landing(settings: Settings) -> None:
    if not settings.landing_dir.is_dir():
        _misused(
            f"the landing folder {settings.landing_dir} does not exist. Put the vendors' exports there, choose another "
            "with --landing, or generate a sample company: scorecard scenario --out DIR"
        )


def _catalog(settings: Settings) -> Catalog:
    from pipelines.catalog.documents import CatalogError
    from pipelines.catalog.load import load_catalog

    if not settings.catalog_dir.is_dir():
        _misused(
            f"the catalog folder {settings.catalog_dir} does not exist. Choose another with --catalog; data/catalog is "
            "an example."
        )
    try:
        return load_catalog(settings.catalog_dir)
    except CatalogError as error:
        console.complain(str(error))
        raise typer.Exit(MISUSED) from None


def _generate(out: Path, days: int, seed: int, scale: float = 1.0, start: date | None = None) -> None:
    from pipelines.scenario.generate import generate
    from pipelines.scenario.world import FIRST_DAY

    console.say(f"Generating a sample company of {days} days in {out}")
    generate(out, days, seed, scale, start or FIRST_DAY, progress=console.say)


def _misused(message: str) -> NoReturn:
    console.complain(message)
    raise typer.Exit(MISUSED)
