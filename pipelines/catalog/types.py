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
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
SHARES: Final[frozenset[Kpi]] = frozenset({"drift_rate", "feature_adoption"})
"""KPIs that are shares: a target above 1 is a percentage by mistake."""

IdentifierSource = Literal["cloud_billing", "serving_logs", "pagerduty", "jira"]
AnalyticsSource = Literal["mixpanel", "amplitude", "segment"]
IDENTIFIER_KINDS: Final[Mapping[IdentifierSource, tuple[str, ...]]] = MappingProxyType(
    {
        "cloud_billing": ("tag", "resource_id", "sub_account_id", "service"),
        "serving_logs": ("model_name", "endpoint"),
        "pagerduty": ("service_id",),
        "jira": ("project", "component", "label"),
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


class Metric(Part):
    """What an experiment looks at, a value per unit."""

    id: Slug = Field(description="Its id, unique in the experiment; in a panel of outcomes, the metric's name.")
    name: Text = Field(description="Its name on the scorecard.")
    kind: Literal["mean", "proportion", "ratio", "quantile"] = Field(
        description="mean: a sum per user; proportion: the share of users with the event; ratio: events over other "
        "events, all users' sums; quantile: of the sums per user."
    )
    event: Exact | None = Field(
        None, description="The event that counts for it; left out where the outcomes of units are measured."
    )
    of: Literal["count", "amount"] = Field(
        "count", description="What is summed over a user's events: how many they are, or their amounts."
    )
    per_event: Exact | None = Field(None, description="Ratios only: the event it is counted over.")
    quantile: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        None, description="Quantiles only: which one, from 0 to 1: 0.9, not 90."
    )
    better: Literal["higher", "lower"] = Field(description="Whether more of it is better or less.")

    @model_validator(mode="after")
    def _what_its_kind_needs(self) -> Self:
        for field, kind in (("per_event", "ratio"), ("quantile", "quantile")):
            if (getattr(self, field) is None) == (self.kind == kind):
                wanted = f"`{field}`" if self.kind == kind else f"no `{field}`"
                raise ValueError(f"expected {wanted} for a metric of kind `{self.kind}`")
        return self


class Variation(Part):
    """An arm of a randomised experiment."""

    id: Exact = Field(description="The variation as it is logged.")
    weight: Annotated[Number, Field(ge=0)] = Field(
        description="The share of traffic it is given, in any unit: 50 and 50 as well as 0.5 and 0.5."
    )


RANDOMISED_DESIGNS: Final = ("randomised", "holdout")
"""Designs whose units are in an assignment log; the others' outcomes come as a panel of units and days."""


class Experiment(Validity):
    """A measured comparison: what a model changes, against what it would have been without it."""

    id: Slug = Field(description="Its id, unique among experiments.")
    key: Exact | None = Field(None, description="Its name in the logs; left out: its id.")
    name: Text = Field(description="Its name on the scorecard.")
    hypothesis: Text = Field(description="What is expected to change, and why.")
    model: Slug = Field(description="The model, agent or decision system it is about.")
    design: Literal["randomised", "holdout", "difference_in_differences", "staggered"] = Field(
        description="randomised: users are assigned by chance; holdout: some users are kept without it; "
        "difference_in_differences: some units get it on one day; staggered: on different days."
    )
    valid_from: Day = Field(alias="from", description="The first day (UTC) it runs.")
    valid_to: Day | None = Field(
        None, alias="to", description="The first day (UTC) nobody new enters; left out: it is running."
    )
    variations: tuple[Variation, ...] = Field((), description="Its arms; none where outcomes come as a panel.")
    control: Exact | None = Field(None, description="The arm the others are compared with.")
    primary_metric: Metric = Field(description="The metric that decides.")
    secondary_metrics: tuple[Metric, ...] = Field(
        (), description="What else is looked at; p-values are corrected for how many they are."
    )
    planned_effect: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="The smallest relative effect it was planned to find: 0.05 is five per cent."
    )
    planned_units: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="How many units, over all arms, it was planned with."
    )
    conversion_hours: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="How long after the first exposure an event counts; left out: the project's default."
    )
    period_days: Annotated[int, Field(strict=True, gt=0)] = Field(
        1,
        description="Panels only: outcomes are averaged over so many days, counted from the first. Units should start "
        "on the first day of a period, or the effect of the first one is diluted.",
    )
    excludes_open_windows: bool = Field(
        False, description="Whether users still within their conversion window are left out until it has passed."
    )
    pre_period_days: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="How many days before the first exposure reduce the variance (CUPED); left out: none."
    )
    sequential: bool = Field(
        False, description="Whether its intervals hold however often one looks, so that it may be stopped any day."
    )
    tags: tuple[Text, ...] = Field((), description="What it is found by.")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The primary metric, then the secondary ones."""
        return self.primary_metric, *self.secondary_metrics

    @property
    def treatments(self) -> tuple[str, ...]:
        """What is compared with the control: its other arms, or the treated units of a panel."""
        return tuple(v.id for v in self.variations if v.id != self.control) or ("treated",)

    @model_validator(mode="after")
    def _arms_suit_the_design(self) -> Self:
        arms = [variation.id for variation in self.variations]
        if self.design not in RANDOMISED_DESIGNS:
            if arms or self.control is not None:
                raise ValueError(f"expected no `variations` and no `control`: `{self.design}` has a panel of units")
        elif len({v.id for v in self.variations if v.weight > 0}) < 2 or len(set(arms)) < len(arms):
            raise ValueError("expected two or more `variations` with a weight above 0, each once")
        elif self.control not in arms:
            raise ValueError(f"expected `control` to be one of the variations: {', '.join(arms)}")
        return self

    @model_validator(mode="after")
    def _metrics_suit_the_design(self) -> Self:
        names = [metric.id for metric in self.metrics]
        if len(set(names)) < len(names):
            raise ValueError("expected each metric once")
        for metric in self.metrics:
            if self.design in RANDOMISED_DESIGNS and metric.event is None:
                raise ValueError(f"expected the metric `{metric.id}` to name its `event`")
            if self.design not in RANDOMISED_DESIGNS and (metric.event is not None or metric.kind != "mean"):
                raise ValueError(
                    f"expected the metric `{metric.id}` to be a mean without `event`: its outcomes are given"
                )
        return self


class UnitValue(AsOf):
    """What a unit of the metric is worth, from a day on."""

    usd: Annotated[Number, Field(gt=0)] = Field(
        description="USD for one unit of the metric where the uplift is absolute; where it is relative, USD of the "
        "transaction it is a share of."
    )


class ExposedShare(AsOf):
    """How much of the volume the model's effect reaches, from a day on."""

    share: Annotated[Number, Field(ge=0, le=1)] = Field(
        description="From 0 to 1: half the traffic while an experiment runs, all of it after a full rollout."
    )


