"""Once, never twice, never lost: what each channel hears of alerts that open, change, close, return and vanish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from pipelines.notify import delivery
from pipelines.notify.alerts import change
from pipelines.notify.delivery import notify_failure
from pipelines.notify.failures import Failed
from pipelines.notify.notification import TIMEOUT_SECONDS, UnfitError
from pipelines.notify.outbox import Outbox, OutboxBusyError, opened
from pipelines.notify.webhook import Webhook
from pipelines.warehouse.publish import read_published
from tests.notify.conftest import Company, alert, at, closed
from tests.notify.receivers import WebServer

FAILED = Failed("daily", "run-1", ("2026-01-02", "2026-01-03"), ("raw_sales",), "a day was rejected")


def events(server: WebServer) -> list[str]:
    return [request.json["type"] for request in server.taken]


def subjects(server: WebServer) -> list[tuple[str, str]]:
    return [(request.json["type"], request.json["data"]["subject_id"]) for request in server.taken]


def actions(server: WebServer) -> list[tuple[str, str]]:
    return [(request.json["event_action"], request.json["dedup_key"]) for request in server.taken]


def test_an_alert_is_told_once_when_it_opens_and_once_when_it_closes(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    assert company.tick()["webhook"].notified_count == 1
    assert company.tick(1)["webhook"].notified_count == 0
    company.publish(alert(latest_evidence="0.65, at least 0.8 allowed", breach_count=2))
    company.tick(1)
    company.publish(closed(alert()))
    company.tick(1)
    company.publish(closed(alert()))
    company.tick(1)
    assert events(company.webhook) == ["alert.opened", "alert.closed"]


def test_a_channel_connected_late_starts_with_what_is_open_now(company: Company) -> None:
    company.connect("webhook")
    company.publish(closed(alert("old"), at("2026-02-01")), closed(alert("older")), alert("new"))
    company.tick()
    assert subjects(company.webhook) == [("alert.opened", "new")]


def test_an_acknowledgement_is_told_and_its_withdrawal_opens_the_alert_again(company: Company) -> None:
    company.connect("webhook")
    seen = {"status": "acknowledged", "acknowledged_by": "fraud-owner@company.example"}
    for row in (alert(), alert(**seen), alert(), closed(alert())):
        company.publish(row)
        company.tick(1)
    assert events(company.webhook) == ["alert.opened", "alert.acknowledged", "alert.reopened", "alert.closed"]


def test_an_alert_that_late_data_corrected_away_is_withdrawn_once(company: Company) -> None:
    company.connect("webhook", "pagerduty")
    company.publish(alert())
    company.tick()
    company.publish()
    company.tick(1)
    company.publish()
    company.tick(1)
    assert events(company.webhook) == ["alert.opened", "alert.withdrawn"]
    key = alert()["alert_id"]
    assert actions(company.pagerduty) == [("trigger", key), ("resolve", key)]
    company.publish(alert())
    company.tick(1)
    assert events(company.webhook)[2:] == ["alert.reopened"]


def test_an_alert_that_vanishes_before_it_could_be_told_never_was(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    company.webhook.answer(503)
    company.tick()
    company.publish()
    assert company.tick(2)["webhook"].waiting_count == 0
    assert company.webhook.taken == []


def test_a_closed_alert_that_vanishes_is_no_news(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    company.tick()
    company.publish(closed(alert()))
    company.tick(1)
    company.publish()
    company.tick(1)
    assert events(company.webhook) == ["alert.opened", "alert.closed"]


def test_what_opened_and_closed_between_two_publications_is_told_as_closed(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert("first", opened_at=at("2026-03-01")))
    company.tick()
    between = closed(alert("between", opened_at=at("2026-03-02")), at("2026-03-03"))
    backfilled = closed(alert("backfilled", opened_at=at("2025-03-02")), at("2025-03-03"))
    company.publish(alert("first", opened_at=at("2026-03-01")), between, backfilled)
    company.tick(1)
    assert subjects(company.webhook) == [("alert.opened", "first"), ("alert.closed", "between")]


def test_after_a_long_silence_only_the_last_week_of_ended_alerts_is_told(company: Company) -> None:
    company.connect("webhook")
    company.publish(closed(alert("seed", opened_at=at("2026-01-01")), at("2026-01-02")))
    company.tick()
    company.publish(
        closed(alert("silent", opened_at=at("2026-02-01")), at("2026-02-02")),
        closed(alert("lately", opened_at=at("2026-02-26")), at("2026-02-27")),
        alert("open", opened_at=at("2026-03-01")),
    )
    company.tick(1)
    assert sorted(subjects(company.webhook)) == [("alert.closed", "lately"), ("alert.opened", "open")]


def test_an_alert_that_ends_while_its_receiver_is_down_is_not_lost(company: Company) -> None:
    company.connect("webhook", "slack")
    lasting = alert(opened_at=at("2026-02-09"), last_breached_at=at("2026-02-23"))
    company.publish(lasting)
    company.webhook.answer(*[503] * 3)
    assert company.tick()["webhook"].waiting_count == 1
    company.publish(closed(lasting, at("2026-02-16")))
    company.tick(1)
    company.tick(2)
    assert company.webhook.taken == [] and len(company.slack.taken) == 2
    company.tick(4)
    assert events(company.webhook) == ["alert.closed"]


def test_a_receiver_that_does_not_listen_gets_all_of_it_once_it_does(company: Company) -> None:
    away = WebServer()
    with away.up():
        pass
    company.webhook = away
    company.connect("webhook", "slack")
    company.publish(alert("one"), alert("two"))
    reports = company.tick()
    assert (reports["webhook"].notified_count, reports["webhook"].waiting_count) == (0, 2)
    assert "cannot be reached" in (reports["webhook"].trouble or "")
    assert reports["slack"].notified_count == 2
    with away.up():
        assert company.tick(0.5)["webhook"].notified_count == 0, "it is left alone for a minute"
        assert company.tick(0.6)["webhook"].notified_count == 2
    assert len(company.slack.taken) == 1


def test_a_receiver_that_fails_is_asked_ever_more_seldom_up_to_a_quarter_of_an_hour(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    company.webhook.answer(*[500] * 9)
    waits = []
    for _ in range(6):
        report = company.tick()["webhook"]
        assert report.try_at is not None
        waits.append((report.try_at - company.now) / timedelta(minutes=1))
        company.now = report.try_at
    assert waits == [1, 2, 4, 8, 15, 15]
    assert company.webhook.tried == 6
    company.webhook.answers.clear()
    assert company.tick()["webhook"].notified_count == 1
    company.webhook.answer(500)
    company.publish(closed(alert()))
    assert company.tick()["webhook"].try_at == company.now + timedelta(minutes=1), "what is over is forgotten"


@pytest.mark.parametrize("asked", ["120", "Sun, 01 Mar 2026 06:02:00 GMT"], ids=["seconds", "a date"])
def test_a_receiver_that_says_when_is_left_alone_until_then_even_over_a_restart(
    company: Company, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.notify.http.datetime", Frozen(company))
    company.connect("webhook")
    company.publish(alert())
    company.webhook.answer(429, headers={"Retry-After": asked})
    company.tick()
    company.since = company.now + timedelta(seconds=1)
    assert company.tick(1.9)["webhook"].waiting_count == 1
    assert company.webhook.tried == 1
    assert company.tick(0.2)["webhook"].notified_count == 1


@dataclass
class Frozen:
    """`datetime` with the company's now."""

    company: Company

    def now(self, _: object) -> datetime:
        """The company's time."""
        return self.company.now


