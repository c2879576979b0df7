"""`make generate` writes the tables of docs/quirks.md from the cases; the rest is written by hand."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from urllib.parse import urlparse

from tests.cases.case import Case, all_cases

PAGE = Path(__file__).parents[2] / "docs" / "quirks.md"
BEGINS = "<!-- From here on written by `make generate` from tests/cases/. -->"


def tables(cases: list[Case]) -> str:
    """A section a vendor, a row a case."""
    ordered = sorted(cases, key=lambda case: (case.says.vendor.lower(), case.name))
    sections = []
    for vendor, mine in groupby(ordered, key=lambda case: case.says.vendor):
        rows = [f"\n## {vendor}\n", "| what surprises | what we do | reported in | case |", "|---|---|---|---|"]
        rows += [
            f"| {_cell(case.says.surprise)} | {_cell(case.says.treatment)} | {link(case.says.reference)} | "
            f"[{case.name}](../tests/cases/{case.name}) |"
            for case in mine
        ]
        sections.append("\n".join(rows))
    return "\n".join(sections) + "\n"


def page(cases: list[Case]) -> str:
    """The whole page: its introduction as it is, the tables written again."""
    introduction = PAGE.read_text().split(BEGINS)[0]
    return f"{introduction}{BEGINS}\n\n{len(cases)} cases.\n{tables(cases)}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def link(address: str) -> str:
    """A public reference as a Markdown link, named by its repository or host."""
    parts = urlparse(address)
    place = "/".join(parts.path.strip("/").split("/")[:2]) if parts.netloc == "github.com" else parts.netloc
    return f"[{place}]({address})"


if __name__ == "__main__":
    PAGE.write_text(page(all_cases()))
