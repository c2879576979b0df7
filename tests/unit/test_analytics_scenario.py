"""The sample company's analytics: the same world gives the same bytes, and truth agrees with what was written."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.scenario.analytics.write import write_analytics
from pipelines.scenario.world import World

DAYS = 19
"""Past the quiet day, so that it is written too."""


def lines(path: Path) -> Iterator[str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                yield from gzip.decompress(archive.read(member)).decode().splitlines()
    else:
        yield from gzip.decompress(path.read_bytes()).decode().splitlines()


def prints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_analytics(World(days=DAYS, seed=5), folder)


def test_the_same_world_gives_the_same_bytes_and_another_seed_others(
    sample: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, truth = sample
    assert write_analytics(World(days=DAYS, seed=5), tmp_path / "again") == truth
    assert prints(tmp_path / "again") == prints(folder)
    write_analytics(World(days=2, seed=6), tmp_path / "other")
    other = prints(tmp_path / "other")
    assert not set(other.values()) & set(prints(folder).values())


@pytest.mark.parametrize("source", ["mixpanel", "amplitude", "segment"])
def test_truth_counts_every_line_that_was_written(sample: tuple[Path, dict[str, Any]], source: str) -> None:
    folder, truth = sample
    planted = truth["sources"][source]
    written = [line for path in sorted((folder / source).glob("2026-*")) for line in lines(path)]
    assert len(written) == planted["rows"] + planted["quarantined"]
    good = []
    for line in written:
        try:
            good.append(json.loads(line))
        except ValueError:
            continue
    ids = {
        "mixpanel": lambda d: d["properties"].get("$insert_id"),
        "amplitude": lambda d: d["$insert_id"],
        "segment": lambda d: d["messageId"],
    }[source]
    known = [i for i in map(ids, good) if i is not None]
    assert len(known) - len(set(known)) == planted["duplicates"] > 0


def test_the_mess_of_real_exports_is_in_it(sample: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = sample
    mixpanel = [
        json.loads(line)
        for path in sorted((folder / "mixpanel").iterdir())
        for line in lines(path)
        if line.endswith("}}")
    ]
    assert any(d["properties"]["$insert_id"] is None for d in mixpanel)
    assert any(d["properties"]["distinct_id"].startswith("$device:") for d in mixpanel)
    assert any(str(d["properties"]["$user_id"]).startswith("qa-") for d in mixpanel)
    segment = [json.loads(line) for line in lines(folder / "segment" / "2026-01-18.jsonl.gz")]
    assert segment
    assert all(d["timestamp"] < "2026-01-18" for d in segment), "the quiet day's file holds late calls only"


def test_scale_multiplies_events_and_leaves_the_users(sample: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    _, truth = sample
    larger = write_analytics(World(days=DAYS, seed=5, scale=5.0), tmp_path)
    assert truth["features"]
    for name, feature in truth["features"].items():
        big = larger["features"][name]  # type: ignore[index]
        for measure in ("active_1d_user_count", "active_28d_user_count", "target_user_count", "funnel"):
            assert big[measure] == feature[measure], (name, measure)
        assert sum(big["qualifying_event_count"]) > 2 * sum(feature["qualifying_event_count"])
