"""A home that pulls from servers on loopback, and the proof that its tokens are written nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.pulls.files import read_pages
from pipelines.pulls.run import Pulled, pull
from pipelines.settings import Settings
from pipelines.settings.pulls import PullsSettings
from tests.pulls.vendor import TOKEN, Clock, Vendor

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
BEGIN = "2026-03-01"


@dataclass
class Home:
    """A home and its time."""

    settings: Settings
    clock: Clock

    def connect(self, source: str, vendor: Vendor, **more: Any) -> None:
        """Configure the source, at this server."""
        own = {"base_url": vendor.url, "token_env": "TEST_PULL_TOKEN", "since": BEGIN, **more}
        others = {name: found.model_dump() for name, found in self.settings.pulls.configured().items()}
        self.settings = self.settings.model_copy(
            update={"pulls": PullsSettings.model_validate({**others, source: own})}
        )

    def pull(self, *sources: str, since: str | None = None, days: float = 0) -> Pulled:
        """Pull, `days` later; the last source's result."""
        self.clock.time += timedelta(days=days)
        return pull(self.settings, sources, date.fromisoformat(since) if since else None, self.clock)[-1]

    def file(self, path: str) -> Path:
        """A file of the landing folder."""
        return self.settings.landing_dir / path

    def files(self, folder: str) -> list[str]:
        """The names of the files in a folder of landing, whole ones."""
        return sorted(p.name for p in self.file(folder).glob("*") if p.suffix != ".part")

    def records(self, folder: str, key: str) -> dict[str, list[Any]]:
        """File → the records in its pages under `key`."""
        found = {}
        for path in sorted(self.file(folder).rglob("*")):
            if path.is_file() and path.suffix != ".part":
                found[path.name] = [record for page in read_pages(path) for record in page[key]]
        return found

    def content(self) -> dict[str, bytes]:
        """Every whole file of landing."""
        root = self.settings.landing_dir
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TEST_PULL_TOKEN", TOKEN)
    return Home(settings, Clock(START))


@pytest.fixture(autouse=True)
def no_secret_is_written(
    settings: Settings, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Whatever a test does: no file of the home and no log record, at any level, holds the token."""
    caplog.set_level(logging.DEBUG)
    yield
    said = caplog.text + "".join(record.getMessage() for record in caplog.get_records("call"))
    captured = capsys.readouterr()
    assert TOKEN not in said + captured.out + captured.err
    for path in settings.home.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path
