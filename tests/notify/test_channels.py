"""What each channel sends: shape, signature, escaping, threading, and what the receivers' answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from pipelines.notify.delivery import connected, send_test
from pipelines.notify.mail import Mail
from pipelines.notify.notification import Notification, RejectedError, UnfitError, UnreachableError
from pipelines.settings import Settings
from pipelines.settings.channels import EmailSettings, WebhookSettings
from tests.notify.conftest import KEY, ROUTING_KEY, Company, alert, closed
from tests.notify.receivers import MailServer

HOSTILE = "<!channel> & <script>alert(1)</script> <https://evil.example|click>\r\nBcc: all@company.example"
NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)


def notification(number: int = 1, **changes: Any) -> Notification:
    fields: dict[str, Any] = {
        "notification_id": f"msg_{number}",
        "subject": f"fraud:guardrail:a{number}:2026-02-23T00",
        "event": "alert.opened",
        "happened_at": NOW,
        "severity": "page",
        "title": f"Page opened: Fraud scoring, {number}",
        "facts": (("Evidence", "0.69"), ("Owner", "fraud-owner@company.example")),
        "link": None,
        "data": {},
    }
    return Notification(**{**fields, **changes})


def test_a_webhook_is_signed_over_its_id_its_time_and_its_very_bytes(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    company.tick()
    (request,) = company.webhook.taken
    sent_at = request.headers["webhook-timestamp"]
    signed = b".".join([request.headers["webhook-id"].encode(), sent_at.encode(), request.body])
    key = base64.b64decode(KEY.split("_")[1])
    assert (
        request.headers["webhook-signature"]
        == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    )
    assert int(sent_at) == company.now.timestamp()
    assert "." not in request.headers["webhook-id"]
    assert request.headers["content-type"] == "application/json"


def test_the_signature_is_the_one_that_standard_webhooks_gives_as_its_example() -> None:
    webhook = connected(Settings(webhook=WebhookSettings(url="http://x", secret=KEY)))[0]
    signature = webhook._signature("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')  # type: ignore[attr-defined]
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_tried_again_carries_the_time_of_the_attempt(company: Company) -> None:
    company.connect("webhook")
    company.publish(alert())
    company.webhook.answer(503)
    company.tick()
    company.tick(5)
    (request,) = company.webhook.taken
    assert int(request.headers["webhook-timestamp"]) == company.now.timestamp()


def test_a_webhook_says_the_alert_as_the_mart_does(company: Company) -> None:
    company.connect("webhook")
    company.publish(closed(alert()), alert("other"))
    company.tick()
    posted = company.webhook.taken[0].json
    assert posted["type"] == "alert.opened"
    assert posted["timestamp"] == "2026-02-23T00:00:00Z"
    assert posted["text"] == "Page opened: Fraud scoring, other (guardrail)"
    assert posted["link"] == "https://scorecard.company.example/#model=fraud&at=alerts"
    expected = {"alert_id": alert("other")["alert_id"], "latest_evidence": "0.69, at least 0.8 allowed"}
    assert expected.items() <= posted["data"].items()
    assert posted["data"]["opened_at"] == "2026-02-23T00:00:00Z" and posted["data"]["closed_at"] is None


def test_slack_gets_one_message_with_all_that_people_need(company: Company) -> None:
    company.connect("slack")
    company.publish(alert(), alert("other", severity="ticket"))
    company.tick()
    (request,) = company.slack.taken
    assert request.json["text"] == "Page opened: Fraud scoring, Accuracy (guardrail) and 1 more"
    first, second = [block["text"]["text"] for block in request.json["blocks"]]
    assert first.splitlines() == [
        ":red_circle: *Page opened: Fraud scoring, Accuracy (guardrail)*",
        "Evidence: 0.69, at least 0.8 allowed",
        "Since: 2026-02-23 00:00 UTC",
        "Owner: fraud-owner@company.example",
        "Action: Roll back to the previous version.",
        "Id: fraud:guardrail:accuracy:2026-02-23T00",
        "<https://scorecard.company.example/#model=fraud&amp;at=alerts|Open the scorecard>",
    ]
    assert second.startswith(":large_orange_circle: *Ticket opened")


def test_many_alerts_are_few_slack_messages_within_slacks_limits(company: Company) -> None:
    company.connect("slack")
    company.publish(*(alert(f"a{number}", latest_evidence="x" * 9000) for number in range(23)))
    assert company.tick()["slack"].notified_count == 23
    assert [len(request.json["blocks"]) for request in company.slack.taken] == [10, 10, 3]
    endless = dict.fromkeys(("model_name", "latest_evidence", "owner", "recommended_action"), "<&>" * 900)
    company.publish(*(alert(f"b{number}", **endless) for number in range(10)))
    assert company.tick()["slack"].trouble is None
    assert len(company.slack.taken) > 4
    for request in company.slack.taken:
        assert sum(len(block["text"]["text"]) for block in request.json["blocks"]) < 13_000
        assert all(len(block["text"]["text"]) < 3_000 for block in request.json["blocks"])


def test_hostile_text_is_text_in_slack(company: Company) -> None:
    company.connect("slack")
    company.publish(alert(model_name=HOSTILE, latest_evidence=HOSTILE, owner=HOSTILE))
    company.tick()
    text = company.slack.taken[0].json["blocks"][0]["text"]["text"]
    link = "<https://scorecard.company.example/#model=fraud&amp;at=alerts|Open the scorecard>"
    assert link in text
    assert "<" not in text.replace(link, "") and "&lt;!channel&gt; &amp;" in text
    assert "<" not in company.slack.taken[0].json["text"]


def test_pagerduty_gets_an_alert_of_its_own_with_the_evidence(company: Company) -> None:
    company.connect("pagerduty")
    company.publish(alert())
    company.tick()
    event = company.pagerduty.taken[0].json
    assert event["routing_key"] == ROUTING_KEY
    assert (event["event_action"], event["dedup_key"]) == ("trigger", alert()["alert_id"])
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["source"] == "fraud"
    assert event["payload"]["timestamp"] == "2026-02-23T00:00:00+00:00"
    assert event["payload"]["custom_details"]["Action"] == "Roll back to the previous version."
    assert event["links"][0]["href"].endswith("#model=fraud&at=alerts")
    company.publish(alert(status="acknowledged"))
    company.tick(1)
    assert company.pagerduty.taken[1].json == {
        "routing_key": ROUTING_KEY,
        "event_action": "acknowledge",
        "dedup_key": alert()["alert_id"],
    }


def test_an_id_longer_than_pagerduty_takes_stays_one_key(company: Company) -> None:
    company.connect("pagerduty")
    company.publish(alert("a" * 300))
    company.tick()
    company.publish(closed(alert("a" * 300)))
    company.tick(1)
    first, last = [request.json["dedup_key"] for request in company.pagerduty.taken]
    assert first == last and len(first) <= 255


def test_a_test_notification_wakes_nobody_for_long_and_is_not_kept(company: Company) -> None:
    company.connect("slack", "webhook", "pagerduty")
    for channel in connected(company.settings):
        send_test(channel, company.settings)
    assert [request.json["event_action"] for request in company.pagerduty.taken] == ["trigger", "resolve"]
    assert company.webhook.taken[0].json["type"] == "test"
    assert not company.settings.outbox_dir.exists()


@pytest.mark.parametrize("code", [301, 401, 403, 404, 410])
def test_an_address_that_is_wrong_is_a_rejection(company: Company, code: int) -> None:
    company.connect("slack")
    company.slack.answer(code, headers={"Location": company.webhook.url} if code == 301 else None)
    with pytest.raises(RejectedError, match=str(code)):
        send_test(connected(company.settings)[0], company.settings)
    assert company.webhook.tried == 0, "a redirect is not followed"


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_a_receiver_that_cannot_now_is_unreachable(company: Company, code: int) -> None:
    company.connect("slack")
    company.slack.answer(code)
    with pytest.raises(UnreachableError, match=str(code)):
        send_test(connected(company.settings)[0], company.settings)


def test_an_address_that_is_none_is_a_rejection(company: Company) -> None:
    company.connect("webhook")
    wrong = WebhookSettings(url="secret-token", secret=KEY)
    with pytest.raises(RejectedError, match="not a valid URL"):
        send_test(connected(company.settings.model_copy(update={"webhook": wrong}))[0], company.settings)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_short", "whsec_" + "!" * 32, "whsk_" + KEY[6:]])
def test_a_weak_key_is_rejected_when_the_settings_are_read_and_not_shown(secret: str) -> None:
    with pytest.raises(ValidationError) as error:
        WebhookSettings(url="https://x.example", secret=secret)
    assert secret not in str(error.value)


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "ca.pem")
    return found


@pytest.fixture
def post_office(authority: trustme.CA) -> Iterator[tuple[MailServer, int]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = MailServer()
    with server.up(context) as port:
        yield server, port


def mail(port: int, tmp_path: Path, **changes: Any) -> Mail:
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "ca_file": tmp_path / "ca.pem",
        "user": "scorecard",
        "password": "mail-secret",
        "sender": "scorecard@company.example",
        "to": ("leads@company.example", "fraud-owner@company.example"),
    }
    return Mail(EmailSettings(**{**fields, **changes}))


def test_mail_goes_over_starttls_after_a_login_to_everybody(
    post_office: tuple[MailServer, int], tmp_path: Path
) -> None:
    server, port = post_office
    mail(port, tmp_path).send([notification()], NOW)
    (message,) = server.taken
    assert server.recipients == [["leads@company.example", "fraud-owner@company.example"]]
    assert message["Subject"] == "Page opened: Fraud scoring, 1"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_body(("plain",))
    assert body is not None and "Owner: fraud-owner@company.example" in body.get_content()


def test_notifications_of_one_alert_are_one_thread_and_a_repetition_has_the_same_id(
    post_office: tuple[MailServer, int], tmp_path: Path
) -> None:
    server, port = post_office
    channel = mail(port, tmp_path)
    channel.send([notification()], NOW)
    channel.send([notification()], NOW)
    channel.send([notification(notification_id="msg_later", event="alert.closed")], NOW)
    first, again, later = server.taken
    assert first["Message-ID"] == again["Message-ID"] != later["Message-ID"]
    assert first["References"] == later["References"]


def test_up_to_three_notifications_are_written_singly_and_more_as_one_digest(tmp_path: Path) -> None:
    channel = mail(25, tmp_path)
    assert [len(batch) for batch in channel.batches([notification(n) for n in range(3)])] == [1, 1, 1]
    assert [len(batch) for batch in channel.batches([notification(n) for n in range(140)])] == [100, 40]


def test_a_digest_holds_every_notification(post_office: tuple[MailServer, int], tmp_path: Path) -> None:
    server, port = post_office
    mail(port, tmp_path).send(
        [notification(1), notification(2, severity="ticket"), notification(3), notification(4)], NOW
    )
    (message,) = server.taken
    assert message["Subject"] == "4 scorecard notifications, 3 of them pages"
    body = message.get_body(("plain",))
    assert body is not None
    assert all(f"Fraud scoring, {number}" in body.get_content() for number in (1, 2, 3, 4))


def test_hostile_text_is_text_in_mail(post_office: tuple[MailServer, int], tmp_path: Path) -> None:
    server, port = post_office
    link = 'https://x.example/"><script>'
    mail(port, tmp_path).send([notification(title=HOSTILE, facts=(("Owner", HOSTILE),), link=link)], NOW)
    (message,) = server.taken
    assert message["Bcc"] is None
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content() and "&lt;script&gt;" in html.get_content()


def test_a_wrong_login_is_a_rejection(post_office: tuple[MailServer, int], tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="535"):
        mail(post_office[1], tmp_path, user="nobody").send([notification()], NOW)


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_password(
    post_office: tuple[MailServer, int], tmp_path: Path
) -> None:
    with pytest.raises(RejectedError, match="no secure connection"):
        mail(post_office[1], tmp_path, ca_file=None).send([notification()], NOW)


def test_a_server_without_tls_gets_no_password(tmp_path: Path, authority: trustme.CA) -> None:
    server = MailServer()
    with server.up(None) as port, pytest.raises(RejectedError, match="no secure connection"):
        mail(port, tmp_path).send([notification()], NOW)


def test_a_relay_on_this_machine_needs_neither_tls_nor_login(tmp_path: Path) -> None:
    server = MailServer()
    with server.up(None) as port:
        mail(port, tmp_path, tls="none", user=None, password=None, ca_file=None).send([notification()], NOW)
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [("451 try later", UnreachableError), ("554 no such message here", UnfitError)],
    ids=["not now", "never"],
)
def test_a_mail_servers_reply_says_whether_to_try_again(
    post_office: tuple[MailServer, int], tmp_path: Path, reply: str, error: type[Exception]
) -> None:
    server, port = post_office
    server.replies.append(reply)
    with pytest.raises(error):
        mail(port, tmp_path).send([notification()], NOW)


def test_a_mail_server_that_is_down_is_unreachable(tmp_path: Path, authority: trustme.CA) -> None:
    server = MailServer()
    with server.up(None) as port:
        pass
    with pytest.raises(UnreachableError, match="ConnectionRefused"):
        mail(port, tmp_path).send([notification()], NOW)


@pytest.mark.parametrize("changes", [{"password": None}, {"tls": "none"}], ids=["no password", "in the clear"])
def test_a_login_that_cannot_be_kept_is_rejected_when_the_settings_are_read(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as error:
        mail(25, tmp_path, **changes)
    assert "mail-secret" not in str(error.value)
