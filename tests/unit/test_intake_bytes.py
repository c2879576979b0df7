"""No bytes stop the intake: a file that cannot be read is reported, its neighbours load, and each row is counted."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import LimitSettings, Settings
from pipelines.warehouse import ledger
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from tests.unit.test_intake import HEADER, SALES, orders, query

LINE = '{"id":"o%s","sold":"2026-01-02","amount":1}\n'


def put(settings: Settings, name: str, content: bytes) -> Path:
    path = settings.landing_dir / "sales" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_800_000_000, 1_800_000_000))
    return path


def taken(settings: Settings) -> dict[str, ledger.FileReport]:
    """What became of each file, by its name; rows add up whatever did."""
    reports = {report.path.removeprefix("sales/"): report for report in take_in(settings, SALES)}
    for report in reports.values():
        assert report.rows_read == report.rows_loaded + report.rows_quarantined + report.rows_skipped
        assert min(report.rows_loaded, report.rows_quarantined, report.rows_skipped) >= 0
    replace_days(settings, SALES)
    left = [p for p in (settings.warehouse_dir / "intake").rglob("*") if "building" in p.name or "reading" in p.name]
    assert left == []
    return reports


def loaded(settings: Settings, name: str, content: bytes) -> list[tuple[str, float]]:
    put(settings, name, content)
    taken(settings)
    return [(row[0], row[1]) for row in orders(settings)]


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def parquet(tmp_path: Path, select: str) -> bytes:
    path = tmp_path / "made.parquet"
    duckdb.sql(f"copy ({select}) to '{path}' (format parquet)")
    return path.read_bytes()


GOOD = (HEADER + "o1,2026-01-02,5\n").encode()
ZIP = zipped({"a.csv": GOOD * 50})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.zip", b"PK but no archive", "no .zip archive"),
        ("a.zip", ZIP[:40] + b"\xff" * 20 + ZIP[60:], "BadZipFile"),
        ("a.zip", ZIP[: len(ZIP) // 2], "BadZipFile"),
        ("a.zip", zipped({"../../x.csv": GOOD}), "leads out of it"),
        ("a.zip", zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "Excel workbook"),
        ("a.zip", zipped({"a.pdf": b"%PDF-1.7"}), "a .zip of `a.pdf`"),
        ("a.csv.gz", gzip.compress(GOOD, mtime=0)[:20], "EOFError"),
        ("a.csv.gz", gzip.compress(GOOD, mtime=0)[:-6] + b"abcdef", "BadGzipFile"),
        ("a.parquet", b"no parquet", "no parquet file"),
        ("a.parquet", b"PAR1" + b"\x00" * 50 + b"PAR1", "parquet"),
        ("a.db", b"SQLite format 3\x00" + b"\x07" * 300, "DatabaseError"),
        ("a.json", b"[" * 30_000, "cannot be read"),
        ("a.json", LINE.replace("1}", '1,"x":').encode() + b"[" * 5000 + b"]" * 5000 + b"}", "deeper than 200"),
        ("a.json", b"<!DOCTYPE html><html><title>Sign in</title>", "an HTML page (titled `Sign in`)"),
        ("a.json", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "code `AccessDenied`"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 99, "Excel"),
        ("a.csv", b"PK\x03\x04 renamed", "BadZipFile"),
        ("a.parquet", b"ORC\x08\x03", "an ORC file"),
        ("a.json", b"Obj\x01\x04\x14avro.codec", "an Avro file"),
        ("a.json", b"[1, 2][3]", "found values without names"),
        ("a.csv", b"\x00" * 500, "columns"),
        ("a.csv", b"nothing,of,ours\n1,2,3\n", "columns nothing, of, ours"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_by_name_and_its_neighbour_loads(
    settings: Settings, name: str, content: bytes, message: str
) -> None:
    put(settings, name, content)
    put(settings, "z.csv", (HEADER + "good,2026-01-02,1\n").encode())
    reports = taken(settings)
    assert reports[name].status in ("rejected", "unreadable")
    assert message in (reports[name].message or "")
    assert f"`sales/{name}`" in (reports[name].message or "")
    assert orders(settings) == [("good", 1.0)]


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("a.csv", HEADER + "Zürich,2026-01-02,5\n", encoding)
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
    ]
    + [
        ("a.jsonl", LINE.replace("o%s", "Zürich"), encoding)
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
    ],
)
@pytest.mark.parametrize("packed", ["", ".gz", ".zip"])
def test_the_same_text_is_read_in_whatever_encoding_and_packing(
    settings: Settings, name: str, text: str, written: str, packed: str
) -> None:
    content = text.encode(written)
    content = {"": content, ".gz": gzip.compress(content, mtime=0), ".zip": zipped({name: content})}[packed]
    assert [row[0] for row in loaded(settings, name + packed, content)] == ["Zürich"]


def test_a_line_in_another_encoding_neither_vanishes_nor_takes_the_file_along(settings: Settings) -> None:
    text = HEADER.encode() + "Zürich,2026-01-02,1\n".encode() + "Genève,2026-01-02,2\n".encode("cp1252")
    assert loaded(settings, "a.csv", text) == [("Genève", 2.0), ("Zürich", 1.0)]
    assert query(settings, "select encoding from ledger.files") == [("1 lines in windows-1252, the others in utf-8",)]


@pytest.mark.parametrize(
    "text",
    [
        "id;sold;amount\no1;2026-01-02;5\n",
        "id\tsold\tamount\no1\t2026-01-02\t5\n",
        "id|sold|amount\no1|2026-01-02|5\n",
        "id,sold,amount\r\no1,2026-01-02,5\r\n",
        "id,sold,amount\ro1,2026-01-02,5",
        "id,sold,amount\r\no1,2026-01-02,5\n",
        'id,sold,amount,note\no1,2026-01-02,5,"two\nlines"',
        'id,sold,amount,note\r\no1,2026-01-02,5,"two\nlines"\r\n',
        " ID , Sold,AMOUNT \no1,2026-01-02,5\n",
        "\ufeffid,sold,amount\no1,2026-01-02,5\n",
        '"id","sold","amount"\n"o1","2026-01-02","5"\n',
        "Sales report\nMade on 2026-02-01, by Ann\n\nid,sold,amount\no1,2026-01-02,5\n",
        "sep=;\nid;sold;amount\no1;2026-01-02;5\n",
        "\n\n\nid,sold,amount\no1,2026-01-02,5\n\n",
        "id,sold,amount,_row,_raw,_path,_latest\no1,2026-01-02,5,1,2,3,4\n",
        "id,sold,amount,amount,,\no1,2026-01-02,5,6,,\n",
        'id,sold,amount,"a\nnote"\no1,2026-01-02,5,x\n',
        "id,sold,amount," + ",".join(f"c{i}" for i in range(3000)) + "\no1,2026-01-02,5" + ",x" * 3000 + "\n",
        "id,sold,amount,doc,page\no1,2026-01-02,5,x,y\n",
    ],
)
def test_csv_is_read_however_programs_write_it(settings: Settings, text: str) -> None:
    assert loaded(settings, "a.csv", text.encode()) == [("o1", 5.0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER + "o1,2026-01-02,5\nTotal,,5\n", ([("o1", 5.0)], 1)),
        (HEADER + "o1,2026-01-02,5\no2,2026-01-02\n", ([("o1", 5.0)], 1)),
        (HEADER + "o1,2026-01-02,5\no2,2026-01-02,5,6,7\n", ([("o1", 5.0)], 1)),
        (HEADER + 'o1,2026-01-02,5\n"o2,2026-01-02,5\n', ([("o1", 5.0)], 1)),
        (HEADER + 'o1,2026-01-02,5\no2,2026-01-02,"5" "\no3,2026-01-02,7\n', ([("o1", 5.0)], 2)),
    ],
)
def test_a_row_that_is_broken_or_none_is_set_aside(
    settings: Settings, text: str, expected: tuple[list[tuple[str, float]], int]
) -> None:
    put(settings, "a.csv", text.encode())
    report = taken(settings)["a.csv"]
    assert (orders(settings), report.rows_quarantined) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv.gz", GOOD),
        ("packed.csv", gzip.compress(GOOD, mtime=0)),
        ("archive.csv", zipped({"a.csv": GOOD})),
        ("000000000000", GOOD),
        ("part-1", LINE.replace("%s", "1").replace(":1}", ":5}").encode()),
        ("macos.zip", zipped({"a.csv": GOOD, "__MACOSX/._a.csv": b"\x00\x05\x16", "README.txt": b"hello"})),
    ],
)
def test_what_a_file_is_its_bytes_say_before_its_name(settings: Settings, name: str, content: bytes) -> None:
    settings = settings.model_copy(update={"sources": {}})
    if "." not in name:  # the source's own glob wants a dot
        name = name + ".0"
    assert loaded(settings, name, content) == [("o1", 5.0)]


def test_names_that_look_like_globs_are_names(settings: Settings) -> None:
    for name, number in (("t*.jsonl", 1), ("t1.jsonl", 2), ("t?.jsonl", 3), ("t[12].jsonl", 4)):
        put(settings, name, (LINE % number).encode())
    taken(settings)
    assert [row[0] for row in orders(settings)] == ["o1", "o2", "o3", "o4"]


def test_a_home_whose_path_looks_like_a_glob_works(tmp_path: Path) -> None:
    home = Settings(home=tmp_path / "what[is]*this")
    assert loaded(home, "a.csv", GOOD) == [("o1", 5.0)]
    assert loaded(home, "b.csv", (HEADER + "o2,2026-01-02,7\n").encode()) == [("o1", 5.0), ("o2", 7.0)]


def test_a_name_that_is_no_utf_8_is_told_in_escapes_and_loads(settings: Settings) -> None:
    put(settings, os.fsdecode(b"caf\xe9.csv"), GOOD)
    assert list(taken(settings)) == ["caf\\xe9.csv"]
    assert orders(settings) == [("o1", 5.0)]


@pytest.mark.parametrize(
    ("limit", "name", "content", "message"),
    [
        ({"unpacked_bytes": 2000}, "a.csv.gz", gzip.compress(GOOD + b" " * 5000, mtime=0), "limits.unpacked_bytes"),
        ({"zip_members": 2}, "a.zip", zipped({f"{i}.csv": GOOD for i in range(3)}), "limits.zip_members"),
        ({"header_bytes": 1024}, "a.csv", b"id,sold,amount," + b"x" * 5000 + b"\n", "limits.header_bytes"),
    ],
)
def test_a_limit_is_told_with_the_setting_that_raises_it(
    settings: Settings, limit: dict[str, int], name: str, content: bytes, message: str
) -> None:
    put(settings, name, content)
    limited = settings.model_copy(update={"limits": LimitSettings.model_validate(limit)})
    assert message in (taken(limited)[name].message or "")


@pytest.mark.parametrize(("name", "start"), [("a.jsonl", ""), ("a.csv", HEADER)])
def test_a_line_longer_than_the_limit_is_set_aside_alone(settings: Settings, name: str, start: str) -> None:
    rows = [LINE % i if name == "a.jsonl" else f"o{i},2026-01-02,1\n" for i in range(3)]
    content = start + rows[0] + "x" * 9000 + "\n" + rows[1] + " " * 9000 + "\n" + rows[2]
    put(settings, name, content.encode())
    limited = settings.model_copy(update={"limits": LimitSettings(line_bytes=2048)})
    report = taken(limited)[name]
    assert (report.rows_loaded, report.rows_quarantined) == (3, 2)


@pytest.mark.parametrize(
    "form", ["[%s,%s][%s]", "[%s,%s]\n[%s]\n", "[\n%s,\n%s]\n\n[\n%s\n]", "[[%s,%s],[%s]]", "[%s]%s[%s]"]
)
def test_every_array_of_a_file_is_read(settings: Settings, form: str) -> None:
    put(settings, "a.json", (form % tuple((LINE % number).strip() for number in (1, 2, 3))).encode())
    report = taken(settings)["a.json"]
    assert (report.rows_read, report.rows_loaded) == (3, 3)


def test_rows_at_which_a_mapping_fails_are_set_aside_alone(settings: Settings) -> None:
    bad = LINE.replace("2026-01-02", "2026-01-02T00:00:00").replace("%s", "x")
    put(settings, "a.jsonl", (LINE % 1 + bad + LINE % 2).encode())
    assert taken(settings)["a.jsonl"].rows_loaded == 3
    mapping = SALES.formats[1]
    failing = "case when doc->>'sold' like '%T%' then cast('x' as integer)::varchar else doc->>'sold' end as ordered_at"
    select = {"orders": mapping.select["orders"].replace("doc->>'sold' as ordered_at", failing)}
    source = replace(SALES, formats=(replace(mapping, select=select),))
    (report,) = take_in(settings, source)
    assert (report.rows_read, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    assert "Could not convert string 'x'" in str(query(settings, "select reason from raw.quarantine"))


@pytest.mark.parametrize(
    "text", ["[{'id': 'o1', 'sold': None}]", '[{"id": "o1"}, {"id": "o2"', "{'id': 'o1'}\n{'id': 'o2'}\n"]
)
def test_what_is_no_json_says_what_to_look_for(settings: Settings, text: str) -> None:
    put(settings, "a.json", text.encode())
    report = taken(settings)["a.json"]
    assert report.status == "unreadable"
    assert "single quotes, None and NaN are Python's" in (report.message or "")


def test_a_corrupt_page_of_a_parquet_file_rejects_the_file(settings: Settings, tmp_path: Path) -> None:
    rows = "'o' || i as id, timestamp '2026-01-02' as sold, 1::decimal(38, 12) as amount from range(5000) t(i)"
    content = parquet(tmp_path, f"select {rows}")
    put(settings, "a.parquet", content[:500] + bytes(200) + content[700:])
    put(settings, "b.csv", GOOD)
    assert taken(settings)["a.parquet"].status == "unreadable"
    assert orders(settings) == [("o1", 5.0)]


def test_parquet_columns_named_like_ours_are_read_under_another_name(settings: Settings, tmp_path: Path) -> None:
    content = parquet(
        tmp_path, "select 'o1' as id, timestamp '2026-01-02' as sold, 5 as amount, 7 as _row, 'x' as _raw"
    )
    assert loaded(settings, "a.parquet", content) == [("o1", 5.0)]
