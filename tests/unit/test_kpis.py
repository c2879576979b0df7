"""The registry of KPIs is whole, and a row that is not one of a KPI is an error that names it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from pipelines.kpis import KPIS, REGISTRY, Kpi, read
from pipelines.settings import DBT_PROJECT
from pipelines.sources.spec import Role


def test_kpis_are_numbered_from_one_and_their_ids_are_unique() -> None:
    assert [kpi.kpi_number for kpi in KPIS] == list(range(1, len(KPIS) + 1))
    assert len({kpi.kpi_id for kpi in KPIS}) == len(KPIS)


def test_kpis_of_a_group_stand_together() -> None:
    groups = [kpi.kpi_group for kpi in KPIS]
    assert [group for i, group in enumerate(groups) if group not in groups[:i]] == [
        group for i, group in enumerate(groups) if i == 0 or groups[i - 1] != group
    ]


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.kpi_id)
def test_a_kpi_has_a_model_that_measures_it_and_sources_of_known_roles(kpi: Kpi) -> None:
    assert [path.suffix for path in (DBT_PROJECT / "models" / "kpis").glob(f"*/int_{kpi.kpi_id}__summed.sql")]
    assert set(kpi.source_roles.split()) <= set(get_args(Role))


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("true,ratio,7", "true,rate,7", "measure_kind\n  Input should be 'ratio'"),
        ("true,ratio,7", "true,ratio,0", "rolling_days\n  Input should be greater than 0"),
        ("kpi_group", "kpi_grup", "kpi_group\n  Field required"),
    ],
)
def test_a_row_that_is_not_one_of_a_kpi_is_named(tmp_path: Path, good: str, bad: str, message: str) -> None:
    registry = tmp_path / "kpis.csv"
    registry.write_text(REGISTRY.read_text(encoding="utf-8").replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(ValidationError) as error:
        read(registry)
    assert f"0.{message}" in str(error.value)
