"""Where exports lie: folders and buckets, and how a bucket is reached."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

LOCAL = ("localhost", "127.0.0.1", "::1")
"""This machine, where a token may be sent without TLS."""


@dataclass(frozen=True)
class Bucket:
    """The objects of a bucket below a prefix, as a place for exports; as text, `s3://acme-exports/scorecard`."""

    scheme: Literal["s3", "gs", "az"]
    name: str
    prefix: str = ""

    @property
    def root(self) -> str:
        """The bucket without the prefix, as `buckets` in scorecard.toml names it."""
        return f"{self.scheme}://{self.name}"

    def __str__(self) -> str:
        """The address."""
        return f"{self.root}/{self.prefix}" if self.prefix else self.root


_ADDRESS = re.compile(r"(s3|gs|az)://([A-Za-z0-9][A-Za-z0-9._-]+)(?:/(.*))?")


def place_named(given: Any) -> Any:
    """The folder or bucket that a text names; what is one already stays as it is.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(given, Path | Bucket) or given is None:
        return given
    if "://" not in str(given):
        return Path(given).expanduser()
    found = _ADDRESS.fullmatch(str(given))
    prefix = (found[3] or "").strip("/") if found else ""
    if found is None or not set(prefix.split("/")).isdisjoint({".", ".."}) or "//" in prefix:
        raise ValueError("expected a folder, or a bucket such as s3://bucket/prefix, gs://bucket or az://container")
    return Bucket(found[1], found[2], prefix)  # type: ignore[arg-type] # one of the three, by the expression


Place = Annotated[Path | Bucket, BeforeValidator(place_named)]
"""Where exports are: a folder, or a bucket."""


class BucketSettings(BaseModel):
    """How a bucket is reached; credentials come from the vendor's own places in the environment only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    endpoint: str | None = Field(None, description="The address of the service; null: the vendor's own.")
    region: str | None = Field(None, description="S3: the bucket's region; null: AWS_REGION or the profile's.")
    account: str | None = Field(None, description="Azure: the storage account; null: AZURE_STORAGE_ACCOUNT_NAME.")
    requester_pays: bool = Field(False, description="S3: whether who reads agrees to pay for it.")
    anonymous: bool = Field(False, description="Whether the bucket is public, so that requests are not signed.")
    retry_seconds: int = Field(
        120, ge=1, le=280, description="How long a request that is throttled or breaks off is tried again."
    )

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, endpoint: str | None) -> str | None:
        parts = urlsplit(endpoint or "https://the.vendor")
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("expected an address that begins with https:// or http://")
        if parts.username or parts.password or parts.query:
            raise ValueError("expected an address without user, password and query")
        return endpoint.rstrip("/") if endpoint else None
