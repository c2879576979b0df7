"""The package as it is installed: from its wheel, with nothing of the repository beside it, and never written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb

from pipelines.settings import PROJECT_ROOT
from tests.cases.case import Case

COMMAND = "from pipelines.cli import main; main()"
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
"""Root writes to read-only files by its capabilities: without them it is a user as any other."""


def fingerprint(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file below the folder, with its size and time."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {str(path.relative_to(folder)): (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def test_an_installed_copy_runs_in_an_empty_folder_and_writes_to_its_home_alone(tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, PROJECT_ROOT], check=True)  # noqa: S603 - our own folder
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    assets = {path.name for path in (site / "pipelines/scorecard/assets").iterdir()}
    assert "page.js" in assets and "page" not in assets, "the bundled script goes into the wheel, its modules do not"
    case = Case("ratings-changed-mind")
    shutil.copytree(case.folder / "landing", work / "exports")
    for path in site.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = fingerprint(site)
    tried = subprocess.run([*UNPRIVILEGED, "touch", site / "pipelines" / "new"], capture_output=True, check=False)  # noqa: S603
    assert tried.returncode, "the package is read-only to whoever runs it"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SCORECARD", "DAGSTER"))}
    environment |= {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    catalog = site / "pipelines" / "scenario" / "catalog"
    done = subprocess.run(  # noqa: S603 - our own command
        [*UNPRIVILEGED, sys.executable, "-c", COMMAND, "run", "--landing", "exports", "--catalog", catalog],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert fingerprint(site) == before
    assert sorted(path.name for path in work.iterdir()) == ["exports", "scorecard-data"]
    with duckdb.connect(str((work / "scorecard-data/published/marts.duckdb").resolve()), read_only=True) as published:
        assert published.execute("select count(*) > 0 from mart_scorecard").fetchone() == (True,)
