"""Objects of S3, Google Cloud Storage, Azure Blob Storage and services like them: listing, fetching, writing.

An object is known by its ETag, size and time before a byte of it is read. `landing` makes files of what is listed,
`objects` keeps what was fetched, and `bucket_errors` says what went wrong; nothing else talks to a bucket.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.settings import Settings
from pipelines.settings.places import Bucket, BucketSettings
from pipelines.warehouse import ledger
from pipelines.warehouse.bucket_errors import BucketError, ChangedObjectError, explained, is_deleted, unnameable

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Store = S3Store | GCSStore | AzureStore

_T = TypeVar("_T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LISTED_AT_ONCE = 1_000
READ_AT_ONCE = 8 * 2**20
SILENT_FOR = timedelta(seconds=30)
"""How long a server may send nothing before the request is tried again."""
AT_MOST = timedelta(hours=6)
"""How long an object may take to be fetched."""
REMEMBERED = 60.0
"""Seconds for which a bucket that could not be reached is not asked again: each source and object would wait too."""

_unreachable: dict[tuple[str, BucketSettings], tuple[float, str]] = {}


@dataclass(frozen=True)
class Object:
    """An object listed, or a folder that cannot be listed and why: `trouble`."""

    path: str
    size_bytes: int
    modified_at: datetime
    etag: str | None
    trouble: str | None = None


def listed(settings: Settings, bucket: Bucket, start: str, is_object: bool = False) -> list[Object]:
    """The objects below `start`, relative to the bucket's prefix, by path; markers of folders are left out.

    `is_object`: whether there may be an object of that very name. What is returned is complete or one object with a
    trouble: a listing that broke off halfway says nothing. A folder with a key that no file can have (an empty
    name, `..`) is returned with its trouble, the others with their objects.
    """
    how = _how(settings, bucket)
    try:
        _check_is_reached(bucket, how)
        store = _store(bucket, how)
        found = list(_walk(store, bucket, start))
        if is_object:
            found += _itself(store, start)
    except Exception as error:
        failure = _failed(error, bucket, how, "listed")
        if failure.is_slow:
            _remember(bucket, how, failure)
        return [_troubled(start, str(failure))]
    found.sort(key=lambda one: one.path)
    return _without_markers(found)


def first_listed(bucket: Bucket, how: BucketSettings) -> tuple[list[Object], bool]:
    """The objects of one page of the listing, by path, without markers of folders; and whether there are no more.

    Raises:
        BucketError: it could not be listed; says why and what to do.
    """
    try:
        page = next(iter(_store(bucket, how).list(chunk_size=LISTED_AT_ONCE)), [])
    except Exception as error:
        raise _failed(error, bucket, how, "listed") from None
    return _without_markers(sorted(map(_object, page), key=lambda one: one.path)), len(page) < LISTED_AT_ONCE


def fetch(settings: Settings, bucket: Bucket, wanted: Object, target: Path) -> None:
    """Write the object's bytes to `target`, with its time; all of them, or none.

    Raises:
        FileNotFoundError: it has been deleted since it was listed.
        ChangedObjectError: it has been replaced since then.
        BucketError: it could not be fetched; says why and what to do.
    """
    how = _how(settings, bucket)
    _check_is_reached(bucket, how)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            try:
                result = _store(bucket, how).get(wanted.path, options=_unless_changed(wanted))
                if (result.meta["size"], _bare(result.meta["e_tag"])) != (wanted.size_bytes, _bare(wanted.etag)):
                    raise ChangedObjectError(bucket, wanted.path)
                for chunk in result.stream(min_chunk_size=READ_AT_ONCE):
                    stream.write(chunk)
            except Exception as error:
                if is_deleted(error):
                    raise FileNotFoundError(wanted.path) from None
                if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):  # the disk's
                    raise
                failure = _failed(error, bucket, how, "fetched", wanted.path)
                if failure.is_everywhere:
                    _remember(bucket, how, failure)
                raise failure from None
            written = stream.tell()
        if written != wanted.size_bytes:
            raise BucketError(
                f"`{wanted.path}` of {bucket} broke off after {written:,} of {wanted.size_bytes:,} bytes: run again"
            )
        moment = int(wanted.modified_at.replace(tzinfo=UTC).timestamp() * 1e6) * 1_000
        os.utime(part, ns=(moment, moment))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def upload(settings: Settings, bucket: Bucket, path: str, what: Path | bytes, content_type: str) -> None:
    """Write a file, or bytes, to the object `path` below the bucket's prefix: readers see the old or the new one.

    Raises:
        BucketError: it could not be written.
    """
    _writing(settings, bucket, path, lambda store: store.put(path, what, attributes={"Content-Type": content_type}))


def folders(settings: Settings, bucket: Bucket, path: str) -> list[str]:
    """The names of the folders in the folder `path`. Raises BucketError where it cannot be listed."""
    found = _writing(settings, bucket, path, lambda store: store.list_with_delimiter(path)["common_prefixes"])
    return [PurePosixPath(folder).name for folder in found]


def delete(settings: Settings, bucket: Bucket, path: str) -> None:
    """Delete every object in the folder `path`. Raises BucketError where one cannot be deleted."""

    def emptied(store: Store) -> None:
        for page in store.list(path):
            store.delete([meta["path"] for meta in page])

    _writing(settings, bucket, path, emptied)


def _writing(settings: Settings, bucket: Bucket, path: str, work: Callable[[Store], _T]) -> _T:
    how = _how(settings, bucket)
    try:
        return work(_store(bucket, how))
    except Exception as error:
        raise _failed(error, bucket, how, "written", path) from None


def _how(settings: Settings, bucket: Bucket) -> BucketSettings:
    return settings.buckets.get(bucket.root, BucketSettings())


def _check_is_reached(bucket: Bucket, how: BucketSettings) -> None:
    """Raise the BucketError that is remembered of the bucket, if any."""
    until, why = _unreachable.get((bucket.root, how), (0.0, ""))
    if time.monotonic() < until:
        raise BucketError(why)


def _remember(bucket: Bucket, how: BucketSettings, failure: BucketError) -> None:
    _unreachable[bucket.root, how] = (time.monotonic() + REMEMBERED, str(failure))


def _walk(store: Store, bucket: Bucket, start: str) -> Iterator[Object]:
    from obstore.exceptions import InvalidPathError

    try:
        yield from [_object(meta) for page in store.list(start or None, chunk_size=LISTED_AT_ONCE) for meta in page]
        return
    except InvalidPathError:
        pass
    # An object's key is one that no file can have, which ends the listing: folder by folder, it ends only its own.
    try:
        level = store.list_with_delimiter(start or None)
    except InvalidPathError as error:
        yield _troubled(start, unnameable(error, bucket))
        return
    yield from map(_object, level["objects"])
    for folder in level["common_prefixes"]:
        yield from _walk(store, bucket, folder)


def _itself(store: Store, path: str) -> list[Object]:
    try:
        return [_object(store.head(path))]
    except FileNotFoundError:
        return []


def _object(meta: Mapping[str, Any]) -> Object:
    when = meta["last_modified"].astimezone(UTC).replace(tzinfo=None)
    return Object(meta["path"], meta["size"], when, meta["e_tag"])


def _troubled(start: str, why: str) -> Object:
    """A folder that cannot be listed; its trouble is its ETag, so that another trouble is a change."""
    return Object(start or ".", -1, EPOCH, ledger.digest([why]), why)


def _without_markers(found: list[Object]) -> list[Object]:
    """Consoles show folders by empty objects, `exports/`: these are listed without the slash."""
    folders = {str(folder) for one in found for folder in PurePosixPath(one.path).parents}
    return [one for one in found if one.size_bytes or not (one.path in folders or "." not in Path(one.path).name)]


def _bare(etag: str | None) -> str:
    """An ETag without its quotes: Azure has none where it lists."""
    return (etag or "").strip('"')


def _unless_changed(wanted: Object) -> Any:
    return {"if_match": wanted.etag} if wanted.etag else {}


def _failed(error: Exception, bucket: Bucket, how: BucketSettings, action: str, path: str | None = None) -> BucketError:
    from obstore.exceptions import PreconditionError

    _store.cache_clear()  # credentials that were renewed since are found
    if isinstance(error, PreconditionError) and path:
        return ChangedObjectError(bucket, path)
    return explained(error, bucket, how, action, path)


@lru_cache(maxsize=32)
def _store(bucket: Bucket, how: BucketSettings) -> Store:
    """The client of a bucket.

    Raises:
        BucketError: the extra is not installed, or there are no credentials.
    """
    try:
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError:
        raise BucketError(
            f"{bucket.root} is a bucket: install what reads them, pip install 'ai-workforce-scorecard[buckets]'"
        ) from None
    common: dict[str, Any] = {
        "prefix": bucket.prefix or None,
        "client_options": {
            "allow_http": (how.endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=10),
            "read_timeout": SILENT_FOR,
            "timeout": AT_MOST,
        },
        "retry_config": {
            "max_retries": 20,
            "retry_timeout": timedelta(seconds=how.retry_seconds),
            "backoff": {
                "init_backoff": timedelta(milliseconds=200),
                "max_backoff": timedelta(seconds=15),
                "base": 2,
            },
        },
    }
    if bucket.scheme == "s3":
        return S3Store(bucket.name, **common, **_s3(bucket, how))
    if bucket.scheme == "gs":
        return GCSStore(bucket.name, **common, **_given(base_url=how.endpoint, skip_signature=how.anonymous))
    given = _given(account_name=how.account, endpoint=how.endpoint, skip_signature=how.anonymous)
    return AzureStore(bucket.name, **common, **given)


def _given(**options: Any) -> dict[str, Any]:
    """The options that are set: the others are the environment's."""
    return {key: value for key, value in options.items() if value}


def _s3(bucket: Bucket, how: BucketSettings) -> dict[str, Any]:
    """What S3's client needs besides; credentials are found where the AWS command line finds them."""
    import boto3
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    given = _given(request_payer=how.requester_pays, endpoint=how.endpoint)
    try:
        session = boto3.Session(region_name=how.region)
        given["region"] = session.region_name or "us-east-1"
        if how.anonymous:
            return given | {"skip_signature": True}
        if session.get_credentials() is None:
            raise BucketError(
                f"there are no credentials for {bucket.root}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or run where a role is attached; or, of a public bucket, `anonymous = true` "
                f'in [buckets."{bucket.root}"]'
            )
        return given | {"credential_provider": Boto3CredentialProvider(session, ttl=timedelta(minutes=5))}
    except BotoCoreError as error:
        raise BucketError(f"the credentials for {bucket.root} cannot be read: {error}") from None
