"""Output of the `scorecard` command: progress, the scorecard, failures, the state of the sources."""

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

from pipelines.scorecard import words
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.notify.delivery import Overview
    from pipelines.pulls.overview import PullHealth
    from pipelines.warehouse.advice import UnmappedName, UnratedCurrency
    from pipelines.warehouse.bucket_overview import BucketHealth
    from pipelines.warehouse.status import Health, Status

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

KPI_WIDTH = 26
"""Columns of the scorecard's first column, the names of the KPIs."""
STATUS_STYLE = {"on_target": "green", "at_risk": "yellow", "off_target": "red", "no_target": "", "no_data": "dim"}
MODELS_SHOWN = 8
"""Most models that fit into a terminal; the page has them all."""
STATUS_SIGN = {"on_target": "✓", "at_risk": "!", "off_target": "✗", "no_target": "·"}
MOST_SHOWN = 20
STRAYS_SHOWN = 3
COMPANIONS_SHOWN = 10
NAMED_BY_ID = ("mart_notes", "mart_annotations")
"""Marts with rows that name a member by its id, so that they need no identifier."""
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
    """Show the pipeline's log messages."""
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
    """A month's scorecard, one row per KPI and one column per model, and the output paths."""
    if rows:
        kpis = {row["kpi_id"]: (row["kpi_name"], row["unit"]) for row in rows}
        models = list(dict.fromkeys(row["model_name"] for row in rows))
        cells = {(row["model_name"], row["kpi_id"]): _cell(row) for row in rows}
        so_far = "" if rows[0]["is_whole"] else ", so far"
        title: str | None = f"AI workforce scorecard, {rows[0]['period_start_date']:%B %Y}{so_far}"
        for shown in _beside(models[:MODELS_SHOWN], cells):
            table = Table(title=title, title_justify="left")
            table.add_column("KPI", width=KPI_WIDTH)
            whole = [max(len(model), _width(model, cells)) for model in shown]
            narrow = [_width(model, cells) for model in shown]
            for model, width in zip(shown, whole if _taken(whole) <= out.width else narrow, strict=True):
                table.add_column(model, justify="right", width=width)
            for kpi, (name, unit) in kpis.items():
                noted = f"{unit}, run rate" if so_far and unit.endswith(" month") else unit
                row = (cells.get((model, kpi), Text("–", style="dim")) for model in shown)
                table.add_row(Text(name).append(f"\n{noted}", style="dim"), *row)
            out.print(table)
            title = None
        say("✓ on target   ! at risk   ✗ off target   · no target   – undefined, see mart_scorecard.gap_reason")
        if len(models) > MODELS_SHOWN:
            say(f"and {len(models) - MODELS_SHOWN} more models, on the page")
        if all(row["value"] is None for row in rows):
            say(
                "No values yet: mart_scorecard.gap_reason has the reason of each, and scorecard doctor lists the "
                "unmapped identifiers in your data and what to do next."
            )
    if (settings.published_dir / "scorecard.html").exists():
        say(f"The page: {settings.published_dir / 'scorecard.html'}")
    if (settings.published_dir / "marts.duckdb").exists():
        say(f"Published: {settings.published_dir / 'marts.duckdb'} and {settings.published_dir / 'parquet'}/")


def _beside(models: Sequence[str], cells: Mapping[tuple[str, str], Text]) -> Iterator[list[str]]:
    """The models in tables that the terminal is wide enough for, so that no name and no number is broken."""
    shown: list[str] = []
    for model in models:
        if shown and _taken([_width(one, cells) for one in [*shown, model]]) > out.width:
            yield shown
            shown = []
        shown.append(model)
    yield shown


def _taken(widths: Sequence[int]) -> int:
    """Columns of the terminal that a table takes, with its rules and padding, for columns of these widths."""
    return KPI_WIDTH + 4 + sum(width + 3 for width in widths)


def _width(model: str, cells: Mapping[tuple[str, str], Text]) -> int:
    """The longest word of a model's name, or the longest of its cells."""
    names = [len(word) for word in model.split()]
    return max(names + [len(cell) for (name, _), cell in cells.items() if name == model])


