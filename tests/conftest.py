"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.settings import PROJECT_ROOT, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home folder of its own, empty."""
    settings = Settings(home=tmp_path)
    settings.landing_dir.mkdir(parents=True)
    return settings


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The published real exports, where this machine has them."""
    folder = Path(os.environ.get("SCORECARD_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real exports in {folder}; set SCORECARD_REAL_DATA to where they lie")
    return folder
