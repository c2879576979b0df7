"""The half of the page that no data changes is made once."""

from pathlib import Path

import pytest

from pipelines.scorecard import charts
from pipelines.scorecard.pictures import compiled_charts


def test_what_was_made_is_read_again_until_the_script_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(charts, "bundle", lambda once_run: made.append(once_run) or f"vega; {once_run}")
    monkeypatch.setattr(charts, "specifications", lambda: {"line": {"marks": []}})

    first = compiled_charts(tmp_path / "kept", "ready()")
    assert first == {"libraries": "vega; ready()", "specifications": {"line": {"marks": []}}}
    assert compiled_charts(tmp_path / "kept", "ready()") == first
    assert made == ["ready()"]

    assert compiled_charts(tmp_path / "kept", "drawn()")["libraries"] == "vega; drawn()"
    assert len(list((tmp_path / "kept").iterdir())) == 1  # what no page needs any more is gone