def test_a_rejected_channel_waits_a_day_or_until_its_settings_are_read_again(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    company.webhook.answer(404, 404)
    assert company.tick()["webhook"].trouble == "answered 404"
    company.tick(60)
    assert company.webhook.tried == 1
    company.since = company.now
    company.tick(1)
    assert company.webhook.tried == 2
    company.tick(60 * 24)
    assert events(company.webhook) == ["alert.opened"]


def test_one_message_that_is_rejected_holds_up_no_other_and_is_tried_when_its_alert_changes(company: Company) -> None:
    company.connect("slack")
    company.publish(alert("bad"), alert("good"))
    company.slack.answer(400, 400, text="invalid_blocks")
    report = company.tick()["slack"]
    assert (report.notified_count, report.waiting_count, report.trouble) == (1, 1, "answered 400 invalid_blocks")
    assert "good" in company.slack.taken[0].body.decode()
    assert company.tick(60)["slack"].notified_count == 0
    company.publish(closed(alert("bad")), alert("good"))
    assert company.tick(1)["slack"].notified_count == 1


def test_a_message_nobody_can_write_holds_up_no_other(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.connect("webhook", "slack")
    company.publish(alert("bad"), alert("good"))
    real = delivery.Webhook.send

    def send(self: delivery.Webhook, notifications: Any, now: datetime) -> None:
        if notifications[0].data["subject_id"] == "bad":
            raise KeyError("secret-token")
        real(self, notifications, now)

    monkeypatch.setattr(delivery.Webhook, "send", send)
    reports = company.tick()
    assert (reports["webhook"].notified_count, reports["webhook"].trouble) == (1, "could not be sent (KeyError)")
    assert reports["slack"].notified_count == 2


def test_killed_between_sending_and_keeping_it_says_the_same_again_under_the_same_id(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.connect("webhook", "pagerduty")
    company.publish(alert())
    with monkeypatch.context() as killed:
        killed.setattr(Outbox, "notified", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            company.tick()
    company.tick(1)
    company.tick(1)
    assert len(company.webhook.taken) + len(company.pagerduty.taken) == 3
    first, again = company.pagerduty.taken
    assert first.json["dedup_key"] == again.json["dedup_key"] == alert()["alert_id"]


def test_the_id_of_a_notification_is_the_same_in_every_attempt_and_new_with_every_change(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.connect("webhook")
    company.publish(alert())
    with monkeypatch.context() as killed:
        killed.setattr(Outbox, "notified", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            company.tick()
    for row in (alert(), closed(alert()), alert(), closed(alert())):
        company.publish(row)
        company.tick(1)
    first, again, *others = [request.headers["webhook-id"] for request in company.webhook.taken]
    assert first == again
    assert len({first, *others}) == 4
    assert events(company.webhook) == ["alert.opened", "alert.opened", "alert.closed", "alert.reopened", "alert.closed"]


def test_pagerduty_wakes_people_for_pages_alone_and_hears_the_end_of_what_it_was_told(company: Company) -> None:
    company.connect("pagerduty")
    company.publish(alert("calm", severity="ticket"), alert("burning"))
    company.tick()
    company.publish(alert("calm", severity="ticket"), closed(alert("burning", severity="ticket")))
    company.tick(1)
    key = alert("burning")["alert_id"]
    assert actions(company.pagerduty) == [("trigger", key), ("resolve", key)]


def test_a_ticket_that_becomes_a_page_is_told_again_and_now_to_pagerduty_too(company: Company) -> None:
    company.connect("webhook", "pagerduty")
    company.publish(alert(severity="ticket"))
    company.tick()
    assert company.pagerduty.taken == []
    company.publish(alert(severity="page"))
    company.tick(1)
    assert events(company.webhook) == ["alert.opened", "alert.escalated"]
    assert actions(company.pagerduty) == [("trigger", alert()["alert_id"])]


def test_pages_go_first(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert("a", severity="ticket"), alert("b"), alert("c", severity="ticket"))
    company.tick()
    assert [subject for _, subject in subjects(company.webhook)] == ["b", "a", "c"]


def test_a_tick_with_nothing_new_reads_no_mart(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Mock(wraps=read_published)
    monkeypatch.setattr("pipelines.notify.alerts.read_published", reads)
    company.connect("webhook")
    company.publish(alert())
    company.tick()
    assert reads.call_count == 1
    company.tick(1)
    assert reads.call_count == 1


def test_a_slow_receiver_does_not_use_up_the_tick(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.connect("webhook")
    company.publish(*(alert(f"a{number}") for number in range(5)))
    real = delivery.Webhook.send

    def slow(self: delivery.Webhook, notifications: Any, now: datetime) -> None:
        company.now += timedelta(seconds=5)
        real(self, notifications, now)

    monkeypatch.setattr(delivery.Webhook, "send", slow)
    monkeypatch.setattr(delivery, "TIME_PER_TICK", timedelta(seconds=13))
    assert [company.tick(1)["webhook"].notified_count for _ in range(4)] == [2, 2, 1, 0]


def test_a_failed_run_is_told_once_by_every_channel_that_takes_tickets(company: Company) -> None:
    company.connect("webhook", "slack", "pagerduty")
    assert notify_failure(company.settings, FAILED, lambda: company.now)
    assert notify_failure(company.settings, FAILED, lambda: company.now), "the daemon saw the same run fail"
    company.tick(1)
    assert [len(server.taken) for server in (company.webhook, company.slack, company.pagerduty)] == [1, 1, 0]
    posted = company.webhook.taken[0].json
    assert posted["type"] == "run.failed"
    assert posted["text"] == "scorecard: daily failed for 2026-01-02 … 2026-01-03 in raw_sales"
    assert posted["data"] == {
        "job": "daily",
        "run_id": "run-1",
        "days": ["2026-01-02", "2026-01-03"],
        "steps": ["raw_sales"],
        "message": "a day was rejected",
    }


def test_a_failed_run_nobody_could_be_told_of_is_told_with_the_next_alerts(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    company.connect("webhook")
    company.webhook.answer(503)
    assert not notify_failure(company.settings, FAILED, lambda: company.now)
    assert "daily failed for 2026-01-02 … 2026-01-03 in raw_sales: a day was rejected" in caplog.text
    company.tick(2)
    assert events(company.webhook) == ["run.failed"]


def test_without_a_channel_the_log_says_it(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    assert notify_failure(company.settings, FAILED)
    assert "daily failed" in caplog.text
    assert company.tick() == {}
    assert not company.settings.outbox_dir.exists()


def test_a_tick_ends_in_time_with_any_number_of_slow_channels(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.connect("webhook")
    channel_of = delivery.CHANNELS["webhook"]
    for number in range(1, 9):
        slow = [channel_of(company.settings.webhook) for _ in range(number)]
        monkeypatch.setattr(delivery, "connected", lambda _, slow=tuple(slow): slow)
        company.publish(*(alert(f"{number}-{one}") for one in range(20)))
        begin = company.now

        def send(*_: object) -> None:
            company.now += timedelta(seconds=TIMEOUT_SECONDS)
            raise UnfitError("answered 400")

        monkeypatch.setattr(Webhook, "send", send)
        company.tick()
        assert timedelta() < company.now - begin < timedelta(seconds=60), number
        company.now += timedelta(days=2)


def test_two_processes_never_tell_at_once(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    with opened(company.settings), pytest.raises(OutboxBusyError):
        delivery.notify(company.settings, company.since, lambda: company.now, wait=False)
    assert company.webhook.taken == []


@pytest.mark.parametrize(
    ("notified", "wanted", "what"),
    [
        (None, "ticket", "opened"),
        (None, "acknowledged", "acknowledged"),
        (None, "closed", "closed"),
        ("ticket", "page", "escalated"),
        ("page", "ticket", "lowered"),
        ("acknowledged", "page", "reopened"),
        ("closed", "ticket", "reopened"),
        ("withdrawn", "page", "reopened"),
        ("page", "withdrawn", "withdrawn"),
    ],
)
def test_a_change_has_a_name(notified: str | None, wanted: str, what: str) -> None:
    assert change(notified, wanted) == what
