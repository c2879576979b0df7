"""The members of the workforce, human teams among them: who they are, whose they are, and all that is said of one.

A field of a member that is a thing of its own, such as its drift, is defined in the domain it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Problem
from pipelines.catalog.domains.adoption import Feature
from pipelines.catalog.domains.drift import Drift
from pipelines.catalog.domains.governance import Acknowledgement, Guardrail, SignOff
from pipelines.catalog.domains.identifiers import Identifier
from pipelines.catalog.domains.quality import Quality
from pipelines.catalog.domains.roles import Roles
from pipelines.catalog.domains.surveys import SatisfactionInterval, Survey
from pipelines.catalog.domains.targets import Baseline, Kpi, Sla, Target
from pipelines.catalog.domains.value import ValueStream
from pipelines.catalog.entries import Entries, Read, listed, unique_ids
from pipelines.catalog.parts import Address, AsOf, Day, Part, Slug, Text

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


class TeamInterval(AsOf):
    """The human team that runs the member from a day on."""

    team: Slug = Field(description="The id of a member of kind `team`.")


class OwnerInterval(AsOf):
    """Who owns the member from a day on."""

    owner: Address = Field(description="The owner's role address.")


class Entry(Part):
    """What every member of the workforce has, human or not."""

    id: Slug = Field(description="Its id everywhere on the scorecard: lower-case words joined by hyphens.")
    name: Text = Field(description="Its name on the scorecard.")
    description: Text = Field(description="What it does, for a reader who does not know it.")
    business_unit: Text = Field(description="The part of the company it works for.")
    roles: Roles = Field(Roles(), description="Who answers for what.")


class AiMember(Entry):
    """A model, agent or decision system of the workforce."""

    kind: Literal["model", "agent", "decision_system"] = Field(
        description="A model predicts, an agent acts by itself, a decision system decides by models and rules."
    )
    team: tuple[TeamInterval, ...] = Field((), description="The human team that runs it, as of each date.")
    owner: tuple[OwnerInterval, ...] = Field((), description="Who owns it, as of each date.")
    objectives: dict[Kpi, Text] = Field(
        default_factory=dict,
        description="The business objective each KPI serves, in a sentence; a KPI without one is a vanity metric.",
    )
    identifiers: tuple[Identifier, ...] = Field((), description="The names other systems know it by.")
    sla: tuple[Sla, ...] = Field((), description="What it promises, as of each date.")
    targets: tuple[Target, ...] = Field((), description="What its KPIs are to reach, as of each date.")
    baselines: tuple[Baseline, ...] = Field(
        (), description="Where its KPIs stood before; left out: a KPI's first whole month with a value."
    )
    guardrails: tuple[Guardrail, ...] = Field((), description="Bounds that must not be crossed.")
    launched: Day | None = Field(None, description="The day it was launched: decision gates are due from here.")
    sign_offs: tuple[SignOff, ...] = Field((), description="What persons have said at its decision gates.")
    acknowledgements: tuple[Acknowledgement, ...] = Field((), description="Alerts somebody answers for.")
    features: tuple[Feature, ...] = Field((), description="What users see of it: feature adoption is theirs.")
    surveys: tuple[Survey, ...] = Field((), description="Questions that ask people about it.")
    satisfaction: tuple[SatisfactionInterval, ...] = Field(
        (), description="Which measure its satisfaction KPI is, as of each date."
    )
    drift: Drift | None = Field(None, description="How it is watched for drift; left out: it is not.")
    value: tuple[ValueStream, ...] = Field((), description="How it earns or saves money: business value is theirs.")
    quality: Quality | None = Field(None, description="How right it is, and how that is known; left out: not measured.")


class Team(Entry):
    """The people beside the AI members: they build, watch and run them."""

    kind: Literal["team"] = Field(description="A team of people.")
    members: tuple[Address, ...] = Field((), description="Who is in it, as role addresses.")


Member = Annotated[AiMember | Team, Field(discriminator="kind")]


def check(read: Entries) -> Iterator[Problem]:
    """Members of one id, run by no team, or with an owner that is not their newest."""
    yield from unique_ids((*read.members, *read.teams))
    for member in read.members:
        yield from _check_teams(member, read.stated)
        yield from _check_owner(member)


def _check_teams(member: Read[AiMember], stated: Mapping[str, str]) -> Iterator[Problem]:
    for i, interval in enumerate(member.value.team):
        if stated.get(interval.team) != "team":
            teams = listed(name for name, kind in stated.items() if kind == "team")
            yield member.document.problem(
                ("team", i, "team"),
                f"found `{interval.team}`, expected a team: {teams}",
                "Correct the id, or add a file of kind `team`",
            )


def _check_owner(member: Read[AiMember]) -> Iterator[Problem]:
    stated = member.value.roles.model_owner
    if member.value.owner and stated is not None:
        newest = max(member.value.owner, key=lambda interval: interval.valid_from).owner
        if stated != newest:
            yield member.document.problem(
                ("roles", "model_owner"),
                f"found `{stated}`, expected the newest `owner`, `{newest}`",
                "Bring the one that is out of date up to date",
            )


def _members(catalog: Catalog) -> Iterator[Row]:
    everyone: list[tuple[Entry, str]] = [(member, member.kind) for member in catalog.members]
    everyone += [(team, team.kind) for team in catalog.teams]
    for entry, kind in everyone:
        roles = (getattr(entry.roles, role) for role in Roles.model_fields)
        yield entry.id, entry.name, kind, entry.description, entry.business_unit, *roles


def _team_members(catalog: Catalog) -> Iterator[Row]:
    for team in catalog.teams:
        for address in team.members:
            yield team.id, address


def _team_history(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for interval, begin, end in validity_intervals(member.team):
            yield member.id, interval.team, begin, end


def _owner_history(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for interval, begin, end in validity_intervals(member.owner):
            yield member.id, interval.owner, begin, end


def _role_columns() -> Iterator[CatalogColumn]:
    for name, role in Roles.model_fields.items():
        yield text(name, f"Role address: {role.description}")


TABLES: Final = (
    CatalogTable(
        "members",
        "One row per member of the AI workforce. Human teams are rows too, of kind `team`: "
        "leave them out where AI members are counted.",
        (
            text("member_id", "The member's id everywhere on the scorecard."),
            text("name", "Its name on the scorecard."),
            text("kind", "`model`, `agent`, `decision_system` or `team`."),
            text("description", "What it does."),
            text("business_unit", "The part of the company it works for."),
            *_role_columns(),
        ),
        ("member_id",),
        _members,
    ),
    CatalogTable(
        "team_members",
        "One row per human team and role address in it.",
        (
            text("team_id", "The team: a member of kind `team`."),
            text("address", "A role address in the team."),
        ),
        ("team_id", "address"),
        _team_members,
    ),
    CatalogTable(
        "team_history",
        "One row per member and validity interval with a team; intervals of a member do not overlap.",
        (MEMBER_ID, text("team_id", "The team that runs it: a member of kind `team`."), *VALIDITY),
        ("member_id", "valid_from"),
        _team_history,
    ),
    CatalogTable(
        "owner_history",
        "One row per member and validity interval with an owner; intervals of a member do not overlap.",
        (MEMBER_ID, text("owner", "The owner's role address."), *VALIDITY),
        ("member_id", "valid_from"),
        _owner_history,
    ),
)
