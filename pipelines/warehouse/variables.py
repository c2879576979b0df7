"""The variables of the dbt project, set in `dbt_project.yml`, for Python that follows the same rule as a model.

Models read them with `var()`. Settings of a company are in its catalog and in `settings`, not here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipelines.settings import DBT_PROJECT


def variables(project: Path = DBT_PROJECT) -> dict[str, Any]:
    """Name → value of each variable of `project`, as its file sets them; empty if it sets none."""
    found: dict[str, Any] = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8")).get("vars", {})
    return found
