"""The registry of KPIs: everything said of a KPI, once, in `dbt_project/seeds/kpis.csv`.

SQL reads it as the seed `kpis`, the page and BI as `mart_kpis`, Python here. `seeds.yml` describes its columns. How a
KPI is measured is SQL: `int_<kpi_id>__summed`.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, PositiveInt, TypeAdapter

from pipelines.settings import DBT_PROJECT

REGISTRY: Final = DBT_PROJECT / "seeds" / "kpis.csv"


class Kpi(BaseModel):
    """A row of the registry."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_min_length=1)

    kpi_id: str
    kpi_number: PositiveInt
    kpi_name: str
    kpi_group: str
    unit: str
    is_higher_better: bool
    measure_kind: Literal["ratio", "mean", "estimate", "distinct", "point_in_time"]
    rolling_days: PositiveInt
    has_single_days: bool
    target_period: Literal["week", "month"]
    source_roles: str
    numerator_name: str
    denominator_name: str
    definition: str
    definition_version: PositiveInt
    off_target_action: str

    @property
    def is_share(self) -> bool:
        """Whether its value is a share from 0 to 1."""
        return self.unit.startswith("share")

    @property
    def has_additive_days(self) -> bool:
        """Whether the numerators and denominators of its days are those of any period, added up."""
        return self.measure_kind in ("ratio", "mean")

    @property
    def is_rolled_from_days(self) -> bool:
        """Whether the page shows the sum of its days over `rolling_days`, and its days themselves.

        Not the same as `has_additive_days`: an estimate of a period is made as a whole, and its days show the way
        there. Distinct users and mean scores have marts of trailing windows, which the page shows instead.
        """
        return self.measure_kind not in ("distinct", "mean")


def read(path: Path = REGISTRY) -> tuple[Kpi, ...]:
    """Every KPI of the registry at `path`, in the order in which reports show them.

    ValidationError, with row and column, where a row is not one of a KPI.
    """
    with path.open(newline="", encoding="utf-8") as rows:
        found = TypeAdapter(tuple[Kpi, ...]).validate_python(list(csv.DictReader(rows)))
    return tuple(sorted(found, key=lambda kpi: kpi.kpi_number))


KPIS: Final = read()

if TYPE_CHECKING:
    KpiId = str
else:
    KpiId = Literal[tuple(kpi.kpi_id for kpi in KPIS)]
"""The id of a KPI: a schema lists them, and any other text is an error."""
