"""What a catalog file may say: the AI workforce, its shared costs, its projects, the company.

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
SHARES: Final[frozenset[Kpi]] = frozenset({"accuracy", "drift_rate", "feature_adoption", "satisfaction"})
"""KPIs that are shares: a target above 1 is a percentage by mistake."""

IdentifierSource = Literal[
    "cloud_billing",
    "serving_logs",
    "features",
    "predictions",
    "pagerduty",
    "jira",
    "ratings",
    "zendesk",
    "github",
    "mlflow",
    "sagemaker",
    "kserve",
    "change_records",
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
        "features": ("model_name",),
        "pagerduty": ("service_id",),
        "jira": ("project", "component", "label"),
        "ratings": ("model_name",),
        "zendesk": ("ticket_tag",),
        "github": ("repository", "environment", "workflow"),
        "mlflow": ("registered_model",),
        "sagemaker": ("endpoint", "model_package_group"),
        "kserve": ("inference_service",),
        "change_records": ("configuration_item",),
        "predictions": ("model_name", "endpoint"),
    }
)
"""The kinds of name each source knows a member by. Product analytics knows it by its features."""
KEYED_KIND: Final = "tag"
"""The kind that is a key and a value; the others are a value alone."""

Task = Literal["binary", "multiclass", "regression", "ranking", "review"]
QualityMetric = Literal[
    "accuracy",
    "precision",
    "recall",
    "f1",
    "specificity",
    "auc",
    "forecast_accuracy",
    "ndcg",
    "hit",
]
METRICS: Final[Mapping[Task, tuple[QualityMetric, ...]]] = MappingProxyType(
    {
        "binary": ("accuracy", "precision", "recall", "f1", "specificity", "auc"),
        "multiclass": ("accuracy",),
        "regression": ("forecast_accuracy",),
        "ranking": ("ndcg", "hit"),
        "review": ("accuracy",),
    }
)
"""What each task may call its accuracy: shares whose higher is better, ratios of sums at every grain."""
LabelSource = Literal["holdout", "production", "human_review", "ground_truth"]

SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ADDRESS_PATTERN: Final = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
MONTH_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


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
Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
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


Role = Literal["executive_sponsor", "ai_program_lead", "model_owner", "data_steward", "sre", "compliance_officer"]
Cadence = Literal["weekly", "monthly", "quarterly"]


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
        "(accuracy, whichever measure the model's `quality` names, drift rate, feature adoption, satisfaction)."
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


GuardrailMeasure = Literal["selection_rate_ratio", "equal_opportunity_difference", "compute_cost_usd"]
FAIRNESS_MEASURES: Final[tuple[GuardrailMeasure, ...]] = ("selection_rate_ratio", "equal_opportunity_difference")
"""What `mart_fairness_monthly` tells of a group: it falls from what the best group has, so its bound is a lower one."""


class Guardrail(AsOf):
    """A bound that must not be crossed, whatever the targets say."""

    id: Slug = Field(description="Its id, unique in the member.")
    kind: Literal["fairness", "compliance", "cost_ceiling", "accuracy_floor", "other"] = Field(
        description="What it guards."
    )
    kpi: Kpi | None = Field(None, description="The KPI it bounds. This or `measure`.")
    measure: GuardrailMeasure | None = Field(
        None,
        description="What it bounds where that is no KPI. selection_rate_ratio: how often a group is selected over how "
        "often the group most often selected is (the four-fifths rule is `at_least: 0.8`); "
        "equal_opportunity_difference: a group's recall less that of the group with the highest; compute_cost_usd: "
        "compute cost of the period. This or `kpi`.",
    )
    attribute: Exact | None = Field(
        None,
        description="Fairness only: the protected attribute whose groups are compared; left out: each of them. "
        "The worst group decides.",
    )
    period: Literal["day", "week", "month"] = Field(
        "week", description="The periods that are judged, once whole; fairness is told by the month."
    )
    at_least: Number | None = Field(None, description="It may not fall below this. This or `at_most`.")
    at_most: Number | None = Field(None, description="It may not exceed this. This or `at_least`.")
    action: Literal["human_review", "rollback", "retrain"] = Field(
        "human_review",
        description="What its owner is asked to do when it is crossed; `retrain` also raises a retrain trigger, which "
        "a deployment closes.",
    )

    @property
    def subject(self) -> str:
        """The KPI or the measure it bounds."""
        return str(self.kpi or self.measure)

    @model_validator(mode="after")
    def _one_subject_and_one_bound(self) -> Self:
        for one, other in (("kpi", "measure"), ("at_least", "at_most")):
            if (getattr(self, one) is None) == (getattr(self, other) is None):
                found = "neither" if getattr(self, one) is None else "both"
                raise ValueError(f"expected either `{one}` or `{other}`, found {found}")
        return self

    @model_validator(mode="after")
    def _bounds_what_its_kind_guards(self) -> Self:
        is_fairness = self.measure in FAIRNESS_MEASURES
        if self.kind == "fairness" and not is_fairness:
            raise ValueError(f"expected `measure` to be one of {', '.join(f'`{m}`' for m in FAIRNESS_MEASURES)}")
        if self.kind == "accuracy_floor" and (self.kpi != "accuracy" or self.at_least is None):
            raise ValueError("expected `kpi: accuracy` and `at_least`: it is a floor")
        is_cost = self.kpi == "cost_per_prediction" or self.measure == "compute_cost_usd"
        if self.kind == "cost_ceiling" and not (is_cost and self.at_most is not None):
            raise ValueError(
                "expected `kpi: cost_per_prediction` or `measure: compute_cost_usd`, and `at_most`: it is a ceiling"
            )
        if is_fairness and (self.period != "month" or self.at_least is None):
            raise ValueError(
                "expected `period: month` and `at_least`: fairness is told by the month, and more is fairer"
            )
        if self.attribute is not None and not is_fairness:
            raise ValueError("expected no `attribute`: only fairness compares groups")
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


class DriftFeature(Part):
    """A logged column that is watched for drift."""

    name: Exact = Field(description="The column's name in the feature log and in the training snapshots.")
    kind: Literal["numeric", "categorical"] = Field(
        description="A quantity, compared by its distribution, or a category, compared by its frequencies."
    )
    signal: Literal["data", "prediction", "concept"] = Field(
        "data",
        description="What its drift means: data, an input of the model; prediction, its output; concept, its error.",
    )
    critical: bool = Field(False, description="Whether its drift alone makes the model's window drift.")
    psi_floor: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="The smallest PSI that counts for it; left out: the model's. An error rate needs a lower one."
    )


class Retrain(Part):
    """When drift calls for a retrained version."""

    windows: Annotated[int, Field(strict=True, gt=0)] = Field(description="So many windows must have drifted …")
    of_last: Annotated[int, Field(strict=True, gt=0)] = Field(description="… of the last so many that were tested.")

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        if self.windows > self.of_last:
            raise ValueError(f"expected at most `of_last` ({self.of_last}) windows, found {self.windows}")
        return self


DriftWindow = Literal[
    "1 hour", "2 hours", "3 hours", "4 hours", "6 hours", "8 hours", "12 hours", "day", "week"
]  # fmt: skip


class Drift(Part):
    """How a member is watched for drift: KPI 8."""

    window: DriftWindow = Field(
        "day", description="What is compared at a time, in UTC: so many hours of a day, a day, or an ISO week."
    )
    features: tuple[DriftFeature, ...] = Field(min_length=1, description="What is watched.")
    psi_floor: Annotated[Number, Field(gt=0)] = Field(0.2, description="The smallest PSI that counts as drift.")
    significance: Annotated[Number, Field(gt=0, lt=1)] = Field(
        0.05, description="The false discovery rate over the features of a window, from 0 to 1."
    )
    share_of_features: Annotated[Number, Field(gt=0, le=1)] = Field(
        0.5, description="A window drifts when at least this share of its tested features does, or a critical one."
    )
    minimum_count: Annotated[int, Field(strict=True, gt=0)] = Field(
        100, description="Fewer values than this, in the window or in its reference, are not tested."
    )
    reference_days: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None,
        description="Where no training snapshot of the serving version is known: the first so many days with data "
        "are the reference. Left out: such windows are not tested.",
    )
    retrain: Retrain | None = Field(None, description="When to raise a retrain; left out: never.")

    @property
    def window_hours(self) -> int:
        """The window's length."""
        return {"day": 24, "week": 168}.get(self.window) or int(self.window.split()[0])


