"""What dbt needs of the registry of KPIs beside the seed itself: their ids, their sources, and a metric for each.

dbt reads no seed while it parses, and its YAML has no loops: `dbt_files` writes these texts into the project.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import yaml

from pipelines.kpis import KPIS, Kpi
from pipelines.sources.spec import Source
from pipelines.warehouse.dbt_sources import sources_of

MACRO_HEAD = "{# Written by `make generate` from seeds/kpis.csv: the ids of the KPIs, in their order. #}\n"
METRICS_HEAD = "# Written by `make generate` from seeds/kpis.csv. `semantic_models.yml` has the measures.\n"
PERIODS = {"daily": "day", "weekly": "week", "monthly": "month"}


def kpi_ids_sql() -> str:
    """The macro `kpi_ids()`."""
    return f"{MACRO_HEAD}{{% macro kpi_ids() %}}{{{{ return({[kpi.kpi_id for kpi in KPIS]}) }}}}{{% endmacro %}}\n"


def kpi_sources_csv(known: Iterable[Source]) -> str:
    """The text of the seed of KPIs and their sources: those of the roles that the registry names."""
    known, text = list(known), StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("kpi_id", "source"))
    for kpi in KPIS:
        for role in kpi.source_roles.split():
            rows.writerows((kpi.kpi_id, source) for source in sources_of(known, role))
    return text.getvalue()


def metrics_yml() -> str:
    """A metric of the semantic layer for each KPI; one for each period where days do not add up."""
    metrics = [metric for kpi in KPIS for metric in _metrics(kpi)]
    return METRICS_HEAD + yaml.safe_dump({"metrics": metrics}, sort_keys=False, allow_unicode=True, width=120)


def _metrics(kpi: Kpi) -> Iterator[dict[str, Any]]:
    unit = kpi.unit[0].upper() + kpi.unit[1:]
    if kpi.has_additive_days:
        yield _metric(kpi, kpi.kpi_id, kpi.kpi_name, f"{unit}.", "day")
        return
    for ending, period in PERIODS.items():
        about = f"{unit}, for the {period}; query it by {period}."
        yield _metric(kpi, f"{kpi.kpi_id}_{ending}", f"{kpi.kpi_name}, {ending}", about, period)


def _metric(kpi: Kpi, name: str, label: str, description: str, period: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "description": description,
        "type": "ratio",
        "type_params": {
            "numerator": {"name": "kpi_numerator_sum"},
            "denominator": {"name": "kpi_denominator_sum"},
        },
        "filter": f"{{{{ Dimension('cell__kpi_id') }}}} = '{kpi.kpi_id}' "
        f"and {{{{ Dimension('cell__period') }}}} = '{period}'",
    }
