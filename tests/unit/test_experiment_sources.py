"""Assignment logs, metric events and panels as their tools export them, through the pipeline's intake."""

from __future__ import annotations

import json
from datetime import date, datetime

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.ledger import FileReport

NINE = datetime(2026, 1, 5, 9)  # noqa: DTZ001  (the warehouse keeps UTC without saying so)
# The columns that GrowthBook asks of an assignment query.
GROWTHBOOK = "timestamp,user_id,experiment_id,variation_id,country\n2026-01-05T10:00:00+01:00,u1,checkout,1,CH\n"
# Statsig's daily report `first_exposures`.
STATSIG = (
    "company_id,unit_id,unit_type,exposure_type,name,rule,experiment_group,first_exposure_utc,as_of_pst_date\n"
    "acme,u1,user_id,get_experiment,checkout,6pY4,Test,2026-01-05 09:00:00,2026-01-05\n"
)
# What an Eppo client hands to its assignment logger.
EPPO = {
    "experiment": "checkout",
    "subject": "u1",
    "variation": "on",
    "timestamp": "2026-01-05T09:00:00.000Z",
    "featureFlag": "checkout",
    "allocation": "allocation-17",
    "subjectAttributes": {"country": "CH"},
}


def load(settings: Settings, name: str, content: str) -> FileReport:
    path = settings.landing_dir / "experiments" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    (report,) = take_in(settings, all_sources()["experiments"])
    replace_days(settings, all_sources()["experiments"])
    return report


def rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("name", "content", "variant", "attributes"),
    [
        ("growthbook.csv", GROWTHBOOK, "1", None),
        ("statsig.csv", STATSIG, "Test", None),
        ("eppo.jsonl", json.dumps(EPPO), "on", '{"country":"CH"}'),
    ],
)
def test_an_exposure_is_the_same_from_every_tool(
    settings: Settings, name: str, content: str, variant: str, attributes: str | None
) -> None:
    assert load(settings, name, content).rows_loaded == 1
    assert rows(settings, "select * exclude (_content_id) from raw.experiments__exposures") == [
        ("checkout", "u1", variant, NINE, attributes, date(2026, 1, 5), 1)
    ]


def test_an_event_without_a_value_is_counted_and_one_with_a_wrong_one_set_aside(settings: Settings) -> None:
    report = load(
        settings,
        "events.csv",
        "timestamp,user_id,event_name,value\n2026-01-05T09:00:00Z,u1,purchase,19.99\n"
        "2026-01-05T09:00:00Z,u1,visit,\n2026-01-05T09:00:00Z,u1,purchase,much\n,u1,purchase,1\n",
    )
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (4, 2, 2)
    found = rows(settings, "select event_name, amount::varchar, event_id from raw.experiments__events order by all")
    assert found == [("purchase", "19.990000", None), ("visit", None, None)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "study.csv",
            "date,experiment_id,unit_id,metric,value,treatment,complexity\n2026-01-05,care,c1,minutes,31,1,7.5\n",
        ),
        (
            "study.jsonl",
            '{"date": "2026-01-05", "experiment_id": "care", "unit_id": "c1", "metric": "minutes", "value": 31, '
            '"treatment": 1, "complexity": "7.5"}\n',
        ),
    ],
)
def test_what_else_a_file_says_of_a_unit_is_kept(settings: Settings, name: str, content: str) -> None:
    assert load(settings, name, content).rows_loaded == 1
    found = rows(
        settings,
        "select unit_id, outcome::double, treatment::double, instrument, covariates from raw.experiments__units",
    )
    assert found == [("c1", 31.0, 1.0, None, '{"complexity":"7.5"}')]


def test_an_untreated_unit_has_no_start(settings: Settings) -> None:
    load(
        settings,
        "panel.csv",
        "date,experiment_id,unit_id,metric,value,treated_from\n2026-01-05,fuel,depot-1,usd,900.5,2026-02-01\n"
        "2026-01-05,fuel,depot-2,usd,880,\n",
    )
    found = rows(
        settings, "select unit_id, outcome::double, treated_from_date from raw.experiments__outcomes order by 1"
    )
    assert found == [("depot-1", 900.5, date(2026, 2, 1)), ("depot-2", 880.0, None)]