class Metric(Part):
    """What an experiment looks at, a value per unit."""

    id: Slug = Field(description="Its id, unique in the experiment; where outcomes are delivered, the metric's name.")
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
"""Designs whose units are in an assignment log."""
UNIT_DESIGNS: Final = ("matched", "iv")
"""Designs whose units come once each, with what they were before; the remaining ones have a panel of units and days."""


class Matching(Part):
    """How treated units find untreated ones like them."""

    by: Literal["covariates", "propensity"] = Field(
        "covariates",
        description="What is alike: the covariates, each over its standard deviation, or the chance of being treated "
        "that they give.",
    )
    neighbours: Annotated[int, Field(strict=True, gt=0)] = Field(
        1, description="With how many untreated units each treated one is compared."
    )
    caliper: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="The largest distance of a match, in standard deviations; left out: any."
    )


class Experiment(Validity):
    """A measured comparison: what a model changes, against what it would have been without it."""

    id: Slug = Field(description="Its id, unique among experiments.")
    key: Exact | None = Field(None, description="Its name in the logs; left out: its id.")
    name: Text = Field(description="Its name on the scorecard.")
    hypothesis: Text = Field(description="What is expected to change, and why.")
    model: Slug = Field(description="The model, agent or decision system it is about.")
    design: Literal["randomised", "holdout", "difference_in_differences", "staggered", "matched", "iv"] = Field(
        description="randomised: users are assigned by chance; holdout: some users are kept without it; "
        "difference_in_differences: some units get it on one day; staggered: on different days; matched: treated units "
        "are compared with untreated ones like them; iv: something without an effect of its own moved who got it."
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
    covariates: tuple[Exact, ...] = Field(
        (),
        description="Studies of units only: the columns that hold what units were before. matched: what treated and "
        "untreated ones are made alike in; iv: what stands in both stages. Numbers; a category is a column of 0 and 1 "
        "for each of its values but one.",
    )
    matching: Matching | None = Field(
        None, description="Matched studies only: how; left out: the nearest neighbour in the covariates, however far."
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
        """What is compared with the control: its other arms, or the treated units where nothing was randomised."""
        return tuple(v.id for v in self.variations if v.id != self.control) or ("treated",)

    @model_validator(mode="after")
    def _arms_suit_the_design(self) -> Self:
        arms = [variation.id for variation in self.variations]
        if self.design not in RANDOMISED_DESIGNS:
            if arms or self.control is not None:
                raise ValueError(f"expected no `variations` and no `control`: the units of `{self.design}` have no arm")
        elif len({v.id for v in self.variations if v.weight > 0}) < 2 or len(set(arms)) < len(arms):
            raise ValueError("expected two or more `variations` with a weight above 0, each once")
        elif self.control not in arms:
            raise ValueError(f"expected `control` to be one of the variations: {', '.join(arms)}")
        return self

    @model_validator(mode="after")
    def _covariates_suit_the_design(self) -> Self:
        if self.covariates and self.design not in UNIT_DESIGNS:
            raise ValueError(f"expected no `covariates`: `{self.design}` does not compare units by them")
        if self.design == "matched" and not self.covariates:
            raise ValueError("expected `covariates`: what should treated and untreated units be alike in?")
        if len(set(self.covariates)) < len(self.covariates):
            raise ValueError("expected each of the `covariates` once")
        if self.matching is not None and self.design != "matched":
            raise ValueError(f"expected no `matching`: `{self.design}` does not match units")
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


class OperatingThreshold(AsOf):
    """The score from which a binary model says yes, from a day on."""

    threshold: Annotated[Number, Field(ge=0, le=1)] = Field(
        description="Scores at or above it are the positive class, where the log holds no class of its own."
    )


class ErrorCost(AsOf):
    """What a binary model's mistakes cost, from a day on."""

    false_positive_usd: Annotated[Number, Field(ge=0)] = Field(
        description="What a case costs that it took for positive and was not."
    )
    false_negative_usd: Annotated[Number, Field(ge=0)] = Field(
        description="What a case costs that it took for negative and was not."
    )


class CohortAttribute(Part):
    """An attribute of predictions by which accuracy is told apart."""

    attribute: Exact = Field(description="Its name in the prediction log's `cohorts`.")
    protected: bool = Field(False, description="Whether fairness is watched over its values.")


class Quality(Part):
    """How right a member is, and how that is known."""

    task: Task = Field(
        description="binary and multiclass predict a class, regression a value, ranking a list of items; review: "
        "people judge each answer as correct or not."
    )
    positive_class: Exact | None = Field(
        None,
        validate_default=True,
        description="Binary: the label that counts as positive, as labels spell it. Review: that of a correct answer.",
    )
    primary_metric: QualityMetric = Field(
        description="What the scorecard shows as its accuracy: "
        + "; ".join(f"{task}: {', '.join(metrics)}" for task, metrics in METRICS.items())
        + ". forecast_accuracy is 1 − Σ|error| / Σ|actual|."
    )
    label_source: LabelSource = Field("production", description="The labels the scorecard's accuracy is over.")
    operating_threshold: tuple[OperatingThreshold, ...] = Field(
        (), description="Binary: the score from which it says yes, as of each date."
    )
    error_cost: tuple[ErrorCost, ...] = Field((), description="Binary: what its mistakes cost, as of each date.")
    ranking_cutoff: Annotated[int, Field(strict=True, gt=0)] = Field(
        10, description="Ranking: how many items count, the k of NDCG@k."
    )
    cohorts: tuple[CohortAttribute, ...] = Field((), description="What accuracy is told apart by.")
    minimum_sample: Annotated[int, Field(strict=True, gt=0)] = Field(
        30, description="A cohort with fewer labelled predictions is shown as too small."
    )
    mature_coverage: Annotated[Number, Field(gt=0, le=1)] = Field(
        0.8, description="A day is mature once this share of its predictions is labelled."
    )
    mature_after_days: Annotated[int, Field(strict=True, gt=0)] = Field(
        30, description="A day is mature after so many days, however many labels have come."
    )

    @field_validator("positive_class")
    @classmethod
    def _a_yes_has_a_name(cls, value: str | None, info: ValidationInfo) -> str | None:
        task = info.data.get("task")
        if task in ("binary", "review") and value is None:
            raise ValueError(f"expected the label that counts as {'positive' if task == 'binary' else 'correct'}")
        if task not in ("binary", "review", None) and value is not None:
            raise ValueError(f"expected no positive class: the task is {task}")
        return value

    @field_validator("primary_metric")
    @classmethod
    def _the_task_has_it(cls, metric: QualityMetric, info: ValidationInfo) -> QualityMetric:
        task = info.data.get("task")
        if task is not None and metric not in METRICS[task]:
            allowed = ", ".join(f"`{name}`" for name in METRICS[task])
            raise ValueError(f"expected a measure of the task `{task}`: {allowed}")
        return metric

    @field_validator("operating_threshold", "error_cost")
    @classmethod
    def _only_yes_or_no(cls, value: tuple[AsOf, ...], info: ValidationInfo) -> tuple[AsOf, ...]:
        if value and info.data.get("task") not in ("binary", None):
            raise ValueError(f"expected none: the task is {info.data['task']}, not binary")
        return value


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
    drift: Drift | None = Field(None, description="How it is watched for drift; left out: it is not.")
    value: tuple[ValueStream, ...] = Field((), description="How it earns or saves money: business value is theirs.")
    quality: Quality | None = Field(None, description="How right it is, and how that is known; left out: not measured.")


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


CostCategory = Literal["development", "cloud", "monitoring", "labelling", "other"]
Driver = Literal["uplift", "volume", "cost", "discount_rate"]
FACTORS: Final[tuple[Driver, ...]] = ("uplift", "volume", "cost")
"""Drivers that multiply what is planned: at 1 the plan stands. The discount rate is a rate, not a factor."""
SHAPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"triangular": ("low", "mode", "high"), "uniform": ("low", "high"), "normal": ("mean", "sd")}
)
"""The parameters each shape of a distribution has, in ascending order where they are values of it."""


