"""What is published to a bucket is whole for whoever follows its pointer, whenever the upload ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.orchestration.published import bucket_asset
from pipelines.settings import Settings
from pipelines.settings.places import Bucket, BucketSettings
from pipelines.warehouse.bucket_errors import BucketError
from pipelines.warehouse.bucket_publish import is_bucket_behind, publish_to_bucket
from tests.buckets.servers import S3


@pytest.fixture
def settings(s3: S3, tmp_path: Path) -> Settings:
    """A home that publishes to the bucket."""
    root = f"s3://{s3.bucket}"
    how = BucketSettings(endpoint=s3.endpoint, retry_seconds=1)
    return Settings(home=tmp_path, publish_to=f"{root}/acme", buckets={root: how})  # type: ignore[arg-type] # parsed


def publish_locally(settings: Settings, day: int) -> str:
    """As `publish` leaves it, with files that name their version."""
    version = f"202603{day:02}T060000000000"
    folder = settings.published_dir / "versions" / version
    (folder / "parquet").mkdir(parents=True)
    for name in ("marts.duckdb", "parquet/mart_scorecard.parquet"):
        (folder / name).write_text(f"{name} of {version}")
    for link, target in (("current", folder), ("marts.duckdb", Path("current/marts.duckdb"))):
        (settings.published_dir / link).unlink(missing_ok=True)
        (settings.published_dir / link).symlink_to(target)
    (settings.published_dir / "scorecard.html").write_text(f"<html> of {version}")
    settings.warehouse_dir.mkdir(exist_ok=True)
    return version


def read(s3: S3) -> dict[str, str]:
    """What a reader has who follows the pointer: file → text."""
    pointer: dict[str, Any] = json.loads(s3.get("acme/current.json"))
    return {name: s3.get(f"acme/{key}").decode() for name, key in pointer["files"].items()}


def test_a_reader_has_the_old_version_or_the_new_one_whole(s3: S3, settings: Settings) -> None:
    old = publish_locally(settings, 1)
    publish_to_bucket(settings)
    assert set(read(s3)) == {"marts.duckdb", "parquet/mart_scorecard.parquet", "scorecard.html"}
    assert all(text.endswith(old) for text in read(s3).values())
    new = publish_locally(settings, 2)
    s3.fail("PUT /" + s3.bucket + "/acme/versions/" + new + "/scorecard.html", 403, "AccessDenied")
    with pytest.raises(BucketError, match=r"could not be written: no permission .403 AccessDenied.. Needed: s3:PutOb"):
        publish_to_bucket(settings)
    assert all(text.endswith(old) for text in read(s3).values())
    assert is_bucket_behind(settings)
    s3.forget()
    publish_to_bucket(settings)
    assert all(text.endswith(new) for text in read(s3).values())
    assert s3.get("acme/scorecard.html").decode().endswith(new)
    assert [asked.path for asked in s3.watched.requests if asked.method == "PUT"][-1].endswith("/acme/current.json")


def test_the_newest_versions_are_kept_and_other_objects_are_left_alone(s3: S3, settings: Settings) -> None:
    s3.put("acme/of-somebody-else.txt", b"x")
    s3.put("versions/of-somebody-else.txt", b"x")
    for day in range(1, 6):
        version = publish_locally(settings, day)
        assert is_bucket_behind(settings)
        publish_to_bucket(settings)
        assert not is_bucket_behind(settings)
    kept = {key.split("/")[2] for key in s3.listed_keys() if key.startswith("acme/versions/")}
    assert kept == {f"202603{day:02}T060000000000" for day in (3, 4, 5)}
    assert version in kept
    assert {"acme/of-somebody-else.txt", "versions/of-somebody-else.txt"} <= set(s3.listed_keys())


def test_dagster_publishes_and_another_bucket_is_behind(s3: S3, settings: Settings) -> None:
    publish_locally(settings, 1)
    result = dg.materialize([bucket_asset(settings, dg.AssetKey("marts"), has_page=True)])
    (made,) = result.asset_materializations_for_node("published__bucket")
    assert made.metadata["files"].value == 3
    assert str(made.metadata["address"].value).startswith(f"s3://{s3.bucket}/acme/versions/")
    assert not is_bucket_behind(settings)
    assert is_bucket_behind(settings.model_copy(update={"publish_to": Bucket("s3", s3.bucket, "other")}))
    assert not is_bucket_behind(Settings(home=settings.home))
