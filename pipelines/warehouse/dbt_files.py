"""The files of the dbt project that code writes: `make generate`.

They are part of the project, so that dbt's own commands work in `dbt_project/` and an installed copy need not be
written to. A test fails when one of them is stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines.settings import DBT_PROJECT
from pipelines.sources import all_sources
from pipelines.warehouse.dbt_kpis import kpi_ids_sql, kpi_sources_csv, metrics_yml
from pipelines.warehouse.dbt_sources import roles_sql, sources_yml


def written() -> Mapping[Path, str]:
    """Every file that code writes → its text."""
    known = all_sources().values()
    return {
        DBT_PROJECT / "models" / "staging" / "sources.yml": sources_yml(known),
        DBT_PROJECT / "macros" / "roles.sql": roles_sql(known),
        DBT_PROJECT / "macros" / "kpi_ids.sql": kpi_ids_sql(),
        DBT_PROJECT / "seeds" / "kpi_sources.csv": kpi_sources_csv(known),
        DBT_PROJECT / "models" / "marts" / "scorecard" / "kpi_metrics.yml": metrics_yml(),
    }


def main() -> None:
    """Write the files."""
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
