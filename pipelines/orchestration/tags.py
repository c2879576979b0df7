"""The tags of a run that are ours."""

from __future__ import annotations

import dagster as dg

FORCE = "scorecard/force"
"""Rebuild the days asked for, stale or not."""
PROCESS = "scorecard/process"
"""The lock file that the process which executes the run holds while it lives."""


BACKFILL = "dagster/backfill"
"""Set by Dagster on the runs of a backfill."""


def is_forced(context: dg.AssetExecutionContext) -> bool:
    """Whether the run rebuilds days that are not stale too: who starts a backfill of days wants them built."""
    return context.run.tags.get(FORCE) == "true" or BACKFILL in context.run.tags
