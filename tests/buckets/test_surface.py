"""Buckets as the settings, the sensor and `scorecard doctor` know them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from pipelines.cli.common import settings_of
from pipelines.console import show_buckets, show_failures
from pipelines.orchestration.jobs import landing_job
from pipelines.orchestration.sensors import landing_sensor
from pipelines.settings import Settings
from pipelines.settings.places import Bucket
from pipelines.warehouse.bucket_overview import bucket_overview
from pipelines.warehouse.status import RejectedFile, Status
from tests.buckets.servers import S3
from tests.buckets.test_reading import rows
from tests.unit.test_intake import SALES
from tests.unit.test_intake_bytes import taken


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"landing": "ftp://acme/x"}, "expected a folder, or a bucket such as s3://bucket/prefix"),
        ({"landing": "s3://acme/a/../b"}, "expected a folder, or a bucket such as s3://bucket/prefix"),
        ({"landing": "s3://key:secret@acme"}, "expected a folder, or a bucket such as s3://bucket/prefix"),
        ({"landing": "s3://acme", "buckets": {"s3://acmee": {}}}, "`publish_to` name s3://acme: write it as there"),
        ({"publish_to": "acme/published"}, "expected a bucket such as s3://bucket/prefix"),
        ({"landing": "s3://acme", "buckets": {"s3://acme": {"secret": "x"}}}, "Extra inputs are not permitted"),
        ({"landing": "s3://acme", "buckets": {"s3://acme": {"endpoint": "acme.example"}}}, "begins with https://"),
        ({"landing": "gs://acme", "buckets": {"gs://acme": {"endpoint": "http://acme.example"}}}, "a token is sent"),
    ],
)
def test_a_wrong_place_or_bucket_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate(given)
    assert said in str(error.value)


def test_the_option_and_the_file_name_buckets_and_pulls_go_to_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of(tmp_path, "az://acme/a/b/").place_of("sales") == Bucket("az", "acme", "a/b")
    (tmp_path / "scorecard.toml").write_text('landing = "gs://acme"\n[sources.jira]\nlanding = "exports"\n')
    settings = settings_of(tmp_path)
    assert settings.places == (Bucket("gs", "acme"), tmp_path / "exports")
    assert (settings.pulled_to("jira"), settings.pulled_to("sales")) == (tmp_path / "exports", tmp_path / "landing")


def test_the_sensor_requests_a_run_for_a_new_and_a_replaced_object_and_once_for_a_trouble(
    s3: S3, tmp_path: Path
) -> None:
    s3.put("sales/a.csv", rows("o1"))
    settings = s3.settings(tmp_path)
    sensor = landing_sensor(settings, {SALES.name: SALES}, landing_job())

    def tick(cursor: str | None) -> dg.SensorResult:
        with dg.DagsterInstance.ephemeral() as instance:
            found = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=cursor))
        return dg.SensorResult(run_requests=found.run_requests, cursor=found.cursor)

    first = tick(None)
    assert len(first.run_requests or []) == 1
    taken(settings)
    assert not tick(first.cursor).run_requests
    s3.put("sales/a.csv", rows("o2"))
    second = tick(first.cursor)
    assert len(second.run_requests or []) == 1
    s3.fail("list-type=2", 403, "AccessDenied")
    third = tick(second.cursor)
    assert len(third.run_requests or []) == 1
    assert not tick(third.cursor).run_requests


def test_doctor_shows_what_is_in_a_bucket_and_what_to_do(
    s3: S3, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = s3.settings(tmp_path, "acme")
    show_buckets(bucket_overview(settings))
    assert f"Next: upload exports to s3://{s3.bucket}/acme/<source>/" in capsys.readouterr().out
    s3.put("acme/sales/a.csv", b"x" * 1_000)
    s3.put("acme/sales/b.csv", b"x" * 234)
    show_buckets(bucket_overview(settings))
    shown = capsys.readouterr().out
    assert "yes" in shown and "1,234" in shown and "Next:" not in shown
    s3.put("acme/sales/x//c.csv", b"x")
    show_buckets(bucket_overview(settings))
    shown = capsys.readouterr().out
    assert "in part" in shown and "is the key of an object and no path of a file" in shown
    s3.fail("list-type=2", 403, "AccessDenied")
    show_buckets(bucket_overview(settings))
    shown = capsys.readouterr().out
    assert " no " in shown and "Next: s3://" in shown and "s3:ListBucket" in shown
    show_buckets(bucket_overview(Settings(home=tmp_path)))
    assert capsys.readouterr().out == ""


def test_a_bucket_that_fails_many_sources_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    files = tuple(RejectedFile(name, name, "unreadable", "s3://acme could not be listed") for name in ("a", "b", "c"))
    show_failures(Status({}, (), (), frozenset(), files, (), "", (), False), [], None)
    assert capsys.readouterr().err == "unreadable: a and 2 more sources, s3://acme could not be listed\n"
