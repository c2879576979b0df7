"""What `scorecard doctor` shows of the buckets: whether each can be listed, what is in it, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipelines.settings import Settings
from pipelines.settings.places import Bucket
from pipelines.warehouse.buckets import listed


@dataclass(frozen=True)
class BucketHealth:
    """A bucket below its prefix: how many objects of how many bytes, when the newest was written (UTC).

    `problems`: why it, or a folder of it, cannot be listed, and what to do. `advice`: what to do where it is empty.
    """

    place: str
    object_count: int
    size_bytes: int
    newest_at: datetime | None
    problems: tuple[str, ...]
    advice: str | None


def bucket_overview(settings: Settings) -> list[BucketHealth]:
    """Each bucket that exports are in, listed once."""
    return [_health(settings, place) for place in settings.places if isinstance(place, Bucket)]


def _health(settings: Settings, place: Bucket) -> BucketHealth:
    found = listed(settings, place, "")
    objects = [one for one in found if one.trouble is None]
    problems = tuple(one.trouble for one in found if one.trouble)
    return BucketHealth(
        place=str(place),
        object_count=len(objects),
        size_bytes=sum(one.size_bytes for one in objects),
        newest_at=max((one.modified_at for one in objects), default=None),
        problems=problems,
        advice=None if found else f"upload exports to {place}/<source>/, or correct the prefix in `landing`.",
    )
