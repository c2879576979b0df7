"""Which names in different systems are of one AI member: by their words, and by the records that have both.

Pure: names in, proposals out. The order of the names does not matter, and what one name is proposed for depends on no
name that has nothing to do with it. How names are found lives in the connectors and in the warehouse.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.catalog.names import Name

SURE = 0.8
"""The score from which a name is proposed without a question."""
POSSIBLE = 0.5
"""The score from which a name is worth a question."""
NOT_PRODUCTION_SCORE, ONE_WORD_EVENT_SCORE, EVENT_SCORE = 0.7, 0.7, 0.9
MOST_BESIDE, LEAST_RECORDS = 0.9, 5
"""The share of a name's records that have another name too, and how many these are, to count as belonging together."""

EVENT, SURVEY = "event", "survey"
NOT_SEEDS = (EVENT, SURVEY, "project_code", "experiment")
"""Kinds of name that name no member: they are not what a new one is proposed from."""
PRODUCTION = {"prod", "production", "live", "main", "primary", "default"}
NOT_PRODUCTION = {"staging", "stage", "stg", "dev", "development", "test", "testing", "qa", "sandbox", "demo"}
GENERAL = {
    *("service", "services", "svc", "api", "app", "application", "server", "backend", "endpoint", "model", "ml", "ai"),
    *("llm", "team", "project", "proj", "workspace", "wrkspc", "repo", "the", "of", "and", "for"),
}
"""Words that distinguish no member from another."""


@dataclass(frozen=True)
class FoundName:
    """A name that was found in a system and that the catalog does not map.

    `label`: what people call it. `row_count`: records that have it; None: not known.
    """

    name: Name
    label: str | None = None
    row_count: int | None = None

    @property
    def text(self) -> str:
        """What people call it, else its value."""
        return self.label or self.name.value


@dataclass(frozen=True)
class KnownMember:
    """A member to match with, of the catalog or as the user named it: its id, its name, and its other names."""

    id: str
    name: str
    texts: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Beside:
    """Of `row_count` records that have `name`, the share that has `other` too."""

    name: Name
    other: Name
    share: float
    row_count: int


@dataclass(frozen=True)
class Match:
    """A name proposed for a member, from 0 to 1, and why."""

    seen: FoundName
    score: float
    why: str

    @property
    def is_sure(self) -> bool:
        """Whether it needs no question."""
        return self.score >= SURE


@dataclass(frozen=True)
class Proposal:
    """A member with the names proposed for it; `is_new`: the catalog has no such member yet."""

    id: str
    name: str
    is_new: bool
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class Undecided:
    """A name that is proposed for no member, and why."""

    seen: FoundName
    why: str


def propose(
    seen: Iterable[FoundName],
    known: Sequence[KnownMember] = (),
    models: Sequence[str] = (),
    beside: Iterable[Beside] = (),
) -> tuple[list[Proposal], list[Undecided]]:
    """Proposals of names for members, and the names without one.

    A new member is proposed for each of `models`, and where names in two systems or more have the same words.

    Args:
        seen: The names; those found twice count once.
        known: The catalog's members.
        models: Names of AI members as the user gives them.
        beside: Names that records have together.

    Returns:
        One proposal per member that has a name, by id; the rest by name.
    """
    found = _once(seen)
    members = {member.id: member for member in known}
    targets = [*known, *_new(found, known, models)]
    matched: dict[str, list[Match]] = defaultdict(list)
    rest: list[Undecided] = []
    for item in found:
        _decide(item, _scores(item, targets), matched, rest)
    rest = _by_records(rest, targets, matched, list(beside))
    names = {target.id: target.name for target in targets}
    proposals = [
        Proposal(id_, names[id_], id_ not in members, tuple(sorted(matches, key=lambda m: (-m.score, m.seen.name))))
        for id_, matches in sorted(matched.items())
    ]
    proposals += [
        Proposal(target.id, target.name, True, ())
        for target in targets
        if target.id not in members and target.id not in matched
    ]
    return sorted(proposals, key=lambda item: item.id), sorted(rest, key=lambda item: item.seen.name)


def words(text: str) -> tuple[str, ...]:
    """The words of a name that distinguish it, in their order: `acme/fraudDetectors-prod` has `fraud`, `detector`."""
    return tuple(_singular(word) for word in _all_words(text) if word not in GENERAL | PRODUCTION | NOT_PRODUCTION)


def slug(text: str) -> str:
    """An id for a member of this name."""
    plain = unicodedata.normalize("NFKD", " ".join(words(text) or _all_words(text))).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or "model"


def similarity(one: str, other: str) -> float:
    """From 0 to 1: the share of words that two names have in common (Dice); 1 where only spaces or signs differ."""
    a, b = words(one), words(other)
    if not a or not b:
        return 0.0
    if "".join(a) == "".join(b):
        return 1.0
    return 2 * len(set(a) & set(b)) / (len(set(a)) + len(set(b)))


