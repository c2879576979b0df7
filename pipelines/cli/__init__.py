"""The `scorecard` command: one function per subcommand, in a module per group of them.

`console` prints the output; `orchestration` and `warehouse` do the work. They are imported late so that `--help`
and a run with nothing to do are fast.
"""

from __future__ import annotations

from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines import console
from pipelines.cli import connecting, fetching, reports, runs, tools
from pipelines.cli.common import FAILED


class _Commands(TyperGroup):
    """The subcommands; errors common to all are handled here."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            from pipelines.warehouse.errors import EXPLAINED

            if not isinstance(error, EXPLAINED):
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


for group in (runs, connecting, fetching, reports, tools):
    app.add_typer(group.commands)


def main() -> None:
    """The entry point of the installed command."""
    app()
