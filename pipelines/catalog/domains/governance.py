"""Governance of a member: guardrails, decision gates with sign-offs, acknowledged alerts, recorded decisions.

Targets that may be missed live in `targets`; the alerts themselves are computed, not declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Location, Problem
from pipelines.catalog.domains.roles import Role
from pipelines.catalog.entries import Entries, Located, Place, listed, once
from pipelines.catalog.parts import Address, AsOf, Day, Exact, Number, Part, Slug, Text
from pipelines.kpis import KpiId

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog
    from pipelines.catalog.domains.company import Company
    from pipelines.catalog.domains.members import AiMember


GuardrailMeasure = Literal["selection_rate_ratio", "equal_opportunity_difference", "compute_cost_usd"]
FAIRNESS_MEASURES: Final[tuple[GuardrailMeasure, ...]] = ("selection_rate_ratio", "equal_opportunity_difference")
"""Measures of `mart_fairness_monthly`: relative to the best group, so their bound is a lower one."""


class Guardrail(AsOf):
    """A bound that must not be crossed, independent of the targets."""

    id: Slug = Field(description="Its id, unique in the member.")
    kind: Literal["fairness", "compliance", "cost_ceiling", "accuracy_floor", "other"] = Field(
        description="The purpose of the guardrail."
    )
    kpi: KpiId | None = Field(None, description="The bounded KPI. Either this or `measure`.")
    measure: GuardrailMeasure | None = Field(
        None,
        description="The bounded measure, if not a KPI. selection_rate_ratio: how often a group is selected over how "
        "often the group most often selected is (the four-fifths rule is `at_least: 0.8`); "
        "equal_opportunity_difference: a group's recall less that of the group with the highest; compute_cost_usd: "
        "compute cost of the period. This or `kpi`.",
    )
    attribute: Exact | None = Field(
        None,
        description="Fairness only: the protected attribute with the groups to compare. Default: each of them. "
        "The worst group decides.",
    )
    period: Literal["day", "week", "month"] = Field(
        "week", description="The evaluated periods, once complete; fairness is monthly."
    )
    at_least: Number | None = Field(None, description="Lower bound. Either this or `at_most`.")
    at_most: Number | None = Field(None, description="Upper bound. Either this or `at_least`.")
    action: Literal["human_review", "rollback", "retrain"] = Field(
        "human_review",
        description="The recommended action when it is crossed; `retrain` also raises a retraining recommendation, "
        "which a deployment closes.",
    )

    @property
    def subject(self) -> str:
        """The KPI or the measure it bounds."""
        return str(self.kpi or self.measure)

    @model_validator(mode="after")
    def _check_one_subject_and_bound(self) -> Self:
        for one, other in (("kpi", "measure"), ("at_least", "at_most")):
            if (getattr(self, one) is None) == (getattr(self, other) is None):
                found = "neither" if getattr(self, one) is None else "both"
                raise ValueError(f"expected either `{one}` or `{other}`, found {found}")
        return self

    @model_validator(mode="after")
    def _check_fields_of_kind(self) -> Self:
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
            raise ValueError("expected `period: month` and `at_least`: fairness is monthly, and higher is fairer")
        if self.attribute is not None and not is_fairness:
            raise ValueError("expected no `attribute`: only fairness compares groups")
        return self


class Criterion(Part):
    """A criterion of a decision gate: a KPI's status, or a person's sign-off."""

    id: Slug = Field(description="Its id, unique in the gate.")
    statement: Text = Field(description="The criterion in a sentence.")
    kpi: KpiId | None = Field(None, description="The KPI that decides by its status. Either this or `sign_off`.")
    requires: Literal["measured", "not_off_target", "on_target"] = Field(
        "not_off_target", description="The required status in the last whole period before the gate is due."
    )
    period: Literal["week", "month"] = Field("month", description="The evaluated periods.")
    sign_off: Role | None = Field(None, description="The role that decides. Either this or `kpi`.")

    @model_validator(mode="after")
    def _check_kpi_or_sign_off(self) -> Self:
        if (self.kpi is None) == (self.sign_off is None):
            found = "neither" if self.kpi is None else "both"
            raise ValueError(f"expected either `kpi` or `sign_off`, found {found}")
        return self


class DecisionGate(Part):
    """A go/no-go decision in a model's life cycle."""

    id: Slug = Field(description="Its id, unique in the company.")
    name: Text = Field(description="Its name.")
    days_after_launch: Annotated[int, Field(strict=True)] = Field(
        description="When it is due: 0 on the day of the launch, 30 at the 30-day review; below 0 before it."
    )
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="The criteria; all must be met.")


