"""What goes wrong with a bucket is one sentence that says what to change, and stops nothing else."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.settings.places import BucketSettings
from pipelines.warehouse.landing import landing_files
from tests.buckets.servers import S3
from tests.buckets.test_reading import rejected, rows
from tests.unit.test_intake import SALES, orders
from tests.unit.test_intake_bytes import GOOD, put, taken


def trouble(settings: Settings) -> str:
    (file,) = landing_files(settings, SALES)
    assert file.trouble is not None
    assert "no-secret" not in str(file.trouble)
    return str(file.trouble)


@pytest.mark.parametrize(
    ("status", "code", "cause", "remedy"),
    [
        (403, "AccessDenied", "no permission (403 AccessDenied)", "s3:ListBucket on the bucket and s3:GetObject"),
        (403, "AccessDenied", "no permission", "requester_pays = true"),
        (404, "NoSuchBucket", "there is no such bucket", "Correct its address in scorecard.toml"),
        (400, "ExpiredToken", "the credentials have expired", "aws sso login"),
        (403, "RequestTimeTooSkewed", "clock differs", "Set the clock"),
        (403, "InvalidAccessKeyId", "the credentials are not accepted", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "the credentials are not accepted", "AWS_ACCESS_KEY_ID"),
        (301, "PermanentRedirect", "it is in another region", 'Set `region` in [buckets."s3://'),
        (400, "AuthorizationHeaderMalformed", "it is in another region", "Set `region`"),
        (503, "SlowDown", "asks for fewer requests, also after 1 s of retries", "retry_seconds"),
        (429, "TooManyRequests", "asks for fewer requests, also after 1 s of retries", "retry_seconds"),
        (500, "InternalError", "the service fails, also after 1 s of retries", "Run again later"),
    ],
)
def test_a_listing_that_fails_says_why_and_what_to_change(
    s3: S3, tmp_path: Path, status: int, code: str, cause: str, remedy: str
) -> None:
    s3.fail("list-type=2", status, code)
    settings = s3.settings(tmp_path, retry_seconds=1)
    said = trouble(settings)
    assert f"s3://{s3.bucket}" in said and cause in said and remedy in said


def test_a_server_that_is_not_there_says_so_and_is_not_waited_for_by_each_source(s3: S3, tmp_path: Path) -> None:
    root = f"s3://{s3.bucket}"
    how = BucketSettings(endpoint="http://127.0.0.1:9", retry_seconds=1)
    settings = Settings(home=tmp_path, landing=root, buckets={root: how})
    assert "http://127.0.0.1:9 does not answer, also after 1 s of retries" in trouble(settings)
    s3.fail("list-type=2")
    busy = s3.settings(tmp_path, retry_seconds=1)
    assert "asks for fewer requests" in trouble(busy)
    s3.forget()
    assert "asks for fewer requests" in trouble(busy)
    assert s3.listings() == []


def test_throttling_and_errors_that_pass_are_tried_again(s3: S3, tmp_path: Path) -> None:
    s3.put("sales/a.csv", GOOD)
    settings = s3.settings(tmp_path)
    s3.forget()
    s3.fail("list-type=2", times=1)
    s3.fail("a.csv", 429, "TooManyRequests", times=1)
    s3.fail("a.csv", 500, "InternalError", times=1)
    taken(settings)
    assert orders(settings) == [("o1", 5.0)]
    assert [asked.status for asked in s3.watched.requests] == [503, 200, 429, 500, 200]


def test_without_credentials_or_the_extra_the_sentence_says_what_to_set(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = s3.settings(tmp_path)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "there are no credentials" in trouble(settings) and "AWS_PROFILE" in trouble(settings)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "the credentials for" in trouble(settings) and "nobody" in trouble(settings)
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    assert "pip install 'ai-workforce-scorecard[buckets]'" in trouble(settings)


def test_a_broken_bucket_stops_no_other_source_and_what_was_loaded_stays(s3: S3, tmp_path: Path) -> None:
    s3.put("sales/a.csv", GOOD)
    put(Settings(home=tmp_path), "pulled/p.csv", rows("p"))
    settings = s3.settings(tmp_path)
    taken(settings)
    s3.fail("list-type=2", 403, "AccessDenied")
    put(Settings(home=tmp_path), "pulled/q.csv", rows("q"))
    taken(settings)
    assert orders(settings) == [("o1", 5.0), ("p", 1.0), ("q", 1.0)]
    assert "no permission" in rejected(settings)["sales"]
    assert taken(settings) == {}, "the same trouble is no news"
    s3.watched.faults.clear()
    s3.fail("list-type=2", 404, "NoSuchBucket")
    assert set(taken(settings)) == {"sales"}, "another one is"
    assert "no such bucket" in rejected(settings)["sales"]
    s3.forget()
    taken(settings)
    assert rejected(settings) == {}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 403, "code": "AccessDenied"}, "no permission (403 AccessDenied)"),
        ({"cut": True}, "broke off"),
    ],
)
def test_an_object_that_cannot_be_fetched_stops_no_other_and_is_tried_again(
    s3: S3, tmp_path: Path, fault: dict[str, object], said: str
) -> None:
    s3.put("sales/a.csv", GOOD)
    s3.put("sales/b.csv", rows("o2"))
    settings = s3.settings(tmp_path, retry_seconds=1)
    s3.fail("GET /" + s3.bucket + "/sales/a.csv", **fault)  # type: ignore[arg-type] # of either kind
    taken(settings)
    assert orders(settings) == [("o2", 1.0)]
    assert said in rejected(settings)["sales/a.csv"] and f"s3://{s3.bucket}" in rejected(settings)["sales/a.csv"]
    s3.forget()
    taken(settings)
    assert orders(settings) == [("o1", 5.0), ("o2", 1.0)]
    assert rejected(settings) == {}


def test_a_service_that_stops_answering_is_not_waited_for_by_each_object(s3: S3, tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        s3.put(f"sales/{name}.csv", rows(name))
    settings = s3.settings(tmp_path, retry_seconds=1, threads=1)
    s3.forget()
    s3.fail("GET /" + s3.bucket + "/sales/")
    taken(settings)
    assert len(set(s3.fetched())) == 1
    assert set(rejected(settings)) == {f"sales/{name}.csv" for name in ("a", "b", "c", "d")}, "not listed by now either"


def test_a_body_that_breaks_off_once_is_fetched_again(s3: S3, tmp_path: Path) -> None:
    s3.put("sales/a.csv", GOOD)
    settings = s3.settings(tmp_path)
    s3.forget()
    s3.fail("GET /" + s3.bucket + "/sales/a.csv", cut=True, times=1)
    taken(settings)
    assert orders(settings) == [("o1", 5.0)]
    assert s3.fetched() == ["sales/a.csv"] * 2


@pytest.mark.parametrize(("is_unconditional", "status"), [(False, 412), (True, 200)])
def test_an_object_that_is_replaced_or_deleted_after_it_was_listed_is_noticed(
    s3: S3, tmp_path: Path, is_unconditional: bool, status: int
) -> None:
    for name in ("a", "b", "c"):
        s3.put(f"sales/{name}.csv", rows(name))
    settings = s3.settings(tmp_path)
    get = f"GET /{s3.bucket}/sales/"
    replace = partial(s3.put, "sales/a.csv", rows("z"))
    s3.fail(f"{get}a.csv", times=1, before=replace, is_unconditional=is_unconditional)
    s3.fail(f"{get}b.csv", times=1, before=lambda: s3.delete("sales/b.csv"))
    taken(settings)
    assert orders(settings) == [("c", 1.0)]
    assert [asked.status for asked in s3.watched.requests if asked.path.endswith("a.csv")][-1] == status
    assert "was replaced while it was read; the next run ingests it" in rejected(settings)["sales/a.csv"]
    assert "sales/b.csv" not in rejected(settings)
    taken(settings)
    assert orders(settings) == [("c", 1.0), ("z", 1.0)]


def test_credentials_that_were_renewed_are_found_by_the_next_look(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("sales/a.csv", GOOD)
    settings = s3.settings(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    s3.fail("list-type=2", 400, "ExpiredToken", times=1)
    assert "the credentials have expired" in trouble(settings)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "new")
    assert [file.path for file in landing_files(settings, SALES)] == ["sales/a.csv"]
    assert ["Credential=old/" in asked.signed for asked in s3.listings()] == [True, False]
    assert "Credential=new/" in s3.listings()[1].signed
