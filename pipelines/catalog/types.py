"""What a catalog file may say: the AI workforce, its shared costs, the company.

Types and what one file can know of itself. What must hold between files lives in `check`, reading
in `load`, the tables SQL sees in `tables`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

Kpi = Literal[
    "throughput",
    "deployment_cadence",
    "cost_per_prediction",
    "mttr",
    "business_value",
    "npv",
    "accuracy",
    "drift_rate",
    "feature_adoption",
    "satisfaction",
]
SHARES: Final[frozenset[Kpi]] = frozenset({"drift_rate", "feature_adoption", "satisfaction"})
"""KPIs that are shares: a target above 1 is a percentage by mistake."""

IdentifierSource = Literal[
    "cloud_billing",
    "serving_logs",
    "pagerduty",
    "jira",
    "github",
    "mlflow",
    "sagemaker",
    "kserve",
    "change_records",
    "ratings",
    "zendesk",
]
AnalyticsSource = Literal["mixpanel", "amplitude", "segment"]
SurveySource = Literal["qualtrics", "typeform"]
AskedMeasure = Literal["csat", "nps", "stated_trust", "rating"]
"""What a survey's question measures; `stated_trust` is what people say, `trust` what they do (1 - override rate)."""
SurveyMeasure = Literal["csat", "nps", "stated_trust", "rating", "thumbs", "stars", "ticket_csat"]
"""What can stand for a survey score: a question's measure, an in-app rating, or a help desk's rating of a ticket."""
IDENTIFIER_KINDS: Final[Mapping[IdentifierSource, tuple[str, ...]]] = MappingProxyType(
    {
        "cloud_billing": ("tag", "resource_id", "sub_account_id", "service"),
        "serving_logs": ("model_name", "endpoint"),
        "pagerduty": ("service_id",),
        "jira": ("project", "component", "label"),
        "github": ("repository", "environment", "workflow"),
        "mlflow": ("registered_model",),
        "sagemaker": ("endpoint", "model_package_group"),
        "kserve": ("inference_service",),
        "change_records": ("configuration_item",),
        "ratings": ("model_name",),
        "zendesk": ("ticket_tag",),
    }
)
"""The kinds of name each source knows a member by. Product analytics knows it by its features."""
KEYED_KIND: Final = "tag"
"""The kind that is a key and a value; the others are a value alone."""

SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ADDRESS_PATTERN: Final = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("expected a day such as 2026-01-31")


Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Address = Annotated[str, StringConstraints(pattern=ADDRESS_PATTERN)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Exact = Annotated[str, StringConstraints(min_length=1)]
"""Text as a vendor's system spells it: never trimmed."""
Day = Annotated[date, BeforeValidator(_day)]
"""A day, never a number: pydantic would take 20260101 for seconds since 1970."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a catalog file: an unknown field is an error, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AsOf(Part):
    """An entry of a history: it holds from its day until the next entry's."""

    valid_from: Day = Field(
        alias="from",
        description="The first day (UTC) this holds; it ends where the next entry begins.",
    )


class Validity(Part):
    """Something true on the days of `[from, to)`; an end left out is open."""

    valid_from: Day | None = Field(
        None, alias="from", description="The first day (UTC) this holds; left out: since ever."
    )
    valid_to: Day | None = Field(
        None,
        alias="to",
        description="The first day (UTC) this holds no longer; left out: for good.",
    )

    @field_validator("valid_to")
    @classmethod
    def _ends_after_it_begins(cls, end: date | None, info: ValidationInfo) -> date | None:
        begin = info.data.get("valid_from")
        if end is not None and begin is not None and begin >= end:
            raise ValueError(f"expected a day after `from` ({begin}): `to` is the first day it no longer holds")
        return end


def _kinds_by_source(schema: dict[str, Any]) -> None:
    schema["allOf"] = [
        {
            "if": {"properties": {"source": {"const": source}}, "required": ["source"]},
            "then": {"properties": {"kind": {"enum": list(kinds)}}},
        }
        for source, kinds in IDENTIFIER_KINDS.items()
    ]


def _kinds_of_billing(schema: dict[str, Any]) -> None:
    schema["properties"]["kind"]["enum"] = list(IDENTIFIER_KINDS["cloud_billing"])


class Identifier(Validity):
    """A name that another system knows something by."""

    model_config = ConfigDict(json_schema_extra=_kinds_by_source)

    source: IdentifierSource = Field(description="The system that uses this name.")
    kind: str = Field(
        description="What the name is there: "
        + "; ".join(f"{source}: {', '.join(kinds)}" for source, kinds in IDENTIFIER_KINDS.items())
        + "."
    )
    key: Exact | None = Field(
        None,
        validate_default=True,
        description="The tag's key, upper and lower case as billed; tags only.",
    )
    value: Exact = Field(description="The name itself, spelled as that system spells it.")

    @field_validator("kind")
    @classmethod
    def _kind_is_one_of_the_source(cls, kind: str, info: ValidationInfo) -> str:
        source = info.data.get("source")
        if source is not None and kind not in IDENTIFIER_KINDS[source]:
            allowed = ", ".join(f"`{allowed}`" for allowed in IDENTIFIER_KINDS[source])
            raise ValueError(f"expected a kind that `{source}` has: {allowed}")
        return kind

    @field_validator("key")
    @classmethod
    def _only_a_tag_has_a_key(cls, key: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind == KEYED_KIND and key is None:
            raise ValueError("expected the tag's key")
        if kind is not None and kind != KEYED_KIND and key is not None:
            raise ValueError(f"expected no key: `{kind}` is a value alone")
        return key


class BillingIdentifier(Identifier):
    """A name on a cloud bill."""

    model_config = ConfigDict(json_schema_extra=_kinds_of_billing)

    source: Literal["cloud_billing"] = Field(
        "cloud_billing", description="Shared costs are found on cloud bills; may be left out."
    )


class Roles(Part):
    """Who answers for what, as role addresses (no persons' names)."""

    executive_sponsor: Address | None = Field(None, description="Answers for the budget and the outcome.")
    ai_program_lead: Address | None = Field(None, description="Runs the measurement programme.")
    model_owner: Address | None = Field(
        None,
        description="Answers for it today: the newest entry of `owner`, where it has a history.",
    )
    data_steward: Address | None = Field(None, description="Answers for the data it learns from and reads.")
    sre: Address | None = Field(None, description="Keeps it running; the first to be called.")
    compliance_officer: Address | None = Field(None, description="Signs off fairness and compliance.")


class TeamSpell(AsOf):
    """The human team that runs the member from a day on."""

    team: Slug = Field(description="The id of a member of kind `team`.")


class OwnerSpell(AsOf):
    """Who owns the member from a day on."""

    owner: Address = Field(description="The owner's role address.")


class Sla(AsOf):
    """What the member promises from a day on."""

    latency_p95_ms: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="95 % of requests are answered within this many milliseconds."
    )
    availability: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        None, description="The share of requests that succeed, from 0 to 1: 0.999, not 99.9."
    )


