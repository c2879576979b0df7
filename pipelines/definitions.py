"""Dagster's entry point: `defs`, made from the environment's settings by `build_defs`."""

from __future__ import annotations

from pipelines.orchestration.assembly import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs()
