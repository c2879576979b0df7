"""Publishing to a bucket: the published version under a name of its own, then `current.json`, which names it.

A bucket has no rename, so the pointer is written last: a reader who follows it has one version, whole. `publish` makes
what is uploaded; nothing is computed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.settings import Settings
from pipelines.settings.places import Bucket
from pipelines.warehouse.buckets import delete, folders, upload
from pipelines.warehouse.ledger import digest
from pipelines.warehouse.publish import PAGE, VERSIONS_KEPT, published_at, published_file, published_version

POINTER = "current.json"
_CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json"}


@dataclass(frozen=True)
class Uploaded:
    """What was uploaded: files and their bytes, and the version's address."""

    address: str
    file_count: int
    size_bytes: int


def publish_to_bucket(settings: Settings) -> Uploaded:
    """Upload the published marts and the page, then point to them; of older versions the newest are kept.

    Raises:
        FileNotFoundError: nothing is published.
        BucketError: the bucket cannot be written to; readers have the version they had.
    """
    bucket = settings.publish_to
    assert bucket is not None  # noqa: S101 - who calls has looked
    source, version = published_file(settings).parent, published_version(settings)
    files = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.is_file()}
    page = settings.published_dir / PAGE
    if page.exists():
        files[PAGE] = page
    for name, path in files.items():
        upload(settings, bucket, f"versions/{version}/{name}", path, _content_type(path))
    made_at = published_at(settings)
    pointer = {
        "version": version,
        "published_at": f"{made_at:%Y-%m-%dT%H:%M:%SZ}" if made_at else None,
        "files": {name: f"versions/{version}/{name}" for name in files},
    }
    if page.exists():  # one file, so that it changes at once; people have its address
        upload(settings, bucket, PAGE, page, _content_type(page))
    upload(settings, bucket, POINTER, json.dumps(pointer, indent=1).encode(), _CONTENT_TYPES[".json"])
    for old in _too_old(folders(settings, bucket, "versions"), version):
        delete(settings, bucket, f"versions/{old}")
    _marker(settings).write_text(_publication(bucket, version))
    sizes = [path.stat().st_size for path in files.values()]
    return Uploaded(f"{bucket}/versions/{version}", len(sizes), sum(sizes))


def is_bucket_behind(settings: Settings) -> bool:
    """Whether a bucket is set and does not have the published version, as far as this home knows."""
    if settings.publish_to is None:
        return False
    marker = _marker(settings)
    return not marker.exists() or marker.read_text() != _publication(settings.publish_to, published_version(settings))


def _too_old(versions: Iterable[str], current: str) -> list[str]:
    """All but the newest versions and the current one, as `publish` keeps them."""
    others = sorted(version for version in versions if version != current)
    return others[: max(0, len(others) - (VERSIONS_KEPT - 1))]


def _content_type(path: Path) -> str:
    return _CONTENT_TYPES.get(path.suffix, "application/octet-stream")


def _marker(settings: Settings) -> Path:
    return settings.warehouse_dir / "bucket_publication"


def _publication(bucket: Bucket, version: str) -> str:
    return f"{digest([str(bucket)])} {version}\n"
