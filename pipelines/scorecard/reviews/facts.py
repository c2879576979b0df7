"""The data of a review: the results of its queries, and the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.domains.members import AiMember
from pipelines.scorecard import words
from pipelines.scorecard.reviews.document import Cell
from pipelines.scorecard.reviews.periods import Period

Row = dict[str, Any]
Rows = list[list[Cell | str]]


@dataclass(frozen=True)
class Facts:
    """The marts' rows of a period, and the catalog."""

    period: Period
    last_day: date
    catalog: Catalog
    tables: dict[str, list[Row]]

    def __getitem__(self, name: str) -> list[Row]:
        """The rows of a query, by its name in `queries`."""
        return self.tables[name]

    def model(self, model_id: str) -> str:
        """The model's name."""
        return next((str(row["model_name"]) for row in self["models"] if row["model_id"] == model_id), model_id)

    def kpi(self, kpi_id: str) -> Row:
        """The KPI's name and unit."""
        return next(row for row in self["kpis"] if row["kpi_id"] == kpi_id)

    def member(self, model_id: str) -> AiMember | None:
        """The model's catalog entry."""
        return next((member for member in self.catalog.members if member.id == model_id), None)

    def owner(self, model_id: str) -> str:
        """Who owns the model at the end of the period."""
        member = self.member(model_id)
        if member is None:
            return words.NONE
        intervals = [interval for interval in member.owner if interval.valid_from <= self.period.end]
        newest = max(intervals, key=lambda interval: interval.valid_from, default=None)
        return newest.owner if newest else member.roles.model_owner or words.NONE

    @property
    def until(self) -> date:
        """The last day of the period with data."""
        return min(self.period.end, self.last_day)

    def scaled(self, unit: str) -> str:
        """What to say of an amount a month of less than whole months: it is scaled up."""
        is_part = self.period.grain == "week" or self.until < self.period.end
        return ", run rate" if unit.endswith(" month") and is_part else ""


def status_cell(cell: Row | None, kpi: Row) -> Cell:
    """A cell of the scorecard with its target, marked by its status."""
    if cell is None or cell["value"] is None:
        return Cell("", status="no_data")
    target = "" if cell["target"] is None else f"target {words.amount(cell['target'], kpi['unit'])}"
    return Cell(words.amount(cell["value"], kpi["unit"]), target, cell["status"])
