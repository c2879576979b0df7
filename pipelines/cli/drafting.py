"""The catalog part of `connect`: names found in the systems are proposed for members, confirmed and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from pipelines import console

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog
    from pipelines.connect.drafts import Draft
    from pipelines.connect.propose import Beside, FoundName, Match, Proposal, Undecided
    from pipelines.connect.system import Tried
    from pipelines.settings import Settings

KINDS = ("model", "agent", "decision_system")
UNDECIDED_SHOWN = 20
MOST_NAMES = 200
"""Unmapped names of a source's kind that are looked at."""


class Session(Protocol):
    """What drafting needs of a call of the command."""

    is_asking: bool
    tested: dict[str, Tried]

    def confirmed(self, question: str) -> bool:
        """Whether the user says yes; without questions: yes."""

    def fail(self, message: str) -> None:
        """Say what is wrong."""

    def guard(self, text: str) -> str:
        """The text, if it may be written."""


def draft_catalog(session: Session, settings: Settings, models: Sequence[str], company: str | None) -> None:
    """Propose, have confirmed, and write the files of new members and the names added to others."""
    from pipelines.catalog.documents import CatalogError
    from pipelines.connect.drafts import check, drafted, known_of
    from pipelines.connect.propose import propose

    folder = settings.catalog_dir
    try:
        catalog = _existing(folder)
    except CatalogError as error:
        session.fail(f"{error}\nCorrect it first; no entries were proposed.")
        return
    if session.is_asking and not models and catalog is None:
        answer = typer.prompt(
            "Which AI models do you have? With commas; empty: proposed from names", default="", show_default=False
        )
        models = [part.strip() for part in str(answer).split(",") if part.strip()]
    seen, beside = _seen(session, settings, catalog)
    proposals, undecided = propose(seen, known_of(catalog) if catalog else (), models, beside)
    drafts, left = _confirmed(session, proposals)
    _show_undecided([*left, *undecided])
    drafts = [draft for draft in drafts if draft.is_new or draft.names]
    if not drafts:
        if catalog is None:
            session.fail(
                "No member was confirmed, so there is no catalog yet: name your models with --model, "
                "or write a file as in docs/connect.md."
            )
        else:
            console.say(f"{_near(folder)}: nothing to add.")
        return
    texts, by_hand = drafted(folder, _company(session, folder, company), drafts)
    try:
        check(folder, texts)
    except CatalogError as error:
        session.fail(f"The drafts are not valid, so they were not written. Please report this.\n{error}")
        return
    _write(session, folder, texts)
    _show_by_hand(by_hand)


def _existing(folder: Path) -> Catalog | None:
    """The catalog; None where it has no member yet."""
    from pipelines.catalog.load import WORKFORCE_FOLDER, load_catalog

    return load_catalog(folder) if any((folder / WORKFORCE_FOLDER).rglob("*.y*ml")) else None


def _seen(session: Session, settings: Settings, catalog: Catalog | None) -> tuple[list[FoundName], list[Beside]]:
    """The names that the catalog does not map, of the vendors that were asked and of the warehouse."""
    from pipelines.catalog.names import Name, declared_names
    from pipelines.connect.propose import LEAST_RECORDS, MOST_BESIDE, Beside, FoundName
    from pipelines.pulls.connectors import all_connectors
    from pipelines.sources import all_sources
    from pipelines.warehouse.advice import unmapped_names
    from pipelines.warehouse.names_beside import names_beside
    from pipelines.warehouse.values import configured

    found: list[FoundName] = []
    for system, result in session.tested.items():
        source = all_connectors()[system].source
        for listing in result.listings:
            if listing.kind is not None:
                found += [FoundName(Name(source, listing.kind, "", value), label) for value, label in listing.names]
    beside: list[Beside] = []
    if settings.warehouse_file.exists() and catalog is not None:
        sources = configured(all_sources(), settings)
        with console.progress():  # who holds the warehouse, where somebody does
            unmapped = unmapped_names(settings, catalog, sources, MOST_NAMES)
            together = names_beside(settings, sources, MOST_BESIDE, LEAST_RECORDS)
        found += [FoundName(item.name, item.label, item.row_count) for item in unmapped]
        beside = [Beside(*pair) for pair in together]
    declared = {_folded(name) for name in declared_names(catalog)} if catalog else set()
    return [item for item in found if _folded(item.name) not in declared], beside