class ProjectMember(Part):
    """A member that a project is for, and how much of it."""

    member: Slug = Field(description="The id of a model, agent or decision system.")
    share: Annotated[Number, Field(gt=0, le=1)] = Field(
        1.0, description="The part of the project's value that is the member's; a project's shares sum to 1."
    )


class DiscountRate(AsOf):
    """What a year's waiting costs, from a day on."""

    annual_rate: Annotated[Number, Field(gt=-1, lt=1)] = Field(
        description="The effective annual rate: 0.1, not 10. A month's is (1 + annual_rate)^(1/12) - 1."
    )


class ProjectCategory(Part):
    """A kind of cost the project has, and how finance books it."""

    category: CostCategory = Field(description="What the money is for.")
    budget: Literal["capital", "operating"] = Field(description="Which of the project's two budgets pays it.")
    gl_accounts: tuple[Exact, ...] = Field(
        (), description="The general-ledger accounts it is booked to, where bookings name no category."
    )
    is_volume_driven: bool = Field(
        False, description="Whether it grows with the volume, as inference and labelling do; scenarios need to know."
    )


class Scenario(Part):
    """What becomes of the plan, told by what drives it; flows already booked stay as they are."""

    uplift: Annotated[Number, Field(ge=0)] = Field(1.0, description="Times the planned effect: savings and revenue.")
    volume: Annotated[Number, Field(ge=0)] = Field(
        1.0, description="Times the planned volume: savings, revenue, and the costs that it drives."
    )
    cost: Annotated[Number, Field(ge=0)] = Field(1.0, description="Times every planned cost.")
    discount_rate: Annotated[Number, Field(gt=-1, lt=1)] | None = Field(
        None, description="Another annual discount rate; left out: the project's own."
    )


