"""Factors for energy: one a day for the same hours, each until the next of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.documents import CatalogError
from pipelines.catalog.domains.company import Company
from pipelines.catalog.load import load_catalog
from pipelines.catalog.tables import catalog_tables
from tests.unit.test_catalog_load import write

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)
G5 = "{instance_type: ml.g5.xlarge, from: 2026-01-01, kwh_per_hour: 0.5, source: measured}"


def catalog(energy: dict[str, object]) -> Catalog:
    """A catalog of a company with these factors."""
    declared = Company.model_validate({"name": "Acme", "energy": energy})
    return Catalog(company=declared, members=(), teams=(), pools=())


def company(energy: str) -> str:
    return f"name: Acme\nenergy:\n  {energy}\n"


def test_a_factor_ends_with_the_next_of_its_own_type_and_meter() -> None:
    energy = {
        "instances": [
            {"instance_type": "G2", "meter": "Core", "from": JANUARY, "kwh_per_hour": 0.02, "source": "a"},
            {"instance_type": "ML.g5", "from": MARCH, "kwh_per_hour": 0.4, "source": "b"},
            {"instance_type": "g2", "meter": "core", "from": MARCH, "kwh_per_hour": 0.01, "source": "c"},
        ],
        "grids": [{"region": "US-East-1", "from": JANUARY, "gco2e_per_kwh": 380, "source": "d"}],
    }
    tables = catalog_tables(catalog(energy))
    assert [tuple(row.values()) for row in tables["instance_energy"].to_pylist()] == [
        ("g2", "core", JANUARY, MARCH, 0.02, "a"),
        ("g2", "core", MARCH, None, 0.01, "c"),
        ("ml.g5", "", MARCH, None, 0.4, "b"),
    ]
    assert [tuple(row.values()) for row in tables["grid_emissions"].to_pylist()] == [
        ("us-east-1", JANUARY, None, 380.0, "d")
    ]


@pytest.mark.parametrize(
    ("energy", "field", "fault"),
    [
        (f"instances: [{G5}, {G5.replace('ml.g5', 'ML.G5')}]", "energy.instances[1].instance_type", "again"),
        (
            "grids: [{region: a, from: 2026-01-01, gco2e_per_kwh: 1, source: s}, "
            "{region: A, from: 2026-01-01, gco2e_per_kwh: 2, source: s}]",
            "energy.grids[1].region",
            "again",
        ),
        (
            f"instances: [{G5.replace('0.5', '-0.5')}]",
            "energy.instances[0].kwh_per_hour",
            "expected a number from 0.0 on",
        ),
        (f"instances: [{G5.replace(', source: measured', '')}]", "energy.instances[0].source", ""),
    ],
)
def test_a_wrong_factor_is_rejected_at_its_field(tmp_path: Path, energy: str, field: str, fault: str) -> None:
    with pytest.raises(CatalogError) as rejected:
        load_catalog(write(tmp_path, company=company(energy)))
    (problem,) = rejected.value.problems
    assert problem.field == field
    assert fault in str(rejected.value)
