"""A mistake in the settings is reported in a sentence, without what was given."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from pipelines.cli.common import MISUSED, settings_of
from pipelines.settings import SECRETS, Settings


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


def test_a_secret_may_be_a_file_as_docker_and_kubernetes_mount_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "..2026_11_29").mkdir()
    (tmp_path / "..2026_11_29" / "SCORECARD_POSTGRES_URL").write_text("postgresql://file\n")
    (tmp_path / "SCORECARD_POSTGRES_URL").symlink_to("..2026_11_29/SCORECARD_POSTGRES_URL")
    (tmp_path / "SCORECARD_SLACK__WEBHOOK_URL").write_text("https://hooks.example/file\n")
    (tmp_path / "github").write_text("a pull's token, which a setting names by its path")
    monkeypatch.setenv(SECRETS, str(tmp_path))
    settings = Settings()
    assert settings.postgres_url and settings.postgres_url.get_secret_value() == "postgresql://file"
    assert settings.slack and settings.slack.webhook_url.get_secret_value() == "https://hooks.example/file"
    monkeypatch.setenv("SCORECARD_POSTGRES_URL", "postgresql://environment")
    settings = Settings()
    assert settings.postgres_url and settings.postgres_url.get_secret_value() == "postgresql://environment"


def test_a_folder_of_secrets_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SECRETS, str(tmp_path / "none"))
    with pytest.raises(typer.Exit):
        settings_of()
    assert str(tmp_path / "none") in capsys.readouterr().err.replace("\n", "")