def _all_words(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text.rsplit("/", 1)[-1])
    return [word for word in re.split(r"[\W_]+", spaced.lower()) if word]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _once(seen: Iterable[FoundName]) -> list[FoundName]:
    by_name: dict[Name, FoundName] = {}
    for item in seen:
        both = [item, by_name.get(item.name, item)]
        label = min((one.label for one in both if one.label), default=None)
        count = max((one.row_count for one in both if one.row_count is not None), default=None)
        by_name[item.name] = FoundName(item.name, label, count)
    return [by_name[name] for name in sorted(by_name)]


def _new(seen: Sequence[FoundName], known: Sequence[KnownMember], models: Sequence[str]) -> list[KnownMember]:
    """Members that are not in the catalog: those that the user names, and those that two systems name alike."""
    named = {slug(model): KnownMember(slug(model), model, (model,)) for model in sorted(models)}
    alike: dict[frozenset[str], list[FoundName]] = defaultdict(list)
    for item in seen:
        if item.name.kind not in NOT_SEEDS and words(item.text):
            alike[frozenset(words(item.text))].append(item)
    for items in alike.values():
        if len({item.name.source for item in items}) < 2:
            continue
        text = min(items, key=lambda item: (len(_all_words(item.text)), words(item.text))).text
        name = " ".join(words(text)).capitalize()
        if not any(similarity(name, other) >= SURE for target in (*known, *named.values()) for other in _texts(target)):
            named[slug(text)] = KnownMember(slug(text), name, (text,))
    taken = {target.id for target in known}
    return [target for id_, target in sorted(named.items()) if id_ not in taken]


def _texts(target: KnownMember) -> tuple[str, ...]:
    return (target.id, target.name, *target.texts)


def _scores(item: FoundName, targets: Sequence[KnownMember]) -> list[tuple[float, KnownMember]]:
    """The best targets of a name with their score: several where they fit equally well."""
    scored = [(max(_score(item, text) for text in _texts(target)), target) for target in targets]
    best = max((score for score, _ in scored), default=0.0)
    return [(score, target) for score, target in scored if score == best and score >= POSSIBLE]


def _score(item: FoundName, text: str) -> float:
    score = similarity(item.text, text)
    member = set(words(text))
    if item.name.kind == EVENT and member and member <= set(words(item.text)):
        # An event says what was done with the thing, so it has more words.
        score = max(score, EVENT_SCORE if len(member) > 1 else ONE_WORD_EVENT_SCORE)
    if NOT_PRODUCTION & set(_all_words(item.text)):
        score = min(score, NOT_PRODUCTION_SCORE)
    return score


def _decide(
    item: FoundName,
    best: Sequence[tuple[float, KnownMember]],
    matched: Mapping[str, list[Match]],
    rest: list[Undecided],
) -> None:
    if len(best) == 1:
        score, target = best[0]
        matched[target.id].append(Match(item, score, _why(item, score, target)))
    elif best:
        rest.append(Undecided(item, f"fits {' and '.join(sorted(t.id for _, t in best))} equally well"))
    else:
        rest.append(Undecided(item, "resembles no member"))


def _why(item: FoundName, score: float, target: KnownMember) -> str:
    outside = NOT_PRODUCTION & set(_all_words(item.text))
    if outside:
        return f"`{item.text}` resembles {target.id}, and is called {', '.join(sorted(outside))}"
    if score == 1:
        return f"`{item.text}` has the words of {target.id}"
    return f"`{item.text}` shares words with {target.id}"


def _by_records(
    rest: Sequence[Undecided],
    targets: Sequence[KnownMember],
    matched: Mapping[str, list[Match]],
    beside: Sequence[Beside],
) -> list[Undecided]:
    """Match names by the names that their records have beside them; returns those that still have no member."""
    owners = {name: target.id for target in targets for name in target.names}
    owners |= {match.seen.name: id_ for id_, matches in matched.items() for match in matches if match.is_sure}
    left: list[Undecided] = []
    for item in rest:
        near = [
            pair
            for pair in beside
            if pair.name == item.seen.name
            and pair.other in owners
            and pair.share >= MOST_BESIDE
            and pair.row_count >= LEAST_RECORDS
        ]
        ids = {owners[pair.other] for pair in near}
        if len(ids) != 1:
            left.append(item)
            continue
        pair = max(near, key=lambda pair: (pair.share, pair.other))
        why = f"{pair.share:.0%} of its {pair.row_count:,} records have the {pair.other.kind} `{pair.other.value}` too"
        matched[ids.pop()].append(Match(item.seen, pair.share, why))
    return left
