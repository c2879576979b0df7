"""What must hold between the parts of a catalog: histories, references, and who claims which name.

What one field or entry can know of itself lives in `types`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Generic, TypeVar, get_args

from pipelines.catalog.documents import Document, Location, Problem
from pipelines.catalog.types import (
    FAIRNESS_MEASURES,
    RANDOMISED_DESIGNS,
    AiMember,
    AskedMeasure,
    AsOf,
    Company,
    Experiment,
    Feature,
    Metric,
    Project,
    SharedPool,
    Survey,
    Team,
    Validity,
    ValueStream,
)

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
SHARES_TOLERANCE = 1e-9
"""Thirds cannot be written out."""


@dataclass(frozen=True)
class Read(Generic[T]):
    """Something read from a document, still knowing it."""

    document: Document
    value: T


@dataclass(frozen=True)
class _Place:
    document: Document
    location: Location

    def __str__(self) -> str:
        return f"{self.document.path}:{self.document.problem(self.location, '', '').line}"

    def problem(self, fault: str, remedy: str) -> Problem:
        return self.document.problem(self.location, fault, remedy)


@dataclass(frozen=True)
class _Claim:
    place: _Place
    claimant: str
    validity: Validity


def check(
    members: Sequence[Read[AiMember]],
    teams: Sequence[Read[Team]],
    pools: Sequence[Read[SharedPool]],
    companies: Sequence[Read[Company]],
    projects: Sequence[Read[Project]],
    stated: Mapping[str, str],
) -> Iterator[Problem]:
    """Everything wrong between the entries.

    `stated` is the kind of every workforce id that any file states, valid or not: a file with an
    error of its own is not also reported as missing.
    """
    yield from _unique_ids((*members, *teams))
    yield from _unique_ids(pools)
    yield from _unique_ids(projects)
    yield from _features(members)
    yield from _surveys(members)
    for member in members:
        yield from _histories(member)
        yield from _team_references(member, stated)
        yield from _newest_owner(member)
        yield from _drift_features(member)
        yield from _quality(member)
        yield from _guardrails(member)
    for pool in pools:
        yield from _pool_members(pool, stated)
    yield from _claims(members, pools)
    for company in companies:
        yield from _gates(company)
        for member in members:
            yield from _sign_offs(member, company.value)
    yield from _projects(projects, stated)


def check_experiments(
    members: Sequence[Read[AiMember]], experiments: Sequence[Read[Experiment]], stated: Mapping[str, str]
) -> Iterator[Problem]:
    """Everything wrong between experiments, and between them and the value streams that rest on them."""
    keys: dict[str, _Place] = {}
    metrics: dict[str, tuple[_Place, Metric]] = {}
    for run in experiments:
        experiment = run.value
        place = _Place(run.document, ("key",) if experiment.key else ("id",))
        yield from _first(keys, experiment.key or experiment.id, place, "Give one of them another key")
        if stated.get(experiment.model, "team") == "team":
            known = _listed(name for name, kind in stated.items() if kind != "team")
            yield run.document.problem(
                ("model",),
                f"found `{experiment.model}`, expected a model, agent or decision system: {known}",
                "Correct the id, or add its file",
            )
        for i, metric in enumerate(experiment.metrics):
            at: Location = ("primary_metric",) if i == 0 else ("secondary_metrics", i - 1)
            first, same = metrics.setdefault(metric.id, (_Place(run.document, at), metric))
            if same != metric:
                yield run.document.problem(
                    (*at, "id"),
                    f"found `{metric.id}`, which {first} defines differently",
                    "Say the same in both, or give one of them another id",
                )
    known_experiments = {run.value.id: run.value for run in experiments}
    for member in members:
        ids: dict[str, _Place] = {}
        for i, stream in enumerate(member.value.value):
            here: Location = ("value", i)
            yield from _first(ids, stream.id, _Place(member.document, (*here, "id")), "Give one of them another id")
            if stream.experiment is not None:
                yield from _stream(member, here, stream, known_experiments.get(stream.experiment))


def _stream(
    member: Read[AiMember], here: Location, stream: ValueStream, experiment: Experiment | None
) -> Iterator[Problem]:
    if experiment is None or experiment.model != member.value.id:
        whose = "is about another model" if experiment else "is nowhere in `experiments/`"
        yield member.document.problem(
            (*here, "experiment"), f"found `{stream.experiment}`, which {whose}", "Correct the id, or add its file"
        )
        return
    names = [metric.id for metric in experiment.metrics]
    if stream.metric is not None and stream.metric not in names:
        yield member.document.problem(
            (*here, "metric"),
            f"found `{stream.metric}`, expected a metric of `{experiment.id}`: {_listed(names)}",
            "Correct the id, or add the metric",
        )
    if stream.variation not in experiment.treatments and (stream.variation or len(experiment.treatments) > 1):
        yield member.document.problem(
            (*here, "variation"),
            f"found {f'`{stream.variation}`' if stream.variation else 'none'}, expected an arm of `{experiment.id}` "
            f"that is not its control: {_listed(experiment.treatments)}",
            "Name the arm whose uplift it is",
        )
    logged = experiment.design in RANDOMISED_DESIGNS
    wanted = "treated_units" if logged else "exposed_users"
    if stream.volume == wanted:
        yield member.document.problem(
            (*here, "volume"),
            f"found `{stream.volume}`, which the design `{experiment.design}` does not have",
            "Use `predictions` or `exposed_users`" if logged else "Use `predictions` or `treated_units`",
        )


def _unique_ids(
    entries: Iterable[Read[AiMember] | Read[Team] | Read[SharedPool] | Read[Project] | Read[Experiment]],
) -> Iterator[Problem]:
    seen: dict[str, _Place] = {}
    for entry in entries:
        yield from _first(seen, entry.value.id, _Place(entry.document, ("id",)), "Give one of them another id")


def _first(seen: dict[K, _Place], key: K, place: _Place, remedy: str) -> Iterator[Problem]:
    if key in seen:
        yield place.problem(f"found {place.document.written(place.location)} again, first at {seen[key]}", remedy)
    else:
        seen[key] = place


def _features(members: Sequence[Read[AiMember]]) -> Iterator[Problem]:
    seen: dict[str, _Place] = {}
    events: defaultdict[tuple[str, str], list[tuple[_Place, Feature]]] = defaultdict(list)
    for member in members:
        for i, feature in enumerate(member.value.features):
            here: Location = ("features", i)
            place = _Place(member.document, (*here, "id"))
            yield from _first(seen, feature.id, place, "Give one of them another id")
            for stage in ("exposed_events", "onboarded_events", "qualifying_events"):
                listed: dict[str, _Place] = {}
                for j, event in enumerate(getattr(feature, stage)):
                    place = _Place(member.document, (*here, stage, j))
                    yield from _first(listed, event, place, "Name it once")
                    events[feature.source, event].append((place, feature))
    for (_, event), uses in events.items():
        for (first, one), (second, other) in combinations(uses, 2):
            if one is not other and not _told_apart(one, other):
                yield second.problem(
                    f"found the event `{event}` of the feature `{one.id}` ({first}), and nothing tells them apart",
                    "Give both features a `property` with a value of their own",
                )


def _surveys(members: Sequence[Read[AiMember]]) -> Iterator[Problem]:
    seen: dict[str, _Place] = {}
    questions: defaultdict[tuple[str, str, str], list[_Claim]] = defaultdict(list)
    for member in members:
        scales: dict[str, tuple[Survey, _Place]] = {}
        for i, survey in enumerate(member.value.surveys):
            yield from _first(seen, survey.id, _Place(member.document, ("surveys", i, "id")), "Give one another id")
            place = _Place(member.document, ("surveys", i, "worst"))
            other, there = scales.setdefault(survey.measure, (survey, place))
            if (other.worst, other.best) != (survey.worst, survey.best):
                yield place.problem(
                    f"found the scale {survey.worst:g} to {survey.best:g} for `{survey.measure}`, which {there} puts "
                    f"on {other.worst:g} to {other.best:g}: their scores do not add up",
                    "Let one of them measure something else",
                )
            for j, question in enumerate(survey.questions):
                place = _Place(member.document, ("surveys", i, "questions", j))
                questions[survey.source, survey.survey, question].append(_Claim(place, f"`{survey.id}`", survey))
        for i, spell in enumerate(member.value.satisfaction):
            if spell.survey in get_args(AskedMeasure) and spell.survey not in scales:
                yield member.document.problem(
                    ("satisfaction", i, "survey"),
                    f"found `{spell.survey}`, expected what one of its surveys measures: {_listed(scales)}",
                    "Name one of these, or add the survey",
                )
    for (_, survey_key, question), claims in questions.items():
        for first, second in _overlapping(claims):
            yield second.place.problem(
                f"found the question `{question}` of `{survey_key}` that {first.claimant} asks on the same days "
                f"({first.place})",
                "Keep one of them, or let one end (`to`) where the other begins (`from`)",
            )


def _told_apart(one: Feature, other: Feature) -> bool:
    return (
        one.event_property is not None
        and other.event_property is not None
        and one.event_property != other.event_property
    )


def _histories(member: Read[AiMember]) -> Iterator[Problem]:
    value = member.value
    histories: list[tuple[Location, Sequence[AsOf]]] = [
        (("team",), value.team),
        (("owner",), value.owner),
        (("sla",), value.sla),
        (("targets",), value.targets),
        (("baselines",), value.baselines),
        (("guardrails",), value.guardrails),
        (("satisfaction",), value.satisfaction),
    ]
    if value.quality is not None:
        histories += [
            (("quality", "operating_threshold"), value.quality.operating_threshold),
            (("quality", "error_cost"), value.quality.error_cost),
        ]
    histories += [(("features", i, "target_population"), f.target_population) for i, f in enumerate(value.features)]
    histories += [(("surveys", i, "invited"), s.invited) for i, s in enumerate(value.surveys)]
    histories += [
        (("value", i, field), getattr(stream, field))
        for i, stream in enumerate(value.value)
        for field in ("unit_value", "exposed")
    ]
    for location, entries in histories:
        seen: dict[tuple[str | None, date], _Place] = {}
        for i, entry in enumerate(entries):
            place = _Place(member.document, (*location, i, "from"))
            key = (getattr(entry, "id", getattr(entry, "kpi", None)), entry.valid_from)
            yield from _first(seen, key, place, "Keep one entry a day")


def _guardrails(member: Read[AiMember]) -> Iterator[Problem]:
    quality = member.value.quality
    binary = quality is not None and quality.task == "binary"
    protected = [c.attribute for c in quality.cohorts if c.protected] if quality is not None and binary else []
    for i, rail in enumerate(member.value.guardrails):
        if rail.measure in FAIRNESS_MEASURES and not protected:
            yield member.document.problem(
                ("guardrails", i, "measure"),
                "found a fairness guardrail of a member whose `quality` compares no groups",
                "Declare `quality` with the task `binary` and a cohort that is `protected: true`",
            )
        elif rail.attribute is not None and rail.attribute not in protected:
            yield member.document.problem(
                ("guardrails", i, "attribute"),
                f"found `{rail.attribute}`, expected a protected cohort of its `quality`: {_listed(protected)}",
                "Correct the name, or mark the cohort `protected: true`",
            )


def _gates(company: Read[Company]) -> Iterator[Problem]:
    gates: dict[str, _Place] = {}
    for i, gate in enumerate(company.value.decision_gates):
        here: Location = ("decision_gates", i)
        yield from _first(gates, gate.id, _Place(company.document, (*here, "id")), "Give one of them another id")
        criteria: dict[str, _Place] = {}
        for j, criterion in enumerate(gate.criteria):
            place = _Place(company.document, (*here, "criteria", j, "id"))
            yield from _first(criteria, criterion.id, place, "Give one of them another id")


def _sign_offs(member: Read[AiMember], company: Company) -> Iterator[Problem]:
    judged = {
        gate.id: [criterion.id for criterion in gate.criteria if criterion.sign_off] for gate in company.decision_gates
    }
    for i, word in enumerate(member.value.sign_offs):
        if word.gate not in judged:
            yield member.document.problem(
                ("sign_offs", i, "gate"),
                f"found `{word.gate}`, expected a decision gate of the company: {_listed(judged)}",
                "Correct the id, or add the gate to `company.yaml`",
            )
        elif word.criterion not in judged[word.gate]:
            yield member.document.problem(
                ("sign_offs", i, "criterion"),
                f"found `{word.criterion}`, expected a criterion that a person decides: {_listed(judged[word.gate])}",
                "Correct the id, or give the criterion a `sign_off` in `company.yaml`",
            )


def _team_references(member: Read[AiMember], stated: Mapping[str, str]) -> Iterator[Problem]:
    for i, spell in enumerate(member.value.team):
        if stated.get(spell.team) != "team":
            teams = _listed(name for name, kind in stated.items() if kind == "team")
            yield member.document.problem(
                ("team", i, "team"),
                f"found `{spell.team}`, expected a team: {teams}",
                "Correct the id, or add a file of kind `team`",
            )


def _newest_owner(member: Read[AiMember]) -> Iterator[Problem]:
    stated = member.value.roles.model_owner
    if member.value.owner and stated is not None:
        newest = max(member.value.owner, key=lambda spell: spell.valid_from).owner
        if stated != newest:
            yield member.document.problem(
                ("roles", "model_owner"),
                f"found `{stated}`, expected the newest `owner`, `{newest}`",
                "Bring the one that is out of date up to date",
            )


def _drift_features(member: Read[AiMember]) -> Iterator[Problem]:
    seen: dict[str, _Place] = {}
    for i, feature in enumerate(member.value.drift.features if member.value.drift else ()):
        place = _Place(member.document, ("drift", "features", i, "name"))
        yield from _first(seen, feature.name, place, "Watch it once")


def _quality(member: Read[AiMember]) -> Iterator[Problem]:
    quality = member.value.quality
    if quality is None:
        for i, target in enumerate(member.value.targets):
            if target.kpi == "accuracy":
                yield member.document.problem(
                    ("targets", i, "kpi"),
                    "found a target of accuracy, and no `quality` that says how it is measured",
                    "Add `quality` with the task and the primary metric, or drop the target",
                )
        return
    seen: dict[str, _Place] = {}
    for i, cohort in enumerate(quality.cohorts):
        place = _Place(member.document, ("quality", "cohorts", i, "attribute"))
        yield from _first(seen, cohort.attribute, place, "Name it once")
        if cohort.attribute == "all":
            yield place.problem("found `all`, which names every prediction together", "Rename the attribute")


def _pool_members(pool: Read[SharedPool], stated: Mapping[str, str]) -> Iterator[Problem]:
    spells: defaultdict[str, list[_Claim]] = defaultdict(list)
    for i, spell in enumerate(pool.value.members):
        place = _Place(pool.document, ("members", i, "member"))
        spells[spell.member].append(_Claim(place, pool.value.id, spell))
        if stated.get(spell.member, "team") == "team":
            yield _no_member(place, stated)
    for claims in spells.values():
        for first, second in _overlapping(claims):
            yield second.place.problem(
                f"found the member again on the same days, first at {first.place}",
                "Keep one of them, or let one end (`to`) where the other begins (`from`)",
            )


def _projects(projects: Sequence[Read[Project]], stated: Mapping[str, str]) -> Iterator[Problem]:
    codes: dict[str, _Place] = {}
    for project in projects:
        value, document = project.value, project.document
        for i, code in enumerate(value.codes):
            yield from _first(codes, code, _Place(document, ("codes", i)), "Let one project have the code")
        seen: dict[Hashable, _Place] = {}
        accounts: dict[str, _Place] = {}
        for i, part in enumerate(value.members):
            place = _Place(document, ("members", i, "member"))
            yield from _first(seen, ("member", part.member), place, "Name it once, with its whole share")
            if stated.get(part.member, "team") == "team":
                yield _no_member(place, stated)
        for i, rate in enumerate(value.discount_rate):
            place = _Place(document, ("discount_rate", i, "from"))
            yield from _first(seen, ("discount_rate", rate.valid_from), place, "Keep one entry a day")
        for i, category in enumerate(value.categories):
            place = _Place(document, ("categories", i, "category"))
            yield from _first(seen, ("category", category.category), place, "Put it into one budget")
            for j, account in enumerate(category.gl_accounts):
                place = _Place(document, ("categories", i, "gl_accounts", j))
                yield from _first(accounts, account, place, "Let one category have the account")
        for i, uncertain in enumerate(value.inputs):
            place = _Place(document, ("inputs", i, "driver"))
            yield from _first(seen, ("input", uncertain.driver), place, "Give each driver once")
        total = sum(part.share for part in value.members)
        if abs(total - 1) > SHARES_TOLERANCE:
            yield document.problem(
                ("members",), f"found shares that sum to {total:g}, expected 1", "Let the members share all of it"
            )


def _no_member(place: _Place, stated: Mapping[str, str]) -> Problem:
    members = _listed(name for name, kind in stated.items() if kind != "team")
    return place.problem(
        f"found {place.document.written(place.location)}, expected a model, agent or decision system: {members}",
        "Correct the id, or add its file",
    )


def _claims(members: Sequence[Read[AiMember]], pools: Sequence[Read[SharedPool]]) -> Iterator[Problem]:
    claims: defaultdict[tuple[str, str, str | None, str], list[_Claim]] = defaultdict(list)
    for member in members:
        for i, name in enumerate(member.value.identifiers):
            place = _Place(member.document, ("identifiers", i, "value"))
            claim = _Claim(place, f"`{member.value.id}`", name)
            claims[name.source, name.kind, name.key, name.value].append(claim)
    for pool in pools:
        for i, name in enumerate(pool.value.match):
            place = _Place(pool.document, ("match", i, "value"))
            claim = _Claim(place, f"the shared pool `{pool.value.id}`", name)
            claims[name.source, name.kind, name.key, name.value].append(claim)
    for (source, kind, key, value), claimed in claims.items():
        for first, second in _overlapping(claimed):
            spelled = f"{key}={value}" if key else value
            yield second.place.problem(
                f"found the {source} {kind} `{spelled}` that {first.claimant} claims on the same days ({first.place})",
                "Keep one of them, or let one end (`to`) where the other begins (`from`)",
            )


def _overlapping(claims: Sequence[_Claim]) -> Iterator[tuple[_Claim, _Claim]]:
    for first, second in combinations(claims, 2):
        if _begins_before_end(first.validity, second.validity) and _begins_before_end(second.validity, first.validity):
            yield first, second


def _begins_before_end(one: Validity, other: Validity) -> bool:
    return (one.valid_from or date.min) < (other.valid_to or date.max)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "there is none yet"