def _cell(row: Mapping[str, Any]) -> Text:
    """A value as the page writes it, with its status, by colour and by sign."""
    if row["value"] is None:
        return Text("–", style="dim")
    status = row["status"]
    text = f"{words.amount(row['value'], row['unit'])} {STATUS_SIGN.get(status, ' ')}"
    return Text(text, style=STATUS_STYLE.get(status, ""))


def show_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows of text under a title; without a header if all headings are empty."""
    table = Table(title=title, title_justify="left", show_header=any(head))
    for heading in head:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)


def show_failures(found: Status, failures: Sequence[tuple[str, str]], details: Path | None) -> bool:
    """Failures and rejected files and days, with what to do; returns whether there are any."""
    alike: dict[tuple[str, str], list[str]] = {}  # a bucket that is out of reach is said once, not for each source
    for file in found.rejected_files:
        alike.setdefault((file.status, file.message), []).append(file.source)
    for (status, message), sources in _first(list(alike.items()), "ledger.files (status 'rejected' or 'unreadable')"):
        others = f" and {len(sources) - 1} more sources" if len(sources) > 1 else ""
        complain(f"{status}: {sources[0]}{others}, {message}")
    for day in _first(found.rejected_days, "ledger.days (status 'rejected')"):
        complain(
            f"rejected: {day.source} {day.day}: {day.message}. No data of {day.source} counts on that day. "
            "Fix the export and deliver it again."
        )
    for step, message in failures:
        complain(f"{step} failed: {message}")
    if failures and details:
        err.print(Text(f"Every event of the run: {details}"))
    return bool(found.rejected_files or found.rejected_days or failures)


def _first(items: Sequence[Any], table: str) -> Iterator[Any]:
    """The first of the items, then how many more there are and in which table of the warehouse."""
    yield from items[:MOST_SHOWN]
    if len(items) > MOST_SHOWN:
        complain(f"… and {len(items) - MOST_SHOWN:,} more: {table} of the warehouse lists them all")


def show_alerts(found: Overview) -> None:
    """Per open alert a line with the state of each channel and one with its evidence; then the failing channels."""
    for alert in found.alerts:
        knows = [
            f"{report.channel} {found.known.get((alert['alert_id'], report.channel), 'not notified')}"
            for report in found.reports
        ]
        about = [alert["severity"], alert["status"], alert["alert_id"], alert["owner"] or "no owner"]
        say(" · ".join([*about, ", ".join(knows)] if knows else about))
        say(f"    {alert['latest_evidence']}")
    if not found.alerts:
        say("No alert is open.")
    if not found.reports:
        say("No channel is configured: see docs/alerts.md.")
    for report in found.reports:
        if report.trouble:
            complain(report.text)


def show_health(
    health: Sequence[Health],
    found: Status,
    unmapped_rows: Sequence[tuple[str, str, int]],
    strays: Sequence[str],
    settings: Settings,
) -> None:
    """One row per source with files, the folders of the others, problems, and what to do next."""
    places = " and ".join(map(str, settings.places))
    # As narrow as its numbers allow: 80 columns hold millions of rows.
    table = Table(title=f"Sources in {places}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    for heading in ("source", "files", "rejected", "rows", "quaran-\ntined", "skipped", "days", "newest day", "fresh"):
        table.add_column(heading, justify="left" if heading == "source" else "right", no_wrap=True)
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
        say(f"Sources without files; searched in {places}:")
        for item in waiting:
            say(f"  {item.source:<16} {', '.join(item.globs)}")
    for item in health:
        for reason, count in item.reasons:
            say(f"{item.source}: {count:,} rows quarantined: {reason}")
        for reason, count in item.skip_reasons:
            say(f"{item.source}: {count:,} rows skipped: {reason}")
        for reason, count in item.left_out_reasons:
            say(f"{item.source}: {count:,} rows loaded without an informational value: {reason}")
    for mart, model, count in unmapped_rows:
        why = "no member has the id they name" if mart in NAMED_BY_ID else "no identifier in the catalog maps them"
        say(f"{mart}: {count:,} rows are {model}: {why}")
    say(f"Stale days: {_days(found)}")
    show_failures(found, [], None)
    if strays:
        more = " …" if len(strays) > STRAYS_SHOWN else ""
        say(f"No source reads {len(strays):,} files: {', '.join(strays[:STRAYS_SHOWN])}{more}")
    advice = list(_advice(health, found, unmapped_rows, strays, settings))
    if advice:
        say("Next:")
        for line in advice:
            say(f"  - {line}")


def show_companions(paths: Sequence[str]) -> None:
    """Companion files that are ignored."""
    if paths:
        more = " …" if len(paths) > COMPANIONS_SHOWN else ""
        say(f"Ignored companion files without rows: {len(paths):,}: {', '.join(paths[:COMPANIONS_SHOWN])}{more}")


def show_buckets(buckets: Sequence[BucketHealth]) -> None:
    """One row per bucket that exports are in, then their problems and what to do."""
    if not buckets:
        return
    table = Table(title="Buckets", title_justify="left", box=box.SIMPLE)
    for heading in ("bucket", "listed", "objects", "bytes", "newest (UTC)"):
        table.add_column(heading, justify="right" if heading in ("objects", "bytes") else "left", no_wrap=True)
    for item in buckets:
        outcome = "no" if item.problems and not item.object_count else "in part" if item.problems else "yes"
        newest = f"{item.newest_at:%Y-%m-%d %H:%M}" if item.newest_at else ""
        table.add_row(item.place, outcome, f"{item.object_count:,}", f"{item.size_bytes:,}", newest)
    out.print(table)
    for item in buckets:
        for problem in item.problems:
            say(f"Next: {problem}")
        if item.advice:
            say(f"Next: {item.advice}")


def show_pulls(pulls: Sequence[PullHealth]) -> None:
    """One row per source that is pulled, then their problems and what to do."""
    if not pulls:
        return
    table = Table(title="Pulls", title_justify="left", box=box.SIMPLE)
    for heading in ("source", "up to date at (UTC)", "lag", "stopped at", "last pull"):
        table.add_column(heading, no_wrap=heading in ("source", "up to date at (UTC)"))
    for item in pulls:
        table.add_row(item.source, item.reached, item.lag, item.cursor, item.outcome)
    out.print(table)
    for item in pulls:
        for problem in item.problems:
            say(f"{item.source}: {problem}")
    for item in pulls:
        if item.advice:
            say(f"Next: {item.advice}")


def show_unrated(currencies: Sequence[UnratedCurrency]) -> None:
    """Amounts without an exchange rate, and what to do."""
    for item in currencies:
        say(
            f"{item.source}: {item.row_count:,} rows in {item.currency} from {item.first_day} to {item.last_day} "
            "have no valid exchange rate, so they are not in any dollar amount"
        )
    alone = {item.currency: item.last_rate for item in currencies if item.is_alone}
    for currency, last in alone.items():
        known = f"none of {currency} after {last}" if last else f"none of {currency}"
        say(
            f"Next: the exchange rates in fx_rates have {known}, which the ECB may not publish. Put a file of other "
            f"rates there: the columns Date and {currency}, in units for one euro."
        )
    if any(not item.is_alone for item in currencies):
        say("Next: put the ECB's eurofxref-hist.csv into the folder fx_rates, or other rates in the same layout.")


def show_unmapped(names: Sequence[UnmappedName]) -> None:
    """Unmapped identifiers, by source, each as the catalog line that maps it."""
    if not names:
        return
    # Not a table, because a truncated or wrapped line cannot be copied.
    say("Unmapped identifiers, and the catalog line that maps each:")
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
    unmapped_rows: Sequence[tuple[str, str, int]],
    strays: Sequence[str],
    settings: Settings,
) -> Iterator[str]:
    if found.changed or found.stale_days:
        yield "scorecard run, to ingest new files and rebuild stale days."
    if found.rejected_files or found.rejected_days:
        yield "fix the rejected exports and deliver them again."
    if any(item.rows_quarantined for item in health):
        yield "see raw.quarantine in the warehouse for each quarantined row and its reason."
    if any(mart in NAMED_BY_ID for mart, _, _ in unmapped_rows):
        yield "add a valid member id to the unmapped notes and campaigns."
    if any(mart not in NAMED_BY_ID for mart, _, _ in unmapped_rows):
        yield f"map the unmapped identifiers in {settings.catalog_dir / 'workforce'}."
    if strays:
        yield "move these files into a source's folder, or set its `glob` in scorecard.toml."
    stale = [f"{item.source} (nothing after {item.newest_day})" for item in health if item.is_fresh is False]
    if stale:
        yield f"check whether these exports still run: {', '.join(stale)}."
