"""What is learnt of a user later reaches back to the days it is about, however the files come in."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse.connect import writer
from tests.integration import quality

Calls = dict[str, list[dict[str, Any]]]

TABLES = (
    "intermediate.int_identities__joined",
    "intermediate.int_feature_adoption__counted",
    "intermediate.int_feature_adoption__summed",
    "intermediate.int_events__accounted",
    "marts.fct_feature_use_daily",
    "marts.mart_feature_adoption_daily",
    "marts.mart_adoption_funnel",
    "marts.mart_retention_weekly",
)


def use(device: str, user: str | None = None) -> dict[str, Any]:
    return {"type": "track", "event": "Draft Inserted", "anonymousId": device, "userId": user}


def log_in(device: str, user: str, email: str = "someone@example.com") -> dict[str, Any]:
    return {"type": "identify", "anonymousId": device, "userId": user, "traits": {"email": email}}


FIRST: Calls = {
    "2026-01-01": [use("phone"), use("tablet"), use("desk", "colleague"), use("desk-2", "maiden-name")],
    "2026-01-25": [use("desk-2", "maiden-name")],
}
THEN: Calls = {
    "2026-01-26": [log_in("desk", "colleague", "dev@meridian.test")],
    "2026-01-30": [{"type": "alias", "userId": "married-name", "previousId": "maiden-name"}],
    "2026-01-31": [log_in("phone", "nurse"), use("phone", "nurse"), use("desk-2", "married-name")],
    "2026-02-01": [log_in("tablet", "too-late")],
}
LATE: Calls = {"2026-01-15": [use("tablet"), use("phone")], "2026-02-02": [use("phone", "nurse")]}


def land(settings: Settings, calls: Calls) -> None:
    folder = settings.landing_dir / "segment"
    folder.mkdir(parents=True, exist_ok=True)
    for day, called in calls.items():
        lines = [
            json.dumps({"messageId": f"{day}-{number}", "timestamp": f"{day}T10:00:00.000Z", **call})
            for number, call in enumerate(called)
        ]
        (folder / f"{day}.jsonl").write_text("\n".join(lines))


def run(settings: Settings) -> None:
    """What a run does for the models of adoption, and their tests; the others see none of this."""
    quality.run(settings, tests=True, sources=("segment",), marts=[table.split(".")[1] for table in TABLES])


def rows(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return sorted(connection.execute(f"select * from {table}").fetchall(), key=str)


def users(settings: Settings) -> dict[date, set[str]]:
    """Who is counted as having used the writer, by day."""
    with writer(settings, "a test") as connection:
        found = connection.execute(
            "select event_date, list(user_id) from marts.fct_feature_use_daily "
            "where feature_id = 'writer' and stage = 'qualifying' group by event_date"
        ).fetchall()
    return {day: set(names) for day, names in found}


@pytest.fixture
def daily(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "daily", catalog=SAMPLE_CATALOG)


def test_a_log_in_a_rename_and_an_exclusion_reach_back_and_daily_runs_equal_one(
    daily: Settings, tmp_path: Path
) -> None:
    land(daily, FIRST)
    run(daily)
    assert users(daily) == {
        date(2026, 1, 1): {"colleague", "maiden-name"},
        date(2026, 1, 25): {"maiden-name"},
    }

    land(daily, THEN | LATE)
    run(daily)
    assert users(daily) == {
        # 30 days before the log-in on the phone are the nurse's; 31 before that on the tablet unmapped.
        date(2026, 1, 1): {"nurse", "married-name"},
        date(2026, 1, 15): {"nurse", "too-late"},
        date(2026, 1, 25): {"married-name"},
        date(2026, 1, 31): {"nurse", "married-name"},
        date(2026, 2, 2): {"nurse"},
    }

    once = Settings(home=tmp_path / "once", catalog=SAMPLE_CATALOG)
    land(once, FIRST | THEN | LATE)
    run(once)
    for table in TABLES:
        assert rows(daily, table) == rows(once, table) != [], table
