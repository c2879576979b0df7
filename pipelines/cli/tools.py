"""Commands that open or run another tool: `ui`, `docs`, `dbt`, `metrics`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.cli.common import FAILED, Home, settings_of, usage_error

commands = typer.Typer()


@commands.command(epilog="`scorecard ui` · `scorecard ui --home /tmp/acme --port 3001`")
def ui(
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open Dagster's web interface, with its daemon: schedule and sensors run while it is open."""
    from pipelines.orchestration.instance import environment, write_settings
    from pipelines.orchestration.lineage import keep_lineage
    from pipelines.orchestration.manifest import prepared

    settings = settings_of(home)
    write_settings(settings)
    # Parsed once here, because webserver, daemon and code server all start at the same time.
    manifest = prepared(settings)
    if manifest.lineage is None:
        console.say("Computing column lineage, once per change of the dbt project …")
        keep_lineage(settings, manifest)
    values = {"SCORECARD_HOME": str(settings.home.resolve()), **environment(settings)}
    command = [sys.executable, "-m", "dagster", "dev", "-m", "pipelines.definitions", "--host", "127.0.0.1"]
    os.execve(sys.executable, [*command, "--port", str(port)], {**os.environ, **values})  # noqa: S606 - no shell needed


@commands.command(epilog="`scorecard docs --home /tmp/acme`")
def docs(home: Home = None) -> None:
    """Write the documentation of marts, columns, tests, KPIs and lineage as one page."""
    from pipelines.warehouse.docs import write_docs

    try:
        with console.progress():
            page = write_docs(settings_of(home))
    except RuntimeError as error:
        console.complain(str(error))
        raise typer.Exit(FAILED) from None
    console.say(f"The documentation is in {page}")


@commands.command(
    "dbt",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    epilog="`scorecard dbt parse --warn-error` · `scorecard dbt build --select stg_jira__issues`",
)
def dbt_command(context: typer.Context) -> None:
    """Run dbt over the home's warehouse, with its source file written and the writer lock held."""
    from pipelines.warehouse.connect import lock
    from pipelines.warehouse.private import private_folder
    from pipelines.warehouse.transform import dbt

    settings = settings_of()
    private_folder(settings.warehouse_dir)
    try:
        with console.progress(), lock(settings, f"dbt {' '.join(context.args)}"):
            result = dbt(settings, context.args)
    except RuntimeError as error:
        console.complain(str(error))
        raise typer.Exit(FAILED) from None
    if result.exception:
        console.complain(str(result.exception))
    raise typer.Exit(0 if result.success else FAILED)


@commands.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    epilog="`scorecard metrics list metrics` · "
    "`scorecard metrics query --metrics throughput,mttr --group-by model,metric_time__month`",
)
def metrics(context: typer.Context) -> None:
    """Query metrics of the published scorecard by name: MetricFlow (`mf`), from the extra `metrics`."""
    from pipelines.warehouse.transform import metrics_environment

    settings = settings_of()
    command = Path(sys.executable).with_name("mf")
    if not command.exists():
        usage_error("MetricFlow is not installed. Install the extra: pip install 'ai-workforce-scorecard[metrics]'")
    try:
        folder, environment = metrics_environment(settings)
    except FileNotFoundError as error:
        usage_error(str(error))
    asked = subprocess.run([command, *context.args], cwd=folder, env={**os.environ, **environment}, check=False)  # noqa: S603 - the user's own arguments
    raise typer.Exit(asked.returncode)
