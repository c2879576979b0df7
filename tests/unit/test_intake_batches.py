"""Small JSON files are read together, and come out as they would alone."""

from __future__ import annotations

import pytest

from pipelines.settings import Settings
from pipelines.warehouse import batches
from tests.unit.test_intake import orders, query
from tests.unit.test_intake_bytes import LINE, put, taken


@pytest.mark.parametrize("size", [0, batches.SMALL])
def test_files_read_together_come_out_as_they_would_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(batches, "SMALL", size)
    for number in range(5):
        put(settings, f"{number}.jsonl", (LINE % f"{number}a" + LINE % f"{number}b").encode())
    put(settings, "bad.jsonl", (LINE % "x" + '{"id":"y","sold":"soon"}\n').encode())
    put(settings, "broken.jsonl", b'{"id": \n')
    put(settings, "page.json", b'{"orders": [\n{"id":"p","sold":"2026-01-02","amount":1}\n]}')
    reports = taken(settings)
    counts = {name: (one.rows_read, one.rows_loaded, one.rows_quarantined) for name, one in reports.items()}
    assert counts == {f"{i}.jsonl": (2, 2, 0) for i in range(5)} | {
        "bad.jsonl": (2, 1, 1),
        "broken.jsonl": (0, 0, 0),
        "page.json": (1, 1, 0),
    }
    assert len(orders(settings)) == 12
    assert query(settings, "select distinct _row from raw.sales__orders order by 1") == [(1,), (2,)]
