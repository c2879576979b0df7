"""Accuracy of a member: its task, primary metric, thresholds, error costs, cohorts.

The bound that accuracy must not fall below, and fairness between cohorts, are guardrails: `governance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Entries, Located, Place, once
from pipelines.catalog.parts import AsOf, Exact, Number, Part

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog
    from pipelines.catalog.domains.members import AiMember


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
"""The primary metrics of each task: shares, higher is better, ratios of sums at every grain."""
LabelSource = Literal["holdout", "production", "human_review", "ground_truth"]


class OperatingThreshold(AsOf):
    """The operating threshold of a binary model, valid from a date."""

    threshold: Annotated[Number, Field(ge=0, le=1)] = Field(
        description="Scores at or above it are the positive class, if the log has no class."
    )


class ErrorCost(AsOf):
    """The cost of a binary model's errors, valid from a date."""

    false_positive_usd: Annotated[Number, Field(ge=0)] = Field(description="Cost of a false positive.")
    false_negative_usd: Annotated[Number, Field(ge=0)] = Field(description="Cost of a false negative.")


class CohortAttribute(Part):
    """An attribute that defines cohorts."""

    attribute: Exact = Field(description="Its name in the prediction log's `cohorts`.")
    protected: bool = Field(False, description="Whether fairness is monitored over its values.")


class Quality(Part):
    """How the accuracy of a member is measured."""

    task: Task = Field(
        description="binary and multiclass predict a class, regression a value, ranking a list of items; review: "
        "people rate each answer as correct or not."
    )
    positive_class: Exact | None = Field(
        None,
        validate_default=True,
        description="Binary: the label that counts as positive, as in the labels. Review: that of a correct answer.",
    )
    primary_metric: QualityMetric = Field(
        description="The metric shown as its accuracy: "
        + "; ".join(f"{task}: {', '.join(metrics)}" for task, metrics in METRICS.items())
        + ". forecast_accuracy is 1 − Σ|error| / Σ|actual|."
    )
    label_source: LabelSource = Field("production", description="The label source of the accuracy KPI.")
    operating_threshold: tuple[OperatingThreshold, ...] = Field(
        (), description="Binary: the operating threshold, as of each date."
    )
    error_cost: tuple[ErrorCost, ...] = Field((), description="Binary: the cost of its errors, as of each date.")
    ranking_cutoff: Annotated[int, Field(strict=True, gt=0)] = Field(
        10, description="Ranking: the number of items that count, the k of NDCG@k."
    )
    cohorts: tuple[CohortAttribute, ...] = Field((), description="The attributes that define cohorts.")
    minimum_sample: Annotated[int, Field(strict=True, gt=0)] = Field(
        30, description="A cohort with fewer labelled predictions is shown as too small."
    )
    mature_coverage: Annotated[Number, Field(gt=0, le=1)] = Field(
        0.8, description="A day is mature once this share of its predictions is labelled."
    )
    mature_after_days: Annotated[int, Field(strict=True, gt=0)] = Field(
        30, description="A day is mature after this many days, regardless of label coverage."
    )

    @field_validator("positive_class")
    @classmethod
    def _check_positive_class(cls, value: str | None, info: ValidationInfo) -> str | None:
        task = info.data.get("task")
        if task in ("binary", "review") and value is None:
            raise ValueError(f"expected the label that counts as {'positive' if task == 'binary' else 'correct'}")
        if task not in ("binary", "review", None) and value is not None:
            raise ValueError(f"expected no positive class: the task is {task}")
        return value

    @field_validator("primary_metric")
    @classmethod
    def _check_primary_metric(cls, metric: QualityMetric, info: ValidationInfo) -> QualityMetric:
        task = info.data.get("task")
        if task is not None and metric not in METRICS[task]:
            allowed = ", ".join(f"`{name}`" for name in METRICS[task])
            raise ValueError(f"expected a metric of the task `{task}`: {allowed}")
        return metric

    @field_validator("operating_threshold", "error_cost")
    @classmethod
    def _check_is_binary(cls, value: tuple[AsOf, ...], info: ValidationInfo) -> tuple[AsOf, ...]:
        if value and info.data.get("task") not in ("binary", None):
            raise ValueError(f"expected none: the task is {info.data['task']}, not binary")
        return value


