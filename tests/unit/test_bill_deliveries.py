"""What a day of bills is stale by is what the models count: two texts of SQL that decide which delivery is current.

`staleness` decides it from the ledger, before a run, and `int_deliveries__ranked` from the charges, in a run.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date

import jinja2
import pytest

from pipelines.settings import DBT_PROJECT, Settings
from pipelines.sources.spec import Deliveries, Source
from pipelines.warehouse import staleness
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import days_version_of, take_in
from tests.unit.test_staleness import BILL, DELIVERED, land

BY_TIME = replace(BILL, deliveries=Deliveries(((r"run=([0-9]+)", r"<\1>"), (r"-[0-9]+(\.csv)$", r"\1"))))
"""Like DELIVERED, but no path says how new it is: the file written last is."""
MODELS = DBT_PROJECT / "models" / "intermediate" / "cost"
CHARGES = (
    "(select 'bill' as record_source, _content_id as content_id, account as billing_account_id, "
    "date '2026-01-01' as billing_period_start_date, charged_on as charge_date, cost, "
    "cast(null as varchar) as cost_view from raw.bill__charges)"
)
COUNTED = (
    "with int_deliveries__covered as ({covered}), int_deliveries__ranked as ({ranked}) "
    "select charges.charge_date, contents.stream_id || ' ' || charges.billing_account_id || ' ' || charges.cost "
    f"from {CHARGES} as charges join int_deliveries__covered as contents "
    "using (content_id, billing_account_id, billing_period_start_date) join int_deliveries__ranked as ranked "
    "using (stream_id, delivery_id, billing_account_id, billing_period_start_date, charge_date) "
    "where ranked.is_current order by all"
)


def model(name: str) -> str:
    """The SQL of a model of bills, over the toy bill's tables."""
    return jinja2.Template((MODELS / f"{name}.sql").read_text()).render(
        config=lambda **_: "",
        ref=lambda other: other,
        source=lambda schema, table: f"{schema}.{table}",
        staged=lambda *_: CHARGES,
        sources_of_bills=lambda: ["bill"],
    )


def deliver(settings: Settings, chance: random.Random, number: int) -> None:
    """Write a part of some delivery, again or over what it was: charges of two accounts on some of four days."""
    charges = {
        f"{chance.choice('ab')},2026-01-0{day},{chance.randint(1, 2)}"
        for day in chance.sample(range(1, 5), chance.randint(1, 3))
    }
    path = f"run={chance.randint(1, 2)}/part-{chance.randint(1, 2)}.csv"
    land(settings, path, *sorted(charges), modified=number)


@pytest.mark.parametrize("relation", ["replace a day", "replace a period"])
@pytest.mark.parametrize("kind", [DELIVERED, BY_TIME], ids=["by path", "by time"])
def test_a_day_has_one_fingerprint_for_what_counts_on_it(settings: Settings, kind: Source, relation: str) -> None:
    source = replace(kind, formats=(replace(kind.formats[0], deliveries=relation),))  # type: ignore[arg-type]
    chance = random.Random(relation)  # noqa: S311 - no secret
    found: defaultdict[date, set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
    for number in range(16):
        deliver(settings, chance, number)
        take_in(settings, source)
        replace_days(settings, source)
        with writer(settings, "a test") as connection:
            prints = staleness.fingerprints(connection, source, days_version_of(source))
            counted: defaultdict[date, list[str]] = defaultdict(list)
            sql = COUNTED.format(covered=model("int_deliveries__covered"), ranked=model("int_deliveries__ranked"))
            for day, charge in connection.execute(sql).fetchall():
                counted[day].append(charge)
        for day, made in prints.items():
            found[day].add((made.fingerprint, tuple(counted[day])))
    states = [state for day in found.values() for state in day]
    assert max(len(day) for day in found.values()) > 2, "nothing changes: the deliveries show nothing"
    assert any(len(charges) > 1 for _, charges in states)
    for day, those in found.items():
        assert len({made for made, _ in those}) == len({charges for _, charges in those}) == len(those), day