class Scenarios(Part):
    """The three futures a project is valued in."""

    downside: Scenario = Field(description="What a sceptic expects.")
    base: Scenario = Field(Scenario(), description="What is expected; left out: the plan as it stands.")
    upside: Scenario = Field(description="What may go well.")


class Distribution(Part):
    """How likely the values of an uncertain input are."""

    shape: Literal["triangular", "uniform", "normal"] = Field(
        description="triangular: between `low` and `high`, most often near `mode`; uniform: anywhere between "
        "`low` and `high`; normal: a bell curve of `mean` and `sd`, which has no ends: keep `sd` small."
    )
    low: Number | None = Field(None, description="The least it may be; triangular and uniform.")
    mode: Number | None = Field(None, description="What it is most often; triangular.")
    high: Number | None = Field(None, description="The most it may be; triangular and uniform.")
    mean: Number | None = Field(None, description="Its middle; normal.")
    sd: Annotated[Number, Field(gt=0)] | None = Field(None, description="Its standard deviation; normal.")

    @model_validator(mode="after")
    def _has_what_its_shape_needs(self) -> Self:
        given = self.model_dump(exclude={"shape"}, exclude_none=True)
        needed = SHAPES[self.shape]
        if set(given) != set(needed):
            raise ValueError(f"expected {', '.join(f'`{name}`' for name in needed)} and no more for `{self.shape}`")
        if self.shape != "normal" and (list(given.values()) != sorted(given.values()) or self.low == self.high):
            raise ValueError("expected low <= mode <= high, and low < high")
        return self


