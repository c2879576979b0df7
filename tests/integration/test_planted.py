"""All that was planted in the sample company is found in its marts: `planted` says what, one test a kind of truth."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Company
from tests.integration.planted.register import ESTIMATES, EXACT, differing


@pytest.mark.parametrize("kind", EXACT)
def test_what_is_arithmetic_is_equal(company: Company, kind: str) -> None:
    planted, found = EXACT[kind](company)
    assert planted
    assert differing(planted, found) == []


@pytest.mark.parametrize("kind", ESTIMATES)
def test_what_is_estimated_lies_near_what_was_planted(company: Company, kind: str) -> None:
    intervals = list(ESTIMATES[kind](company))
    assert intervals
    for one in intervals:
        assert one.low < one.high, one
        # One interval in twenty misses, and seeds are not chosen for passing; twice its width is four errors.
        middle, half = (one.low + one.high) / 2, (one.high - one.low) / 2
        assert abs(one.planted - middle) <= 2 * half, one
