"""A server for the tests of a session, and a bucket for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.buckets.servers import ENVIRONMENT, S3, UNSET, running

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """The S3 of moto."""
    yield from running()


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An empty bucket, and credentials that are only the test's own."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    s3_server.new_bucket(f"exports{next(_NUMBERS)}")
    return s3_server
