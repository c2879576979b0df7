"""Which month the terminal shows: one that is over, and that holds a number."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.warehouse.publish import scorecard

NOVEMBER, DECEMBER, JANUARY = date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)


@pytest.mark.parametrize(
    ("months", "shown"),
    [
        ([(NOVEMBER, 1.0, True), (DECEMBER, 2.0, True), (JANUARY, 3.0, False)], DECEMBER),
        ([(NOVEMBER, 1.0, True), (DECEMBER, None, True)], NOVEMBER),  # bills go on where the serving logs end
        ([(NOVEMBER, None, True), (DECEMBER, None, True), (JANUARY, None, False)], DECEMBER),
        ([(NOVEMBER, None, True), (JANUARY, 3.0, False)], JANUARY),  # exchange rates began before the logs did
        ([(JANUARY, 3.0, False)], JANUARY),
    ],
)
def test_the_terminal_shows_the_last_whole_month_that_holds_a_number(
    tmp_path: Path, months: list[tuple[date, float | None, bool]], shown: date
) -> None:
    settings = Settings(home=tmp_path)
    settings.published_dir.mkdir(parents=True)
    with duckdb.connect(str(settings.published_dir / "marts.duckdb")) as connection:
        connection.execute(
            "create table mart_scorecard as select 'Chat' as model_name, 'throughput' as kpi_id, '' as kpi_name, "
            "'' as unit, 'month' as period, null::date as period_start_date, null::date as as_of, "
            "null::double as value, null as target, '' as status, '' as gap_reason where false"
        )
        for month, value, is_whole in months:
            connection.execute(
                "insert into mart_scorecard by name select 'Chat' as model_name, 'throughput' as kpi_id, "
                "'month' as period, ?::date as period_start_date, ? as value, "
                "case when ? then last_day(?::date) else ?::date + 3 end as as_of",
                [month, value, is_whole, month, month],
            )
    assert {row["period_start_date"] for row in scorecard(settings)} == {shown}
