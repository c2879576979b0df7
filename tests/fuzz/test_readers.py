"""Whatever is done to a file: its rows add up or it is reported by name, and the file beside it loads whole.

`pytest tests/fuzz --inputs 500` makes more of each; a failing input is named by its number, and comes again.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from pipelines.scenario.generate import generate
from pipelines.scenario.world import FIRST_DAY
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse import ledger
from pipelines.warehouse.connect import writer
from pipelines.warehouse.convert import UNEXPLAINED
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.status import rejected_files
from tests.cases.case import FOLDER
from tests.fuzz.mutate import mutated

SOURCES = sorted(all_sources())
AT_ONCE = 100
LONGEST = 60_000
"""Bytes of a seed: what is wrong with ten thousand rows is wrong with a hundred."""


@pytest.fixture(scope="session")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of a tiny sample company, and cases' files where it lacks a source: the files that are made worse."""
    folder = tmp_path_factory.mktemp("fuzz")
    generate(folder, 2, 7, 0.01, FIRST_DAY, progress=lambda message: None)
    for source in SOURCES:
        if not (folder / "landing" / source).exists():
            for path in sorted(FOLDER.glob(f"*/landing/{source}/*.*")):
                if "\nalone:" in (path.parents[2] / "expect.yml").read_text():
                    continue  # some of these are rejected, as they should be
                target = folder / "landing" / source / path.stem / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    return folder / "landing"


def seeds(landing: Path, source: str) -> list[Path]:
    """A small file of each kind of the source's: of each folder, container and packing."""
    kinds: dict[tuple[str, ...], Path] = {}
    for path in sorted((landing / source).rglob("*.*"), key=lambda path: (path.stat().st_size, path)):
        relative = path.relative_to(landing / source)
        if path.is_file() and path.stat().st_size > 100:
            kinds.setdefault((*relative.parts[:-1][:1], *path.suffixes[-2:]), path)
    return list(kinds.values())


def take(settings: Settings, source: str) -> dict[str, ledger.FileReport]:
    spec = all_sources()[source]
    reports = {report.path: report for report in take_in(settings, spec, progress=lambda message: None)}
    replace_days(settings, spec)
    with writer(settings, "a test") as connection:
        rejected = {file.path for file in rejected_files(connection, settings, [spec])}
    assert rejected == {path for path, report in reports.items() if report.status != "loaded"}
    for path, report in reports.items():
        counts = (report.rows_loaded, report.rows_quarantined, report.rows_skipped)
        assert report.rows_read == sum(counts), (path, report)
        assert min(counts) >= 0, (path, report)
        assert report.rows_skipped == sum(report.skip_reasons.values()), (path, report)
        assert UNEXPLAINED not in report.skip_reasons, (path, report)
        assert report.status == "loaded" or path in (report.message or ""), report
    return reports


# A group each: they share no more than small files, and the longest takes as long as several others.
@pytest.mark.parametrize("source", [pytest.param(s, marks=pytest.mark.xdist_group(f"fuzz {s}")) for s in SOURCES])
def test_whatever_a_file_holds_its_rows_add_up_and_the_others_load(
    source: str, good_files: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    inputs: int = request.config.getoption("--inputs")
    for kind, seed in enumerate(seeds(good_files, source)):
        content = seed.read_bytes()
        if len(content) > LONGEST and seed.suffix in (".jsonl", ".csv"):
            content = content[: content.rfind(b"\n", 0, LONGEST) + 1]
        for start in range(0, inputs, AT_ONCE):
            home = Settings(home=tmp_path / f"{kind}-{start}", threads=2)
            folder = home.landing_dir / seed.relative_to(good_files).parent
            intact = folder / "intact" / seed.name
            intact.parent.mkdir(parents=True)
            intact.write_bytes(content)
            alone = take(home, source)
            for number in range(start, min(start + AT_ONCE, inputs)):
                rng = random.Random(f"{source} {seed.name} {number}")  # noqa: S311 - random, not a key
                worse, name = mutated(content, seed.name, rng)
                (folder / str(number)).mkdir()
                (folder / str(number) / name).write_bytes(worse)
            intact.write_bytes(content)  # newer, the same
            reports = take(home, source)
            path = str(intact.relative_to(home.landing_dir))
            assert reports.get(path, alone[path]).rows_loaded == alone[path].rows_loaded
            assert alone[path].status == "loaded"
