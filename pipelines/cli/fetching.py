"""Commands that fetch from vendors: `pull`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import console
from pipelines.cli.common import FAILED, Home, Landing, day, settings_of, usage_error

commands = typer.Typer()


@commands.command(
    epilog="`scorecard pull` — every source in `[pulls.…]` of scorecard.toml · "
    "`scorecard pull pagerduty github --home acme` · `scorecard pull jira --since 2026-01-01` — from that day again"
)
def pull(
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", show_default="all configured")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="Pull from this day again.")] = None,
    home: Home = None,
    landing: Landing = None,
) -> None:
    """Fetch what is new or changed from vendors' APIs into the landing folder; `scorecard run` then reads it.

    A pull that was interrupted continues. Exits with 1 if a source failed; the others are pulled all the same.
    """
    from pipelines.pulls.run import configured
    from pipelines.pulls.run import pull as pull_all

    settings = settings_of(home, landing)
    known = configured(settings)
    for source in sources or []:
        if source not in known:
            usage_error(
                f"no pull of `{source}` is configured; configured: {', '.join(known) or 'none'}. See docs/connect.md."
            )
    if not known:
        usage_error("no pull is configured. `scorecard connect` sets one up: see docs/connect.md.")
    with console.progress():
        results = pull_all(settings, sources or (), day("--since", since))
    for result in results:
        console.say(result.text)
        for warning in result.warnings:
            console.say(warning)
    raise typer.Exit(FAILED if any(result.error for result in results) else 0)
