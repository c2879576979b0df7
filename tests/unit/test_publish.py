"""Publishing keeps the newest versions, and always the one just published."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.warehouse import publish


@pytest.mark.parametrize(("kept", "left"), [(1, "3"), (2, "34"), (3, "234"), (9, "1234")])
def test_the_published_version_and_the_newest_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int, left: str
) -> None:
    monkeypatch.setattr(publish, "VERSIONS_KEPT", kept)
    for version in "1234":
        (tmp_path / version).mkdir()
    # A killed publication's, named like the newest.
    (tmp_path / "5.building" / "parquet").mkdir(parents=True)
    publish.remove_old_versions(tmp_path / "3")
    assert {path.name for path in tmp_path.iterdir()} == set(left)
