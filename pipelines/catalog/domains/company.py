"""Company-wide settings: name, currency, calendar, and review meetings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from pipelines.catalog.columns import CatalogTable, Row, text
from pipelines.catalog.domains.adoption import ExcludedUsers
from pipelines.catalog.domains.energy import Energy
from pipelines.catalog.domains.governance import DecisionGate, RecordedDecision
from pipelines.catalog.domains.roles import Role
from pipelines.catalog.parts import CURRENCY_PATTERN, Part, Text

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


Cadence = Literal["weekly", "monthly", "quarterly"]


class Meeting(Part):
    """A meeting that a review is written for."""

    name: Text = Field(description="Its name.")
    chair: Role = Field(description="The role that runs it.")
    attend: tuple[Role, ...] = Field((), description="The roles that attend.")


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
"""Default incident types: the word in Jira's languages. Spanish `Incidencia` means any issue."""


class Company(Part):
    """Company-wide settings."""

    name: Text = Field(description="The company's name.")
    reporting_timezone: str = Field("UTC", description="The time zone of days and months; only UTC is supported.")
    week_start: str = Field("monday", description="The first day of the week; only monday is supported.")
    default_currency: Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)] = Field(
        "USD", description="The default currency (ISO 4217)."
    )
    excluded_users: tuple[ExcludedUsers, ...] = Field(
        (), description="Users excluded from product analytics and experiments; their surveys and ratings count."
    )
    decision_gates: tuple[DecisionGate, ...] = Field((), description="The decision gates of every AI member.")
    decisions: tuple[RecordedDecision, ...] = Field((), description="Decisions that were taken.")
    incident_types: tuple[Text, ...] = Field(
        INCIDENT_TYPES,
        min_length=1,
        description="Types of Jira issue that are incidents, in any case. Default: Incident in any common language.",
    )
    energy: Energy = Field(Energy(), description="Factors for energy and emissions per prediction.")
    reviews: dict[Cadence, Meeting] = Field(
        default_factory=lambda: dict(MEETINGS), description="The meetings for the weekly, monthly and quarterly review."
    )

    @field_validator("reporting_timezone", "week_start")
    @classmethod
    def _check_supported(cls, value: str, info: ValidationInfo) -> str:
        """Unsupported values are rejected, so that they are not silently ignored."""
        only = {"reporting_timezone": "UTC", "week_start": "monday"}[str(info.field_name)]
        if value != only:
            raise ValueError(f"expected `{only}`, the only value that the marts support")
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
        "One row: company-wide settings.",
        (
            text("name", "The company's name."),
            text("reporting_timezone", "IANA time zone of days and months."),
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