class ProjectInput(Part):
    """What nobody knows exactly about a project."""

    driver: Driver = Field(description="The driver: a factor on the plan, or the annual discount rate.")
    low: Number = Field(description="Its low end in the tornado, everything else as in the base scenario.")
    high: Number = Field(description="Its high end in the tornado.")
    distribution: Distribution | None = Field(
        None, description="How likely its values are, for the Monte Carlo; left out: it stays at its base."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"expected low < high, found {self.low} and {self.high}")
        if self.driver == "discount_rate" and not -1 < self.low < self.high < 1:
            raise ValueError("expected annual rates between -1 and 1: 0.1, not 10")
        if self.driver in FACTORS and self.low < 0:
            raise ValueError("expected a factor of 0 or more")
        return self


class Project(Part):
    """An investment in AI members: what it may cost, what it is to return, and how that is valued."""

    id: Slug = Field(description="Its id everywhere on the scorecard.")
    name: Text = Field(description="Its name on the scorecard.")
    description: Text = Field(description="What it does, for a reader who does not know it.")
    sponsor: Address = Field(description="Answers for the budget and the outcome (role address).")
    members: tuple[ProjectMember, ...] = Field(
        min_length=1, description="Whose value it is, with shares that sum to 1."
    )
    codes: tuple[Exact, ...] = Field(
        min_length=1, description="What the finance system calls it: WBS elements, internal orders, project codes."
    )
    start_month: Month = Field(description="Its month 0, the first of its cash flows: 2026-01. Not discounted.")
    horizon_months: Annotated[int, Field(strict=True, gt=0, le=600)] = Field(
        description="How many months of cash flows are valued, month 0 included."
    )
    discount_rate: tuple[DiscountRate, ...] = Field(min_length=1, description="Its discount rate, as of each date.")
    categories: tuple[ProjectCategory, ...] = Field(
        min_length=1, description="Its costs, and the budget each belongs to."
    )
    scenarios: Scenarios | None = Field(None, description="Downside, base and upside; left out: base alone.")
    inputs: tuple[ProjectInput, ...] = Field((), description="What is uncertain: the tornado and the Monte Carlo.")

    @property
    def start_date(self) -> date:
        """The first day of month 0."""
        return date.fromisoformat(f"{self.start_month}-01")


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
    sign_off: Role | None = Field(None, description="The role whose word decides. This or `kpi`.")

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
    reviews: dict[Cadence, Meeting] = Field(
        default_factory=lambda: dict(MEETINGS), description="Who meets over the weekly, monthly and quarterly review."
    )

    @field_validator("reporting_timezone", "week_start")
    @classmethod
    def _honoured(cls, value: str, info: ValidationInfo) -> str:
        """What the marts do not honour yet is refused: silence would pass for consent."""
        only = {"reporting_timezone": "UTC", "week_start": "monday"}[str(info.field_name)]
        if value != only:
            raise ValueError(f"expected `{only}`, which is all that the marts can tell days and weeks by yet")
        return value


class Catalog(Part):
    """The whole catalog, checked; everything that has an id is in the order of it."""

    company: Company
    members: tuple[AiMember, ...]
    teams: tuple[Team, ...]
    pools: tuple[SharedPool, ...]
    projects: tuple[Project, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when, and only when, what the catalog says changes."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:16]