class SignOff(Part):
    """A person's sign-off on a criterion that data cannot decide."""

    gate: Slug = Field(description="The gate, by its id in `company.yaml`.")
    criterion: Slug = Field(description="The criterion, by its id in the gate.")
    given: Day = Field(alias="date", description="The day of the sign-off.")
    by: Address = Field(description="Who signed off, as a role address.")
    is_passed: bool = Field(True, alias="passed", description="Whether the criterion is met.")
    note: Text | None = Field(None, description="The reason.")


class Acknowledgement(Part):
    """An acknowledgement of an alert."""

    alert: Exact = Field(description="The alert's id, as `mart_alerts` shows it.")
    given: Day = Field(alias="date", description="The day it was acknowledged.")
    by: Address = Field(description="Who acknowledged it, as a role address.")
    note: Text | None = Field(None, description="The action taken.")


class RecordedDecision(Part):
    """A decision that was taken: it leaves the list until something newer calls for it."""

    decision: Exact = Field(description="The decision's id, as `mart_decisions` shows it.")
    given: Day = Field(alias="date", description="The day it was taken.")
    by: Address = Field(description="Who took it, as a role address.")
    note: Text | None = Field(None, description="What was decided, and why.")


def check(entries: Entries) -> Iterator[Problem]:
    """Guardrails without groups to compare, duplicate gates and decisions, sign-offs of unknown criteria."""
    for member in entries.members:
        yield from _check_guardrails(member)
    if entries.company is not None:
        yield from _check_gates(entries.company)
        yield from _check_decisions(entries.company)
        for member in entries.members:
            yield from _check_sign_offs(member, entries.company.value)


def _check_guardrails(member: Located[AiMember]) -> Iterator[Problem]:
    quality = member.value.quality
    binary = quality is not None and quality.task == "binary"
    protected = [c.attribute for c in quality.cohorts if c.protected] if quality is not None and binary else []
    for i, rail in enumerate(member.value.guardrails):
        if rail.measure in FAIRNESS_MEASURES and not protected:
            yield member.document.problem(
                ("guardrails", i, "measure"),
                "found a fairness guardrail of a member with a `quality` that compares no groups",
                "Declare `quality` with the task `binary` and a cohort that is `protected: true`",
            )
        elif rail.attribute is not None and rail.attribute not in protected:
            yield member.document.problem(
                ("guardrails", i, "attribute"),
                f"found `{rail.attribute}`, expected a protected cohort of its `quality`: {listed(protected)}",
                "Correct the name, or mark the cohort `protected: true`",
            )


def _check_gates(company: Located[Company]) -> Iterator[Problem]:
    gates: dict[str, Place] = {}
    for i, gate in enumerate(company.value.decision_gates):
        here: Location = ("decision_gates", i)
        yield from once(gates, gate.id, Place(company.document, (*here, "id")), "Give one of them another id")
        criteria: dict[str, Place] = {}
        for j, criterion in enumerate(gate.criteria):
            place = Place(company.document, (*here, "criteria", j, "id"))
            yield from once(criteria, criterion.id, place, "Give one of them another id")


def _check_decisions(company: Located[Company]) -> Iterator[Problem]:
    taken: dict[tuple[str, date], Place] = {}
    for i, decision in enumerate(company.value.decisions):
        place = Place(company.document, ("decisions", i, "decision"))
        yield from once(taken, (decision.decision, decision.given), place, "Record it once a day")


def _check_sign_offs(member: Located[AiMember], company: Company) -> Iterator[Problem]:
    evaluated = {
        gate.id: [criterion.id for criterion in gate.criteria if criterion.sign_off] for gate in company.decision_gates
    }
    for i, sign_off in enumerate(member.value.sign_offs):
        if sign_off.gate not in evaluated:
            yield member.document.problem(
                ("sign_offs", i, "gate"),
                f"found `{sign_off.gate}`, expected a decision gate of the company: {listed(evaluated)}",
                "Correct the id, or add the gate to `company.yaml`",
            )
        elif sign_off.criterion not in evaluated[sign_off.gate]:
            yield member.document.problem(
                ("sign_offs", i, "criterion"),
                f"found `{sign_off.criterion}`, "
                f"expected a criterion with a sign-off: {listed(evaluated[sign_off.gate])}",
                "Correct the id, or give the criterion a `sign_off` in `company.yaml`",
            )


