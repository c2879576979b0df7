"""What the `scorecard` command prints: progress while it works, the scorecard, what failed, how the sources fare."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.notify.delivery import Overview
    from pipelines.warehouse.advice import UnmappedName, UnratedCurrency
    from pipelines.warehouse.status import Health, Status

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

STATUS_STYLE = {"on_target": "green", "at_risk": "yellow", "off_target": "red", "no_target": "", "no_data": "dim"}
MODELS_SHOWN = 8
"""More columns than this no terminal shows; the page has them all."""
STATUS_SIGN = {"on_target": "✓", "at_risk": "!", "off_target": "✗", "no_target": "·"}
MOST_SHOWN = 20
STRAYS_SHOWN = 3
COMPANIONS_SHOWN = 10
WHOLE = ("source", "newest day")
"""Columns of the sources' table that are never cut: a name is a folder's, a day means something whole."""
NAMED_BY_ID = ("mart_notes", "mart_annotations")
"""Marts whose rows name a member by its id, so that no identifier is missing where they name none."""
SOMETHING_FAILED = logging.ERROR


def say(message: str) -> None:
    """Print a line."""
    out.print(Text(message))


def complain(message: str) -> None:
    """Print what went wrong."""
    err.print(Text(message, style="red"))


class _Lines(logging.Handler):
    """The pipeline's own log records as plain lines."""

    def emit(self, record: logging.LogRecord) -> None:
        console = err if record.levelno >= SOMETHING_FAILED else out
        console.print(Text(f"  {record.getMessage()}", style="red" if record.levelno >= SOMETHING_FAILED else ""))


@contextmanager
def progress() -> Iterator[None]:
    """Show what the pipeline logs while it works."""
    logger, handler = logging.getLogger("pipelines"), _Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def show_scorecard(rows: Sequence[Mapping[str, Any]], settings: Settings) -> None:
    """A month's scorecard, a row per KPI and a column per model, and where the rest is."""
    if rows:
        kpis = {row["kpi_id"]: (row["kpi_name"], row["unit"]) for row in rows}
        models = list(dict.fromkeys(row["model_name"] for row in rows))
        table = Table(title=f"AI workforce scorecard, {rows[0]['period_start_date']:%B %Y}", title_justify="left")
        table.add_column("KPI", min_width=26)
        for model in models[:MODELS_SHOWN]:
            table.add_column(model, justify="right", overflow="fold")
        cells = {(row["model_name"], row["kpi_id"]): row for row in rows}
        for kpi, (name, unit) in kpis.items():
            table.add_row(
                Text(name).append(f"\n{unit}", style="dim"),
                *(_cell(cells.get((model, kpi))) for model in models[:MODELS_SHOWN]),
            )
        out.print(table)
        say("✓ on target   ! at risk   ✗ off target   · no target   – undefined: mart_scorecard.gap_reason says why")
        if len(models) > MODELS_SHOWN:
            say(f"and {len(models) - MODELS_SHOWN} more models, on the page")
        if all(row["value"] is None for row in rows):
            say("No number yet: scorecard doctor lists the names in your data that no model has, and how to map them.")
    if (settings.published_dir / "scorecard.html").exists():
        say(f"The page: {settings.published_dir / 'scorecard.html'}")
    if (settings.published_dir / "marts.duckdb").exists():
        say(f"Published: {settings.published_dir / 'marts.duckdb'} and {settings.published_dir / 'parquet'}/")


