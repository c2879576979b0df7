"""A source's exports in a bucket: their address, a test by one listing, and its tables for `scorecard.toml`.

Credentials are those of the vendor's own places in the environment: they are no setting, and are neither read nor kept
here. What an object holds is seen when it is ingested.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from pipelines.connect.system import OptionError
from pipelines.settings.places import Bucket, BucketSettings, place_named
from pipelines.sources import all_sources
from pipelines.warehouse.bucket_errors import BucketError
from pipelines.warehouse.buckets import Object, first_listed

SCHEMES = ("s3://", "gs://", "az://")
EVERYTHING = "**/*"
RETRY_SECONDS = 5
"""How long the test retries a bucket that does not answer; somebody waits."""
COMPRESSIONS = (".gz", ".zst", ".bz2", ".zip")


@dataclass(frozen=True)
class Exports:
    """The exports of a source, below an address; `values`: the bucket's own settings, as in `[buckets]`."""

    source: str
    bucket: Bucket
    values: Mapping[str, Any]
    has_glob: bool = False

    def __str__(self) -> str:
        """As an option gives it."""
        return f"{self.source}={self.bucket}"


@dataclass(frozen=True)
class Looked:
    """What one listing shows; `fault`: why there is none.

    `has_folder`: whether there is a folder of the source's name, as in a landing folder.
    """

    text: str = ""
    has_folder: bool = False
    fault: str | None = None


def split(options: Sequence[str]) -> tuple[list[str], list[str]]:
    """The `--set` options of systems, and those of buckets."""
    of_buckets = [option for option in options if option.startswith(SCHEMES)]
    return [option for option in options if option not in of_buckets], of_buckets


def configured(there: Mapping[str, Any]) -> list[str]:
    """The exports that `scorecard.toml` has in buckets, as options."""
    return [
        f"{source}={table['landing']}"
        for source, table in there.get("sources", {}).items()
        if str(table.get("landing", "")).startswith(SCHEMES)
    ]


def exports_of(given: Iterable[str], options: Sequence[str], there: Mapping[str, Any]) -> list[Exports]:
    """The exports that options name.

    Args:
        given: `cloud_billing=s3://acme-billing/focus`, one for each source; the last of a source counts.
        options: `s3://acme-billing.region=eu-central-1`, settings of their buckets.
        there: The values of `scorecard.toml`; its settings of the same buckets are kept.

    Raises:
        OptionError: an option has another form, or names a source, a bucket or a setting that there is not.
    """
    places = dict(map(_place, given))
    values = {root: dict(table) for root, table in there.get("buckets", {}).items()}
    for option in options:
        root, setting, value = _setting(option)
        if root not in {place.root for place in places.values()}:
            raise OptionError(f"--set {root}.{setting}: no --bucket of this call names {root}")
        values.setdefault(root, {})[setting] = value
    sources = there.get("sources", {})
    return [
        Exports(source, bucket, _typed(bucket, values.get(bucket.root, {})), "glob" in sources.get(source, {}))
        for source, bucket in places.items()
    ]


def look(exports: Exports) -> Looked:
    """List the bucket by one request, of at most a thousand objects."""
    given = BucketSettings.model_validate(exports.values)
    how = given.model_copy(update={"retry_seconds": min(given.retry_seconds, RETRY_SECONDS)})
    try:
        found, is_whole = first_listed(exports.bucket, how)
    except BucketError as error:
        return Looked(fault=str(error))
    has_folder = any(item.path.startswith(f"{exports.source}/") for item in found)
    return Looked(_summary(found, is_whole), has_folder)


def tables(ready: Iterable[tuple[Exports, Looked]]) -> dict[str, Any]:
    """The tables for `scorecard.toml`: where the exports are, and the settings of their buckets."""
    sources: dict[str, dict[str, Any]] = {}
    buckets: dict[str, dict[str, Any]] = {}
    for exports, looked in ready:
        sources[exports.source] = {"landing": str(exports.bucket)}
        if not looked.has_folder and not exports.has_glob:
            sources[exports.source]["glob"] = [EVERYTHING]
        if exports.values:
            buckets[exports.bucket.root] = dict(exports.values)
    return {key: value for key, value in (("sources", sources), ("buckets", buckets)) if value}


def _place(option: str) -> tuple[str, Bucket]:
    source, _, address = option.partition("=")
    if source not in all_sources():
        known = ", ".join(sorted(all_sources()))
        raise OptionError(f"--bucket: expected SOURCE=ADDRESS with one of the sources {known}{_found(source)}")
    try:
        place = place_named(address.strip())
    except ValueError as error:
        raise OptionError(f"--bucket {source}: {error}. Credentials do not belong here") from None
    if not isinstance(place, Bucket):
        raise OptionError(f"--bucket {source}: expected a bucket such as s3://bucket/prefix, gs://… or az://…")
    return source, place


def _setting(option: str) -> tuple[str, str, str]:
    name, _, value = option.partition("=")
    root, _, setting = name.rpartition(".")
    fields = list(BucketSettings.model_fields)
    if not value or setting not in fields:
        raise OptionError(
            "--set of a bucket: expected ADDRESS.SETTING=VALUE, as in s3://acme-billing.region=eu-central-1, with one "
            f"of {', '.join(fields)}{_found(setting)}. Credentials do not belong here"
        )
    return root, setting, value


def _found(name: str) -> str:
    """What was given, if it looks like a name: anything else may be a credential and is not repeated."""
    return f"; found `{name}`" if re.fullmatch("[a-z_]{1,30}", name) else ""


def _typed(bucket: Bucket, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return BucketSettings.model_validate(values).model_dump(exclude_unset=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        said = "; ".join(f"`{fault['loc'][0]}`: {fault['msg'].removeprefix('Value error, ')}" for fault in faults)
        raise OptionError(f"settings of {bucket.root}: {said}") from None


def _summary(found: Sequence[Object], is_whole: bool) -> str:
    if not found:
        return "no file yet"
    kinds = Counter(map(_kind, (item.path for item in found)))
    files = f"{len(found):,} file{'s'[: len(found) != 1]}{'' if is_whole else ' and more'}"
    listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    newest = max(item.modified_at for item in found)
    size = sum(item.size_bytes for item in found)
    return f"{files} ({listed}), {size:,} bytes, the newest written on {newest:%Y-%m-%d}"


def _kind(path: str) -> str:
    """How its name ends: `.csv.gz`."""
    suffixes = PurePosixPath(path).suffixes
    last = suffixes[-2:] if suffixes and suffixes[-1] in COMPRESSIONS else suffixes[-1:]
    return "".join(last) or "without a suffix"