def _guardrails(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        by_id = sorted(member.guardrails, key=lambda guardrail: guardrail.id)
        for guardrail_id, history in groupby(by_id, key=lambda guardrail: guardrail.id):
            for rail, begin, end in validity_intervals(list(history)):
                yield (
                    member.id,
                    guardrail_id,
                    rail.kind,
                    rail.kpi,
                    rail.measure,
                    rail.attribute,
                    rail.period,
                    begin,
                    end,
                    rail.at_least,
                    rail.at_most,
                    rail.action,
                )


def _decision_gates(catalog: Catalog) -> Iterator[Row]:
    for gate in catalog.company.decision_gates:
        for number, criterion in enumerate(gate.criteria, start=1):
            yield (
                gate.id,
                gate.name,
                gate.days_after_launch,
                number,
                criterion.id,
                criterion.statement,
                criterion.kpi,
                criterion.requires if criterion.kpi else None,
                criterion.period if criterion.kpi else None,
                criterion.sign_off,
            )


def _launches(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        if member.launched is not None:
            yield member.id, member.launched


def _sign_offs(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for one in member.sign_offs:
            yield member.id, one.gate, one.criterion, one.given, one.by, one.is_passed, one.note


def _acknowledgements(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for seen in member.acknowledgements:
            yield member.id, seen.alert, seen.given, seen.by, seen.note


def _decisions(catalog: Catalog) -> Iterator[Row]:
    for taken in catalog.company.decisions:
        yield taken.decision, taken.given, taken.by, taken.note


TABLES: Final = (
    CatalogTable(
        "guardrails",
        "One row per member, guardrail and validity interval; intervals of a guardrail do not overlap.",
        (
            MEMBER_ID,
            text("guardrail_id", "Its id in the member."),
            text("kind", "`fairness`, `compliance`, `cost_ceiling`, `accuracy_floor` or `other`."),
            text("kpi_id", "The bounded KPI; null for another measure."),
            text(
                "measure",
                "The bounded measure, if not a KPI: `selection_rate_ratio`, `equal_opportunity_difference` or "
                "`compute_cost_usd`.",
            ),
            text("attribute", "The protected attribute with the groups to compare; null: each of them."),
            text("period", "The periods that are evaluated: `day`, `week` or `month`."),
            *VALIDITY,
            CatalogColumn("at_least", "DOUBLE", "Lower bound; null: none."),
            CatalogColumn("at_most", "DOUBLE", "Upper bound; null: none."),
            text("action", "`human_review`, `rollback` or `retrain`."),
        ),
        ("member_id", "guardrail_id", "valid_from"),
        _guardrails,
    ),
    CatalogTable(
        "decision_gates",
        "One row per decision gate and criterion.",
        (
            text("gate_id", "The gate."),
            text("gate_name", "Its name."),
            CatalogColumn("days_after_launch", "BIGINT", "Due date, in days after the launch."),
            CatalogColumn("criterion_number", "BIGINT", "The criterion's number in the gate, from 1."),
            text("criterion_id", "The criterion."),
            text("statement", "The criterion in a sentence."),
            text("kpi_id", "The KPI that decides; null if a person does."),
            text("requires", "`measured`, `not_off_target` or `on_target`; null if a person decides."),
            text("period", "`week` or `month`; null if a person decides."),
            text("sign_off_role", "The role that decides; null if a KPI does."),
        ),
        ("gate_id", "criterion_id"),
        _decision_gates,
    ),
    CatalogTable(
        "launches",
        "One row per member with a launch date.",
        (MEMBER_ID, CatalogColumn("launched_date", "DATE", "The day of its launch.")),
        ("member_id",),
        _launches,
    ),
    CatalogTable(
        "sign_offs",
        "One row per member, gate, criterion and day of a sign-off.",
        (
            MEMBER_ID,
            text("gate_id", "The gate."),
            text("criterion_id", "The criterion."),
            CatalogColumn("signed_date", "DATE", "The day it was given."),
            text("signed_by", "Who gave it, as a role address."),
            CatalogColumn("is_passed", "BOOLEAN", "Whether the criterion is met."),
            text("note", "What it rests on."),
        ),
        ("member_id", "gate_id", "criterion_id", "signed_date"),
        _sign_offs,
    ),
    CatalogTable(
        "acknowledgements",
        "One row per acknowledged alert.",
        (
            MEMBER_ID,
            text("alert_id", "The alert, as `mart_alerts` shows it."),
            CatalogColumn("acknowledged_date", "DATE", "The day it was acknowledged."),
            text("acknowledged_by", "Who acknowledged it, as a role address."),
            text("note", "What is being done."),
        ),
        ("member_id", "alert_id"),
        _acknowledgements,
    ),
    CatalogTable(
        "decisions",
        "One row per decision that was taken and day.",
        (
            text("decision_id", "The decision, as `mart_decisions` shows it."),
            CatalogColumn("decided_date", "DATE", "The day it was taken."),
            text("decided_by", "Who took it, as a role address."),
            text("note", "What was decided, and why."),
        ),
        ("decision_id", "decided_date"),
        _decisions,
    ),
)
