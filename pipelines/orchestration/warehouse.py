"""The warehouse as a resource: locked and open from a run's first writing step to its last.

It hands nothing out: steps open the warehouse as everybody does, and find it open.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.settings import Settings
from pipelines.warehouse.connect import kept_open

WAREHOUSE = "warehouse"
"""The resource of every asset with a step that opens the warehouse."""


def warehouse(settings: Settings) -> dg.ResourceDefinition:
    """Keeps the warehouse of `settings` open for a run; other processes wait and log the holder."""

    @dg.resource(description="The warehouse, held for the run: only one process writes it at a time.")
    def held(context: dg.InitResourceContext) -> Iterator[None]:
        of = f"run {context.run.run_id}" if context.run else "a run"
        with kept_open(settings, of):
            yield

    return held
