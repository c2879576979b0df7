"""The members of the workforce, including human teams: identity, owner, and all their settings.

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
from pipelines.catalog.domains.targets import Baseline, Sla, Target
from pipelines.catalog.domains.value import ValueStream
from pipelines.catalog.entries import Entries, Located, listed, unique_ids
from pipelines.catalog.parts import Address, AsOf, Day, Part, Slug, Text
from pipelines.kpis import KpiId

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


class TeamInterval(AsOf):
    """The human team that runs the member, valid from a date."""

    team: Slug = Field(description="The id of a member of kind `team`.")


class OwnerInterval(AsOf):
    """The owner of the member, valid from a date."""

    owner: Address = Field(description="The owner's role address.")


class Entry(Part):
    """Fields common to AI members and human teams."""

    id: Slug = Field(description="Its id on the scorecard: lower-case words joined by hyphens.")
    name: Text = Field(description="Its name on the scorecard.")
    description: Text = Field(description="What it does, in plain words.")
    business_unit: Text = Field(description="Its business unit.")
    roles: Roles = Field(Roles(), description="Responsible roles.")


class AiMember(Entry):
    """A model, agent or decision system of the workforce."""

    kind: Literal["model", "agent", "decision_system"] = Field(
        description="A model predicts, an agent acts autonomously, a decision system combines models and rules."
    )
    team: tuple[TeamInterval, ...] = Field((), description="The human team that runs it, as of each date.")
    owner: tuple[OwnerInterval, ...] = Field((), description="Its owner, as of each date.")
    objectives: dict[KpiId, Text] = Field(
        default_factory=dict,
        description="The business objective each KPI serves, in a sentence; a KPI without one is a vanity metric.",
    )
    identifiers: tuple[Identifier, ...] = Field((), description="Its identifiers in other systems.")
    sla: tuple[Sla, ...] = Field((), description="Its SLOs, as of each date.")
    targets: tuple[Target, ...] = Field((), description="Targets of its KPIs, as of each date.")
    baselines: tuple[Baseline, ...] = Field(
        (), description="Baselines of its KPIs. Default: a KPI's first whole month with a value."
    )
    guardrails: tuple[Guardrail, ...] = Field((), description="Bounds that must not be crossed.")
    launched: Day | None = Field(None, description="The launch date, from which decision gates are due.")
    sign_offs: tuple[SignOff, ...] = Field((), description="Sign-offs at its decision gates.")
    acknowledgements: tuple[Acknowledgement, ...] = Field((), description="Acknowledged alerts.")
    features: tuple[Feature, ...] = Field((), description="Its user-facing features, the basis of feature adoption.")
    surveys: tuple[Survey, ...] = Field((), description="Survey questions about it.")
    satisfaction: tuple[SatisfactionInterval, ...] = Field(
        (), description="The measure of its satisfaction KPI, as of each date."
    )
    drift: Drift | None = Field(None, description="Drift monitoring. Default: none.")
    value: tuple[ValueStream, ...] = Field((), description="How it earns or saves money, the basis of business value.")
    quality: Quality | None = Field(None, description="How its accuracy is measured. Default: not measured.")


class Team(Entry):
    """A human team that builds, monitors and runs AI members."""

    kind: Literal["team"] = Field(description="A team of people.")
    members: tuple[Address, ...] = Field((), description="Its members, as role addresses.")


Member = Annotated[AiMember | Team, Field(discriminator="kind")]


def check(entries: Entries) -> Iterator[Problem]:
    """Members of one id, run by no team, or with an owner that is not their newest."""
    yield from unique_ids((*entries.members, *entries.teams))
    for member in entries.members:
        yield from _check_teams(member, entries.kind_by_id)
        yield from _check_owner(member)


def _check_teams(member: Located[AiMember], kind_by_id: Mapping[str, str]) -> Iterator[Problem]:
    for i, interval in enumerate(member.value.team):
        if kind_by_id.get(interval.team) != "team":
            teams = listed(name for name, kind in kind_by_id.items() if kind == "team")
            yield member.document.problem(
                ("team", i, "team"),
                f"found `{interval.team}`, expected a team: {teams}",
                "Correct the id, or add a file of kind `team`",
            )


def _check_owner(member: Located[AiMember]) -> Iterator[Problem]:
    stated = member.value.roles.model_owner
    if member.value.owner and stated is not None:
        newest = max(member.value.owner, key=lambda interval: interval.valid_from).owner
        if stated != newest:
            yield member.document.problem(
                ("roles", "model_owner"),
                f"found `{stated}`, expected the newest `owner`, `{newest}`",
                "Update the outdated one",
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
        "One row per member of the AI workforce. Human teams are included, with kind `team`: "
        "exclude them when counting AI members.",
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
        "One row per human team and role address of its members.",
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
