"""Commands around a run: `run`, `scenario`, `doctor`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import console
from pipelines.cli.common import (
    FAILED,
    CatalogFolder,
    Home,
    Landing,
    catalog_of,
    check_landing,
    day,
    settings_of,
    usage_error,
)
from pipelines.settings import SAMPLE_CATALOG, Settings

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog

SAMPLE_SEED = 7

commands = typer.Typer()


@commands.command(
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
    settings = settings_of(home, landing, catalog)
    asked = day("--from", from_), day("--to", to)
    if asked[0] and asked[1] and asked[0] > asked[1]:
        usage_error(f"--from {asked[0]} is after --to {asked[1]}. Give the earlier day first.")
    with console.progress():
        has_place = any(place != settings.landing_dir for place in settings.places)
        is_own = (landing, catalog, home) != (None, None, None) or has_place or bool(settings.pulls.configured())
        if not is_own and not any(map(_has_files, (settings.landing_dir, settings.catalog_dir))):
            _generate(settings.home, SAMPLE_SEED)
        loaded = catalog_of(settings)
        check_landing(settings)
        failed = _run(settings, loaded, asked, force)
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


@commands.command(epilog="`scorecard scenario --out /tmp/acme --days 90 --seed 1` · `scorecard run --home /tmp/acme`")
def scenario(
    out: Annotated[Path, typer.Option(help="Output folder for `landing/`, `catalog/` and `truth.json`.")],
    days: Annotated[int | None, typer.Option(min=1, help="Number of days.", show_default="up to yesterday")] = None,
    seed: Annotated[int, typer.Option(help="Random seed: the same seed gives the same files.")] = SAMPLE_SEED,
    scale: Annotated[float, typer.Option(min=0.0, help="Traffic scale; 1 is about 20,000 requests a day.")] = 1.0,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="The first day.",
            show_default="first of the month before last, or so that the given days end yesterday",
        ),
    ] = None,
) -> None:
    """Write a sample company in the vendors' own formats, with its planted truth.

    The same seed, start and number of days give the same files.
    """
    with console.progress():
        _generate(out, seed, scale, day("--start", start), days)
    console.say(f"The sample company is in {out}. Next: scorecard run --home {out}")


@commands.command(epilog="`scorecard doctor --home /tmp/acme`")
def doctor(landing: Landing = None, catalog: CatalogFolder = None, home: Home = None) -> None:
    """Report what is connected, mapped, fresh and missing, and what to do next."""
    from pipelines.pulls.overview import overview
    from pipelines.sources import all_sources
    from pipelines.warehouse.advice import (
        cut_changelogs,
        left_out,
        passed_over_bills,
        spend_billed_elsewhere,
        unknown_members,
        unmapped_names,
        unmapped_rows,
        unrated_currencies,
    )
    from pipelines.warehouse.bucket_overview import bucket_overview
    from pipelines.warehouse.connect import kept_open
    from pipelines.warehouse.incomplete import incomplete_exports
    from pipelines.warehouse.status import companions, health, status, stray_files
    from pipelines.warehouse.values import configured

    settings = settings_of(home, landing, catalog)
    sources = configured(all_sources(), settings)
    with console.progress():
        loaded = catalog_of(settings)
        check_landing(settings)
        with kept_open(settings, "examining the home"):
            found = status(settings, loaded, sources)
            strays = stray_files(settings, sources)
            console.show_health(health(settings, sources), found, unmapped_rows(settings), strays, settings)
            lines = (
                incomplete_exports(settings, sources) + passed_over_bills(settings) + spend_billed_elsewhere(settings)
            )
            lines += cut_changelogs(settings) + left_out(settings) + unknown_members(settings, loaded)
            unrated, unmapped = unrated_currencies(settings, sources), unmapped_names(settings, loaded, sources)
        for line in lines:
            console.say(line)
        console.show_companions(companions(settings, sources))
        console.show_buckets(bucket_overview(settings))
        console.show_pulls(overview(settings, datetime.now(UTC)))
        console.show_unrated(unrated)
        console.show_unmapped(unmapped)


def _has_files(folder: Path) -> bool:
    return any(path.is_file() and not path.name.startswith(".") for path in folder.rglob("*"))


def today() -> date:
    """Today's date in UTC, the sample company's time zone."""
    return datetime.now(UTC).date()


def _generate(out: Path, seed: int, scale: float = 1.0, start: date | None = None, days: int | None = None) -> None:
    """Write a sample company that ends yesterday, unless both its `start` and its `days` are given."""
    from pipelines.scenario.generate import generate
    from pipelines.scenario.period import first_day

    if (out / "catalog").resolve() == SAMPLE_CATALOG.resolve():
        usage_error(
            f"{out} holds the template of the sample company's catalog, which nothing may overwrite. Choose another."
        )
    start = start or (today() - timedelta(days=days) if days else first_day(today()))
    days = days or (today() - start).days
    if days < 1:
        usage_error(f"--start {start} is after yesterday, {today() - timedelta(days=1)}. Give --days as well.")
    last = start + timedelta(days=days - 1)
    console.say(f"Generating a sample company of {days} days, {start} to {last}, in {out}")
    generate(out, days, seed, scale, start, progress=console.say)
