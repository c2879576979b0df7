"""Catalog files drafted from confirmed proposals: new members are new files, names of a member are added to its file.

Nothing that a file holds is changed, and nothing is written that the catalog's loader rejects.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipelines import files
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.documents import Document, read_document
from pipelines.catalog.load import COMPANY_FILE, WORKFORCE_FOLDER, load_catalog
from pipelines.catalog.names import ELSEWHERE, Name, line_for
from pipelines.catalog.schema import write_schemas
from pipelines.connect.propose import EVENT, FoundName, KnownMember, words

EXPOSING = {"shown", "viewed", "view", "displayed", "display", "impression", "exposed", "seen", "rendered"}
"""Words of an event that shows a feature to somebody; others are of its use."""
EVER = "2015-01-01"
"""Before the first day that is ever built."""
SCHEMA = "# yaml-language-server: $schema="


@dataclass(frozen=True)
class Draft:
    """A member as it was confirmed, with the names that become its own."""

    id: str
    name: str
    is_new: bool
    names: tuple[FoundName, ...]
    kind: str = "model"
    business_unit: str = "Not assigned yet"


def known_of(catalog: Catalog) -> list[KnownMember]:
    """The catalog's members with their identifiers, to match names with."""
    return [
        KnownMember(
            member.id,
            member.name,
            tuple(item.value for item in member.identifiers),
            tuple(Name(item.source, item.kind, item.key or "", item.value) for item in member.identifiers),
        )
        for member in catalog.members
    ]


def drafted(folder: Path, company: str, drafts: Sequence[Draft]) -> tuple[dict[Path, str], list[FoundName]]:
    """The text of each file that is new or gets lines, and the names that have to be added by hand.

    Args:
        folder: The catalog's.
        company: Its name, for a catalog without `company.yaml`.
        drafts: The members.
    """
    texts: dict[Path, str] = {}
    by_hand: list[FoundName] = []
    if not (folder / COMPANY_FILE).exists():
        texts[folder / COMPANY_FILE] = f"{SCHEMA}schema/company.schema.json\nname: {_flow(company)}\n"
    places = _places(folder)
    for draft in drafts:
        if draft.is_new:
            texts[_unused_path(folder / WORKFORCE_FOLDER / f"{draft.id}.yaml", texts)] = _member(draft, by_hand)
        elif draft.names:
            own = [item for item in draft.names if item.name.kind not in ELSEWHERE]
            by_hand += [item for item in draft.names if item.name.kind in ELSEWHERE]
            text = _with_names(places[draft.id].read_bytes().decode(), own) if draft.id in places else None
            if text is None:
                by_hand += own
            elif own:
                texts[places[draft.id]] = text
    return texts, by_hand


def check(folder: Path, texts: Mapping[Path, str]) -> Catalog:
    """The catalog as it will be with these files.

    Raises:
        CatalogError: it is not valid.
    """
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / "catalog"
        if folder.is_dir():
            shutil.copytree(folder, trial)
        for path, text in texts.items():
            files.replace(trial / path.relative_to(folder), text)
        return load_catalog(trial)


def write(folder: Path, texts: Mapping[Path, str]) -> None:
    """Write the files, and the schemas for editors where there are none."""
    for path, text in texts.items():
        files.replace(path, text)
    if not (folder / "schema").exists():
        write_schemas(folder / "schema")


def _places(folder: Path) -> dict[str, Path]:
    """Member → its file."""
    read = [read_document(path) for path in sorted((folder / WORKFORCE_FOLDER).rglob("*.yaml"))]
    return {
        str(item.data["id"]): item.path
        for item in read
        if isinstance(item, Document) and isinstance(item.data, dict) and "id" in item.data
    }


def _unused_path(path: Path, taken: Mapping[Path, str]) -> Path:
    number = 1
    found = path
    while found.exists() or found in taken:
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found


def _member(draft: Draft, by_hand: list[FoundName]) -> str:
    identifiers = [item for item in draft.names if item.name.kind not in ELSEWHERE]
    by_hand += [item for item in draft.names if item.name.kind in ELSEWHERE and item.name.kind != EVENT]
    lines = [
        f"{SCHEMA}../schema/member.schema.json",
        "# Drafted by `scorecard connect` from the names found in your systems: correct and complete it.",
        f"id: {draft.id}",
        f"kind: {draft.kind} # model, agent or decision_system",
        f"name: {_flow(draft.name)}",
        "description: To be described.",
        f"business_unit: {_flow(draft.business_unit)}",
    ]
    if identifiers:
        lines += ["identifiers:", *(f"  {_line(item)}" for item in identifiers)]
    lines += _features(draft, by_hand)
    if any(item.name.source == "zendesk" for item in identifiers):
        lines += ["satisfaction:", f"  - {{from: {EVER}, primary: survey, survey: ticket_csat}} # ratings of tickets"]
    return "\n".join(lines) + "\n"


def _features(draft: Draft, by_hand: list[FoundName]) -> Iterator[str]:
    """A feature for each analytics source that has events of its use."""
    by_source: dict[str, list[FoundName]] = defaultdict(list)
    for item in draft.names:
        if item.name.kind == EVENT:
            by_source[item.name.source].append(item)
    features: list[str] = []
    for source, events in sorted(by_source.items()):
        shown = [item for item in events if EXPOSING & set(words(item.name.value))]
        used = [item for item in events if item not in shown]
        if not used:
            by_hand += shown
            continue
        features += [
            f"  - id: {draft.id}-{source}",
            f"    name: {_flow(draft.name)}",
            f"    source: {source}",
            *([f"    exposed_events: {_flow([item.name.value for item in shown])}"] if shown else []),
            f"    qualifying_events: {_flow([item.name.value for item in used])}",
        ]
    if features:
        yield "features: # adoption needs `target_population` too: how many users the feature is for"
        yield from features


def _line(item: FoundName) -> str:
    label = " ".join((item.label or "").split())
    return line_for(item.name) + (f" # {label}" if label and label != item.name.value else "")


def _with_names(text: str, names: Sequence[FoundName]) -> str | None:
    """A member's file with these identifiers added; None where that cannot be done without changing anything else."""
    lines, end = text.splitlines(), "\r\n" if "\r\n" in text else "\n"
    begin = next((i for i, line in enumerate(lines) if re.match(r"identifiers:\s*(#.*)?$", line)), None)
    if begin is None:
        added = [*lines, "identifiers:", *(f"  {_line(item)}" for item in names)]
    else:
        block: list[int] = []
        for i in range(begin + 1, len(lines)):
            if re.match(r"[^\s#-]", lines[i]):
                break  # the member's next key
            if re.match(r"(\s+|-\s+)[^\s#]", lines[i]):
                block.append(i)
        if not block:
            return None
        indent = re.match(r"\s*", lines[block[0]])
        leading = indent.group() if indent else ""
        added = [*lines[: block[-1] + 1], *(f"{leading}{_line(item)}" for item in names), *lines[block[-1] + 1 :]]
    result = "".join(f"{line}{end}" for line in added)
    return result if _only_adds(text, result, names) else None


def _only_adds(old: str, new: str, names: Sequence[FoundName]) -> bool:
    try:
        before, after = yaml.safe_load(old), yaml.safe_load(new)
    except yaml.YAMLError:
        return False
    added = [yaml.safe_load(line_for(item.name))[0] for item in names]
    return bool(after == {**before, "identifiers": [*(before.get("identifiers") or []), *added]})


def _flow(value: object) -> str:
    dumped: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return dumped.removesuffix("...\n").strip()
