"""Writes what the sources' pages say from elsewhere: `make generate`.

A page's head comes from its source's module, the pulls, the registry of KPIs and the cases; what is below its mark is
written by hand and left alone. How a pull is configured, `docs/connect.md` says: its example is read here too.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from pipelines.kpis import KPIS
from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.spec import Connector, Plan, Rate
from pipelines.settings import PROJECT_ROOT
from pipelines.settings.pulls import PullsSettings
from pipelines.sources import all_sources
from pipelines.sources.spec import Expectation, Format, Source, Table
from pipelines.warehouse.dbt_sources import sources_of
from tests.cases.case import Case, all_cases
from tests.cases.quirks import link

PAGES: Final = PROJECT_ROOT / "docs" / "sources"
INDEX: Final = PAGES / "README.md"
CONNECT: Final = PROJECT_ROOT / "docs" / "connect.md"
WRITTEN: Final = "<!-- Above: written by `make generate`. Below: by hand. -->"
_FIELD: Final = re.compile(r"(?:\b(\w+)\)? ->>? |json_\w+\((\w+), )'\$\.([^']+)'(?: as (\w+))?")
"""Where a mapping reads a field of a JSON record, or of an object of it that it gave a name."""
_KEYS: Final = re.compile(r"from_json\(doc, '(\{[^']*\})'\)")
_DELIVERIES: Final = {
    "replace a day": "the newest delivery that covers a day has that day",
    "replace a period": "the newest delivery replaces the whole period that it covers",
    "append": "rows are only ever added; one that several deliveries hold counts once",
}


def heads() -> dict[str, str]:
    """Source → the part of its page that is written from elsewhere, its mark included."""
    return {name: _head(source) for name, source in all_sources().items()}


def pages() -> dict[Path, str]:
    """Page → its whole text: what is written from elsewhere as it must be, and the rest as it is."""
    written = {PAGES / f"{name}.md": head for name, head in heads().items()} | {INDEX: _index()}
    return {page: head + by_hand(page) for page, head in written.items()}


def by_hand(page: Path) -> str:
    """What is below a page's mark; empty where there is no page yet."""
    return (page.read_text(encoding="utf-8") if page.exists() else "").partition(f"{WRITTEN}\n")[2]


def _index() -> str:
    rows = [
        f"| [{source.title}]({name}.md) | `{name}` | {_cell(source.description)} | {_kpis(source)} | "
        f"{_listed(connector.title for connector in _connectors(source))} |"
        for name, source in all_sources().items()
    ]
    return "\n".join(
        ["# Sources", "", "| | folder | what it reads | KPIs | pull |", "|---|---|---|---|---|", *rows, "", WRITTEN, ""]
    )


def _head(source: Source) -> str:
    parts = [
        f"# {source.title} (`{source.name}`)",
        f"{source.description} [How to export it](#how-to-export), [what to beware of](#what-to-beware-of).",
        _facts(source),
        "## Formats",
        "A file is recognised by its required columns, whatever its name. Other columns are ignored.",
        *_formats(source),
        "## What is rejected",
        _rejected(source),
        "## Tables",
        *(_table(source, table) for table in source.warehouse_tables),
        *_quirks(source),
        WRITTEN,
    ]
    return "\n\n".join(parts) + "\n"


def _facts(source: Source) -> str:
    known = all_sources()
    together = sources_of(known.values(), source.role) if source.role else []
    titles = [known[name].title for name in together]
    precedence = (
        " The first that has a fact takes precedence." if len({known[name].precedence for name in together}) > 1 else ""
    )
    facts = {
        "Owner": f"`{source.owner}`",
        "Files": f"{_listed(f'`{glob}`' for glob in source.glob)} below the landing folder",
        "Late data": f"rows arrive or change up to {_span(source.late)} after their day; later ones count too",
        "Fresh": f"stale once its newest day is older than {_span(source.fresh_within)}",
        "Deliveries": _deliveries(source),
        "Identifiers": _listed(f"`{kind}`" for kind in source.identifiers),
        "Read together with": "" if len(titles) < 2 else f"{', '.join(titles)}.{precedence}",
        "KPIs": _kpis(source),
        **{f"Pull: {connector.title}": _pull(connector) for connector in _connectors(source)},
    }
    rows = [f"| {name} | {_cell(fact)} |" for name, fact in facts.items() if fact]
    text = "\n".join(["| | |", "|---|---|", *rows])
    if source.identifiers:
        key = {"tag": "key: application, "}
        lines = [
            f"  - {{source: {source.name}, kind: {kind}, {key.get(kind, '')}value: …}}" for kind in source.identifiers
        ]
        text += "\n\n" + "\n".join(["```yaml", "identifiers:", *lines, "```"])
    return text