class Target(AsOf):
    """What a KPI is to reach from a day on."""

    kpi: Kpi = Field(description="The KPI.")
    target: Number = Field(
        description="In the KPI's unit: predictions per hour (throughput), deployments per month, "
        "USD (cost per prediction, business value a month, NPV), hours (MTTR), a share from 0 to 1 "
        "(drift rate, feature adoption, satisfaction), the model's own measure (accuracy)."
    )
    at_risk: Number | None = Field(
        None,
        description="A miss up to this value is at risk, beyond it off target; left out: every miss is off target.",
    )

    @field_validator("target", "at_risk")
    @classmethod
    def _a_share_is_from_0_to_1(cls, value: float | None, info: ValidationInfo) -> float | None:
        kpi = info.data.get("kpi")
        if value is not None and kpi in SHARES and not 0 <= value <= 1:
            raise ValueError(f"expected a share from 0 to 1: `{kpi}` of 70 % is 0.7")
        return value


class Baseline(AsOf):
    """Where a KPI stood before, which its changes are told against from a day on."""

    kpi: Kpi = Field(description="The KPI.")
    value: Number = Field(description="Its value then, in the KPI's unit.")


class Guardrail(AsOf):
    """A bound that must not be crossed, whatever the targets say."""

    id: Slug = Field(description="Its id, unique in the member.")
    kind: Literal["fairness", "compliance", "cost_ceiling", "accuracy_floor", "other"] = Field(
        description="What it guards."
    )
    kpi: Kpi = Field(description="The KPI it bounds.")
    period: Literal["day", "week", "month"] = Field("week", description="The periods that are judged, once whole.")
    at_least: Number | None = Field(None, description="The KPI may not fall below this. This or `at_most`.")
    at_most: Number | None = Field(None, description="The KPI may not exceed this. This or `at_least`.")
    action: Literal["human_review", "rollback", "retrain"] = Field(
        "human_review", description="What its owner is asked to do when it is crossed."
    )

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            found = "neither" if self.at_least is None else "both"
            raise ValueError(f"expected either `at_least` or `at_most`, found {found}")
        return self


class SignOff(Part):
    """A person's word on a criterion of a decision gate that no data can answer."""

    gate: Slug = Field(description="The gate, by its id in `company.yaml`.")
    criterion: Slug = Field(description="The criterion, by its id in the gate.")
    given: Day = Field(alias="date", description="The day it was given.")
    by: Address = Field(description="Who gave it, as a role address.")
    is_passed: bool = Field(True, alias="passed", description="Whether the criterion is met.")
    note: Text | None = Field(None, description="What it rests on.")