class ValueStream(Validity):
    """One way a model earns or saves money: uplift per transaction × transaction value × volume."""

    id: Slug = Field(description="Its id, unique among the member's value streams.")
    name: Text = Field(description="What the money is made or saved by.")
    experiment: Slug | None = Field(
        None, description="The experiment that measured the uplift. This or `declared_uplift`."
    )
    metric: Slug | None = Field(None, description="Which of its metrics; left out: the primary one.")
    variation: Exact | None = Field(
        None, description="Which of its arms; left out where there is one beside the control."
    )
    declared_uplift: Number | None = Field(
        None, description="The uplift where nobody measured it; shown as declared, never added to what was measured."
    )
    uplift: Literal["absolute", "relative"] = Field(
        description="absolute: a difference in the metric's unit; relative: a share of the control's."
    )
    direction: Literal["gain", "saving"] = Field(
        description="gain: more of the metric is money earned; saving: less of it is money kept."
    )
    unit_value: tuple[UnitValue, ...] = Field(min_length=1, description="What a unit is worth, as of each date.")
    volume: Literal["predictions", "exposed_users", "treated_units"] = Field(
        description="What the uplift is multiplied with, day by day: the model's predictions, the users its arms met "
        "first that day, or the units treated that day."
    )
    volume_per_unit: Annotated[Number, Field(gt=0)] = Field(
        1.0, description="How many of the volume make one unit the metric is measured on: predictions per user, say."
    )
    exposed: tuple[ExposedShare, ...] = Field(
        (), description="The share of the predictions that the effect reaches, as of each date; left out: all."
    )
    half_life_days: Annotated[Number, Field(gt=0)] | None = Field(
        None,
        description="After so many days from the experiment's end only half of the effect is counted; left out: all.",
    )

    @model_validator(mode="after")
    def _measured_or_declared(self) -> Self:
        if (self.experiment is None) == (self.declared_uplift is None):
            found = "neither" if self.experiment is None else "both"
            raise ValueError(f"expected either `experiment` or `declared_uplift`, found {found}")
        if self.declared_uplift is not None and (self.metric or self.variation or self.volume != "predictions"):
            raise ValueError("expected no `metric` or `variation`, and predictions as the volume: nothing was measured")
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
    features: tuple[Feature, ...] = Field((), description="What users see of it: feature adoption is theirs.")
    value: tuple[ValueStream, ...] = Field((), description="How it earns or saves money: business value is theirs.")


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


class Company(Part):
    """What holds for the whole company."""

    name: Text = Field(description="The company's name.")
    reporting_timezone: str = Field("UTC", description="The IANA time zone that days and months are told in.")
    week_start: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = Field(
        "monday", description="The day a week begins."
    )
    default_currency: Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)] = Field(
        "USD", description="The currency (ISO 4217) of amounts that state none."
    )
    excluded_users: tuple[ExcludedUsers, ...] = Field((), description="Users analytics does not count.")

    @field_validator("reporting_timezone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("expected an IANA time zone such as `Europe/Zurich`") from None
        return zone


class Catalog(Part):
    """The whole catalog, checked. Members, teams, pools and experiments are in the order of their ids."""

    company: Company
    members: tuple[AiMember, ...]
    teams: tuple[Team, ...]
    pools: tuple[SharedPool, ...]
    experiments: tuple[Experiment, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when, and only when, what the catalog says changes."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:16]
