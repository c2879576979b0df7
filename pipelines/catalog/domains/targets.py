"""KPIs of a member: objectives, targets, baselines and SLOs.

How a KPI is measured is none of the catalog's business, but for the choices in `quality`, `drift`, `surveys`.
Bounds that must not be crossed whatever the targets say are guardrails: `governance`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from pipelines.catalog.columns import MEMBER_ID, VALIDITY, CatalogColumn, CatalogTable, Row, text, validity_intervals
from pipelines.catalog.parts import AsOf, Number, Part
from pipelines.kpis import KPIS, KpiId

if TYPE_CHECKING:
    from pipelines.catalog.catalog import Catalog


SHARES: Final = frozenset(kpi.kpi_id for kpi in KPIS if kpi.is_share)
"""KPIs that are shares: a target above 1 is a percentage by mistake."""
Severity = Literal["P0", "P1", "P2", "P3", "P4", "P5"]
UNITS: Final = ", ".join(f"{kpi.unit} ({kpi.kpi_id})" for kpi in KPIS)


class Sla(AsOf):
    """The SLOs of the member, valid from a date."""

    latency_p95_ms: Annotated[Number, Field(gt=0)] | None = Field(None, description="p95 latency SLO in milliseconds.")
    availability: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        None, description="Availability SLO, from 0 to 1: 0.999, not 99.9."
    )


class SeverityTarget(Part):
    """The target of the incidents of one severity."""

    target: Number = Field(description="Mean hours to resolve.")
    at_risk: Number | None = Field(
        None, description="Boundary between at risk and off target. Default: every miss is off target."
    )


class Target(AsOf):
    """The target of a KPI, valid from a date."""

    kpi: KpiId = Field(description="The KPI.")
    target: Number = Field(description=f"In the KPI's unit: {UNITS}. A share is from 0 to 1.")
    at_risk: Number | None = Field(
        None,
        description="Boundary between at risk and off target. Default: every miss is off target.",
    )
    by_severity: dict[Severity, SeverityTarget] = Field(
        {},
        description="For `mttr`: targets of severities, P0 (worst) to P5. `target` is then that of the severities not "
        "listed, and a period is compared with the mean of its incidents' targets.",
    )

    @field_validator("by_severity")
    @classmethod
    def _check_by_severity(cls, value: dict[str, SeverityTarget], info: ValidationInfo) -> dict[str, SeverityTarget]:
        kpi = info.data.get("kpi")
        if value and kpi not in (None, "mttr"):
            raise ValueError(f"expected `by_severity` only of `mttr`: `{kpi}` is not measured by incident")
        return value

    @field_validator("target", "at_risk")
    @classmethod
    def _check_share(cls, value: float | None, info: ValidationInfo) -> float | None:
        kpi = info.data.get("kpi")
        if value is not None and kpi in SHARES and not 0 <= value <= 1:
            raise ValueError(f"expected a share from 0 to 1: `{kpi}` of 70 % is 0.7")
        return value


class Baseline(AsOf):
    """The baseline of a KPI, valid from a date."""

    kpi: KpiId = Field(description="The KPI.")
    value: Number = Field(description="The baseline value, in the KPI's unit.")


def _dated_targets(catalog: Catalog) -> Iterator[tuple[str, Target, date, date | None]]:
    for member in catalog.members:
        by_kpi = sorted(member.targets, key=lambda target: target.kpi)
        for _, history in groupby(by_kpi, key=lambda target: target.kpi):
            for target, begin, end in validity_intervals(list(history)):
                yield member.id, target, begin, end


def _targets(catalog: Catalog) -> Iterator[Row]:
    for member_id, target, begin, end in _dated_targets(catalog):
        yield member_id, target.kpi, begin, end, target.target, target.at_risk


def _severity_targets(catalog: Catalog) -> Iterator[Row]:
    for member_id, target, begin, end in _dated_targets(catalog):
        for severity, goal in sorted(target.by_severity.items()):
            yield member_id, severity, begin, end, goal.target, goal.at_risk


def _baselines(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        by_kpi = sorted(member.baselines, key=lambda baseline: baseline.kpi)
        for kpi, history in groupby(by_kpi, key=lambda baseline: baseline.kpi):
            for baseline, begin, end in validity_intervals(list(history)):
                yield member.id, kpi, begin, end, baseline.value


def _objectives(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for kpi, objective in sorted(member.objectives.items()):
            yield member.id, kpi, objective


def _slas(catalog: Catalog) -> Iterator[Row]:
    for member in catalog.members:
        for sla, begin, end in validity_intervals(member.sla):
            yield member.id, begin, end, sla.latency_p95_ms, sla.availability


_KPI_ID: Final = text("kpi_id", "The KPI.")


TABLES: Final = (
    CatalogTable(
        "targets",
        "One row per member, KPI and validity interval with a target; intervals of a member's KPI do not overlap.",
        (
            MEMBER_ID,
            _KPI_ID,
            *VALIDITY,
            CatalogColumn("target", "DOUBLE", "What the KPI is to reach, in the KPI's unit."),
            CatalogColumn(
                "at_risk",
                "DOUBLE",
                "Boundary between at_risk and off_target; null: every miss is off target.",
            ),
        ),
        ("member_id", "kpi_id", "valid_from"),
        _targets,
    ),
    CatalogTable(
        "severity_targets",
        "One row per member, severity and validity interval of a target of `mttr` by severity. The severities that the "
        "interval does not list have the target in `targets`.",
        (
            MEMBER_ID,
            text("severity", "P0 (worst) to P5."),
            *VALIDITY,
            CatalogColumn("target", "DOUBLE", "Mean hours to resolve its incidents."),
            CatalogColumn(
                "at_risk",
                "DOUBLE",
                "Boundary between at_risk and off_target; null: every miss is off target.",
            ),
        ),
        ("member_id", "severity", "valid_from"),
        _severity_targets,
    ),
    CatalogTable(
        "baselines",
        "One row per member, KPI and validity interval of a declared baseline; intervals do not overlap.",
        (MEMBER_ID, _KPI_ID, *VALIDITY, CatalogColumn("baseline", "DOUBLE", "Where the KPI stood, in its unit.")),
        ("member_id", "kpi_id", "valid_from"),
        _baselines,
    ),
    CatalogTable(
        "objectives",
        "One row per member and KPI with a business objective; a KPI without one is a vanity metric.",
        (MEMBER_ID, _KPI_ID, text("objective", "The business objective, in a sentence.")),
        ("member_id", "kpi_id"),
        _objectives,
    ),
    CatalogTable(
        "slas",
        "One row per member and validity interval with an SLO; intervals of a member do not overlap.",
        (
            MEMBER_ID,
            *VALIDITY,
            CatalogColumn("latency_p95_ms", "DOUBLE", "95 % of requests are answered within this; null: none."),
            CatalogColumn("availability", "DOUBLE", "Share of requests that succeed, 0 to 1; null: none."),
        ),
        ("member_id", "valid_from"),
        _slas,
    ),
)
