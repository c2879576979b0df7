"""Small JSON files are read together, and come out as they would alone."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.warehouse import batches, convert
from tests.unit.test_intake import orders, query
from tests.unit.test_intake_bytes import LINE, put, taken, zipped


@pytest.mark.parametrize("size", [0, batches.BATCHED_BELOW])
def test_files_read_together_come_out_as_they_would_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(batches, "BATCHED_BELOW", size)
    for number in range(5):
        put(settings, f"{number}.jsonl", (LINE % f"{number}a" + LINE % f"{number}b").encode())
    put(settings, "bad.jsonl", (LINE % "x" + '{"id":"y","sold":"soon"}\n').encode())
    put(settings, "broken.jsonl", b'{"id": \n')
    put(settings, "cut.jsonl", (LINE % "c" * 30 + '{"id": }\n').encode())
    put(settings, "page.json", b'{"orders": [\n{"id":"p","sold":"2026-01-02","amount":1}\n]}')
    put(settings, "parts.zip", zipped({"1.json": (LINE % "z1").encode(), "2.json": (LINE % "z2").encode()}))
    reports = taken(settings)
    counts = {name: (one.rows_read, one.rows_loaded, one.rows_quarantined) for name, one in reports.items()}
    assert counts == {f"{i}.jsonl": (2, 2, 0) for i in range(5)} | {
        "bad.jsonl": (2, 1, 1),
        "broken.jsonl": (0, 0, 0),
        "cut.jsonl": (31, 30, 1),
        "page.json": (1, 1, 0),
        "parts.zip": (2, 2, 0),
    }
    assert len(orders(settings)) == 44
    second = "select _row from raw.sales__orders where order_id like '%b' or order_id = 'oz2'"
    assert query(settings, second) == [(2,)] * 6


def test_only_a_file_with_a_fault_is_read_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[str] = []
    convert_alone = convert.convert

    def noted(*arguments: Any) -> Any:
        alone.append(arguments[4].path)
        return convert_alone(*arguments)

    monkeypatch.setattr(convert, "convert", noted)
    for day in range(2, 9):  # each written on the day it is about, as a vendor delivers
        path = put(settings, f"{day}.jsonl", json.dumps({"id": f"d{day}", "sold": f"2026-01-0{day}"}).encode())
        os.utime(path, (1_767_225_600 + 86_400 * day,) * 2)
    early = put(settings, "early.jsonl", json.dumps({"id": "early", "sold": "2026-01-08"}).encode())
    os.utime(early, (1_767_225_600 + 86_400 * 3,) * 2)
    many = [{"id": f"p{number}", "sold": "2026-01-02", "tags": [number]} for number in range(300)]
    put(settings, "page.json", json.dumps({"orders": many}).encode())
    put(settings, "parts.zip", zipped({"1.json": (LINE % "z1").encode(), "2.json": (LINE % "z2").encode()}))
    put(settings, "cut.jsonl", (LINE % "c" * 30 + '{"id": }\n').encode())
    reports = taken(settings)
    assert sorted(alone) == ["sales/cut.jsonl", "sales/early.jsonl"]
    assert {name: one.rows_quarantined for name, one in reports.items() if one.rows_quarantined} == {
        "cut.jsonl": 1, "early.jsonl": 1
    }  # fmt: skip
    assert [row[0] for row in orders(settings)].count("d8") == 1
