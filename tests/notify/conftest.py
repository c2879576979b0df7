"""A home with alerts that a test publishes, a clock it sets, and receivers on loopback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.notify.delivery import Report, notify
from pipelines.settings import DBT_PROJECT, Settings
from pipelines.settings.channels import PagerDutySettings, SlackSettings, WebhookSettings
from pipelines.warehouse.publish import VERSION_FORMAT
from tests.notify.receivers import WebServer

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ROUTING_KEY = "e93facc04764012d7bfb002500d5d1a6"
START = datetime(2026, 3, 1, 6, tzinfo=UTC)


@dataclass
class Company:
    """A home with published alerts, its receivers, and the time."""

    settings: Settings
    slack: WebServer = field(default_factory=WebServer)
    webhook: WebServer = field(default_factory=WebServer)
    pagerduty: WebServer = field(default_factory=WebServer)
    now: datetime = START
    since: datetime = START - timedelta(hours=1)
    version: int = 0

    def connect(self, *names: str) -> None:
        """Set these channels and no other."""
        found: dict[str, Any] = {
            "slack": SlackSettings(webhook_url=self.slack.url) if "slack" in names else None,
            "webhook": WebhookSettings(url=self.webhook.url, secret=KEY) if "webhook" in names else None,
            "pagerduty": (
                PagerDutySettings(routing_key=ROUTING_KEY, url=self.pagerduty.url) if "pagerduty" in names else None
            ),
        }
        self.settings = self.settings.model_copy(update=found)

    def publish(self, *alerts: dict[str, Any]) -> None:
        """Publish a scorecard with these alerts."""
        self.version += 1
        version = self.settings.published_dir / "versions" / (START + timedelta(self.version)).strftime(VERSION_FORMAT)
        version.mkdir(parents=True)
        with duckdb.connect(str(version / "marts.duckdb")) as connection:
            # The mart's own contract: what is tested here has its columns.
            model = yaml.safe_load((DBT_PROJECT / "models/marts/scorecard/mart_alerts.yml").read_text())["models"][0]
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
            connection.execute(f"create table mart_alerts ({columns})")
            connection.execute("create table mart_kpis as select 'accuracy' as kpi_id, 'Accuracy' as kpi_name")
            for alert in alerts:
                names = ", ".join(alert)
                marks = ", ".join("?" * len(alert))
                connection.execute(f"insert into mart_alerts ({names}) values ({marks})", list(alert.values()))
        for name, target in (("current", version), ("marts.duckdb", version / "marts.duckdb")):
            link = self.settings.published_dir / name
            link.unlink(missing_ok=True)
            link.symlink_to(target)

    def tick(self, minutes: float = 0) -> dict[str, Report]:
        """What the sensor does, `minutes` later; the reports by channel."""
        self.now += timedelta(minutes=minutes)
        return {report.channel: report for report in notify(self.settings, self.since, lambda: self.now)}


def at(day: str) -> datetime:
    """The first moment of a day, as marts have it: in UTC, and without saying so."""
    return datetime.fromisoformat(day)


def alert(subject: str = "accuracy", **changes: Any) -> dict[str, Any]:
    """An open alert, with `changes`."""
    opened = changes.pop("opened_at", at("2026-02-23"))
    row = {
        "alert_id": f"fraud:guardrail:{subject}:{opened:%Y-%m-%dT%H}",
        "model_id": "fraud",
        "subject_id": subject,
        "opened_at": opened,
        "closed_at": None,
        "last_breached_at": opened,
        "model_name": "Fraud scoring",
        "alert_kind": "guardrail",
        "severity": "page",
        "status": "open",
        "owner": "fraud-owner@company.example",
        "opening_evidence": "0.71, at least 0.8 allowed",
        "latest_evidence": "0.69, at least 0.8 allowed",
        "recommended_action": "Roll back to the previous version.",
        "breach_count": 1,
    }
    return {**row, **changes}


def closed(row: dict[str, Any], closed_at: datetime | None = None) -> dict[str, Any]:
    """`row` once its condition has cleared."""
    return {**row, "status": "closed", "closed_at": closed_at or at("2026-03-02")}


@pytest.fixture
def company(settings: Settings) -> Iterator[Company]:
    found = Company(settings.model_copy(update={"page_url": "https://scorecard.company.example/"}))
    with found.slack.up(), found.webhook.up(), found.pagerduty.up():
        yield found


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does: no logger, at any level, says an address or a key."""
    caplog.set_level(logging.DEBUG)
    yield
    said = caplog.text + "".join(record.getMessage() for record in caplog.get_records("call"))
    for secret in ("secret-token", ROUTING_KEY, KEY, "mail-secret"):
        assert secret not in said