def _deliveries(source: Source) -> str:
    if source.deliveries is None:
        return "the rows of all files count, equal files once; a file of the same name replaces the old one"
    kinds = groupby(sorted(source.formats, key=lambda form: form.deliveries), key=lambda form: form.deliveries)
    return (
        "; ".join(f"{_DELIVERIES[kind]} ({_listed(f'`{form.name}`' for form in forms)})" for kind, forms in kinds)
        + ". Dates and run ids in the path say which is newer"
    )


def _kpis(source: Source) -> str:
    return _listed(
        f"[{kpi.kpi_name}](../kpis/{kpi.kpi_id}.md)" for kpi in KPIS if source.role in kpi.source_roles.split()
    )


def _connectors(source: Source) -> list[Connector]:
    return [connector for connector in all_connectors().values() if connector.source == source.name]


@cache
def _example() -> PullsSettings:
    """The settings of pulls that `docs/connect.md` shows."""
    blocks = re.findall(r"```toml\n(.*?)```", CONNECT.read_text(encoding="utf-8"), flags=re.DOTALL)
    (example,) = (block for block in blocks if "[pulls." in block)
    return PullsSettings.model_validate(tomllib.loads(example)["pulls"])


def _pull(connector: Connector) -> str:
    streams = connector.streams(_example().configured()[connector.name])
    pulled = "; ".join(f"{stream.form} ({_plan(stream.plan)})" for stream in streams)
    rate = f" {_rate(connector.rate)}." if connector.rate else ""
    table = f"[`[pulls.{connector.name}]`](../connect.md#or-pull-them-from-the-vendors-apis)"
    return f"{table}. Needs {connector.permission}. Pulled: {pulled}.{rate}"


def _plan(plan: Plan) -> str:
    units = {
        "day": "a file a day",
        "since": "a file of everything since the first of a month",
        "all": "one file of everything",
        "feed": "a file a pull, from where the last one ended",
    }
    text = units[plan.unit]
    if plan.overlap:
        text += f", the last {_span(plan.overlap)} again"
    if plan.settled is not None:
        text += f", once the day is over for {_span(plan.settled)}" if plan.settled else ", once the day is over"
    return text


def _rate(rate: Rate) -> str:
    units = {1: "a second", 60: "a minute", 3600: "an hour"}
    return f"At most {rate.count} requests {units[int(rate.seconds)]}"


def _formats(source: Source) -> Iterator[str]:
    alike = groupby(source.formats, key=lambda form: (_plain(form.requires), _also(form)))
    for (requires, also), group in alike:
        forms = list(group)
        notes = list(dict.fromkeys(note for form in forms for note in _notes(form)))
        lines = [
            f"- required: {_listed(f'`{column}`' for column in requires)}",
            *([f"- also read: {_listed(f'`{column}`' for column in also)}"] if also else []),
            *(f"- {note}" for note in notes),
        ]
        yield f"**{_listed(f'{form.name} ({form.container})' for form in forms)}**\n\n" + "\n".join(lines)


def _also(form: Format) -> tuple[str, ...]:
    """The fields that are read beside the required ones."""
    if form.optional or form.container != "json":
        return _plain(form.optional)
    fields = (field for sql in form.select.values() for field in _fields(" ".join(sql.split())))
    found = dict.fromkeys(field for field in fields if field not in _plain(form.requires))
    return tuple(field for field in found if not any(other.startswith(f"{field}.") for other in found))


