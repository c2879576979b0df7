"""The page's tables, packed: columns of numbers at few significant digits, texts once each, gzip, base64.

Dense series of days are a hundredth of the size of their rows; the browser unpacks them with DecompressionStream.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

SIGNIFICANT_DIGITS: Final = 5
"""More than anybody reads; a test compares every number on the page with its mart at this precision."""
DRAWN: Final = {
    "hours", "latency", "budgets", "adoption", "retention", "cohorts", "scores", "drift", "shifts", "satisfaction",
}  # fmt: skip
"""Tables with measures that are drawn and never added up: one digit less, a tenth of a large page."""
DRAWN_DIGITS: Final = 4


def packed(tables: Mapping[str, pa.Table], facts: Mapping[str, object]) -> str:
    """`tables` and single `facts` as base64 text of gzipped JSON, for the page to unpack."""
    content = {
        **facts,
        "days": _series(tables["days"], "day", ("value", "rolling_value"), timedelta(days=1)),
        "weeks": _series(tables["weeks"], "week", ("value",), timedelta(days=7)),
        "tables": {
            name: _columns(table, DRAWN_DIGITS if name in DRAWN else SIGNIFICANT_DIGITS)
            for name, table in tables.items()
            if name not in ("days", "weeks")
        },
    }
    return gzipped(json.dumps(content, separators=(",", ":"), allow_nan=False, ensure_ascii=False))


def gzipped(text: str) -> str:
    """`text` gzipped, as base64."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def rounded(value: float, digits: int = SIGNIFICANT_DIGITS) -> float | int:
    """`value` at the page's precision; a whole number loses its point."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def _series(table: pa.Table, at: str, measures: tuple[str, ...], step: timedelta) -> dict[str, Any]:
    """Model → KPI → each measure by day or week, from the first one of `table` on; null where there is none."""
    rows = table.to_pylist()
    if not rows:
        return {"start": None, "length": 0, "series": {}}
    start: date = min(row[at] for row in rows)
    length = (max(row[at] for row in rows) - start) // step + 1
    series: dict[str, dict[str, list[list[Any]]]] = {}
    for row in rows:
        kpis = series.setdefault(row["model_id"], {})
        values = kpis.setdefault(row["kpi_id"], [[None] * length for _ in measures])
        for measure, name in zip(values, measures, strict=True):
            if row[name] is not None:
                measure[(row[at] - start) // step] = rounded(row[name], DRAWN_DIGITS)
    return {"start": start.isoformat(), "length": length, "series": series}


def _columns(table: pa.Table, digits: int) -> dict[str, Any]:
    """Column → its values; texts and days as places in a list of those that occur."""
    return {name: _column(table.column(name).to_pylist(), digits) for name in table.column_names}


def _column(values: list[Any], digits: int) -> list[Any] | dict[str, list[Any]]:
    if all(value is None or isinstance(value, bool) for value in values):
        return [None if value is None else int(value) for value in values]
    if all(value is None or isinstance(value, int | float | Decimal) for value in values):
        return [None if value is None else rounded(float(value), digits) for value in values]
    texts = [None if value is None else _text(value) for value in values]
    places = {text: place for place, text in enumerate(dict.fromkeys(text for text in texts if text is not None))}
    return {"texts": list(places), "places": [None if text is None else places[text] for text in texts]}


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
