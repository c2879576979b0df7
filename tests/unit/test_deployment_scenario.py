"""The sample company's deployments: the same for the same arguments, and days written once stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.scenario.deployments.write import write_deployments
from pipelines.scenario.world import World


def written(folder: Path, days: int, seed: int = 3) -> dict[str, bytes]:
    """Every file by its path."""
    write_deployments(World(days=days, seed=seed), folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    once = written(tmp_path / "once", 45)
    assert once == written(tmp_path / "again", 45)
    assert once != written(tmp_path / "other", 45, seed=4)


@pytest.mark.parametrize("days", [1, 20, 33])
def test_fewer_days_are_the_beginning_of_more(tmp_path: Path, days: int) -> None:
    fewer, more = written(tmp_path / "fewer", days), written(tmp_path / "more", 50)
    assert fewer.keys() <= more.keys()
    assert [path for path in fewer if fewer[path] != more[path]] == []


def test_a_deployment_is_planted_only_once_it_is_live(tmp_path: Path) -> None:
    truth = write_deployments(World(days=33, seed=3), tmp_path)
    deployments = truth["deployments"]
    assert isinstance(deployments, list)
    assert max(one["deployed_at"] for one in deployments) < "2026-02-03"
    failed = [row for row in truth["months"] if row["measure"] == "failed_attempt_count"]  # type: ignore[attr-defined]
    assert [(row["model_id"], row["month"]) for row in failed] == [("route-optimiser", "2026-02")]
