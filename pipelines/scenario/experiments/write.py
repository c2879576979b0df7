"""The sample company's experiments written down, and what was planted."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.scenario.experiments.logs import draw, log_events, log_exposures, write_logs
from pipelines.scenario.experiments.plans import PLANS
from pipelines.scenario.experiments.studies import PANELS, STUDIES, write_panel, write_study
from pipelines.scenario.experiments.truth import truth
from pipelines.scenario.world import World


def write_experiments(world: World, landing: Path) -> dict[str, object]:
    """Write assignment logs, events and panels under `landing/experiments`; return what was planted.

    Per experiment: each metric's planted level and lift, users in both variants, and per metric and variant the units
    and exact sums (as text) over files delivered; `is_srm` where the split was broken. Per panel: each metric's
    effect and level. Per study: the effect, the units, and how far treated and untreated ones are apart.
    """
    folder = landing / "experiments"
    drawn = [draw(world, plan) for plan in PLANS]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        connection.execute(
            "create table exposures (log text, age bigint, ms bigint, user_id text, key text, variant text); "
            "create table events (age bigint, ms bigint, user_id text, event text, amount decimal(18, 2), id text)"
        )
        for experiment in drawn:
            log_exposures(world, experiment, connection)
            log_events(experiment, connection)
        write_logs(world, folder, connection)
    panels = {panel.id: write_panel(world, panel, folder) for panel in PANELS}
    return {
        "experiments": {experiment.plan.id: truth(world, experiment) for experiment in drawn},
        "panels": panels,
        "studies": {study.id: write_study(world, study, folder) for study in STUDIES},
    }
