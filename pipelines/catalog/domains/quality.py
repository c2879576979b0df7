"""How right a member is, and how that is known: its task, the measure that counts, thresholds, error costs, cohorts.

The bound that accuracy must not fall below, and fairness between cohorts, are guardrails: `governance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Entries, Place, Read, once
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
"""What each task may call its accuracy: shares whose higher is better, ratios of sums at every grain."""
LabelSource = Literal["holdout", "production", "human_review", "ground_truth"]


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
        description="Binary: the label that counts as positive, as labels write it. Review: that of a correct answer.",
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


def check(read: Entries) -> Iterator[Problem]:
    """Targets of an accuracy that nothing measures, cohorts named twice or as all predictions are."""
    for member in read.members:
        yield from _check_quality(member)


def _check_quality(member: Read[AiMember]) -> Iterator[Problem]:
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
        "One row per member whose accuracy is measured: its task, and what counts.",
        (
            MEMBER_ID,
            text("task", "`binary`, `multiclass`, `regression`, `ranking` or `review`."),
            CatalogColumn(
                "positive_class",
                "VARCHAR",
                "The label that counts as positive, or as correct; null where there is none.",
                category=True,
            ),
            text("primary_metric", "What the scorecard shows as its accuracy."),
            text("label_source", "The labels the scorecard's accuracy is over."),
            CatalogColumn("ranking_cutoff", "BIGINT", "How many items of a ranking count."),
            CatalogColumn("minimum_sample", "BIGINT", "A cohort with fewer labelled predictions is too small."),
            CatalogColumn("mature_coverage", "DOUBLE", "A day is mature once this share of it is labelled."),
            CatalogColumn("mature_after_days", "BIGINT", "A day is mature after so many days."),
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
        "One row per member and attribute of predictions by which its accuracy is told apart.",
        (
            MEMBER_ID,
            text("attribute", "Its name in the prediction log's `cohorts`."),
            CatalogColumn("is_protected", "BOOLEAN", "Whether fairness is watched over its values."),
        ),
        ("member_id", "attribute"),
        _cohort_attributes,
    ),
)
