"""Alerts as Dagster's sensor and the `scorecard alerts` command report them, and the settings of both."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.notify.delivery import connected
from pipelines.notify.outbox import opened
from pipelines.orchestration.sensors import alerts_sensor
from pipelines.settings import Settings
from tests.notify.conftest import KEY, ROUTING_KEY, Company, alert


def tick(sensor: dg.SensorDefinition) -> str:
    with dg.DagsterInstance.ephemeral() as instance:
        data = sensor.evaluate_tick(dg.build_sensor_context(instance))
    assert not data.run_requests
    return data.skip_message or ""


def test_the_sensor_tells_once_and_says_how_it_went(company: Company) -> None:
    company.connect("webhook", "slack")
    company.publish(alert())
    company.slack.answer(503)
    sensor = alerts_sensor(company.settings)
    for count in (1, 0):
        said = tick(sensor)
        assert said.startswith("slack: 0 notified, 1 waiting: answered 503, again at ")
        assert said.endswith(f"; webhook: {count} notified")
    assert (len(company.webhook.taken), len(company.slack.taken)) == (1, 0)


def test_the_sensor_looks_again_later_where_somebody_else_is_telling(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    with opened(company.settings):
        assert tick(alerts_sensor(company.settings)) == "looking again later: another process is sending notifications"


def test_the_sensor_without_channel_or_publication_does_nothing(company: Company) -> None:
    assert tick(alerts_sensor(company.settings)) == "no channel is set (docs/alerts.md)"
    company.connect("webhook")
    assert tick(alerts_sensor(company.settings)) == "webhook: 0 notified"


@pytest.fixture
def command(company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Company:
    """The company, with its channels in the environment, as a user sets them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCORECARD_HOME", str(company.settings.home))
    monkeypatch.setenv("SCORECARD_SLACK__WEBHOOK_URL", company.slack.url)
    monkeypatch.setenv("SCORECARD_PAGERDUTY__ROUTING_KEY", ROUTING_KEY)
    monkeypatch.setenv("SCORECARD_PAGERDUTY__URL", company.pagerduty.url)
    return company


def test_the_command_lists_what_is_open_and_sends_what_is_due_once(command: Company) -> None:
    command.publish(alert())
    listed = CliRunner().invoke(app, ["alerts"])
    assert listed.exit_code == 0 and "page" in listed.output and command.slack.taken == []
    for _ in range(2):
        sent = CliRunner().invoke(app, ["alerts", "--send"])
        assert sent.exit_code == 0
    assert (len(command.slack.taken), len(command.pagerduty.taken)) == (1, 1)
    assert "slack: 0 notified" in sent.output


def test_the_command_fails_where_a_receiver_does(command: Company) -> None:
    command.publish(alert())
    command.slack.answer(404, 404)
    sent = CliRunner().invoke(app, ["alerts", "--send"])
    assert sent.exit_code == 1 and "slack: 0 notified, 1 waiting: answered 404" in sent.output
    tested = CliRunner().invoke(app, ["alerts", "--test", "slack"])
    assert tested.exit_code == 1 and "answered 404" in tested.output
    assert CliRunner().invoke(app, ["alerts", "--test", "slack"]).exit_code == 0
    unknown = CliRunner().invoke(app, ["alerts", "--test", "pigeon"])
    assert unknown.exit_code == 2 and "configured: pagerduty, slack" in unknown.output


def test_settings_say_what_is_wrong_with_a_channel_and_not_its_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCORECARD_WEBHOOK__URL", "https://tools.company.example/secret-token")
    monkeypatch.setenv("SCORECARD_WEBHOOK__SECRET", "hunter2")
    with pytest.raises(ValidationError, match="24 to 64 bytes") as error:
        Settings()
    assert "hunter2" not in str(error.value) and "secret-token" not in str(error.value)


def test_what_the_guide_shows_is_a_file_of_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
    shown = guide.split("```toml\n")[1].split("```")[0]
    (tmp_path / "scorecard.toml").write_text(shown.replace("whsec_…", KEY))
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert [channel.name for channel in connected(settings)] == ["pagerduty", "slack", "webhook", "email"]
    assert settings.page_url == "https://scorecard.company.example/"
    assert "…" not in repr(settings), "secrets are not shown"