def _fields(sql: str) -> Iterator[str]:
    """The fields of a JSON record that `sql` reads, and the objects that hold them."""
    for keys in _KEYS.findall(sql):
        yield from json.loads(keys)
    found = _FIELD.findall(sql)
    read = [(left or argument, path.replace('"', "").replace("[*]", ""), name) for left, argument, path, name in found]
    within = {"doc": ""} | {name: f"{path}." for relation, path, name in read if name and relation == "doc"}
    yield from (within[relation] + path for relation, path, _ in read if relation in within)


def _plain(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(column.removeprefix("$.") for column in columns)


def _notes(form: Format) -> Iterator[str]:
    if form.records and form.container == "json":
        records = _listed(f"`{path.removeprefix('$.')}`" for path in form.records)
        yield f"records are under {records} of a page, or are delivered alone"
    if form.records and form.container == "sqlite":
        yield f"read from the tables {_listed(f'`{table}`' for table in form.records)}"
    if form.paging:
        yield "a page that says there are more is reported as incomplete until these are delivered"
    if form.named_by:
        yield "the path is read too"
    if form.writing.decimal:
        yield f"the decimal mark is `{form.writing.decimal}` unless the file shows another"
    if form.writing.date_order:
        order = {"dmy": "day", "mdy": "month"}[form.writing.date_order]
        yield f"dates begin with the {order} unless the file shows otherwise"
    reasons = _skipped(form.skips)
    if reasons:
        yield f"skipped, and counted with the reason in `ledger.files`: {'; '.join(reasons)}"


def _skipped(sql: str) -> list[str]:
    """The reasons that the SQL of skips gives; what it takes from a row is `…`."""
    reasons = []
    for reason in re.findall(r"_row,(.*?)as _reason", " ".join(sql.split())):
        branches = re.findall(r"\b(?:then|else)((?:'[^']*'|[^'])*?)(?=\b(?:when|else|end)\b)", reason) or [reason]
        for branch in branches:
            pieces = [re.fullmatch(r"\s*'([^']*)'\s*", piece) for piece in branch.split("||")]
            reasons.append("".join(piece[1] if piece else "…" for piece in pieces))
    return list(dict.fromkeys(reasons))


def _rejected(source: Source) -> str:
    """Why rows are quarantined and days are rejected."""
    blocks = [
        "A row is quarantined, with its text, if a required column is missing or a value is not of its column's type."
    ]
    incidental = dict.fromkeys(column.name for table in source.tables for column in table.columns if column.incidental)
    if incidental:
        names = _listed(f"`{name}`" for name in incidental)
        blocks.append(f"In these columns such a value is left out and counted, and the row loads: {names}.")
    rules = dict.fromkeys(rule.reason for table in source.tables for rule in table.rules)
    if rules:
        blocks += ["It is also quarantined if:", "\n".join(f"- {reason}" for reason in rules)]
    expectations = {e.name: e for table in source.tables for e in table.expectations}
    if expectations:
        blocks += ["A day of this source is rejected if:", "\n".join(map(_expectation, expectations.values()))]
    return "\n\n".join(blocks)


def _expectation(expectation: Expectation) -> str:
    return f"- {expectation.reason} (`{expectation.name}`)"


def _table(source: Source, table: Table) -> str:
    rows = [
        f"| `{column.name}` | {column.type} | {'yes' if column.required else ''} | {_cell(column.description)} |"
        for column in table.columns
    ]
    return "\n".join(
        [
            f"### `raw.{source.name}__{table.name}`",
            "",
            f"{table.description} Its day is that of `{table.day}` in UTC.",
            "",
            f"<details><summary>{len(rows)} columns</summary>",
            "",
            "| column | type | required | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "</details>",
        ]
    )


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(all_cases())


def _quirks(source: Source) -> Iterator[str]:
    mine = [case for case in _cases() if case.says.source == source.name]
    if not mine:
        return
    yield "## Quirks"
    rows = [
        f"| {_cell(case.says.surprise)} | {_cell(case.says.treatment)} | {link(case.says.reference)} | "
        f"[{case.name}](../../tests/cases/{case.name}) |"
        for case in mine
    ]
    yield "\n".join(
        [
            "What this export does that surprises people, each with a case that is run "
            "([those of all sources](../quirks.md)).",
            "",
            "| what surprises | what we do | source | case |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def _span(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write every page."""
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
