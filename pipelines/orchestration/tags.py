"""The tags of a run that are ours."""

from __future__ import annotations

import dagster as dg

FORCE = "scorecard/force"
"""Rebuild the days asked for, stale or not."""
PROCESS = "scorecard/process"
"""The lock file that the process which executes the run holds while it lives."""


def is_forced(context: dg.AssetExecutionContext) -> bool:
    """Whether the run rebuilds days that are not stale too."""
    return context.run.tags.get(FORCE) == "true"
