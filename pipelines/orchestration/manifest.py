"""dbt's manifest, parsed once per state of the project, and the columns each column is made from.

Webserver, daemon and runs start at once and each want it: it is written beside and renamed, so that whoever reads
it reads all of it. It lies in a folder named by the project's fingerprint and is never changed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.settings import Settings
from pipelines.warehouse import transform

KEPT = 3
Lineage = dict[str, dict[str, list[tuple[str, str]]]]
"""Model's unique id → column → the (unique id, column)s it is made from."""


class Manifest:
    """The project as dbt parsed it, in its folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read until it is asked for."""
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
        """The column lineage, where it has been worked out (see `save_lineage`)."""
        path = self.folder / "lineage.json"
        if not path.exists():
            return None
        read: Lineage = json.loads(path.read_bytes())
        return read

    def save_lineage(self, lineage: Lineage) -> None:
        """Keep the column lineage for every later start."""
        _write(self.folder / "lineage.json", json.dumps(lineage))


def prepared(settings: Settings) -> Manifest:
    """The manifest of the project as it stands; parsed only where that has not been done."""
    transform.prepare()
    manifest = Manifest(settings.dagster_home / "manifest" / transform.project_fingerprint())
    if not manifest.path.exists():
        manifest.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="parse-", dir=settings.dagster_home) as target:
            result = transform.dbt(settings, ["parse", "--quiet", "--target-path", target])
            if not result.success:
                raise RuntimeError(f"dbt cannot parse its project: {result.exception}") from result.exception
            _write(manifest.path, (Path(target) / "manifest.json").read_text())
            # The first build need not parse the project a second time.
            known = settings.warehouse_dir / "dbt" / "partial_parse.msgpack"
            known.parent.mkdir(parents=True, exist_ok=True)
            (Path(target) / known.name).replace(known)
        _prune(manifest.folder.parent)
    return manifest


def _write(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:
        fresh.write(text)
    Path(fresh.name).replace(path)


def _prune(folder: Path) -> None:
    for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
