"""What lies in the landing folder is found, passed over or reported by name; nothing there stops the look."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.warehouse.companions import is_companion
from pipelines.warehouse.landing import landing_files, look
from pipelines.warehouse.status import rejected_files, stray_files
from tests.unit.test_intake import DAY, HEADER, SALES, query, warehouse
from tests.unit.test_intake_bytes import GOOD, orders, put, taken


def rejected(settings: Settings) -> dict[str, str]:
    with warehouse(settings) as connection:
        return {file.path: file.message for file in rejected_files(connection, settings, [SALES])}


def test_links_that_point_at_each_other_are_told_by_name(settings: Settings) -> None:
    put(settings, "a.csv", GOOD)
    folder = settings.landing_dir / "sales"
    (folder / "one.csv").symlink_to(folder / "two.csv")
    (folder / "two.csv").symlink_to(folder / "one.csv")
    taken(settings)
    assert orders(settings) == [("o1", 5.0)]
    assert set(rejected(settings)) == {"sales/one.csv", "sales/two.csv"}
    (folder / "one.csv").unlink()
    (folder / "two.csv").unlink()
    assert rejected(settings) == {}


def test_a_link_out_of_the_landing_folder_is_rejected_unless_its_target_is_allowed(
    settings: Settings, tmp_path: Path
) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "x.csv").write_bytes(GOOD)
    put(settings, "z.csv", (HEADER + "o9,2026-01-02,1\n").encode())
    (settings.landing_dir / "sales" / "x.csv").symlink_to(outside / "x.csv")
    (settings.landing_dir / "sales" / "folder").symlink_to(outside)
    taken(settings)
    assert orders(settings) == [("o9", 1.0)]
    assert "leads out of the landing folder" in rejected(settings)["sales/x.csv"]
    assert "links_to" in rejected(settings)["sales/folder"]
    allowed = settings.model_copy(update={"links_to": (outside,)})
    taken(allowed)
    assert orders(allowed) == [("o1", 5.0), ("o9", 1.0)]
    assert rejected(allowed) == {}


def test_a_link_to_a_folder_it_lies_in_ends(settings: Settings) -> None:
    put(settings, "a.csv", GOOD)
    (settings.landing_dir / "sales" / "again").symlink_to(settings.landing_dir / "sales")
    assert [file.path for file in landing_files(settings, SALES)] == ["sales/a.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_and_a_file_without_permission_are_told_by_name_until_they_have_it(settings: Settings) -> None:
    closed = put(settings, "closed/a.csv", GOOD).parent
    secret = put(settings, "secret.csv", (HEADER + "o2,2026-01-02,1\n").encode())
    closed.chmod(0)
    secret.chmod(0)
    try:
        taken(settings)
        assert set(rejected(settings)) == {"sales/closed", "sales/secret.csv"}
    finally:
        closed.chmod(0o755)
        secret.chmod(0o644)
    taken(settings)
    assert orders(settings) == [("o1", 5.0), ("o2", 1.0)]
    assert rejected(settings) == {}


def test_a_file_that_cannot_be_read_for_lack_of_permission_is_read_once_it_may(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, "a.csv", GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, mode: False)
        taken(settings)
        assert "no permission" in rejected(settings)["sales/a.csv"]
    taken(settings)
    assert orders(settings) == [("o1", 5.0)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("_SUCCESS", b""),
        ("187520_2026-01-06_9_complete", b""),
        ("_committed_123", b"{}"),
        ("cur-Manifest.json", b'{"assemblyId": "1", "reportKeys": []}'),
        ("manifest.json", b'{"manifestVersion": "2024-04-01", "blobs": []}'),
        (".part-0.csv.crc", b"crc"),
        ("a.csv.md5", b"d41d8cd98f00b204e9800998ecf8427e"),
        ("a.csv.sha256", b"e3b0"),
        ("create-table.sql", b"create table x"),
        ("crawler-cfn.yml", b"AWSTemplateFormatVersion: 2010-09-09"),
        ("README.md", b"# About"),
        (".DS_Store", b"\x00\x00\x00\x01Bud1"),
        ("Thumbs.db", b"\xd0\xcf"),
        ("desktop.ini", b"[.ShellClassInfo]"),
    ],
)
def test_what_clouds_and_desktops_write_beside_an_export_is_passed_over(
    settings: Settings, name: str, content: bytes
) -> None:
    put(settings, name, content)
    put(settings, "a.csv", GOOD)
    source = replace(SALES, glob=("sales/**/*",))
    assert [file.path for file in landing_files(settings, source)] == ["sales/a.csv"]
    assert list(look(settings, source).companions) == [f"sales/{name}"]
    assert stray_files(settings, {"sales": source}) == []


def test_a_manifest_by_name_alone_is_data(settings: Settings) -> None:
    path = put(settings, "orders-manifest.json", b'{"id":"o1","sold":"2026-01-02","amount":1}')
    assert not is_companion(Path("sales/orders-manifest.json"), path)
    taken(settings)
    assert orders(settings) == [("o1", 1.0)]


def test_a_readme_is_a_text_where_texts_are_rows(settings: Settings) -> None:
    path = put(settings, "README.md", b"# What customers said")
    assert not is_companion(Path("notes/README.md"), path, reads_texts=True)


def test_contents_recorded_for_impossible_days_are_forgotten_and_read_again(settings: Settings) -> None:
    put(settings, "a.csv", GOOD)
    taken(settings)
    query(settings, "update ledger.file_version_days set day = date '71413-01-01 (BC)'")
    taken(settings)
    assert query(settings, "select day from ledger.file_version_days") == [(DAY,)]
    assert orders(settings) == [("o1", 5.0)]


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ("table/_delta_log/00000000000000000000.json", "Delta"),
        ("table/metadata/v1.metadata.json", "Iceberg"),
        ("table/.hoodie/hoodie.properties", "Hudi"),
    ],
)
def test_a_file_of_a_table_with_a_log_is_rejected_and_what_lies_beside_the_table_is_read(
    settings: Settings, log: str, kind: str
) -> None:
    put(settings, "a.csv", GOOD)
    taken(settings)
    for name, content in ((log, b"{}"), ("table/data/b.csv", GOOD.replace(b"o1", b"o2"))):
        path = settings.landing_dir / "sales" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    source = replace(SALES, glob=("sales/**/*",))
    with_table = {file.path: str(file.trouble) for file in landing_files(settings, source) if file.trouble}
    assert f"a file of the {kind} table `sales/table`" in with_table["sales/table/data/b.csv"]
    assert "sales/a.csv" not in with_table


def test_without_a_source_every_file_is_stray(settings: Settings) -> None:
    put(settings, "a.csv", GOOD)
    assert stray_files(settings, {}) == ["sales/a.csv"]