def check(entries: Entries) -> Iterator[Problem]:
    """Accuracy targets without `quality`, duplicate cohorts, and reserved cohort names."""
    for member in entries.members:
        yield from _check_quality(member)


def _check_quality(member: Located[AiMember]) -> Iterator[Problem]:
    quality = member.value.quality
    if quality is None:
        for i, target in enumerate(member.value.targets):
            if target.kpi == "accuracy":
                yield member.document.problem(
                    ("targets", i, "kpi"),
                    "found a target of accuracy, and no `quality` that says how it is measured",
                    "Add `quality` with the task and the primary metric, or drop the target",
                )
        return
    seen: dict[str, Place] = {}
    for i, cohort in enumerate(quality.cohorts):
        place = Place(member.document, ("quality", "cohorts", i, "attribute"))
        yield from once(seen, cohort.attribute, place, "Name it once")
        if cohort.attribute == "all":
            yield place.problem("found `all`, which names every prediction together", "Rename the attribute")


def _all_quality(catalog: Catalog) -> Iterator[tuple[str, Quality]]:
    for member in catalog.members:
        if member.quality is not None:
            yield member.id, member.quality


def _quality(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        yield (
            member_id,
            quality.task,
            quality.positive_class,
            quality.primary_metric,
            quality.label_source,
            quality.ranking_cutoff,
            quality.minimum_sample,
            quality.mature_coverage,
            quality.mature_after_days,
        )


def _operating_thresholds(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        for interval, begin, end in validity_intervals(quality.operating_threshold):
            yield member_id, begin, end, interval.threshold


def _error_costs(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        for interval, begin, end in validity_intervals(quality.error_cost):
            yield member_id, begin, end, interval.false_positive_usd, interval.false_negative_usd


def _cohort_attributes(catalog: Catalog) -> Iterator[Row]:
    for member_id, quality in _all_quality(catalog):
        for cohort in quality.cohorts:
            yield member_id, cohort.attribute, cohort.protected


TABLES: Final = (
    CatalogTable(
        "quality",
        "One row per member with measured accuracy: its task and settings.",
        (
            MEMBER_ID,
            text("task", "`binary`, `multiclass`, `regression`, `ranking` or `review`."),
            CatalogColumn(
                "positive_class",
                "VARCHAR",
                "The label that counts as positive or correct; null if there is none.",
                category=True,
            ),
            text("primary_metric", "What the scorecard shows as its accuracy."),
            text("label_source", "The labels the scorecard's accuracy is over."),
            CatalogColumn("ranking_cutoff", "BIGINT", "Number of ranked items that count."),
            CatalogColumn("minimum_sample", "BIGINT", "A cohort with fewer labelled predictions is too small."),
            CatalogColumn("mature_coverage", "DOUBLE", "A day is mature once this share of it is labelled."),
            CatalogColumn("mature_after_days", "BIGINT", "Days after which a day is mature."),
        ),
        ("member_id",),
        _quality,
    ),
    CatalogTable(
        "operating_thresholds",
        "One row per binary member and validity interval of an operating threshold; intervals do not overlap.",
        (MEMBER_ID, *VALIDITY, CatalogColumn("threshold", "DOUBLE", "The score from which it says yes.")),
        ("member_id", "valid_from"),
        _operating_thresholds,
    ),
    CatalogTable(
        "error_costs",
        "One row per binary member and validity interval with a cost matrix; intervals of a member do not overlap.",
        (
            MEMBER_ID,
            *VALIDITY,
            CatalogColumn("false_positive_usd", "DOUBLE", "What a false positive costs."),
            CatalogColumn("false_negative_usd", "DOUBLE", "What a false negative costs."),
        ),
        ("member_id", "valid_from"),
        _error_costs,
    ),
    CatalogTable(
        "cohort_attributes",
        "One row per member and cohort attribute.",
        (
            MEMBER_ID,
            text("attribute", "Its name in the prediction log's `cohorts`."),
            CatalogColumn("is_protected", "BOOLEAN", "Whether fairness is watched over its values."),
        ),
        ("member_id", "attribute"),
        _cohort_attributes,
    ),
)
