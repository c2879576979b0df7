"""Assignments and events that come late, are corrected or withdrawn change what they touch, however runs are cut."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse.connect import writer
from tests.integration import quality

Files = dict[str, list[str]]

EXPOSED, EVENT = "timestamp,user_id,experiment_id,variation_id", "timestamp,user_id,event_name,value,event_id"
FIRST: Files = {
    "exposures/2026-01-16": [
        EXPOSED,
        "2026-01-16T10:00:00Z,ann,recs_ranking_v3,control",
        "2026-01-16T11:00:00Z,bob,recs_ranking_v3,ranker-v3",
        "2026-01-16T12:00:00Z,eve,recs_ranking_v3,control",
    ],
    "events/2026-01-10": [EVENT, "2026-01-10T09:00:00Z,ann,purchase,40,e1"],
    "events/2026-01-16": [
        EVENT,
        "2026-01-16T09:59:59Z,ann,purchase,7,e2",
        "2026-01-16T10:00:00Z,ann,purchase,11.5,e3",
        "2026-01-16T10:00:00Z,ann,purchase,11.5,e3",
    ],
    "events/2026-01-18": [EVENT, "2026-01-18T10:00:00Z,eve,purchase,30,e4"],
}
THEN: Files = {
    # Bob was seen a day before in a file that comes late, and ann meets the other variant.
    "exposures/2026-01-15": [EXPOSED, "2026-01-15T08:00:00Z,bob,recs_ranking_v3,ranker-v3"],
    "exposures/2026-01-19": [
        EXPOSED,
        "2026-01-19T08:00:00Z,ann,recs_ranking_v3,ranker-v3",
        "2026-01-19T08:00:00Z,dan,recs_ranking_v3,control",
        "2026-01-19T08:00:00Z,qa-1,recs_ranking_v3,control",
    ],
    "events/2026-01-17": [EVENT, "2026-01-17T10:00:00Z,bob,purchase,50,e5"],
    "events/2026-01-19": [EVENT, "2026-01-19T09:00:00Z,eve,purchase,5,e6", "2026-01-19T12:00:00Z,eve,purchase,9,e7"],
}
# What was delivered for a day is delivered again without eve, who is met first on a later day.
CORRECTED: Files = {
    "exposures/2026-01-16": FIRST["exposures/2026-01-16"][:3],
    "exposures/2026-01-18": [EXPOSED, "2026-01-18T09:00:00Z,eve,recs_ranking_v3,control"],
}
LATER: Files = {"events/2026-01-20": [EVENT, "2026-01-20T09:00:00Z,dan,purchase,1,e8"]}


def run(settings: Settings) -> None:
    """What a run does for the models of experiments and value alone; the others cost a minute and see none of this."""
    marts = ("mart_experiments", "mart_business_value_daily", "int_business_value__summed", "kpi_sources")
    quality.run(settings, sources=("experiments",), marts=marts)


def land(settings: Settings, files: Files) -> None:
    for name, lines in files.items():
        path = settings.landing_dir / "experiments" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def rows(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return sorted(connection.execute(f"select * from {table}").fetchall(), key=str)


def revenue(settings: Settings) -> dict[tuple[str, date], tuple[int, float, float]]:
    """(variant, cohort) → users, what they spent, and what they had spent before."""
    with writer(settings, "a test") as connection:
        found = connection.execute(
            "select variation_id, first_exposed_date, unit_count, sum_x, sum_past "
            "from marts.fct_experiment_cohorts_daily where metric_id = 'revenue-per-user'"
        ).fetchall()
    return {(variant, day): (n, float(x), float(past)) for variant, day, n, x, past in found}


@pytest.fixture
def daily(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "daily", catalog=SAMPLE_CATALOG)


def test_what_comes_late_or_is_corrected_moves_users_and_daily_runs_equal_one(daily: Settings, tmp_path: Path) -> None:
    day = {number: date(2026, 1, number) for number in range(15, 20)}
    land(daily, FIRST)
    run(daily)
    assert revenue(daily) == {
        # The second delivery of e3 counts once, and what was bought a second before the exposure is past.
        ("control", day[16]): (2, 41.5, 47.0),
        ("ranker-v3", day[16]): (1, 0.0, 0.0),
    }

    land(daily, THEN)
    run(daily)
    # Ann met both variants. Eve's window ends at noon of the third day after: e6 is in it, e7 is not.
    assert revenue(daily) == {
        ("ranker-v3", day[15]): (1, 50.0, 0.0),
        ("control", day[16]): (1, 35.0, 0.0),
        ("control", day[19]): (1, 0.0, 0.0),
    }

    land(daily, CORRECTED | LATER)
    run(daily)
    assert revenue(daily) == {
        ("ranker-v3", day[15]): (1, 50.0, 0.0),
        ("control", day[18]): (1, 44.0, 0.0),
        ("control", day[19]): (1, 1.0, 0.0),
    }

    once = Settings(home=tmp_path / "once", catalog=SAMPLE_CATALOG)
    land(once, FIRST | THEN | CORRECTED | LATER)
    run(once)
    for table in (
        "intermediate.int_exposures__identified",
        "intermediate.int_experiment_users__assigned",
        "intermediate.int_experiment_users__measured",
        "marts.fct_experiment_cohorts_daily",
        "intermediate.int_business_value__summed",
        "marts.mart_experiments",
        "marts.mart_business_value_daily",
    ):
        assert rows(daily, table) == rows(once, table) != [], table
