"""Exports in a bucket are read as the same exports in a folder, and an object that is as before is not read again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.warehouse.landing import landing_files, look
from pipelines.warehouse.status import rejected_files, stray_files
from tests.buckets.servers import S3
from tests.unit.test_intake import HEADER, SALES, orders, warehouse
from tests.unit.test_intake_bytes import GOOD, put, taken


def rows(*names: str) -> bytes:
    return (HEADER + "".join(f"{name},2026-01-02,1\n" for name in names)).encode()


def rejected(settings: Settings) -> dict[str, str]:
    with warehouse(settings) as connection:
        return {file.path: file.message for file in rejected_files(connection, settings, [SALES])}


def test_what_did_not_change_is_listed_and_not_read(s3: S3, tmp_path: Path) -> None:
    s3.put("acme/sales/a.csv", GOOD)
    s3.put("acme/sales/2026/b.csv", rows("o2"))
    settings = s3.settings(tmp_path, "acme")
    s3.forget()
    assert set(taken(settings)) == {"a.csv", "2026/b.csv"}
    assert orders(settings) == [("o1", 5.0), ("o2", 1.0)]
    assert sorted(s3.fetched()) == ["acme/sales/2026/b.csv", "acme/sales/a.csv"]
    assert s3.body_bytes() == len(GOOD) + len(rows("o2"))
    s3.forget()
    assert taken(settings) == {}
    assert (s3.body_bytes(), s3.fetched(), len(s3.listings())) == (0, [], 1)


def test_an_object_of_the_same_size_and_second_is_read_if_its_etag_differs(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: datetime(2026, 3, 1))  # noqa: DTZ001 - as moto's own
    s3.put("sales/a.csv", rows("o1"))
    settings = s3.settings(tmp_path)
    taken(settings)
    before = landing_files(settings, SALES)
    s3.put("sales/a.csv", rows("o2"))
    after = landing_files(settings, SALES)
    assert before[0].identity[:2] == after[0].identity[:2]
    assert set(taken(settings)) == {"a.csv"}
    assert orders(settings) == [("o2", 1.0)]


def test_the_same_bytes_in_another_object_or_in_a_folder_are_one_file_version(s3: S3, tmp_path: Path) -> None:
    local = Settings(home=tmp_path)
    put(local, "a.csv", GOOD)
    first = taken(local)["a.csv"]
    s3.put("sales/a.csv", GOOD)
    s3.put("sales/copy.csv", GOOD)
    settings = s3.settings(tmp_path)
    moved = taken(settings)
    assert {report.content_id for report in moved.values()} == {first.content_id}
    assert orders(settings) == [("o1", 5.0)]
    with warehouse(settings) as connection:
        assert connection.execute("select count(*) from ledger.current_file_versions").fetchone() == (1,)


def test_a_deleted_object_stays_loaded_as_a_deleted_file_does(s3: S3, tmp_path: Path) -> None:
    s3.put("sales/a.csv", rows("o1"))
    s3.put("sales/b.csv", rows("o2"))
    settings = s3.settings(tmp_path)
    taken(settings)
    s3.delete("sales/a.csv")
    assert taken(settings) == {}
    assert orders(settings) == [("o1", 1.0), ("o2", 1.0)]


def test_more_objects_than_a_page_of_the_listing_has_are_all_found(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # 1,000, of S3
    for number in range(5):
        s3.put(f"sales/{number}.csv", rows(f"o{number}"))
    settings = s3.settings(tmp_path)
    s3.forget()
    assert [file.path for file in landing_files(settings, SALES)] == [f"sales/{number}.csv" for number in range(5)]
    assert len(s3.listings()) == 3


def test_a_listing_that_breaks_off_halfway_says_nothing_of_what_is_there(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "1")
    s3.put("sales/a.csv", rows("o1"))
    s3.put("sales/b.csv", rows("o2"))
    settings = s3.settings(tmp_path, retry_seconds=1)
    s3.fail("continuation-token")
    (file,) = landing_files(settings, SALES)
    assert "asks for fewer requests" in str(file.trouble)


def test_only_so_many_bytes_are_kept_and_what_is_gone_is_fetched_again(s3: S3, tmp_path: Path) -> None:
    for name in "abcd":
        s3.put(f"sales/{name}.csv", rows(name))
    settings = s3.settings(tmp_path, fetched_bytes=2 * len(rows("a")), threads=1)
    taken(settings)
    assert len(orders(settings)) == 4
    kept = [path for path in (settings.warehouse_dir / "objects").rglob("*") if path.is_file()]
    assert len(kept) == 2
    none = settings.model_copy(update={"fetched_bytes": 0})
    s3.put("sales/e.csv", rows("e"))
    taken(none)
    assert len(orders(none)) == 5
    assert [path for path in (settings.warehouse_dir / "objects").rglob("*") if path.is_file()] == []


def test_sources_are_in_a_bucket_and_in_folders_side_by_side(s3: S3, tmp_path: Path) -> None:
    s3.put("sales/a.csv", GOOD)
    s3.put("sales/pulled/p.csv", rows("p"))
    local = Settings(home=tmp_path)
    put(local, "pulled/q.csv", rows("q"))
    put(local, "never.csv", rows("never"))
    settings = s3.settings(tmp_path)
    taken(settings)
    assert orders(settings) == [("o1", 5.0), ("p", 1.0), ("q", 1.0)]
    assert stray_files(settings, {"sales": SALES}) == ["sales/never.csv"]
    beside = Settings(home=tmp_path / "other", landing=settings.landing, sources={"sales": {"landing": tmp_path}})
    assert landing_files(beside, SALES) == []
    put(local, "pulled/p.csv", rows("p2"))
    taken(settings)
    assert "keep it in one of them" in rejected(settings)["sales/pulled/p.csv"]


def test_markers_of_folders_and_manifests_are_no_exports(s3: S3, tmp_path: Path) -> None:
    s3.put("sales/", b"")
    s3.put("sales/2026/", b"")
    s3.put("sales/a.csv", GOOD)
    s3.put("sales/x-Manifest.json", b'{"reportKeys": ["sales/a.csv"]}')
    settings = s3.settings(tmp_path)
    s3.forget()
    assert [file.path for file in landing_files(settings, SALES)] == ["sales/a.csv"]
    assert list(look(settings, SALES).companions) == ["sales/x-Manifest.json"]
    assert s3.fetched() == ["sales/x-Manifest.json"], "once, for both looks"


def test_a_key_that_no_file_can_have_stops_only_its_own_folder(s3: S3, tmp_path: Path) -> None:
    s3.put("acme/sales/a.csv", GOOD)
    s3.put("acme/sales/2026/b.csv", rows("o2"))
    s3.put("acme/sales/2025//c.csv", rows("o3"))
    settings = s3.settings(tmp_path, "acme")
    taken(settings)
    assert orders(settings) == [("o1", 5.0), ("o2", 1.0)]
    (path,) = rejected(settings)
    assert path == "sales/2025"
    assert "`acme/sales/2025//` is the key of an object and no path of a file" in rejected(settings)[path]


@pytest.mark.parametrize("name", ["x y é.csv", "100%25.csv", "a+b=c&d#e?.csv", "x" * 200 + ".csv", "it's.csv"])
def test_keys_with_any_characters_are_read(s3: S3, tmp_path: Path, name: str) -> None:
    s3.put(f"sales/{name}", GOOD)
    settings = s3.settings(tmp_path)
    assert set(taken(settings)) == {name}
    assert orders(settings) == [("o1", 5.0)]
