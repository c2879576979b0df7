"""What the sample company's models are worth does not hang on the day it is generated.

The verdicts themselves are found in the marts, by `tests/integration/test_portfolio.py`, for a company that starts on
the first of January. Here what they compare is worked out from what is planted, for companies that end on other days.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from pipelines.scenario.billing.write import write_billing
from pipelines.scenario.experiments.plans import FEWER_ALARMS, HELD, NOT_HELD, REVENUE, REVENUE_LIFT
from pipelines.scenario.experiments.studies import PANELS
from pipelines.scenario.finance import write_finance
from pipelines.scenario.period import first_day, moved
from pipelines.scenario.world import FIRST_DAY, MEMBERS, World
from pipelines.settings import SAMPLE_CATALOG

EFFECTS = {
    "recommender": REVENUE * REVENUE_LIFT / 60,
    "fraud-detector": HELD / (HELD + NOT_HELD) * FEWER_ALARMS,
    "triage": PANELS[0].metrics["cases-per-hour"][1],
}
"""Member → the planted effect per prediction that reaches somebody, in units of its value stream."""


@pytest.mark.parametrize("year", range(2026, 2030))
def test_a_company_has_two_whole_months_whenever_it_ends_and_they_are_its_first(year: int) -> None:
    for age in range(366):
        today = date(year, 1, 1) + timedelta(days=age)
        start, last = first_day(today), today - timedelta(days=1)
        second = (start + timedelta(days=32)).replace(day=1)
        third = (second + timedelta(days=32)).replace(day=1)
        after = (third + timedelta(days=32)).replace(day=1)
        assert start.day == 1 and third - timedelta(days=1) <= last < after - timedelta(days=1), today


def worth(start: date, days: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Model → its planted value over the first two months, and the cost that retiring it would have saved, in USD."""
    world = World(days, 7, start=start)
    last = ((start + timedelta(days=32)).replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    bill = cast("Any", write_billing(world, folder)["allocated"])
    books = cast("dict[str, Any]", write_finance(world, folder))
    found = {}
    for member in (member for member in MEMBERS if member.id in EFFECTS):
        entry = yaml.safe_load((SAMPLE_CATALOG / "workforce" / f"{member.id}.yaml").read_text())
        (stream,) = entry["value"]
        shares = [(moved(row["from"], start), row["share"]) for row in stream["exposed"]]
        reached = sum(
            int(world.predictions(member, day).sum()) * max(row for row in shares if row[0] <= day)[1]
            for day in world.dates
            if day <= last
        )
        billed = sum(float(row["effective"]) for row in bill if row["owner"] == member.id and row["day"] <= str(last))
        part = {row["project_id"]: float(row["shares"].get(member.id, 0)) for row in books["values"]}
        running = -sum(
            float(row["amount_usd"]) * part.get(row["project_id"], 0)
            for row in books["actual"]
            if row["category"] in ("labelling", "monitoring") and row["month"] <= f"{last:%Y-%m}"
        )
        found[member.id] = (reached * EFFECTS[member.id] * stream["unit_value"][0]["usd"], billed + running)
    return found


@pytest.mark.parametrize(
    "today", [date(2026, 9, 30), date(2026, 10, 1), date(2026, 11, 30), date(2027, 3, 31), date(2028, 4, 2)]
)
def test_no_model_loses_its_worth_by_the_day_the_company_ends(today: date, tmp_path: Path) -> None:
    usual = worth(FIRST_DAY, 60, tmp_path / "usual")
    found = worth(first_day(today), (today - first_day(today)).days, tmp_path / "found")
    for model, (value, saved) in found.items():
        # Of a month of 31 days there is more than of one of 28; the smallest margin is triage's, a quarter.
        assert value == pytest.approx(usual[model][0], rel=0.15), model
        assert saved == pytest.approx(usual[model][1], rel=0.1), model
        assert value > 1.25 * saved, model
