"""From an empty folder to a scorecard, as a new user: connect, confirm, pull, run; against servers on loopback."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.pulls.run import SystemClock
from tests.buckets.servers import ENVIRONMENT, UNSET
from tests.connect.acme import SYSTEMS, VARIABLES, billed, bucket_options, options, servers
from tests.pulls.vendor import TOKEN

NOW = datetime(2026, 3, 20, 6, tzinfo=UTC)
VALUES = """
select model_id, kpi_id, value, numerator, denominator from marts.mart_scorecard
where period = 'month' and period_start_date = date '2026-03-01' and value is not null
order by all
"""
REASONS = """
select kpi_id, gap_reason is not null from marts.mart_scorecard
where period = 'month' and period_start_date = date '2026-03-01' and model_id = 'support-assistant' and value is null
"""
COST = """
select model_id, sum(billed_cost_usd)::double from marts.mart_cost_allocation_daily group by all order by all
"""


def scorecard(*arguments: str, answers: str | None = None) -> str:
    """What the command prints; it must succeed."""
    result = CliRunner().invoke(app, list(arguments), input=answers)
    assert result.exit_code == 0, result.output
    assert TOKEN not in result.output
    return result.output


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "published" / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.slow
def test_an_empty_folder_becomes_a_right_scorecard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    for variable in VARIABLES:
        monkeypatch.setenv(variable, TOKEN)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    with servers(NOW) as vendors, billed(NOW) as s3:
        # Both drafted members are confirmed, then the files.
        given = [*options(vendors, NOW - timedelta(days=8)), *bucket_options(s3)]
        shown = scorecard("connect", *given, "--home", "acme", answers=ANSWERS)
        assert "New member fraud-detector" in shown and "New member support-assistant" in shown
        assert "Langfuse: the token works: found 2 trace names of last week, 1 model of last week." in shown
        assert "cloud_billing: s3://acme-billing/focus can be listed: 2 files (2 .csv.gz)" in shown
        assert (len(s3.listings()), s3.fetched()) == (1, []), "a test is one listing"
        assert "pagerduty: 18 pages with 8 records" in scorecard("pull")
        scorecard("run")
        # Tags are names that only the bill shows.
        found = scorecard("connect", "--yes")
        assert "cloud_billing tag application=fraud-detector: `fraud-detector` has the words of" in found
        scorecard("run")
        assert len(s3.fetched()) == 2, "each object is fetched once, by the first run"
        home = tmp_path / "acme"
        assert rows(home, VALUES) == [
            # Nine of March's 31 days are covered, with two deployments.
            ("fraud-detector", "deployment_cadence", pytest.approx(2 / (9 / 31)), 2, pytest.approx(9 / 31)),
            ("fraud-detector", "mttr", 2.0, 2.0, 1),
            # Two days of the bucket's bill and one of OpenAI's, over the four answers that Langfuse has.
            ("support-assistant", "cost_per_prediction", pytest.approx(4.25 / 4), 4.25, 4),
            ("support-assistant", "mttr", 1.0, 1.0, 1),
            ("support-assistant", "satisfaction", 0.5, 1.0, 2),
            ("support-assistant", "throughput", pytest.approx(4 / (9 * 24)), 4, 9 * 24),
        ]
        assert all(has_reason for _, has_reason in rows(home, REASONS)), "what is undefined says why"
        assert rows(home, COST) == [("fraud-detector", 10.0), ("support-assistant", 4.25), ("unallocated", 3.0)]
        report = scorecard("doctor")
        assert report.count("2026-03-20 06:00") >= len(SYSTEMS), "each pull is up to date"
        assert "map the unmapped identifiers in" in report
        again = scorecard("connect", "--yes")
        assert "scorecard.toml: nothing to change." in again and "nothing to add" in again
    _nothing_holds(tmp_path, caplog.text, TOKEN, ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])


ANSWERS = "\n".join(
    [
        "y",  # scorecard.toml
        "",  # models: proposed from names
        "y",
        "y",
        "Acme",
        "y",  # the catalog's files
        "",
    ]
)


def _nothing_holds(folder: Path, log: str, *secrets: str) -> None:
    for secret in secrets:
        assert secret not in log
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path
