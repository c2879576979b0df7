"""Great Expectations validates a source's days by a profile of them."""

from __future__ import annotations

from datetime import date

import pandas as pd

from pipelines.sources.spec import Expectation
from pipelines.warehouse import validation

EXPECTATIONS = (Expectation("share", "", "a share", low=0.0, high=1.0),)
PROFILE = pd.DataFrame({"_day": [date(2026, 1, 1), date(2026, 1, 2)], "share": [0.5, 1.5], "share found": [0.5, 1.5]})


def test_a_day_beyond_a_bound_is_found_and_what_was_measured_is_told() -> None:
    (finding,) = validation.validate("logs", PROFILE, EXPECTATIONS)
    assert finding.day == date(2026, 1, 2)
    assert str(finding) == "logs 2026-01-02: share is 1.5, expected at least 0 and at most 1 (a share)"
