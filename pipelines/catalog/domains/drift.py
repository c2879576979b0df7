"""Drift monitoring of a member: columns, windows, and retraining recommendations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, CatalogColumn, CatalogTable, Row, text
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Entries, Place, once
from pipelines.catalog.parts import Exact, Number, Part

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


class DriftFeature(Part):
    """A logged column monitored for drift."""

    name: Exact = Field(description="The column's name in the feature log and in the training snapshots.")
    kind: Literal["numeric", "categorical"] = Field(
        description="numeric: compared by distribution; categorical: compared by frequency."
    )
    signal: Literal["data", "prediction", "concept"] = Field(
        "data",
        description="The kind of drift: data (an input of the model), prediction (its output) or concept (its error).",
    )
    critical: bool = Field(False, description="Whether its drift alone marks the model's window as drifted.")
    psi_floor: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="Its PSI floor. Default: the model's. An error rate needs a lower one."
    )


class Retrain(Part):
    """When drift triggers a retraining recommendation."""

    windows: Annotated[int, Field(strict=True, gt=0)] = Field(
        description="The number of windows that must have drifted …"
    )
    of_last: Annotated[int, Field(strict=True, gt=0)] = Field(description="… of this number of last tested windows.")

    @model_validator(mode="after")
    def _check_windows(self) -> Self:
        if self.windows > self.of_last:
            raise ValueError(f"expected at most `of_last` ({self.of_last}) windows, found {self.windows}")
        return self


DriftWindow = Literal[
    "1 hour", "2 hours", "3 hours", "4 hours", "6 hours", "8 hours", "12 hours", "day", "week"
]  # fmt: skip


class Drift(Part):
    """Drift monitoring of a member: KPI 8."""

    window: DriftWindow = Field(
        "day", description="The window, in UTC: a number of hours of a day, a day, or an ISO week."
    )
    features: tuple[DriftFeature, ...] = Field(min_length=1, description="The monitored columns.")
    psi_floor: Annotated[Number, Field(gt=0)] = Field(
        0.2, description="The PSI floor: smaller values never count as drift."
    )
    significance: Annotated[Number, Field(gt=0, lt=1)] = Field(
        0.05, description="The false discovery rate over the features of a window, from 0 to 1."
    )
    share_of_features: Annotated[Number, Field(gt=0, le=1)] = Field(
        0.5, description="A window has drifted if at least this share of its tested features has, or a critical one."
    )
    minimum_count: Annotated[int, Field(strict=True, gt=0)] = Field(
        100, description="Minimum number of values in window and reference; with fewer it is not tested."
    )
    reference_days: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None,
        description="Without a training snapshot of the serving version: this number of first days with data "
        "are the reference. Left out: such windows are not tested.",
    )
    retrain: Retrain | None = Field(None, description="When to recommend retraining. Default: never.")

    @property
    def window_hours(self) -> int:
        """The window's length."""
        return {"day": 24, "week": 168}.get(self.window) or int(self.window.split()[0])


def check(entries: Entries) -> Iterator[Problem]:
    """Columns that a member monitors twice."""
    for member in entries.members:
        seen: dict[str, Place] = {}
        for i, feature in enumerate(member.value.drift.features if member.value.drift else ()):
            place = Place(member.document, ("drift", "features", i, "name"))
            yield from once(seen, feature.name, place, "Watch it once")


def _drift(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        if (drift := member.drift) is not None:
            retrain = (drift.retrain.windows, drift.retrain.of_last) if drift.retrain else (None, None)
            yield (
                member.id,
                drift.window_hours,
                drift.significance,
                drift.share_of_features,
                drift.minimum_count,
                drift.reference_days,
                *retrain,
            )


def _drift_features(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        if (drift := member.drift) is not None:
            for feature in drift.features:
                yield (
                    member.id,
                    feature.name,
                    feature.kind,
                    feature.signal,
                    feature.critical,
                    feature.psi_floor or drift.psi_floor,
                )


TABLES: Final = (
    CatalogTable(
        "drift",
        "One row per member monitored for drift, with its settings.",
        (
            MEMBER_ID,
            CatalogColumn("window_hours", "BIGINT", "Length of a window: a divisor of 24, 24, or 168 from Monday."),
            CatalogColumn("significance", "DOUBLE", "False discovery rate over the features of a window."),
            CatalogColumn("share_of_features", "DOUBLE", "Share of drifted features from which a window has drifted."),
            CatalogColumn("minimum_count", "BIGINT", "Minimum number of values in window and reference."),
            CatalogColumn("reference_days", "BIGINT", "Days of the fixed reference; null: only snapshots are used."),
            CatalogColumn(
                "retrain_window_count",
                "BIGINT",
                "Drifted windows that trigger retraining; null: never.",
            ),
            CatalogColumn("retrain_of_count", "BIGINT", "Number of last tested windows considered."),
        ),
        ("member_id",),
        _drift,
    ),
    CatalogTable(
        "drift_features",
        "One row per member and logged column monitored for drift.",
        (
            MEMBER_ID,
            text("feature", "The column's name in logs and snapshots."),
            text("feature_kind", "`numeric` or `categorical`."),
            text("signal", "What its drift means: `data`, `prediction` or `concept`."),
            CatalogColumn("is_critical", "BOOLEAN", "Whether its drift alone makes the window drift."),
            CatalogColumn("psi_floor", "DOUBLE", "The smallest PSI that counts as drift."),
        ),
        ("member_id", "feature"),
        _drift_features,
    ),
)
