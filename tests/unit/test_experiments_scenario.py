"""The planted experiments: the same for the same seed, and a longer scenario begins with a shorter one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.scenario.experiments.write import write_experiments
from pipelines.scenario.world import World


def written(folder: Path, days: int, seed: int = 7) -> dict[str, bytes]:
    write_experiments(World(days=days, seed=seed, scale=0.1), folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return written(tmp_path_factory.mktemp("month"), 30)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path, month: dict[str, bytes]) -> None:
    assert written(tmp_path / "again", 30) == month
    other = written(tmp_path / "other", 30, seed=8)
    assert other.keys() == month.keys() and other != month


def test_a_longer_scenario_begins_with_a_shorter_one(tmp_path: Path, month: dict[str, bytes]) -> None:
    shorter = written(tmp_path, 22)
    assert shorter == {name: month[name] for name in shorter}


def test_the_mess_of_real_life_is_in_it(month: dict[str, bytes]) -> None:
    exposures = [
        row for name, text in month.items() if name.startswith("experiments/exposures/")
        for row in csv.reader(text.decode().splitlines()[1:])
    ]  # fmt: skip
    assert len({tuple(row) for row in exposures}) < len(exposures), "some are delivered twice"
    assert any(row[1].startswith("qa-night-") for row in exposures)
    late = month["experiments/exposures/2026-01-26.csv"].decode()
    assert "2026-01-21T" in late, "some come five days late"
    variants: dict[tuple[str, str], set[str]] = {}
    for row in exposures:
        variants.setdefault((row[1], row[2]), set()).add(row[3])
    assert any(len(met) == 2 for (user, _), met in variants.items() if not user.startswith("qa-"))
