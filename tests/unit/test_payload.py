"""What the page is given: numbers at its precision, texts once, nothing lost."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from pipelines.scorecard.payload import packed, rounded

NO_DAYS = pa.table({"kpi_id": [], "model_id": [], "day": [], "value": [], "rolling_value": []})
NO_WEEKS = pa.table({"kpi_id": [], "model_id": [], "week": [], "value": []})


def unpacked(tables: dict[str, pa.Table]) -> dict[str, Any]:
    text = packed({"days": NO_DAYS, "weeks": NO_WEEKS, **tables}, {"company": "Acme"})
    return json.loads(gzip.decompress(base64.b64decode(text)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, 0),
        (1 / 3, 0.33333),
        (-2 / 3, -0.66667),
        (123456.7, 123460),
        (0.000012345678, 0.000012346),
        (2.0, 2),
        (1e20, 1e20),
    ],
)
def test_number_keeps_five_significant_digits(value: float, shown: float) -> None:
    assert rounded(value) == shown
    assert type(rounded(value)) is type(shown)


def test_numbers_decimals_and_booleans_are_numbers_and_null_stays_null() -> None:
    table = pa.table(
        {"number": [1.23456789, None], "money": [Decimal("0.10"), None], "is_open": [True, None], "empty": [None, None]}
    )
    assert unpacked({"t": table})["tables"]["t"] == {
        "number": [1.2346, None],
        "money": [0.1, None],
        "is_open": [1, None],
        "empty": [None, None],
    }


def test_texts_days_and_moments_stand_once() -> None:
    table = pa.table(
        {
            "name": ["b", "a", "b", None],
            "day": [date(2026, 1, 2)] * 4,
            "at": [datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)] * 4,
        }
    )
    columns = unpacked({"t": table})["tables"]["t"]
    assert columns["name"] == {"texts": ["b", "a"], "places": [0, 1, 0, None]}
    assert columns["day"] == {"texts": ["2026-01-02"], "places": [0, 0, 0, 0]}
    assert columns["at"]["texts"] == ["2026-01-02T03:04Z"]


def test_days_and_weeks_become_dense_series_in_which_a_missing_one_is_null() -> None:
    days = pa.table(
        {
            "kpi_id": ["k", "k"],
            "model_id": ["m", "m"],
            "day": [date(2026, 1, 1), date(2026, 1, 3)],
            "value": [1 / 3, 0.0],
            "rolling_value": [None, 7.0],
        }
    )
    weeks = pa.table(
        {"kpi_id": ["k"] * 2, "model_id": ["m"] * 2, "week": [date(2026, 1, 5), date(2026, 1, 19)], "value": [1.0, 2.0]}
    )
    content = unpacked({"days": days, "weeks": weeks})
    assert content["days"] == {
        "start": "2026-01-01",
        "length": 3,
        "series": {"m": {"k": [[0.3333, None, 0], [None, None, 7]]}},
    }
    assert content["weeks"] == {"start": "2026-01-05", "length": 3, "series": {"m": {"k": [[1, None, 2]]}}}
    assert not {"days", "weeks"} & content["tables"].keys()


def test_same_tables_pack_to_the_same_bytes() -> None:
    tables = {"days": NO_DAYS, "weeks": NO_WEEKS, "t": pa.table({"a": [1, 2]})}
    assert packed(tables, {}) == packed(tables, {})