def _folded(name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.lower() for part in name)


def _confirmed(session: Session, proposals: Sequence[Proposal]) -> tuple[list[Draft], list[Undecided]]:
    """The members that are confirmed, and the names that are not."""
    from pipelines.connect.drafts import Draft
    from pipelines.connect.propose import Undecided

    drafts: list[Draft] = []
    left: list[Undecided] = []
    for item in proposals:
        console.say(f"{'New member' if item.is_new else 'Member'} {item.id}, {item.name}:")
        for match in item.matches:
            console.say(f"  {match.score:>4.0%}  {_named(match.seen)}: {match.why}")
        sure = [match for match in item.matches if match.is_sure]
        draft = Draft(item.id, item.name, item.is_new, tuple(match.seen for match in sure))
        chosen: Draft | None = draft
        if session.is_asking:
            chosen = _answered(item, draft)
        taken = chosen.names if chosen else ()
        left += [Undecided(m.seen, m.why) for m in item.matches if m.seen not in taken]
        if chosen:
            drafts.append(chosen)
    return drafts, left


def _answered(item: Proposal, draft: Draft) -> Draft | None:
    """The draft as the user wants it: y, with all that is sure and each further name that is confirmed; n; or e."""
    answer = str(typer.prompt("  Is this right? y, n, or e to edit", default="y")).strip().lower()[:1]
    if answer == "n":
        return None
    if answer == "e":
        if item.is_new:
            draft = replace(
                draft,
                name=str(typer.prompt("  Name", default=draft.name)),
                kind=str(typer.prompt(f"  Kind ({', '.join(KINDS)})", default=draft.kind)),
                business_unit=str(typer.prompt("  Business unit", default=draft.business_unit)),
            )
        return replace(draft, names=tuple(_each(item.matches)))
    return replace(draft, names=(*draft.names, *_each([match for match in item.matches if not match.is_sure])))


def _each(matches: Sequence[Match]) -> Iterator[FoundName]:
    for match in matches:
        if typer.confirm(f"  {_named(match.seen)}?", default=match.is_sure):
            yield match.seen


def _named(seen: FoundName) -> str:
    called = f" ({seen.label})" if seen.label and seen.label != seen.name.value else ""
    key = f" {seen.name.key}=" if seen.name.key else " "
    return f"{seen.name.source} {seen.name.kind}{key}{seen.name.value}{called}"


def _company(session: Session, folder: Path, company: str | None) -> str:
    if company or (folder / "company.yaml").exists():
        return company or ""
    default = folder.parent.name.replace("-", " ").title() or "My company"
    return str(typer.prompt("The company's name", default=default)) if session.is_asking else default


def _write(session: Session, folder: Path, texts: dict[Path, str]) -> None:
    from pipelines.connect.config import diff, read
    from pipelines.connect.drafts import write

    for path, text in texts.items():
        for line in diff(read(path), session.guard(text), _near(path), context=3):
            console.say(line)
    if session.confirmed(f"Write {len(texts)} files to {_near(folder)}?"):
        write(folder, texts)
        console.say(f"Written: {', '.join(map(_near, texts))}")


def _near(path: Path) -> str:
    """The path, from the folder that the command runs in where it is below that."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _show_undecided(items: Sequence[Undecided]) -> None:
    if not items:
        return
    console.say(f"Undecided, {len(items):,} names; add those of a member to its file:")
    by_use = sorted(items, key=lambda item: (item.why == "resembles no member", item.seen.name))
    for item in by_use[:UNDECIDED_SHOWN]:
        console.say(f"  {_named(item.seen)}: {item.why}")
    if len(items) > UNDECIDED_SHOWN:
        console.say(f"  and {len(items) - UNDECIDED_SHOWN:,} more; scorecard doctor lists those that the data have")


def _show_by_hand(names: Sequence[FoundName]) -> None:
    from pipelines.catalog.names import line_for, place_for

    for item in names:
        console.say(f"By hand: {line_for(item.name)}  # {_named(item)}. {place_for(item.name)}")
