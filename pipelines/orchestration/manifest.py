"""dbt's manifest for Dagster, and the column lineage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines import files
from pipelines.settings import Settings
from pipelines.warehouse import transform

Lineage = dict[str, dict[str, list[tuple[str, str]]]]
"""Model's unique id → column → its source (unique id, column)s."""


class Manifest:
    """The parsed project, in its folder."""

    def __init__(self, folder: Path) -> None:
        """Reads files lazily."""
        self.folder = folder

    @property
    def path(self) -> Path:
        """The file dbt wrote."""
        return self.folder / "manifest.json"

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The manifest itself."""
        read: dict[str, Any] = json.loads(self.path.read_bytes())
        return read

    @property
    def lineage(self) -> Lineage | None:
        """The column lineage, if computed (see `save_lineage`)."""
        path = self.folder / "lineage.json"
        if not path.exists():
            return None
        read: Lineage = json.loads(path.read_bytes())
        return read

    def save_lineage(self, lineage: Lineage) -> None:
        """Save the column lineage for later starts."""
        files.replace(self.folder / "lineage.json", json.dumps(lineage))


def prepared(settings: Settings) -> Manifest:
    """The manifest of the current project."""
    return Manifest(transform.manifest_file(settings).parent)
