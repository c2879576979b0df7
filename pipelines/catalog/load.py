"""Loads a catalog folder completely or not at all: all problems are collected before it is rejected.

What a file may say, and what must hold between files, lives in `domains/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.check import check
from pipelines.catalog.documents import CatalogError, Document, Location, Problem, read_document
from pipelines.catalog.domains.company import Company
from pipelines.catalog.domains.costs import SharedPool
from pipelines.catalog.domains.experiments import Experiment
from pipelines.catalog.domains.members import AiMember, Member, Team
from pipelines.catalog.domains.projects import Project
from pipelines.catalog.entries import Entries, Located
from pipelines.catalog.parts import ADDRESS_PATTERN, CURRENCY_PATTERN, MONTH_PATTERN, SLUG_PATTERN

T = TypeVar("T")

COMPANY_FILE: Final = "company.yaml"
WORKFORCE_FOLDER: Final = "workforce"
SHARED_COSTS_FOLDER: Final = "shared_costs"
PROJECTS_FOLDER: Final = "projects"
EXPERIMENTS_FOLDER: Final = "experiments"

_MEMBER: Final[TypeAdapter[AiMember | Team]] = TypeAdapter(Member)
_POOL: Final = TypeAdapter(SharedPool)
_PROJECT: Final = TypeAdapter(Project)
_EXPERIMENT: Final = TypeAdapter(Experiment)
_COMPANY: Final = TypeAdapter(Company)
_WHOLE: Final[Mapping[TypeAdapter[Any], type[BaseModel]]] = {
    _POOL: SharedPool,
    _PROJECT: Project,
    _EXPERIMENT: Experiment,
    _COMPANY: Company,
}
"""The pydantic model of each kind of file with a single model."""

_PATTERNS: Final = {
    SLUG_PATTERN: "lower-case letters and digits, words joined by single hyphens",
    ADDRESS_PATTERN: "an address such as `fraud-owner@company.example`",
    CURRENCY_PATTERN: "three capital letters such as `USD`",
    MONTH_PATTERN: "a month such as `2026-01`",
}
_TYPES: Final = {
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS: Final = {
    "less_than": "a number below {lt}",
    "less_than_equal": "a number up to {le}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number from {ge} on",
    "finite_number": "a finite number",
    "string_too_short": "text",
    "too_short": "at least {min_length} entry",
}


def load_catalog(folder: Path) -> Catalog:
    """The catalog in `folder`; CatalogError lists every invalid file, line and field.

    Reads `company.yaml`, and every `.yaml` file under `workforce/`, `shared_costs/`, `projects/` and `experiments/`.
    """
    problems: list[Problem] = []
    companies = _read([folder / COMPANY_FILE], _COMPANY, problems)
    member_files = _files(folder / WORKFORCE_FOLDER, problems)
    workforce = _read(member_files, _MEMBER, problems)
    shared = _read(_files(folder / SHARED_COSTS_FOLDER, problems), _POOL, problems)
    funded = _read(_files(folder / PROJECTS_FOLDER, problems), _PROJECT, problems)
    run = _read(_files(folder / EXPERIMENTS_FOLDER, problems), _EXPERIMENT, problems)
    if not member_files:
        fault = "found no member, expected a `.yaml` file for each"
        remedy = "Add one, or name the folder the catalog is in"
        problems.append(Problem(folder / WORKFORCE_FOLDER, 1, "", fault, remedy))
    kind_by_id = {
        str(document.data["id"]): str(document.data.get("kind"))
        for document, _ in workforce
        if isinstance(document.data, dict) and "id" in document.data
    }
    members = [Located(d, value) for d, value in workforce if isinstance(value, AiMember)]
    teams = [Located(d, value) for d, value in workforce if isinstance(value, Team)]
    pools = [Located(d, value) for d, value in shared if value is not None]
    company = next((Located(d, value) for d, value in companies if value is not None), None)
    projects = [Located(d, value) for d, value in funded if value is not None]
    experiments = [Located(d, value) for d, value in run if value is not None]
    if len(workforce) == len(member_files):  # else a name that seems unknown may be in the other
        all_run = experiments if len(experiments) == len(run) else None
        problems.extend(check(Entries(members, teams, pools, projects, all_run, company, kind_by_id)))
    if problems or company is None:
        raise CatalogError(folder, problems)
    return Catalog(
        company=company.value,
        members=tuple(sorted((m.value for m in members), key=lambda member: member.id)),
        teams=tuple(sorted((t.value for t in teams), key=lambda team: team.id)),
        pools=tuple(sorted((p.value for p in pools), key=lambda pool: pool.id)),
        projects=tuple(sorted((p.value for p in projects), key=lambda project: project.id)),
        experiments=tuple(sorted((e.value for e in experiments), key=lambda experiment: experiment.id)),
    )


def _files(folder: Path, problems: list[Problem]) -> list[Path]:
    problems.extend(
        Problem(path, 1, "", "ends in `.yml`, expected `.yaml`", "Rename it: `.yml` is not read")
        for path in folder.rglob("*.yml")
    )
    return sorted(folder.rglob("*.yaml"))


def _read(paths: list[Path], adapter: TypeAdapter[T], problems: list[Problem]) -> list[tuple[Document, T | None]]:
    read: list[tuple[Document, T | None]] = []
    for path in paths:
        document = read_document(path)
        if isinstance(document, Problem):
            problems.append(document)
            continue
        problems.extend(document.problems)
        value: T | None = None
        try:
            value = adapter.validate_python(document.data)
        except ValidationError as error:
            problems.extend(_problems(document, error, adapter))
        read.append((document, value))
    return read


def _problems(document: Document, error: ValidationError, adapter: TypeAdapter[Any]) -> Iterator[Problem]:
    errors = error.errors()
    for details in errors:
        here = details["loc"]
        # pydantic counts only valid entries: a list with one invalid entry is not also too short.
        if details["type"] == "too_short" and any(e["loc"][: len(here)] == here != e["loc"] for e in errors):
            continue
        location, model = _located(details, adapter)
        yield document.problem(location, *_explained(details, document, location, model))


def _located(details: ErrorDetails, adapter: TypeAdapter[Any]) -> tuple[Location, type[BaseModel] | None]:
    """The location of the error in the file, and the model with the field."""
    location = details["loc"]
    model: type[BaseModel]
    if adapter is not _MEMBER:
        model = _WHOLE[adapter]
    elif details["type"].startswith("union_tag"):
        return (*location, "kind"), None
    elif not location:
        return location, None
    else:  # pydantic puts the kind it chose the type by in front
        model = Team if location[0] == "team" else AiMember
        location = location[1:]
    if location and location[-1] == "[key]":
        location = location[:-1]
    return location, _holder(model, location)


def _holder(model: type[BaseModel], location: Location) -> type[BaseModel]:
    for part in location[:-1]:
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)


def _explained(
    details: ErrorDetails, document: Document, location: Location, model: type[BaseModel] | None
) -> tuple[str, str]:
    """The expected and the actual value, and the remedy."""
    kind, context = details["type"], details.get("ctx", {})
    found = f"found {document.written(location)}"
    if details["loc"][-1:] == ("[key]",):
        found = f"found `{location[-1]}`"
    if kind == "missing":
        return "is missing", "Add it"
    if kind == "extra_forbidden" and model is not None:
        fields = [field.alias or name for name, field in model.model_fields.items()]
        close = get_close_matches(str(location[-1]), fields, n=1)
        return (
            f"unknown field, expected one of {', '.join(f'`{field}`' for field in fields)}",
            f"Did you mean `{close[0]}`?" if close else "Remove it",
        )
    if kind == "union_tag_not_found":
        return "is missing, expected `model`, `agent`, `decision_system` or `team`", "Add it"
    if kind == "union_tag_invalid":
        return f"{found}, expected one of {context['expected_tags']}", "Choose one of them"
    if kind == "literal_error":
        return f"{found}, expected {context['expected']}", "Choose one of them"
    if kind == "value_error":
        entry = isinstance(details["input"], dict)
        return str(context["error"]) if entry else f"{found}, {context['error']}", "Correct it"
    if kind == "string_pattern_mismatch":
        return f"{found}, expected {_PATTERNS[context['pattern']]}", "Correct it"
    if kind == "string_type" and isinstance(details["input"], bool | int | float):
        return f"{found}, which YAML does not parse as text", "Put it in quotes"
    if kind in _TYPES:
        return f"{found}, expected {_TYPES[kind]}", "Correct it"
    if kind in _BOUNDS:
        return f"{found}, expected {_BOUNDS[kind].format(**context)}", "Correct it"
    return f"{found}: {details['msg']}", "Correct it"
