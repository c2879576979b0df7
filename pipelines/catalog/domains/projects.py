"""Investments in members: members, finance codes, valuation and uncertain inputs.

Plans, budgets and bookings come with the finance exports.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Entries, Place, no_member, once, unique_ids
from pipelines.catalog.parts import Address, AsOf, Exact, Month, Number, Part, Slug, Text

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


CostCategory = Literal["development", "cloud", "monitoring", "labelling", "other"]
Driver = Literal["uplift", "volume", "cost", "discount_rate"]
FACTORS: Final[tuple[Driver, ...]] = ("uplift", "volume", "cost")
"""Drivers that multiply the plan: 1 leaves it unchanged. The discount rate is a rate, not a factor."""
SHAPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"triangular": ("low", "mode", "high"), "uniform": ("low", "high"), "normal": ("mean", "sd")}
)
"""The parameters each shape of a distribution has, in ascending order where they are values of it."""


class ProjectMember(Part):
    """A member of a project and its share."""

    member: Slug = Field(description="The id of a model, agent or decision system.")
    share: Annotated[Number, Field(gt=0, le=1)] = Field(
        1.0, description="The member's share of the project's value; a project's shares sum to 1."
    )


class DiscountRate(AsOf):
    """A discount rate, valid from a date."""

    annual_rate: Annotated[Number, Field(gt=-1, lt=1)] = Field(
        description="The effective annual rate: 0.1, not 10. A month's is (1 + annual_rate)^(1/12) - 1."
    )


class ProjectCategory(Part):
    """A cost category of the project, and its accounts."""

    category: CostCategory = Field(description="The cost category.")
    budget: Literal["capital", "operating"] = Field(description="The project budget that pays it.")
    gl_accounts: tuple[Exact, ...] = Field(
        (), description="Its general-ledger accounts, for postings without a category."
    )
    is_volume_driven: bool = Field(
        False, description="Whether it grows with volume, like inference and labelling; used by scenarios."
    )


class Scenario(Part):
    """A scenario: factors on the plan; actual cash flows do not change."""

    uplift: Annotated[Number, Field(ge=0)] = Field(
        1.0, description="Factor on the planned effect: savings and revenue."
    )
    volume: Annotated[Number, Field(ge=0)] = Field(
        1.0, description="Factor on the planned volume: savings, revenue, and volume-driven costs."
    )
    cost: Annotated[Number, Field(ge=0)] = Field(1.0, description="Factor on every planned cost.")
    discount_rate: Annotated[Number, Field(gt=-1, lt=1)] | None = Field(
        None, description="An annual discount rate. Default: the project's own."
    )


class Scenarios(Part):
    """The three valuation scenarios of a project."""

    downside: Scenario = Field(description="The pessimistic case.")
    base: Scenario = Field(Scenario(), description="The expected case. Default: the unchanged plan.")
    upside: Scenario = Field(description="The optimistic case.")


class Distribution(Part):
    """The probability distribution of an uncertain input."""

    shape: Literal["triangular", "uniform", "normal"] = Field(
        description="triangular: between `low` and `high` with its peak at `mode`; uniform: between `low` and "
        "`high`; normal: with `mean` and `sd`, unbounded, so keep `sd` small."
    )
    low: Number | None = Field(None, description="Minimum; triangular and uniform.")
    mode: Number | None = Field(None, description="Most likely value; triangular.")
    high: Number | None = Field(None, description="Maximum; triangular and uniform.")
    mean: Number | None = Field(None, description="Mean; normal.")
    sd: Annotated[Number, Field(gt=0)] | None = Field(None, description="Standard deviation; normal.")

    @model_validator(mode="after")
    def _check_parameters_of_shape(self) -> Self:
        given = self.model_dump(exclude={"shape"}, exclude_none=True)
        needed = SHAPES[self.shape]
        if set(given) != set(needed):
            raise ValueError(f"expected {', '.join(f'`{name}`' for name in needed)} and no others for `{self.shape}`")
        if self.shape != "normal" and (list(given.values()) != sorted(given.values()) or self.low == self.high):
            raise ValueError("expected low <= mode <= high, and low < high")
        return self


class ProjectInput(Part):
    """An uncertain input of a project."""

    driver: Driver = Field(description="The driver: a factor on the plan, or the annual discount rate.")
    low: Number = Field(description="Its low end in the tornado, with everything else at base.")
    high: Number = Field(description="Its high end in the tornado.")
    distribution: Distribution | None = Field(
        None, description="Its distribution for the Monte Carlo simulation. Default: constant at base."
    )

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"expected low < high, found {self.low} and {self.high}")
        if self.driver == "discount_rate" and not -1 < self.low < self.high < 1:
            raise ValueError("expected annual rates between -1 and 1: 0.1, not 10")
        if self.driver in FACTORS and self.low < 0:
            raise ValueError("expected a factor of 0 or more")
        return self


class Project(Part):
    """An investment in AI members: costs, returns and valuation."""

    id: Slug = Field(description="Its id on the scorecard.")
    name: Text = Field(description="Its name on the scorecard.")
    description: Text = Field(description="What it does, in plain words.")
    sponsor: Address = Field(description="Responsible for budget and outcome (role address).")
    members: tuple[ProjectMember, ...] = Field(
        min_length=1, description="The members that share its value; shares sum to 1."
    )
    codes: tuple[Exact, ...] = Field(
        min_length=1, description="Its codes in the finance system: WBS elements, internal orders, project codes."
    )
    start_month: Month = Field(description="Its month 0, the first of its cash flows: 2026-01. Not discounted.")
    horizon_months: Annotated[int, Field(strict=True, gt=0, le=600)] = Field(
        description="Number of months of cash flows that are valued, including month 0."
    )
    discount_rate: tuple[DiscountRate, ...] = Field(min_length=1, description="Its discount rate, as of each date.")
    categories: tuple[ProjectCategory, ...] = Field(min_length=1, description="Its cost categories and their budgets.")
    scenarios: Scenarios | None = Field(None, description="Downside, base and upside. Default: base only.")
    inputs: tuple[ProjectInput, ...] = Field(
        (), description="Uncertain inputs, for the tornado and the Monte Carlo simulation."
    )

    @property
    def start_date(self) -> date:
        """The first day of month 0."""
        return date.fromisoformat(f"{self.start_month}-01")


SHARES_TOLERANCE = 1e-9
"""Tolerance, because thirds are not exact decimals."""


def check(entries: Entries) -> Iterator[Problem]:
    """Duplicate projects, codes, members, categories, accounts and drivers; shares that do not add up to 1."""
    yield from unique_ids(entries.projects)
    codes: dict[str, Place] = {}
    for project in entries.projects:
        value, document = project.value, project.document
        for i, code in enumerate(value.codes):
            yield from once(codes, code, Place(document, ("codes", i)), "Let one project have the code")
        seen: dict[Hashable, Place] = {}
        accounts: dict[str, Place] = {}
        for i, part in enumerate(value.members):
            place = Place(document, ("members", i, "member"))
            yield from once(seen, ("member", part.member), place, "Name it once, with its whole share")
            if entries.kind_by_id.get(part.member, "team") == "team":
                yield no_member(place, entries.kind_by_id)
        for i, category in enumerate(value.categories):
            place = Place(document, ("categories", i, "category"))
            yield from once(seen, ("category", category.category), place, "Put it into one budget")
            for j, account in enumerate(category.gl_accounts):
                place = Place(document, ("categories", i, "gl_accounts", j))
                yield from once(accounts, account, place, "Let one category have the account")
        for i, uncertain in enumerate(value.inputs):
            place = Place(document, ("inputs", i, "driver"))
            yield from once(seen, ("input", uncertain.driver), place, "Give each driver once")
        total = sum(part.share for part in value.members)
        if abs(total - 1) > SHARES_TOLERANCE:
            yield document.problem(
                ("members",), f"found shares that sum to {total:g}, expected 1", "Make the shares add up to 1"
            )


def _projects(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        yield (
            project.id,
            project.name,
            project.description,
            project.sponsor,
            project.start_date,
            project.horizon_months,
        )


def _project_members(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for part in project.members:
            yield project.id, part.member, part.share


def _project_codes(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for code in project.codes:
            yield project.id, code


def _project_discount_rates(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for rate, begin, end in validity_intervals(project.discount_rate):
            yield project.id, begin, end, rate.annual_rate


def _project_categories(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for category in project.categories:
            yield project.id, category.category, category.budget, category.is_volume_driven


def _project_accounts(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for category in project.categories:
            for account in category.gl_accounts:
                yield project.id, category.category, account


def _project_scenarios(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        scenarios = project.scenarios
        for name in Scenarios.model_fields if scenarios else ("base",):
            drivers: Scenario = getattr(scenarios, name) if scenarios else Scenario()
            yield project.id, name, drivers.uplift, drivers.volume, drivers.cost, drivers.discount_rate


def _project_inputs(catalog: Catalog) -> Iterator[Row]:
    for project in catalog.projects:
        for uncertain in project.inputs:
            stated = uncertain.distribution.model_dump() if uncertain.distribution else {}
            shape = (stated.get(name) for name in ("shape", "low", "mode", "high", "mean", "sd"))
            yield project.id, uncertain.driver, uncertain.low, uncertain.high, *shape


_PROJECT_ID: Final = text("project_id", "The project.")


TABLES: Final = (
    CatalogTable(
        "projects",
        "One row per investment in AI members.",
        (
            text("project_id", "The project's id everywhere on the scorecard."),
            text("name", "Its name on the scorecard."),
            text("description", "What it does."),
            text("sponsor", "Role address: answers for the budget and the outcome."),
            CatalogColumn("start_date", "DATE", "First day of its month 0, which is not discounted."),
            CatalogColumn("horizon_months", "BIGINT", "How many months are valued, month 0 included."),
        ),
        ("project_id",),
        _projects,
    ),
    CatalogTable(
        "project_members",
        "One row per project and member it is for; a project's shares sum to 1.",
        (_PROJECT_ID, MEMBER_ID, CatalogColumn("share", "DOUBLE", "The member's part of the project's value.")),
        ("project_id", "member_id"),
        _project_members,
    ),
    CatalogTable(
        "project_codes",
        "One row per name the finance system knows a project by; a name belongs to one project.",
        (_PROJECT_ID, text("project_code", "The name, spelled as the finance system writes it.")),
        ("project_code",),
        _project_codes,
    ),
    CatalogTable(
        "project_discount_rates",
        "One row per project and validity interval with a discount rate; intervals of a project do not overlap.",
        (_PROJECT_ID, *VALIDITY, CatalogColumn("annual_rate", "DOUBLE", "The effective annual rate: 0.1 for 10 %.")),
        ("project_id", "valid_from"),
        _project_discount_rates,
    ),
    CatalogTable(
        "project_categories",
        "One row per project and category of its costs.",
        (
            _PROJECT_ID,
            text("category", "What the money is for."),
            text("budget", "`capital` or `operating`."),
            CatalogColumn("is_volume_driven", "BOOLEAN", "Whether the cost grows with the volume."),
        ),
        ("project_id", "category"),
        _project_categories,
    ),
    CatalogTable(
        "project_accounts",
        "One row per project and general-ledger account that determines a cost's category.",
        (_PROJECT_ID, text("category", "What the account's costs are for."), text("gl_account", "The account.")),
        ("project_id", "gl_account"),
        _project_accounts,
    ),
    CatalogTable(
        "project_scenarios",
        "One row per project and scenario; `base` exists for every project.",
        (
            _PROJECT_ID,
            text("scenario", "`downside`, `base` or `upside`."),
            CatalogColumn("uplift", "DOUBLE", "Times the planned effect."),
            CatalogColumn("volume", "DOUBLE", "Times the planned volume."),
            CatalogColumn("cost", "DOUBLE", "Times every planned cost."),
            CatalogColumn("discount_rate", "DOUBLE", "Annual; null: the project's own."),
        ),
        ("project_id", "scenario"),
        _project_scenarios,
    ),
    CatalogTable(
        "project_inputs",
        "One row per project and driver nobody knows exactly.",
        (
            _PROJECT_ID,
            text("driver", "`uplift`, `volume`, `cost` or `discount_rate`."),
            CatalogColumn("low", "DOUBLE", "Its low end in the tornado."),
            CatalogColumn("high", "DOUBLE", "Its high end in the tornado."),
            text("shape", "`triangular`, `uniform` or `normal`; null: it is not drawn."),
            CatalogColumn("shape_low", "DOUBLE", "Least value drawn; null for normal."),
            CatalogColumn("shape_mode", "DOUBLE", "Likeliest value; triangular only."),
            CatalogColumn("shape_high", "DOUBLE", "Largest value drawn; null for normal."),
            CatalogColumn("shape_mean", "DOUBLE", "Mean; normal only."),
            CatalogColumn("shape_sd", "DOUBLE", "Standard deviation; normal only."),
        ),
        ("project_id", "driver"),
        _project_inputs,
    ),
)
