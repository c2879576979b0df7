"""Experiments and studies: design, variants, units and metrics.

What their effects are worth: `value`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text
from pipelines.catalog.documents import Location, Problem
from pipelines.catalog.entries import Entries, Place, listed, once
from pipelines.catalog.parts import Day, Exact, LoggedId, Number, Part, Slug, Text, Validity

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


class Metric(Part):
    """A metric of an experiment, one value per unit."""

    id: Slug = Field(
        description="Its id, unique in the experiment; if outcomes are delivered, the metric's name there."
    )
    name: Text = Field(description="Its name on the scorecard.")
    kind: Literal["mean", "proportion", "ratio", "quantile"] = Field(
        description="mean: a sum per user; proportion: the share of users with the event; ratio: events over other "
        "events, all users' sums; quantile: of the sums per user."
    )
    event: Exact | None = Field(None, description="The event to count; omit it if outcomes of units are delivered.")
    of: Literal["count", "amount"] = Field(
        "count", description="The sum over a user's events: their number or their amounts."
    )
    per_event: Exact | None = Field(None, description="Ratios only: the event of the denominator.")
    quantile: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        None, description="Quantiles only: the quantile, from 0 to 1: 0.9, not 90."
    )
    better: Literal["higher", "lower"] = Field(description="Whether higher or lower is better.")

    @model_validator(mode="after")
    def _check_fields_of_kind(self) -> Self:
        for field, kind in (("per_event", "ratio"), ("quantile", "quantile")):
            if (getattr(self, field) is None) == (self.kind == kind):
                wanted = f"`{field}`" if self.kind == kind else f"no `{field}`"
                raise ValueError(f"expected {wanted} for a metric of kind `{self.kind}`")
        return self


class Variation(Part):
    """A variant of a randomised experiment."""

    id: LoggedId = Field(description="The variant's id in the logs.")
    weight: Annotated[Number, Field(ge=0)] = Field(
        description="Its share of traffic, in any unit: 50 and 50 or 0.5 and 0.5."
    )


RANDOMISED_DESIGNS: Final = ("randomised", "holdout")
"""Designs with an assignment log."""
UNIT_DESIGNS: Final = ("matched", "iv")
"""Designs with one row per unit and covariates; the remaining ones have a panel of units and days."""


class Matching(Part):
    """How treated units are matched with untreated ones."""

    by: Literal["covariates", "propensity"] = Field(
        "covariates",
        description="The distance: the covariates, each over its standard deviation, or the probability of treatment "
        "that they give.",
    )
    neighbours: Annotated[int, Field(strict=True, gt=0)] = Field(
        1, description="Number of untreated units matched with each treated one."
    )
    caliper: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="The largest distance of a match, in standard deviations. Default: no limit."
    )


class Experiment(Validity):
    """An experiment or study: the effect of a model compared with a control."""

    id: Slug = Field(description="Its id, unique among experiments.")
    key: LoggedId | None = Field(None, description="Its name in the logs. Default: its id.")
    name: Text = Field(description="Its name on the scorecard.")
    hypothesis: Text = Field(description="What is expected to change, and why.")
    decided: Text | None = Field(
        None, description="What people decided on its result, in a sentence or two: the page's card of the experiment."
    )
    model: Slug = Field(description="The model, agent or decision system it tests.")
    design: Literal["randomised", "holdout", "difference_in_differences", "staggered", "matched", "iv"] = Field(
        description="randomised: users are assigned randomly (A/B test); holdout: some users do not get it; "
        "difference_in_differences: some units get it on one day; staggered: on different days; matched: treated units "
        "are compared with untreated ones like them; iv: something without an effect of its own moved who got it."
    )
    valid_from: Day = Field(alias="from", description="The first day (UTC) it runs.")
    valid_to: Day | None = Field(
        None, alias="to", description="The first day (UTC) without new users. Default: it is running."
    )
    variations: tuple[Variation, ...] = Field((), description="Its variants; none for a panel.")
    control: LoggedId | None = Field(None, description="The control variant.")
    primary_metric: Metric = Field(description="The primary metric, which decides.")
    secondary_metrics: tuple[Metric, ...] = Field(
        (), description="Secondary metrics; their p-values are corrected for multiple comparisons."
    )
    planned_effect: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="The planned minimum detectable relative effect: 0.05 is five percent."
    )
    planned_units: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="The planned number of units over all variants."
    )
    conversion_hours: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="The conversion window after the first exposure. Default: the project's."
    )
    period_days: Annotated[int, Field(strict=True, gt=0)] = Field(
        1,
        description="Panels only: outcomes are averaged over periods of this many days, counted from the first. Units "
        "should start on the first day of a period, or the effect of the first one is diluted.",
    )
    covariates: tuple[Exact, ...] = Field(
        (),
        description="Studies of units only: the covariate columns. matched: what treated and "
        "untreated ones are matched on; iv: covariates of both stages. Numbers; a category is a column of 0 and 1 "
        "for each of its values but one.",
    )
    matching: Matching | None = Field(
        None,
        description="Matched studies only: the matching. Default: the nearest neighbour in the covariates.",
    )
    excludes_open_windows: bool = Field(False, description="Whether users with an open conversion window are left out.")
    pre_period_days: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="Days before the first exposure used to reduce variance (CUPED). Default: none."
    )
    sequential: bool = Field(
        False, description="Whether its intervals are always valid, so that it may be stopped on any day."
    )
    tags: tuple[Text, ...] = Field((), description="Tags for searching.")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The primary metric, then the secondary ones."""
        return self.primary_metric, *self.secondary_metrics

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments compared with the control: other variants, or the treated units without randomisation."""
        return tuple(v.id for v in self.variations if v.id != self.control) or ("treated",)

    @model_validator(mode="after")
    def _check_variations(self) -> Self:
        variants = [variation.id for variation in self.variations]
        if self.design not in RANDOMISED_DESIGNS:
            if variants or self.control is not None:
                raise ValueError(
                    f"expected no `variations` and no `control`: the units of `{self.design}` have no variant"
                )
        elif len({v.id for v in self.variations if v.weight > 0}) < 2 or len(set(variants)) < len(variants):
            raise ValueError("expected two or more different `variations` with a weight above 0")
        elif self.control not in variants:
            raise ValueError(f"expected `control` to be one of the variations: {', '.join(variants)}")
        return self

    @model_validator(mode="after")
    def _check_covariates(self) -> Self:
        if self.covariates and self.design not in UNIT_DESIGNS:
            raise ValueError(f"expected no `covariates`: `{self.design}` does not compare units by them")
        if self.design == "matched" and not self.covariates:
            raise ValueError("expected `covariates`: the attributes that treated and untreated units must share")
        if len(set(self.covariates)) < len(self.covariates):
            raise ValueError("expected each of the `covariates` once")
        if self.matching is not None and self.design != "matched":
            raise ValueError(f"expected no `matching`: `{self.design}` does not match units")
        return self

    @model_validator(mode="after")
    def _check_metrics(self) -> Self:
        names = [metric.id for metric in self.metrics]
        if len(set(names)) < len(names):
            raise ValueError("expected each metric once")
        for metric in self.metrics:
            if self.design in RANDOMISED_DESIGNS and metric.event is None:
                raise ValueError(f"expected the metric `{metric.id}` to have an `event`")
            if self.design not in RANDOMISED_DESIGNS and (metric.event is not None or metric.kind != "mean"):
                raise ValueError(
                    f"expected the metric `{metric.id}` to be a mean without `event`: its outcomes are delivered"
                )
        return self


def check(entries: Entries) -> Iterator[Problem]:
    """Duplicate keys, unknown members, and metrics with different definitions."""
    keys: dict[str, Place] = {}
    metrics: dict[str, tuple[Place, Metric]] = {}
    for run in entries.experiments or ():
        experiment = run.value
        place = Place(run.document, ("key",) if experiment.key else ("id",))
        yield from once(keys, experiment.key or experiment.id, place, "Give one of them another key")
        if entries.kind_by_id.get(experiment.model, "team") == "team":
            known = listed(name for name, kind in entries.kind_by_id.items() if kind != "team")
            yield run.document.problem(
                ("model",),
                f"found `{experiment.model}`, expected a model, agent or decision system: {known}",
                "Correct the id, or add its file",
            )
        for i, metric in enumerate(experiment.metrics):
            at: Location = ("primary_metric",) if i == 0 else ("secondary_metrics", i - 1)
            first, same = metrics.setdefault(metric.id, (Place(run.document, at), metric))
            if same != metric:
                yield run.document.problem(
                    (*at, "id"),
                    f"found `{metric.id}`, which {first} defines differently",
                    "Use the same definition, or give one of them another id",
                )


def _experiments(catalog: Catalog) -> Iterator[Row]:
    for e in catalog.experiments:
        yield (
            e.id, e.key or e.id, e.model, e.name, e.hypothesis, e.decided, e.design, e.valid_from, e.valid_to,
            e.control, e.primary_metric.id, e.planned_effect, e.planned_units, e.conversion_hours, e.pre_period_days,
            e.period_days,
            e.matching.by if e.matching else None, e.matching.neighbours if e.matching else None,
            e.matching.caliper if e.matching else None,
            ", ".join(e.tags), e.excludes_open_windows, e.sequential,
        )  # fmt: skip


def _experiment_variations(catalog: Catalog) -> Iterator[Row]:
    for experiment in catalog.experiments:
        for variation in experiment.variations:
            yield experiment.id, variation.id, variation.weight, variation.id == experiment.control


def _experiment_covariates(catalog: Catalog) -> Iterator[Row]:
    for experiment in catalog.experiments:
        for i, covariate in enumerate(experiment.covariates):
            yield experiment.id, covariate, i


def _experiment_metrics(catalog: Catalog) -> Iterator[Row]:
    for experiment in catalog.experiments:
        for i, m in enumerate(experiment.metrics):
            yield (
                experiment.id, m.id, m.name, m.kind, m.event, m.of, m.per_event, m.quantile, m.better == "higher",
                i == 0,
            )  # fmt: skip


_EXPERIMENT_ID: Final = text("experiment_id", "The experiment.")


TABLES: Final = (
    CatalogTable(
        "experiments",
        "One row per experiment; it runs on the days `[valid_from, valid_to)`.",
        (
            _EXPERIMENT_ID,
            text("experiment_key", "Its name in the logs."),
            MEMBER_ID,
            text("name", "Its name on the scorecard."),
            text("hypothesis", "What is expected to change, and why."),
            text("decided", "What people decided on its result; null: nothing yet."),
            text("design", "`randomised`, `holdout`, `difference_in_differences`, `staggered`, `matched` or `iv`."),
            *VALIDITY,
            text("control_id", "The variation the others are compared with; null where nothing was randomised."),
            text("primary_metric_id", "The metric that decides."),
            CatalogColumn("planned_effect", "DOUBLE", "The smallest relative effect it was planned to find."),
            CatalogColumn("planned_units", "BIGINT", "How many units it was planned with, over all variants."),
            CatalogColumn("conversion_hours", "BIGINT", "How long after exposure an event counts; null: the default."),
            CatalogColumn("pre_period_days", "BIGINT", "Days before exposure used by CUPED; null: none."),
            CatalogColumn("period_days", "BIGINT", "Days over which a panel's outcomes are averaged."),
            text("match_by", "`covariates` or `propensity`: what matched units are alike in; null: the default."),
            CatalogColumn("match_neighbours", "BIGINT", "Untreated units per treated one; null: the default."),
            CatalogColumn("match_caliper", "DOUBLE", "The largest distance of a match; null: any."),
            text("tags", "What it is found by, joined by commas."),
            CatalogColumn("excludes_open_windows", "BOOLEAN", "Whether users within their window are left out."),
            CatalogColumn("is_sequential", "BOOLEAN", "Whether it may be looked at and stopped any day."),
        ),
        ("experiment_id",),
        _experiments,
    ),
    CatalogTable(
        "experiment_variations",
        "One row per variant of a randomised experiment.",
        (
            _EXPERIMENT_ID,
            text("variation_id", "The variant, as logged."),
            CatalogColumn("weight", "DOUBLE", "The share of traffic it is given, in any unit."),
            CatalogColumn("is_control", "BOOLEAN", "Whether the others are compared with it."),
        ),
        ("experiment_id", "variation_id"),
        _experiment_variations,
    ),
    CatalogTable(
        "experiment_covariates",
        "One row per study of units and covariate column.",
        (
            _EXPERIMENT_ID,
            text("covariate", "The column, as delivered."),
            CatalogColumn("position", "BIGINT", "Its place, from 0, in the order the catalog names them."),
        ),
        ("experiment_id", "covariate"),
        _experiment_covariates,
    ),
    CatalogTable(
        "experiment_metrics",
        "One row per experiment and metric.",
        (
            _EXPERIMENT_ID,
            text("metric_id", "The metric."),
            text("name", "Its name on the scorecard."),
            text("kind", "`mean`, `proportion`, `ratio` or `quantile`."),
            text("event_name", "The event that counts; null where outcomes of units are measured."),
            text("summed", "`count` or `amount`: what is summed over a user's events."),
            text("per_event_name", "The event a ratio is counted over."),
            CatalogColumn("quantile", "DOUBLE", "Which quantile; null for other kinds."),
            CatalogColumn("is_higher_better", "BOOLEAN", "Whether more of it is better."),
            CatalogColumn("is_primary", "BOOLEAN", "Whether it is the metric that decides."),
        ),
        ("experiment_id", "metric_id"),
        _experiment_metrics,
    ),
)
