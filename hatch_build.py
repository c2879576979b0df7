"""What the wheel holds beside Python: the dbt project and the KPIs' pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = ("dbt_project/**/*", "docs/kpis.md", "docs/kpis/*.md")
PASSED_OVER = {"target", "logs", "dbt_packages", "__pycache__"}


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts them into `pipelines/bundled`, where `pipelines.settings` looks when there is no checkout around it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to a wheel; an editable install finds them in the checkout."""
        if version == "editable":
            return
        root = Path(self.root)
        for path in sorted(path for pattern in BUNDLED for path in root.glob(pattern)):
            relative = path.relative_to(root)
            if path.is_file() and not PASSED_OVER & set(relative.parts) and not path.name.startswith("."):
                build_data["force_include"][str(path)] = f"pipelines/bundled/{relative}"
