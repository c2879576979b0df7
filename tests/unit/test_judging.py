"""Days are judged beside as they are judged here, and here when the process beside is gone."""

from __future__ import annotations

from datetime import date
from multiprocessing.connection import Connection

import pandas as pd
import pytest

from pipelines.sources.spec import Expectation
from pipelines.warehouse import judge

EXPECTATIONS = (Expectation("share", "", "a share", low=0.0, high=1.0),)
PROFILE = pd.DataFrame({"_day": [date(2026, 1, 1), date(2026, 1, 2)], "share": [0.5, 1.5], "share found": [0.5, 1.5]})


def test_a_process_beside_finds_what_this_one_does() -> None:
    here = judge.judge("logs", PROFILE, EXPECTATIONS)
    assert [finding.day for finding in here] == [date(2026, 1, 2)]
    with judge.beside():
        assert judge.judge("logs", PROFILE, EXPECTATIONS) == here


def test_what_goes_wrong_beside_is_raised_here() -> None:
    with judge.beside(), pytest.raises(KeyError, match="_day"):
        judge.judge("logs", PROFILE.drop(columns="_day"), EXPECTATIONS)


def test_when_the_process_beside_has_died_the_day_is_judged_here(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(judge, "_answer", _dies)
    with judge.beside():
        assert judge.judge("logs", PROFILE, EXPECTATIONS) == judge._judge("logs", PROFILE, EXPECTATIONS)
    assert "logs is judged in this one" in caplog.text


def _dies(asked: Connection) -> None:
    asked.close()
