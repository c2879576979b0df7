"""How a member earns or saves money: uplift, unit value, and volume.

The experiments that measure the uplift: `experiments`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Location, Problem
from pipelines.catalog.domains.experiments import RANDOMISED_DESIGNS, Experiment
from pipelines.catalog.entries import Entries, Located, Place, listed, once
from pipelines.catalog.parts import AsOf, LoggedId, Number, Slug, Text, Validity

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog
    from pipelines.catalog.domains.members import AiMember


class UnitValue(AsOf):
    """The value of a unit of the metric, valid from a date."""

    usd: Annotated[Number, Field(gt=0)] = Field(
        description="USD for one unit of the metric if the uplift is absolute; if it is relative, USD of the "
        "transaction it is a share of."
    )


class ExposedShare(AsOf):
    """The share of the volume that the effect reaches, valid from a date."""

    share: Annotated[Number, Field(ge=0, le=1)] = Field(
        description="From 0 to 1: half the traffic while an experiment runs, all of it after a full rollout."
    )


class ValueStream(Validity):
    """A value stream of a model: uplift per transaction × transaction value × volume."""

    id: Slug = Field(description="Its id, unique among the member's value streams.")
    name: Text = Field(description="Its name on the scorecard.")
    experiment: Slug | None = Field(
        None, description="The experiment that measured the uplift. Either this or `declared_uplift`."
    )
    metric: Slug | None = Field(None, description="The metric. Default: the primary one.")
    variation: LoggedId | None = Field(None, description="The variant. Optional if there is only one treatment.")
    declared_uplift: Number | None = Field(
        None,
        description="The claimed uplift, if not measured; shown as an unverified claim, never added to measured value.",
    )
    uplift: Literal["absolute", "relative"] = Field(
        description="absolute: a difference in the metric's unit; relative: a share of the control's."
    )
    direction: Literal["gain", "saving"] = Field(
        description="gain: an increase of the metric earns money; saving: a decrease saves money."
    )
    unit_value: tuple[UnitValue, ...] = Field(min_length=1, description="The unit value, as of each date.")
    volume: Literal["predictions", "exposed_users", "treated_units"] = Field(
        description="The daily volume multiplied by the uplift: the model's predictions, the users its variants "
        "met first that day, or the units treated that day."
    )
    volume_per_unit: Annotated[Number, Field(gt=0)] = Field(
        1.0, description="Volume per unit of the metric, such as predictions per user."
    )
    exposed: tuple[ExposedShare, ...] = Field(
        (), description="The share of the predictions that the effect reaches, as of each date. Default: all."
    )
    half_life_days: Annotated[Number, Field(gt=0)] | None = Field(
        None,
        description="Half-life of the effect in days after the experiment's end. Default: no decay.",
    )

    @model_validator(mode="after")
    def _check_experiment_or_declared_uplift(self) -> Self:
        if (self.experiment is None) == (self.declared_uplift is None):
            found = "neither" if self.experiment is None else "both"
            raise ValueError(f"expected either `experiment` or `declared_uplift`, found {found}")
        if self.declared_uplift is not None and (self.metric or self.variation or self.volume != "predictions"):
            raise ValueError(
                "expected no `metric` or `variation`, and `volume: predictions`, because the uplift is not measured"
            )
        return self


def check(entries: Entries) -> Iterator[Problem]:
    """Duplicate value streams, and those that do not match their experiment."""
    if entries.experiments is None:
        return
    known = {run.value.id: run.value for run in entries.experiments}
    for member in entries.members:
        ids: dict[str, Place] = {}
        for i, stream in enumerate(member.value.value):
            here: Location = ("value", i)
            yield from once(ids, stream.id, Place(member.document, (*here, "id")), "Give one of them another id")
            if stream.experiment is not None:
                yield from _check_stream(member, here, stream, known.get(stream.experiment))


def _check_stream(
    member: Located[AiMember], here: Location, stream: ValueStream, experiment: Experiment | None
) -> Iterator[Problem]:
    if experiment is None or experiment.model != member.value.id:
        fault = "is about another model" if experiment else "is not in `experiments/`"
        yield member.document.problem(
            (*here, "experiment"), f"found `{stream.experiment}`, which {fault}", "Correct the id, or add its file"
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
            "Name the variant with this uplift",
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
        "One row per member and value stream.",
        (
            MEMBER_ID,
            _STREAM_ID,
            text("name", "Its name."),
            text("experiment_id", "The experiment that measured the uplift; null: an unverified claim."),
            text("metric_id", "The metric of the uplift."),
            text("variation_id", "The variant of the uplift; `treated` without randomisation."),
            CatalogColumn("declared_uplift", "DOUBLE", "The claimed uplift, if not measured."),
            text("uplift", "`absolute` or `relative`."),
            text("direction", "`gain` or `saving`."),
            text("volume", "`predictions`, `exposed_users` or `treated_units`."),
            CatalogColumn("volume_per_unit", "DOUBLE", "Volume per unit of the metric."),
            CatalogColumn("half_life_days", "DOUBLE", "Half-life of the effect in days; null: no decay."),
            *VALIDITY,
        ),
        ("member_id", "stream_id"),
        _value_streams,
    ),
    CatalogTable(
        "value_units",
        "One row per value stream and validity interval of a unit value; intervals do not overlap.",
        (MEMBER_ID, _STREAM_ID, *VALIDITY, CatalogColumn("unit_value_usd", "DOUBLE", "USD per unit.")),
        ("member_id", "stream_id", "valid_from"),
        _value_units,
    ),
    CatalogTable(
        "value_exposures",
        "One row per value stream and validity interval of the reached share of the volume.",
        (MEMBER_ID, _STREAM_ID, *VALIDITY, CatalogColumn("exposed_share", "DOUBLE", "The share reached, 0 to 1.")),
        ("member_id", "stream_id", "valid_from"),
        _value_exposures,
    ),
)
