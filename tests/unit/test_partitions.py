"""Which days a run needs: one rule for the command line and the sensor."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.orchestration.partitions import date_ranges, range_of, range_tags, ranges_to_run
from pipelines.warehouse.status import Status

JAN_2, JAN_3, JAN_5, MAR_1 = date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 5), date(2026, 3, 1)
TODAY = datetime.now(UTC).date()
TOMORROW = TODAY + timedelta(days=1)


def found(**state: Any) -> Status:
    """The status of a home where nothing is to do, with `state`."""
    nothing: dict[str, Any] = {
        "changed": {},
        "stale_days": (),
        "changed_models": (),
        "stale_sources": frozenset(),
        "rejected_files": (),
        "rejected_days": (),
        "fingerprint": "",
        "covered": (JAN_2, JAN_3, JAN_5),
        "unpublished": False,
    }
    return Status(**nothing | state)


def test_date_ranges_are_in_order_and_end_at_larger_gaps() -> None:
    assert list(date_ranges([JAN_5, JAN_2, JAN_3], max_gap=1)) == [(JAN_2, JAN_3), (JAN_5, JAN_5)]
    assert list(date_ranges([JAN_5, JAN_2, JAN_3], max_gap=2)) == [(JAN_2, JAN_5)]
    assert list(date_ranges([])) == []


def test_a_runs_tags_say_its_range() -> None:
    assert range_of(range_tags(JAN_2, JAN_5)) == ("2026-01-02", "2026-01-05")
    assert range_of({}) == ("", "")


def test_stale_days_are_one_run_unless_more_than_a_month_apart() -> None:
    assert ranges_to_run(found(stale_days=(JAN_2, JAN_5, MAR_1))) == [(JAN_2, JAN_5), (MAR_1, MAR_1)]


def test_a_home_that_is_up_to_date_needs_no_run() -> None:
    assert ranges_to_run(found()) == []


def test_changed_models_and_unpublished_marts_need_a_run_of_the_newest_day_that_has_begun() -> None:
    for state in ({"changed_models": ("mart",)}, {"unpublished": True}):
        assert ranges_to_run(found(covered=(JAN_2, JAN_3, TOMORROW), **state)) == [(JAN_3, JAN_3)]
        assert ranges_to_run(found(covered=(), **state)) == [(TODAY, TODAY)]


def test_a_stale_day_in_the_future_waits() -> None:
    assert ranges_to_run(found(stale_days=(TOMORROW,))) == []


def test_the_days_asked_for_limit_the_stale_and_the_forced_ones() -> None:
    assert ranges_to_run(found(stale_days=(JAN_2, JAN_5)), asked=(JAN_3, None)) == [(JAN_5, JAN_5)]
    assert ranges_to_run(found(), asked=(None, JAN_3), force=True) == [(JAN_2, JAN_3)]