class Acknowledgement(Part):
    """Somebody has seen an alert and answers for it."""

    alert: Exact = Field(description="The alert's id, as `mart_alerts` shows it.")
    given: Day = Field(alias="date", description="The day it was acknowledged.")
    by: Address = Field(description="Who acknowledged it, as a role address.")
    note: Text | None = Field(None, description="What is being done.")


class EventProperty(Part):
    """The event property by which a feature knows its own events."""

    name: Exact = Field(description="The property's name.")
    equals: Exact = Field(description="Its value on this feature's events.")


class PopulationRule(Part):
    """Users counted by a property of theirs."""

    property_name: Exact = Field(alias="property", description="The user property that decides.")
    equals: Exact | None = Field(None, description="Its value on users who are meant. This or `in`.")
    one_of: tuple[Exact, ...] | None = Field(
        None,
        alias="in",
        min_length=1,
        description="Its values on users who are meant. This or `equals`.",
    )

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if (self.equals is None) == (self.one_of is None):
            found = "neither" if self.equals is None else "both"
            raise ValueError(f"expected either `equals` or `in`, found {found}")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """The property's values on users who are meant."""
        return self.one_of if self.one_of is not None else (self.equals or "",)


class TargetPopulation(AsOf):
    """Whom a feature is for, from a day on."""

    size: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="How many users (or processes) it is for. This or `rule`."
    )
    rule: PopulationRule | None = Field(None, description="Which users it is for. This or `size`.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.size is None) == (self.rule is None):
            found = "neither" if self.size is None else "both"
            raise ValueError(f"expected either `size` or `rule`, found {found}")
        return self


class Feature(Part):
    """What users see of a member, and the events that say they use it."""

    id: Slug = Field(description="Its id, unique in the catalog.")
    name: Text = Field(description="Its name on the scorecard.")
    source: AnalyticsSource = Field(description="The product analytics that holds its events.")
    exposed_events: tuple[Exact, ...] = Field((), description="Events of a user who was shown it.")
    onboarded_events: tuple[Exact, ...] = Field((), description="Events of a user who is ready to use it.")
    qualifying_events: tuple[Exact, ...] = Field(
        min_length=1, description="Events of a user who used it: these make a user active."
    )
    event_property: EventProperty | None = Field(
        None,
        alias="property",
        description="Where features share events: the property that tells this feature's apart.",
    )
    process_property: Exact | None = Field(
        None,
        description="Where processes adopt it and not users: the event property that identifies "
        "the process. Its distinct values are counted in place of users.",
    )
    target_population: tuple[TargetPopulation, ...] = Field(
        (), description="Whom it is for, as of each date: the denominator of adoption."
    )


class Wave(AsOf):
    """People asked to answer a survey, from a day until the next wave begins."""

    count: Annotated[int, Field(strict=True, gt=0)] = Field(
        description="How many were asked: what the wave's responses are divided by for the response rate."
    )


class Survey(Validity):
    """A question of a survey that measures how people like or trust a member."""

    id: Slug = Field(description="Its id, unique in the catalog.")
    name: Text = Field(description="Its name on the scorecard.")
    source: SurveySource = Field(description="The system that asks it.")
    survey: Exact = Field(
        description="The survey it stands in: Qualtrics' survey id (`SV_…`), Typeform's form id, or the name of the "
        "folder its exports lie in."
    )
    questions: tuple[Exact, ...] = Field(
        min_length=1,
        description="The question, by its id (`QID1`; Typeform: field id or ref), column or text; all the names it has "
        "had. Where a response answers several, the first named counts.",
    )
    measure: AskedMeasure = Field(
        description="What it measures: satisfaction (`csat`), willingness to recommend (`nps`), trust as people state "
        "it (`stated_trust`), or a `rating`."
    )
    worst: Number = Field(description="The answer that says worst: 0 on the normalised scale. May be the larger one.")
    best: Number = Field(description="The answer that says best: 1 on the normalised scale.")
    answers: dict[Exact, Number] = Field(
        default_factory=dict,
        description="The score of each answer exported as text, such as `Very satisfied: 5`; an answer that begins "
        "with a number needs none.",
    )
    comments: tuple[Exact, ...] = Field(
        (), description="The question that asks why, if one does: its answers stand among the notes."
    )
    invited: tuple[Wave, ...] = Field((), description="Who was asked, wave by wave.")

    @model_validator(mode="after")
    def _scale_has_two_ends(self) -> Self:
        if self.worst == self.best:
            raise ValueError(f"expected two ends of a scale, found `worst` and `best` both {self.best:g}")
        if self.measure == "nps" and (self.worst, self.best) != (0, 10):
            raise ValueError(f"expected the scale 0 to 10 of `nps`, found {self.worst:g} to {self.best:g}")
        return self


class SatisfactionSpell(AsOf):
    """Which measure is the member's satisfaction KPI from a day on; all others stand beside it."""

    primary: Literal["survey", "trust"] = Field(
        description="The KPI's value: the normalised survey score, or trust (1 - override rate) where people decide "
        "on its suggestions. The two are never blended."
    )
    survey: SurveyMeasure | None = Field(
        None, description="The measure that stands for the survey score; needed where `primary` is `survey`."
    )

    @model_validator(mode="after")
    def _a_survey_is_named(self) -> Self:
        if self.primary == "survey" and self.survey is None:
            raise ValueError("expected `survey` to name the measure that is primary")
        return self


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
    team: tuple[TeamSpell, ...] = Field((), description="The human team that runs it, as of each date.")
    owner: tuple[OwnerSpell, ...] = Field((), description="Who owns it, as of each date.")
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
    satisfaction: tuple[SatisfactionSpell, ...] = Field(
        (), description="Which measure its satisfaction KPI is, as of each date."
    )


class Team(Entry):
    """The people beside the AI members: they build, watch and run them."""

    kind: Literal["team"] = Field(description="A team of people.")
    members: tuple[Address, ...] = Field((), description="Who is in it, as role addresses.")


Member = Annotated[AiMember | Team, Field(discriminator="kind")]


class PoolMember(Validity):
    """A member that uses a shared pool."""

    member: Slug = Field(description="The id of a model, agent or decision system.")


class SharedPool(Part):
    """Costs that several members cause together, and how they are split."""

    id: Slug = Field(description="Its id, unique among shared pools.")
    name: Text = Field(description="Its name on the scorecard.")
    match: tuple[BillingIdentifier, ...] = Field(
        min_length=1, description="Which charges are in the pool: those that match any of these."
    )
    members: tuple[PoolMember, ...] = Field(min_length=1, description="Who shares it.")
    driver: Literal["busy_seconds", "tokens", "predictions", "equal"] = Field(
        description="What it is split by. A driver without data falls to the next of "
        "busy_seconds, tokens, predictions, equal; an equal split is flagged."
    )


class ExcludedUsers(Part):
    """Users who are not counted: tests and the company's own."""

    property_name: Exact = Field(
        alias="property", description="The user property that tells them: `email`, `user_id`, …."
    )
    matches: Literal["glob", "suffix", "equals"] = Field(description="How `pattern` is compared.")
    pattern: Exact = Field(description="What their property looks like.")
    reason: Text = Field(description="Why they are not counted.")


class Criterion(Part):
    """What must hold at a decision gate: a KPI's status, or a person's word."""

    id: Slug = Field(description="Its id, unique in the gate.")
    statement: Text = Field(description="What must hold, in a sentence.")
    kpi: Kpi | None = Field(None, description="The KPI whose status decides. This or `sign_off`.")
    requires: Literal["measured", "not_off_target", "on_target"] = Field(
        "not_off_target", description="What the KPI must be in the last whole period before the gate is due."
    )
    period: Literal["week", "month"] = Field("month", description="The periods that are looked at.")
    sign_off: (
        Literal["executive_sponsor", "ai_program_lead", "model_owner", "data_steward", "sre", "compliance_officer"]
        | None
    ) = Field(None, description="The role whose word decides. This or `kpi`.")

    @model_validator(mode="after")
    def _one_judge(self) -> Self:
        if (self.kpi is None) == (self.sign_off is None):
            found = "neither" if self.kpi is None else "both"
            raise ValueError(f"expected either `kpi` or `sign_off`, found {found}")
        return self


class DecisionGate(Part):
    """A point in a model's life at which it is decided whether to go on."""

    id: Slug = Field(description="Its id, unique in the company.")
    name: Text = Field(description="Its name.")
    days_after_launch: Annotated[int, Field(strict=True)] = Field(
        description="When it is due: 0 on the day of the launch, 30 at the 30-day review; below 0 before it."
    )
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="All of them must hold.")


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

    @field_validator("reporting_timezone", "week_start")
    @classmethod
    def _honoured(cls, value: str, info: ValidationInfo) -> str:
        """What the marts do not honour yet is refused: silence would pass for consent."""
        only = {"reporting_timezone": "UTC", "week_start": "monday"}[str(info.field_name)]
        if value != only:
            raise ValueError(f"expected `{only}`, which is all that the marts can tell days and weeks by yet")
        return value


class Catalog(Part):
    """The whole catalog, checked. Members, teams and pools are in the order of their ids."""

    company: Company
    members: tuple[AiMember, ...]
    teams: tuple[Team, ...]
    pools: tuple[SharedPool, ...]

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when, and only when, what the catalog says changes."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:16]
