"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.settings import DBT_PROJECT, PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much is tried of what is tried at random."""
    parser.addoption("--inputs", type=int, default=8, help="Mutated files of each kind in tests/fuzz.")
    parser.addoption("--orders", type=int, default=1, help="Ways to bring a landing folder about in tests/property.")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Parse the dbt project before the workers begin: each home of theirs then reads what has been parsed."""
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
        return
    from pipelines.warehouse.transform import kept_parse, parse

    target = DBT_PROJECT / "target"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as home:
        settings = Settings(home=Path(home))
        parse(settings)
        kept = kept_parse(settings)
        kept.replace(target / kept.name)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep together what shares something dear: those who look at the sample company, else the tests of a file.

    A test with a home folder of its own takes in files: it is slow.
    """
    if "settings" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.slow)
    if item.get_closest_marker("xdist_group"):
        return
    shared = "company" if "company" in getattr(item, "fixturenames", ()) else item.nodeid.split("::")[0]
    item.add_marker(pytest.mark.xdist_group(shared))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are in no test's name: those of an archive hold the second, and workers must collect the same tests."""
    return argname if isinstance(val, bytes) else None


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, where this machine has one."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("SCORECARD_BROWSER") == "required":
            pytest.fail("no Chromium on the PATH, and SCORECARD_BROWSER=required says that there must be one")
        pytest.skip("no Chromium on the PATH: `apt-get install chromium` lets these tests run")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()
