"""What the commands print: nothing that a reader needs is broken or cut off at 80 columns."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from rich.console import Console

from pipelines import console
from pipelines.kpis import KPIS
from pipelines.notify.delivery import Overview
from pipelines.settings import Settings
from pipelines.warehouse.status import Status, health
from tests.unit.test_intake import HEADER, SALES, land, load

MODELS = ("Recommender", "Support assistant", "Fraud detector", "Route optimiser", "Writing assistant", "Triage")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=text, width=80, highlight=False, soft_wrap=True))
    return text


def cells(**rest: Any) -> list[dict[str, Any]]:
    return [
        {
            "model_name": model,
            "kpi_id": kpi.kpi_id,
            "kpi_name": kpi.kpi_name,
            "unit": kpi.unit,
            "period_start_date": date(2026, 3, 1),
            "is_whole": True,
            "value": 0.69157 if kpi.is_share else -1_234_567.0,
            "status": "on_target",
        }
        | rest
        for model in MODELS
        for kpi in KPIS
    ]


def test_the_scorecard_breaks_no_name_and_no_number_at_80_columns(printed: io.StringIO, settings: Settings) -> None:
    console.show_scorecard(cells(), settings)
    lines = printed.getvalue().splitlines()
    assert max(len(line) for line in lines if line[:1] in "│┏┃") <= 80
    words = set(printed.getvalue().split())
    assert {word for model in MODELS for word in model.split()} <= words
    assert printed.getvalue().count("−$1,234,567 ✓") == 6 * sum(kpi.unit.startswith("USD") for kpi in KPIS)
    assert printed.getvalue().count("69.2\u00a0% ✓") == 6 * sum(kpi.is_share for kpi in KPIS)


def test_a_month_in_progress_is_so_far_and_what_is_scaled_up_a_run_rate(
    printed: io.StringIO, settings: Settings
) -> None:
    console.show_scorecard(cells(is_whole=False), settings)
    text = printed.getvalue()
    assert "AI workforce scorecard, March 2026, so far" in text
    assert "USD a month, run rate" in text
    console.show_scorecard(cells(), settings)
    assert printed.getvalue().removeprefix(text).count("run rate") == 0


def test_doctor_cuts_off_no_number_at_80_columns(printed: io.StringIO, settings: Settings) -> None:
    land(settings, "a.csv", HEADER + "o1,2026-01-02,1\n")
    load(settings)
    (found,) = health(settings, {"sales": SALES}, datetime(2026, 2, 1, tzinfo=UTC))
    large = replace(found, source="change_records", files_found=12_345, rows_loaded=987_654_321, rows_quarantined=7_654)
    console.show_health([large], Status({}, (), (), frozenset(), (), (), "", (), False), [], [], settings)
    (line,) = [line for line in printed.getvalue().splitlines() if line.startswith(" change_records")]
    assert "…" not in line
    assert {"12,345", "987,654,321", "7,654", "2026-01-02"} <= set(line.split())
    assert len(line) <= 80


def test_alerts_show_their_evidence(printed: io.StringIO) -> None:
    alert = {"severity": "page", "status": "open", "alert_id": "a", "owner": None, "latest_evidence": "0.69 of 0.8"}
    console.show_alerts(Overview((alert,), {}, ()))
    assert printed.getvalue().splitlines()[:2] == ["page · open · a · no owner", "    0.69 of 0.8"]
