"""What holds for the whole company: its name, currency and calendar, and who meets over its reviews."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from pipelines.catalog.columns import CatalogTable, Row, text
from pipelines.catalog.domains.adoption import ExcludedUsers
from pipelines.catalog.domains.governance import DecisionGate
from pipelines.catalog.domains.roles import Role
from pipelines.catalog.parts import CURRENCY_PATTERN, Part, Text

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


Cadence = Literal["weekly", "monthly", "quarterly"]


class Meeting(Part):
    """A meeting that a review is written for."""

    name: Text = Field(description="What it is called.")
    chair: Role = Field(description="The role that holds it.")
    attend: tuple[Role, ...] = Field((), description="The roles that come.")


MEETINGS: Final[Mapping[Cadence, Meeting]] = MappingProxyType(
    {
        "weekly": Meeting(name="Operational standup", chair="sre", attend=("model_owner",)),
        "monthly": Meeting(
            name="Metric review", chair="ai_program_lead", attend=("model_owner", "data_steward", "sre")
        ),
        "quarterly": Meeting(
            name="Business impact review", chair="executive_sponsor", attend=("ai_program_lead", "model_owner")
        ),
    }
)
"""The cadence of a company that declares none."""


INCIDENT_TYPES: Final = (
    "Incident", "Vorfall", "Störung", "Incidente", "Incydent", "Инцидент", "Інцидент", "Hendelse", "Hændelse", "Olay",
    "事件", "故障", "インシデント", "障害", "인시던트", "장애",
)  # fmt: skip
"""The incidents of a company that names no types: the word in Jira's languages. Spanish `Incidencia` is any issue."""


class Company(Part):
    """What holds for the whole company."""

    name: Text = Field(description="The company's name.")
    reporting_timezone: str = Field("UTC", description="The time zone that days and months are told in; only UTC yet.")
    week_start: str = Field("monday", description="The day a week begins; only monday yet.")
    default_currency: Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)] = Field(
        "USD", description="The currency (ISO 4217) of amounts that state none."
    )
    excluded_users: tuple[ExcludedUsers, ...] = Field((), description="Users analytics does not count.")
    decision_gates: tuple[DecisionGate, ...] = Field((), description="The gates every AI member passes.")
    incident_types: tuple[Text, ...] = Field(
        INCIDENT_TYPES,
        min_length=1,
        description="Types of Jira issue that are incidents, in any case; left out: Incident, in any common language.",
    )
    reviews: dict[Cadence, Meeting] = Field(
        default_factory=lambda: dict(MEETINGS), description="Who meets over the weekly, monthly and quarterly review."
    )

    @field_validator("reporting_timezone", "week_start")
    @classmethod
    def _honoured(cls, value: str, info: ValidationInfo) -> str:
        """What the marts do not honour yet is rejected: silence would pass for consent."""
        only = {"reporting_timezone": "UTC", "week_start": "monday"}[str(info.field_name)]
        if value != only:
            raise ValueError(f"expected `{only}`, which is all that the marts can tell days and weeks by yet")
        return value


def _company(catalog: Catalog) -> Iterator[Row]:
    company = catalog.company
    yield (
        company.name,
        company.reporting_timezone,
        company.week_start,
        company.default_currency,
        catalog.fingerprint,
    )


def _incident_types(catalog: Catalog) -> Iterator[Row]:
    yield from ((name,) for name in sorted({name.lower() for name in catalog.company.incident_types}))


TABLES: Final = (
    CatalogTable(
        "company",
        "One row: what holds for the whole company.",
        (
            text("name", "The company's name."),
            text("reporting_timezone", "IANA time zone that days and months are told in."),
            text("week_start", "The day a week begins, in lower case."),
            text("default_currency", "Currency (ISO 4217) of amounts that state none."),
            text("catalog_fingerprint", "Changes when the catalog does."),
        ),
        ("name",),
        _company,
    ),
    CatalogTable(
        "incident_types",
        "One row per type of Jira issue that is an incident.",
        (text("issue_type", "The type's name, in lower case."),),
        ("issue_type",),
        _incident_types,
    ),
)
