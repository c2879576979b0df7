"""Google's and Azure's buckets are read like S3's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.settings.places import BucketSettings
from pipelines.warehouse.landing import landing_files
from tests.buckets import azure
from tests.buckets.servers import S3
from tests.buckets.test_reading import rows
from tests.unit.test_intake import SALES, orders
from tests.unit.test_intake_bytes import GOOD, put, taken


@pytest.fixture(scope="module")
def azurite() -> Iterator[azure.Azurite]:
    command = azure.installed()
    if command is None:
        pytest.skip("azurite-blob is not on the PATH: npm install --global azurite")
    with azure.running(command) as server:
        yield server


def test_a_container_of_azure_is_read_once_and_again_where_it_changed(
    azurite: azure.Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", azure.KEY)
    azurite.new_container("exports")
    azurite.put("exports", "acme/sales/a.csv", GOOD)
    azurite.put("exports", "acme/sales/2026/b.csv", rows("o2"))
    how = BucketSettings(endpoint=azurite.endpoint, account=azure.ACCOUNT)
    settings = Settings(home=tmp_path, landing="az://exports/acme", buckets={"az://exports": how})
    first = taken(settings)
    assert orders(settings) == [("o1", 5.0), ("o2", 1.0)]
    assert taken(settings) == {}
    azurite.put("exports", "acme/sales/2026/b.csv", rows("o3"))
    assert set(taken(settings)) == {"2026/b.csv"}
    assert orders(settings) == [("o1", 5.0), ("o3", 1.0)]
    local = Settings(home=tmp_path / "local")
    put(local, "a.csv", GOOD)
    assert taken(local)["a.csv"].content_id == first["a.csv"].content_id


@pytest.mark.parametrize(
    ("container", "key", "said"),
    [
        ("nothing-here", azure.KEY, "there is no such bucket (404 ContainerNotFound)"),
        ("refused", base64.b64encode(b"wrong").decode(), "the credentials are not accepted (403 Authoriz"),
    ],
)
def test_errors_of_azure_say_what_to_change(
    azurite: azure.Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, key: str, said: str
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", key)
    how = BucketSettings(endpoint=azurite.endpoint, account=azure.ACCOUNT, retry_seconds=1)
    settings = Settings(home=tmp_path, landing=f"az://{container}", buckets={f"az://{container}": how})
    (file,) = landing_files(settings, SALES)
    assert said in str(file.trouble) and key not in str(file.trouble)


def test_a_bucket_of_google_is_read_through_the_requests_that_it_shares_with_s3(s3: S3, tmp_path: Path) -> None:
    """Google's XML API lists and gets as S3 does: moto replaces it, as no server of Google's own can be installed."""
    s3.put("acme/sales/a.csv", GOOD, public=True)
    s3.put("acme/sales/b.csv", rows("o2"), public=True)
    settings = s3.settings(tmp_path, "acme", scheme="gs", anonymous=True)
    s3.forget()
    assert {name: report.message for name, report in taken(settings).items()} == {"a.csv": None, "b.csv": None}
    assert orders(settings) == [("o1", 5.0), ("o2", 1.0)]
    assert s3.body_bytes() == len(GOOD) + len(rows("o2"))
    s3.forget()
    assert taken(settings) == {}
    assert s3.body_bytes() == 0
    s3.fail("list-type=2", 403, "AccessDenied")
    (file,) = landing_files(settings, SALES)
    assert "Storage Object Viewer" in str(file.trouble)


def test_google_without_credentials_says_what_to_set(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    (file,) = landing_files(s3.settings(tmp_path, scheme="gs", retry_seconds=1), SALES)
    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(file.trouble)
