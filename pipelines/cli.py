"""The `scorecard` command: run, doctor, scenario, ui, dbt, metrics.

What it prints is in `console`; what it does is done in `orchestration` and `warehouse`, imported late so that
`--help` and a run with nothing to do are quick.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pipelines import console
from pipelines.settings import DBT_PROJECT, PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from pipelines.catalog.types import Catalog

app = typer.Typer(
    name="scorecard",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Ten KPIs per AI model, from the vendors' own exports.",
    epilog="Start with `scorecard run`: it makes a sample company and its scorecard.",
)
SAMPLE_DAYS, SAMPLE_SEED = 60, 7
FAILED, MISUSED = 1, 2

Home = Annotated[Path | None, typer.Option(help="Holds everything the pipeline writes.", show_default="data/")]
Landing = Annotated[Path | None, typer.Option(help="The vendors' exports.", show_default="HOME/landing")]
CatalogFolder = Annotated[
    Path | None, typer.Option("--catalog", help="The AI workforce as YAML.", show_default="HOME/catalog")
]


@app.command(
    epilog="`scorecard run` — the sample company · "
    "`scorecard run --landing /exports --catalog ./catalog --home ./out` — yours · "
    "`scorecard run --from 2026-01-05 --to 2026-01-09 --force` — those days again"
)
def run(
    landing: Landing = None,
    catalog: CatalogFolder = None,
    home: Home = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="No day before this one.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DAY", help="No day after this one.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Days that are up to date too.")] = False,
) -> None:
    """Bring the scorecard up to date: take in new files, rebuild the stale days, test, publish.

    Ends with 0 only if every step and blocking check passed and no file or day stands refused.
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

    sources = all_sources()
    found = status(settings, catalog, sources)
    failures: list[tuple[str, str]] = []
    if found.changed or found.stale_days or found.unpublished or force:
        from pipelines.orchestration.runs import log_file
        from pipelines.orchestration.runs import run as run_here

        failures = [(f.step, f.message) for f in run_here(settings, catalog, sources, found, asked, force)]
        found = status(settings, catalog, sources)
        details = log_file(settings)
    else:
        console.say("Nothing has changed since the last run.")
        details = None
    console.show_scorecard(scorecard(settings), settings)
    if found.covered is None:
        console.say("Nothing has been delivered yet: `scorecard doctor` says where each source looks.")
    return console.show_failures(found, failures, details)


@app.command(epilog="`scorecard scenario --out /tmp/acme --days 90 --seed 1` · `scorecard run --home /tmp/acme`")
def scenario(
    out: Annotated[Path, typer.Option(help="Where `landing/`, `catalog/` and `truth.json` go.")],
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = SAMPLE_DAYS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = SAMPLE_SEED,
    scale: Annotated[float, typer.Option(min=0.0, help="Traffic; 1 is some 20,000 requests a day.")] = 1.0,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="The first day.")] = None,
) -> None:
    """Write a sample company in the vendors' own formats, with the truth that was planted in it."""
    with console.progress():
        _generate(out, days, seed, scale, _day("--start", start))
    console.say(f"The sample company is in {out}. Next: scorecard run --home {out}")


@app.command(epilog="`scorecard doctor --home /tmp/acme`")
def doctor(landing: Landing = None, catalog: CatalogFolder = None, home: Home = None) -> None:
    """Say what is connected, mapped, fresh and missing, and what to do next."""
    from pipelines.sources import all_sources
    from pipelines.warehouse.status import health, nobodys, status

    settings = _settings(home, landing, catalog)
    sources = all_sources()
    with console.progress():
        read = _catalog(settings)
        _check_landing(settings)
        found = status(settings, read, sources)
        console.show_health(health(settings, sources), found, nobodys(settings), settings)


@app.command(epilog="`scorecard ui` · `scorecard ui --home /tmp/acme --port 3001`")
def ui(
    home: Home = None,
    port: Annotated[int, typer.Option(help="On this machine only.")] = 3000,
) -> None:
    """Open Dagster's web interface, with its daemon: schedule and sensors run as long as it does."""
    from pipelines.orchestration.instance import environment, write_settings
    from pipelines.orchestration.lineage import keep_lineage
    from pipelines.orchestration.manifest import prepared

    settings = _settings(home)
    write_settings(settings)
    # Webserver, daemon and code server start at once: each finds the project parsed.
    manifest = prepared(settings)
    if manifest.lineage is None:
        console.say("Working out which columns each column is made from: once per change of the dbt project …")
        keep_lineage(settings, manifest)
    values = {"SCORECARD_HOME": str(settings.home.resolve()), **environment(settings)}
    os.chdir(PROJECT_ROOT)
    command = [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1"]
    os.execve(sys.executable, [*command, "--port", str(port)], {**os.environ, **values})  # noqa: S606 - no shell needed


@app.command(
    "dbt",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    epilog="`scorecard dbt parse --warn-error` · `scorecard dbt build --select stg_jira__issues`",
)
def dbt_command(context: typer.Context) -> None:
    """Run dbt over the home's warehouse, with its source file written and the writer lock held."""
    from pipelines.warehouse.connect import lock
    from pipelines.warehouse.transform import dbt, prepare

    settings = _settings()
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    prepare()
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
    """Ask the published scorecard for metrics by name: MetricFlow (`mf`), from the extra `metrics`."""
    from pipelines.warehouse.transform import metrics_environment

    settings = _settings()
    command = Path(sys.executable).with_name("mf")
    if not command.exists():
        _misused("MetricFlow is not installed. Install the extra: pip install 'ai-workforce-scorecard[metrics]'")
    try:
        environment = metrics_environment(settings)
    except FileNotFoundError as error:
        _misused(str(error))
    asked = subprocess.run([command, *context.args], cwd=DBT_PROJECT, env={**os.environ, **environment}, check=False)  # noqa: S603 - the user's own arguments
    raise typer.Exit(asked.returncode)


def _settings(home: Path | None = None, landing: Path | None = None, catalog: Path | None = None) -> Settings:
    given = {"home": home, "landing": landing, "catalog": catalog}
    # What is not given is left to the environment and scorecard.toml.
    return Settings.model_validate({key: value.expanduser() for key, value in given.items() if value is not None})


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        _misused(f"{option} is `{text}`, expected a day such as 2026-01-31.")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _check_landing(settings: Settings) -> None:
    if not settings.landing_dir.is_dir():
        _misused(
            f"the landing folder {settings.landing_dir} does not exist. Put the vendors' exports there, name another "
            "with --landing, or make a sample company: scorecard scenario --out DIR"
        )


def _catalog(settings: Settings) -> Catalog:
    from pipelines.catalog.documents import CatalogError
    from pipelines.catalog.load import load_catalog

    if not settings.catalog_dir.is_dir():
        _misused(
            f"the catalog folder {settings.catalog_dir} does not exist. Name it with --catalog; data/catalog is a "
            "model for your own."
        )
    try:
        return load_catalog(settings.catalog_dir)
    except CatalogError as error:
        console.complain(str(error))
        raise typer.Exit(MISUSED) from None


def _generate(out: Path, days: int, seed: int, scale: float = 1.0, start: date | None = None) -> None:
    from pipelines.scenario.generate import generate
    from pipelines.scenario.world import FIRST_DAY

    console.say(f"Making a sample company of {days} days in {out}")
    generate(out, days, seed, scale, start or FIRST_DAY, progress=console.say)


def _misused(message: str) -> NoReturn:
    console.complain(message)
    raise typer.Exit(MISUSED)
