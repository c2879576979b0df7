"""Files written whole, and the header that asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import files
from pipelines.web import retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_content_is_replaced_and_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.json"
    files.replace(path, "ä")
    files.replace(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_former_content(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    files.replace(path, "former")
    with pytest.raises(UnicodeEncodeError):
        files.replace(path, "\ud800")
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 1.5 ", 1.5),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("", None),
        ("-3", None),
        ("soon", None),
        ("inf", None),
    ],
)
def test_a_server_asks_to_wait_in_seconds_or_until_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds
