"""Energy of the company's machines: kWh of an hour of an instance type, and the emissions of a region's electricity.

Bills state hours and no energy, so the factors are declared, each with its source. How many hours a member had, and for
how many predictions, is measured: `mart_energy_per_prediction`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from pipelines.catalog.columns import VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.documents import Problem
from pipelines.catalog.entries import Entries, Place, once
from pipelines.catalog.parts import AsOf, Exact, Number, Part, Text

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


class InstanceFactor(AsOf):
    """The energy of a metered hour of an instance type, valid from a date."""

    instance_type: Exact = Field(description="The instance type as the bill names it, in any case: `ml.g5.xlarge`.")
    meter: Exact | None = Field(
        None,
        description="Text in the meter (SKU) of the hours it holds for, in any case: a cloud that meters an instance "
        "by its parts has hours of a core, of a GPU. The longest one decides. Default: all hours of the type.",
    )
    kwh_per_hour: Annotated[Number, Field(ge=0, le=1_000_000)] = Field(
        description="kWh of a metered hour, cooling and other overhead (PUE) included; 0 for hours of no machine."
    )
    source: Text = Field(description="Where the factor comes from.")


class GridFactor(AsOf):
    """The emissions of a region's electricity, valid from a date."""

    region: Exact = Field(description="The region as the bill names it: `us-east-1`.")
    gco2e_per_kwh: Annotated[Number, Field(ge=0, le=1_000_000)] = Field(
        description="Grams of CO2 equivalent for a kWh."
    )
    source: Text = Field(description="Where the factor comes from, and whether it is location- or market-based.")


class Energy(Part):
    """Factors for energy and emissions; without them both are unknown."""

    instances: tuple[InstanceFactor, ...] = Field((), description="kWh of an hour, by instance type.")
    grids: tuple[GridFactor, ...] = Field((), description="Emissions of a kWh, by region.")


def _instance(factor: InstanceFactor) -> tuple[str, str]:
    return factor.instance_type.lower(), (factor.meter or "").lower()


def _region(factor: GridFactor) -> str:
    return factor.region.lower()


def check(entries: Entries) -> Iterator[Problem]:
    """Factors for the same hours, or the same region, from the same day on."""
    if entries.company is None:
        return
    energy, document = entries.company.value.energy, entries.company.document
    instances: dict[tuple[tuple[str, str], date], Place] = {}
    for i, factor in enumerate(energy.instances):
        place = Place(document, ("energy", "instances", i, "instance_type"))
        yield from once(instances, (_instance(factor), factor.valid_from), place, "Keep one factor a day")
    grids: dict[tuple[str, date], Place] = {}
    for i, grid in enumerate(energy.grids):
        place = Place(document, ("energy", "grids", i, "region"))
        yield from once(grids, (_region(grid), grid.valid_from), place, "Keep one factor a day")


def _instance_factors(catalog: Catalog) -> Iterator[Row]:
    for (instance_type, meter), history in groupby(
        sorted(catalog.company.energy.instances, key=_instance), key=_instance
    ):
        for factor, begin, end in validity_intervals(list(history)):
            yield instance_type, meter, begin, end, factor.kwh_per_hour, factor.source


def _grid_factors(catalog: Catalog) -> Iterator[Row]:
    for region, history in groupby(sorted(catalog.company.energy.grids, key=_region), key=_region):
        for factor, begin, end in validity_intervals(list(history)):
            yield region, begin, end, factor.gco2e_per_kwh, factor.source


_SOURCE: Final = text("factor_source", "Where the factor comes from.")


TABLES: Final = (
    CatalogTable(
        "instance_energy",
        "One row per instance type, meter and validity interval of the energy of a metered hour.",
        (
            text("instance_type", "The instance type, in lower case."),
            text("meter", "Text in the meter of the hours it holds for, in lower case; empty: all hours."),
            *VALIDITY,
            CatalogColumn("kwh_per_hour", "DOUBLE", "kWh of a metered hour."),
            _SOURCE,
        ),
        ("instance_type", "meter", "valid_from"),
        _instance_factors,
    ),
    CatalogTable(
        "grid_emissions",
        "One row per region and validity interval of the emissions of its electricity.",
        (
            text("region", "The region, in lower case."),
            *VALIDITY,
            CatalogColumn("gco2e_per_kwh", "DOUBLE", "Grams of CO2 equivalent for a kWh."),
            _SOURCE,
        ),
        ("region", "valid_from"),
        _grid_factors,
    ),
)
