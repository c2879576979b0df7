"""How a member earns or saves money: uplift, what a unit of it is worth, and the volume it reaches.

The experiments that measure the uplift: `experiments`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Location, Problem
from pipelines.catalog.domains.experiments import RANDOMISED_DESIGNS, Experiment
from pipelines.catalog.entries import Entries, Place, Read, listed, once
from pipelines.catalog.parts import AsOf, LoggedId, Number, Slug, Text, Validity

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog
    from pipelines.catalog.domains.members import AiMember


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
    variation: LoggedId | None = Field(
        None, description="Which of its variants; left out where there is one beside the control."
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
        description="What the uplift is multiplied with, day by day: the model's predictions, the users its variants "
        "met first that day, or the units treated that day."
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


def check(read: Entries) -> Iterator[Problem]:
    """Value streams of one id, and those that do not fit the experiment they rest on."""
    if read.experiments is None:
        return
    known = {run.value.id: run.value for run in read.experiments}
    for member in read.members:
        ids: dict[str, Place] = {}
        for i, stream in enumerate(member.value.value):
            here: Location = ("value", i)
            yield from once(ids, stream.id, Place(member.document, (*here, "id")), "Give one of them another id")
            if stream.experiment is not None:
                yield from _check_stream(member, here, stream, known.get(stream.experiment))


def _check_stream(
    member: Read[AiMember], here: Location, stream: ValueStream, experiment: Experiment | None
) -> Iterator[Problem]:
    if experiment is None or experiment.model != member.value.id:
        whose = "is about another model" if experiment else "is nowhere in `experiments/`"
        yield member.document.problem(
            (*here, "experiment"), f"found `{stream.experiment}`, which {whose}", "Correct the id, or add its file"
        )
        return
    names = [metric.id for metric in experiment.metrics]
    if stream.metric is not None and stream.metric not in names:
        yield member.document.problem(
            (*here, "metric"),
            f"found `{stream.metric}`, expected a metric of `{experiment.id}`: {listed(names)}",
            "Correct the id, or add the metric",
        )
    if stream.variation not in experiment.treatments and (stream.variation or len(experiment.treatments) > 1):
        yield member.document.problem(
            (*here, "variation"),
            f"found {f'`{stream.variation}`' if stream.variation else 'none'}, expected a variant of `{experiment.id}` "
            f"that is not its control: {listed(experiment.treatments)}",
            "Name the variant whose uplift it is",
        )
    logged = experiment.design in RANDOMISED_DESIGNS
    wanted = "treated_units" if logged else "exposed_users"
    if stream.volume == wanted:
        yield member.document.problem(
            (*here, "volume"),
            f"found `{stream.volume}`, which the design `{experiment.design}` does not have",
            "Use `predictions` or `exposed_users`" if logged else "Use `predictions` or `treated_units`",
        )


def _value_streams(catalog: Catalog) -> Iterator[Row]:
    experiments = {experiment.id: experiment for experiment in catalog.experiments}
    for member in catalog.members:
        for s in member.value:
            measured = experiments.get(s.experiment or "")
            metric = s.metric or (measured.primary_metric.id if measured else None)
            variant = s.variation or (measured.treatments[0] if measured else None)
            yield (
                member.id, s.id, s.name, s.experiment, metric, variant, s.declared_uplift,
                s.uplift, s.direction, s.volume, s.volume_per_unit, s.half_life_days, s.valid_from, s.valid_to,
            )  # fmt: skip


def _value_units(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for stream in member.value:
            for price, begin, end in validity_intervals(stream.unit_value):
                yield member.id, stream.id, begin, end, price.usd


def _value_exposures(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for stream in member.value:
            for exposed, begin, end in validity_intervals(stream.exposed):
                yield member.id, stream.id, begin, end, exposed.share


_STREAM_ID: Final = text("stream_id", "The value stream: one way a member earns or saves money.")


TABLES: Final = (
    CatalogTable(
        "value_streams",
        "One row per member and way it earns or saves money.",
        (
            MEMBER_ID,
            _STREAM_ID,
            text("name", "What the money is made or saved by."),
            text("experiment_id", "The experiment that measured the uplift; null: it is declared."),
            text("metric_id", "The metric whose uplift it is."),
            text("variation_id", "The variant whose uplift it is; `treated` where nothing was randomised."),
            CatalogColumn("declared_uplift", "DOUBLE", "The uplift where nobody measured it."),
            text("uplift", "`absolute` or `relative`."),
            text("direction", "`gain` or `saving`."),
            text("volume", "`predictions`, `exposed_users` or `treated_units`."),
            CatalogColumn("volume_per_unit", "DOUBLE", "How many of the volume make one unit of the metric."),
            CatalogColumn("half_life_days", "DOUBLE", "Days until half of the effect is counted; null: all is."),
            *VALIDITY,
        ),
        ("member_id", "stream_id"),
        _value_streams,
    ),
    CatalogTable(
        "value_units",
        "One row per value stream and validity interval in which a unit has this worth; intervals do not overlap.",
        (MEMBER_ID, _STREAM_ID, *VALIDITY, CatalogColumn("unit_value_usd", "DOUBLE", "USD a unit is worth.")),
        ("member_id", "stream_id", "valid_from"),
        _value_units,
    ),
    CatalogTable(
        "value_exposures",
        "One row per value stream and validity interval in which the effect reaches this share of the volume.",
        (MEMBER_ID, _STREAM_ID, *VALIDITY, CatalogColumn("exposed_share", "DOUBLE", "The share reached, 0 to 1.")),
        ("member_id", "stream_id", "valid_from"),
        _value_exposures,
    ),
)
