"""The sample company's product analytics, written a day at a time, and the truth that was planted."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.scenario.analytics.files import LINES, Writer, write_merges
from pipelines.scenario.analytics.plan import PLANS, people_of
from pipelines.scenario.analytics.truth import Ledger
from pipelines.scenario.analytics.uses import Calls, look_around, use, use_kiosk
from pipelines.scenario.world import World


def write_analytics(world: World, landing: Path) -> dict[str, object]:
    """Write the analytics exports under `landing` and return what was planted.

    Per feature: distinct users and events by day, trailing 7 and 28 days, the target base, funnel, weekly
    cohorts, and the day the 28-day rate passed 70 % (null if it did not). Per source: rows written, of
    which duplicates, and the rows that must be quarantined.
    """
    crowds = {plan.feature: people_of(world, plan) for plan in PLANS}
    ledgers = {plan.feature: Ledger(plan, crowds[plan.feature], world.days) for plan in PLANS}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set preserve_insertion_order = true")
        writers = [Writer(world, landing, source, connection) for source in LINES]
        for age, day in enumerate(world.dates):
            for writer in writers:
                calls = Calls()
                for plan in PLANS:
                    if plan.source == writer.source:
                        use(world, plan, crowds[plan.feature], ledgers[plan.feature], age, calls)
                if writer.source == "amplitude":
                    use_kiosk(world, crowds["triage-dashboard"], ledgers["triage-dashboard"], age, calls)
                look_around(world, writer.source, age, calls)
                writer.write(age, day, calls.table())
    write_merges(world, landing, crowds["triage-dashboard"])
    return {
        "features": {name: ledger.truth(world) for name, ledger in ledgers.items()},
        "sources": {writer.source: writer.rows for writer in writers},
    }