def _cell(row: Mapping[str, Any] | None) -> Text:
    """A value with its status, by colour and by sign."""
    if row is None or row["value"] is None:
        return Text("–", style="dim")
    status = row["status"]
    return Text(f"{_number(row['value'])} {STATUS_SIGN.get(status, ' ')}", style=STATUS_STYLE.get(status, ""))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def show_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows of text under a title; without headings where all are empty."""
    table = Table(title=title, title_justify="left", show_header=any(head))
    for heading in head:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)


def show_failures(found: Status, failures: Sequence[tuple[str, str]], details: Path | None) -> bool:
    """What failed or stands rejected, on which file or day, and what to do; returns whether anything does."""
    for file in _first(found.rejected_files):
        complain(f"{file.status}: {file.source}, {file.message}")
    for day in _first(found.rejected_days):
        complain(
            f"rejected: {day.source} {day.day}: {day.message}. Nothing of {day.source} counts on that day. "
            "Fix the export and deliver it again."
        )
    for step, message in failures:
        complain(f"{step} failed: {message}")
    if failures and details:
        err.print(Text(f"Every event of the run: {details}"))
    return bool(found.rejected_files or found.rejected_days or failures)


def _first(items: Sequence[Any]) -> Iterator[Any]:
    yield from items[:MOST_SHOWN]
    if len(items) > MOST_SHOWN:
        complain(f"… and {len(items) - MOST_SHOWN} more: scorecard doctor counts them")


def show_alerts(found: Overview) -> None:
    """A line per open alert, with what each channel knows of it; then the channels that fail."""
    for alert in found.alerts:
        knows = [
            f"{report.channel} {found.known.get((alert['alert_id'], report.channel), 'not told')}"
            for report in found.reports
        ]
        about = [alert["severity"], alert["status"], alert["alert_id"], alert["owner"] or "no owner"]
        say(" · ".join([*about, ", ".join(knows)] if knows else about))
    if not found.alerts:
        say("No alert is open.")
    if not found.reports:
        say("No channel is set: docs/alerts.md says how people are told.")
    for report in found.reports:
        if report.trouble:
            complain(report.text)


def show_health(
    health: Sequence[Health],
    found: Status,
    nobodys: Sequence[tuple[str, str, int]],
    strays: Sequence[str],
    settings: Settings,
) -> None:
    """A row per source with files and where the others look for theirs; what is amiss, and what to do next."""
    table = Table(title=f"Sources in {settings.landing_dir}", title_justify="left", box=box.SIMPLE)
    for heading in ("source", "files", "rejected", "rows", "quarantined", "skipped", "days", "newest day", "fresh"):
        table.add_column(heading, justify="left" if heading == "source" else "right", no_wrap=heading in WHOLE)
    connected = [item for item in health if item.files_found or item.rows_loaded]
    for item in connected:
        table.add_row(
            item.source,
            f"{item.files_found:,}",
            f"{item.files_rejected:,}",
            f"{item.rows_loaded:,}",
            f"{item.rows_quarantined:,}",
            f"{item.rows_skipped:,}",
            f"{item.days_covered:,}",
            str(item.newest_day or ""),
            {None: "", True: "yes", False: "no"}[item.is_fresh],
        )
    if connected:
        out.print(table)
    waiting = [item for item in health if item not in connected]
    if waiting:
        say(f"No file yet; looked for in {settings.landing_dir}:")
        for item in waiting:
            say(f"  {item.source:<16} {', '.join(item.globs)}")
    for item in health:
        for reason, count in item.reasons:
            say(f"{item.source}: {count:,} rows quarantined: {reason}")
        for reason, count in item.skip_reasons:
            say(f"{item.source}: {count:,} rows skipped: {reason}")
        for reason, count in item.left_out_reasons:
            say(f"{item.source}: {count:,} rows loaded without a value that only informs: {reason}")
    for mart, model, count in nobodys:
        why = "no member has the id they name" if mart in NAMED_BY_ID else "no identifier of the catalog leads to them"
        say(f"{mart}: {count:,} rows are {model}: {why}")
    say(f"Stale days: {_days(found)}")
    show_failures(found, [], None)
    if strays:
        more = " …" if len(strays) > STRAYS_SHOWN else ""
        say(f"No source looks at {len(strays):,} files: {', '.join(strays[:STRAYS_SHOWN])}{more}")
    for advice in _advice(health, found, nobodys, strays, settings):
        say(f"Next: {advice}")


def show_companions(paths: Sequence[str]) -> None:
    """What lies beside the exports and is passed over."""
    if paths:
        more = " …" if len(paths) > COMPANIONS_SHOWN else ""
        say(
            f"Passed over, as they stand beside exports and hold no rows: {len(paths):,} files: "
            f"{', '.join(paths[:COMPANIONS_SHOWN])}{more}"
        )


def show_unrated(currencies: Sequence[UnratedCurrency]) -> None:
    """Amounts that no exchange rate converts, and what to do."""
    for item in currencies:
        say(
            f"{item.source}: {item.row_count:,} rows in {item.currency} from {item.first_day} to {item.last_day} "
            "have no exchange rate in force, so they are in no dollar figure"
        )
    if currencies:
        say("Next: put the ECB's eurofxref-hist.csv in the folder fx_rates, or rates in its layout for what it lacks.")


def show_unmapped(names: Sequence[UnmappedName]) -> None:
    """The names nobody maps, by source, each as the line of the catalog that would map it."""
    if not names:
        return
    # Not a table: a line that is cut or folded cannot be copied.
    say("Names that nobody maps, and the line of the catalog that would:")
    out.print(Text(f"{'rows':>12}  newest day  line", style="bold"))
    for item in names:
        called = f"  # {item.label}" if item.label and item.label != item.name.value else ""
        row = Text(f"{item.row_count:>12,}  {item.newest_day}  {item.line}")
        out.print(row.append(called, style="dim"))
    for place in dict.fromkeys(item.place for item in names):
        say(place)


def _days(found: Status) -> str:
    if not found.stale_days:
        return "none"
    return f"{len(found.stale_days)}, {found.stale_days[0]} … {found.stale_days[-1]}"


def _advice(
    health: Sequence[Health],
    found: Status,
    nobodys: Sequence[tuple[str, str, int]],
    strays: Sequence[str],
    settings: Settings,
) -> Iterator[str]:
    if found.changed or found.stale_days:
        yield "scorecard run, to take in what is new and rebuild what is stale."
    if found.rejected_files or found.rejected_days:
        yield "mend the rejected exports and deliver them again."
    if any(item.rows_quarantined for item in health):
        yield "raw.quarantine in the warehouse holds each quarantined row with its reason."
    if any(mart in NAMED_BY_ID for mart, _, _ in nobodys):
        yield "write a member's id where a note or a campaign names none."
    if any(mart not in NAMED_BY_ID for mart, _, _ in nobodys):
        yield f"map the unmapped identifiers in {settings.catalog_dir / 'workforce'}."
    if strays:
        yield "put these files where a source looks, or give its `glob` in scorecard.toml."
    stale = [f"{item.source} (nothing after {item.newest_day})" for item in health if item.is_fresh is False]
    if stale:
        yield f"see whether these exports still run: {', '.join(stale)}."
