"""A mistake in the settings is reported in a sentence, without what was given."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from pipelines.cli.common import MISUSED, settings_of


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[pulls.openai]\ntoken = "sk-secret"\n', "`pulls.openai.token`: there is no such setting"),
        ('[pulls.openai]\ntoken_env = "A"\ntoken_file = "sk-secret"\n', "`pulls.openai`: set either"),
        ('threads = "sk-secret"\n', "`threads`: Input should be a valid integer"),
        ("threads = \n", "options: Invalid value (at line 1, column 11)"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str, said: str
) -> None:
    (tmp_path / "scorecard.toml").write_text(written)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.Exit) as exit_:
        settings_of()
    shown = " ".join(capsys.readouterr().err.split())
    assert exit_.value.exit_code == MISUSED
    assert said in shown and "sk-secret" not in shown
