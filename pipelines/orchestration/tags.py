"""The pipeline's own run tags."""

from __future__ import annotations

import dagster as dg

FORCE = "scorecard/force"
"""Rebuild the requested days, stale or not."""
PROCESS = "scorecard/process"
"""The lock file held by the process that executes the run."""


BACKFILL = "dagster/backfill"
"""Set by Dagster on the runs of a backfill."""


def is_forced(context: dg.AssetExecutionContext) -> bool:
    """Whether the run also rebuilds days that are not stale, as in a backfill."""
    return context.run.tags.get(FORCE) == "true" or BACKFILL in context.run.tags
