"""The page's script: its bundle is the one of its modules, and they pass their own tests, where there is Node.js."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.scorecard.bundle import BUNDLE, heading
from pipelines.settings import PROJECT_ROOT

TESTS = sorted((PROJECT_ROOT / "tests" / "page").glob("*.test.js"))


@pytest.fixture(scope="module")
def node() -> str:
    path = shutil.which("node")
    if path is None:
        if os.environ.get("SCORECARD_BROWSER") == "required":
            pytest.fail("no Node.js on the PATH, and SCORECARD_BROWSER=required says that there must be one")
        pytest.skip("no Node.js on the PATH: `apt-get install nodejs` lets these tests run")
    return path


def test_the_bundle_is_made_of_the_scripts_as_they_are() -> None:
    first, _, _ = BUNDLE.read_text(encoding="utf-8").partition("\n")
    assert first == heading(), "a script of the page has changed since: run `make page`"


@pytest.mark.parametrize("path", TESTS, ids=[path.name for path in TESTS])
def test_the_modules_pass_their_own_tests(node: str, path: Path) -> None:
    done = subprocess.run([node, "--test", path], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
