"""What holds of every pull: it goes on where it stopped, writes whole files, waits as asked, and says what failed."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from pydantic import ValidationError
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.pulls import client, run
from pipelines.pulls.connectors import all_connectors, pagerduty
from pipelines.pulls.overview import overview
from pipelines.pulls.spec import Page, Rate
from pipelines.pulls.state import PartialFile, locked, read_state, state_file, write_state
from pipelines.settings import PROJECT_ROOT, Settings, SourceSettings
from pipelines.settings.pulls import PullSettings
from tests.pulls.conftest import BEGIN, START, Home
from tests.pulls.pagerduty import PagerDuty
from tests.pulls.vendor import TOKEN, Response, Vendor

INCIDENTS = "pagerduty/pulled/incidents"
LIMITED = Response({"error": {"message": "Rate Limit Exceeded", "code": 2020}}, 429, {"Retry-After": "7"})


@pytest.fixture
def account() -> PagerDuty:
    found = PagerDuty()
    for number in range(250):
        found.incident(number, f"2026-03-02T{number % 24:02}:00:00Z")
    return found


@pytest.fixture
def vendor(account: PagerDuty, home: Home) -> Iterator[Vendor]:
    with account.server().up() as server:
        home.connect("pagerduty", server)
        yield server


def failure(home: Home) -> str:
    """The error of a pull that fails."""
    error = home.pull("pagerduty").error
    assert error is not None
    return error


class KilledError(BaseException):
    """The process ends here."""


def test_a_pull_killed_anywhere_goes_on_where_it_stopped(
    account: PagerDuty, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home.pull("pagerduty")
    whole, total = home.content(), len(vendor.requests)
    sync = os.fsync
    for step in range(0, 95, 9):
        for path in [*home.settings.landing_dir.rglob("*"), *home.settings.pulls_dir.glob("*")]:
            if path.is_file():
                path.unlink()
        vendor.requests.clear()
        left = step

        def dying(descriptor: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KilledError
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", dying)
        try:
            home.pull("pagerduty")
        except KilledError:
            landed = {name: text for name, text in home.content().items() if not name.endswith(".part")}
            assert landed.items() <= whole.items(), "what is in landing is whole"
        monkeypatch.setattr(os, "fsync", sync)
        assert home.pull("pagerduty").error is None
        assert home.content() == whole, step
        assert len(vendor.requests) <= total + 2, "at most one page, and the pages of one day, are asked for again"


def test_a_day_is_gone_on_with_at_its_next_page(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    forbidden = Response({"error": {"message": "Forbidden"}}, 403)
    vendor.fail(None, None, None, forbidden)
    assert "403" in failure(home)
    assert home.files(INCIDENTS) == ["2026-03-01.json"], "the day that was begun is not in landing"
    with home.file(f"{INCIDENTS}/2026-03-02.json.part").open("ab") as part:
        part.write(b"half of a page" * 9_999)
    vendor.requests.clear()
    home.pull("pagerduty")
    first = vendor.asked("/incidents")[0]
    assert (first.one("since")[:10], first.one("offset")) == ("2026-03-02", "200")
    assert len(home.records(INCIDENTS, "incidents")["2026-03-02.json"]) == 250


def test_a_day_begun_long_ago_is_begun_again(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    vendor.fail(None, None, None, Response({}, 403))
    failure(home)
    vendor.requests.clear()
    home.pull("pagerduty", days=3)
    first = vendor.asked("/incidents")[0]
    assert (first.one("since")[:10], first.one("offset")) == ("2026-03-02", "0")
    assert len(home.records(INCIDENTS, "incidents")["2026-03-02.json"]) == 250
    assert home.files(INCIDENTS)[-1] == "2026-03-13.json"


def test_what_changed_while_a_pull_was_left_unfinished_is_pulled(
    account: PagerDuty, vendor: Vendor, home: Home
) -> None:
    vendor.fail(*[None] * 8, Response({}, 403))
    failure(home)
    account.resolve(account.incidents[0], "2026-03-12T00:00:00Z")
    home.pull("pagerduty", days=3)
    statuses = {row["status"] for row in home.records(INCIDENTS, "incidents")["2026-03-02.json"]}
    assert statuses == {"triggered", "resolved"}


@pytest.mark.parametrize(
    "fault",
    [
        LIMITED,
        Response({}, 503),
        Response({}, 500, {"Retry-After": "Tue, 10 Mar 2026 06:00:07 GMT"}),
        Response({"incidents": [], "more": False}, cut=5),
        Response(b'{"incidents": [{"id": "PX'),
        Response(b"<html>maintenance</html>"),
        Response({}, 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1773122407"}),
    ],
    ids=["429", "503", "500 until", "cut", "truncated", "page", "403 limited"],
)
def test_what_passes_by_itself_is_tried_again(account: PagerDuty, vendor: Vendor, home: Home, fault: Response) -> None:
    vendor.fail(None, fault, fault)
    result = home.pull("pagerduty")
    assert result.error is None and set(result.reached.values()) == {START}, (
        "what changed meanwhile is pulled next time"
    )
    assert len(home.records(INCIDENTS, "incidents")["2026-03-02.json"]) == 250
    asked = 7 if "Retry-After" in fault.headers or "x-ratelimit-reset" in fault.headers else 0
    assert len(home.clock.waits) == 2
    assert asked + 0.5 <= home.clock.waits[0] <= asked + 1 and home.clock.waits[1] <= asked + 2


def test_a_slow_or_broken_connection_is_tried_again(
    vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[Exception] = [
        requests.ReadTimeout("slow"),
        requests.ConnectionError("reset"),
        requests.ConnectTimeout(),
    ]
    send: Callable[..., requests.Response] = requests.Session.request

    def broken(*arguments: object, **more: object) -> requests.Response:
        if errors:
            raise errors.pop()
        return send(*arguments, **more)

    monkeypatch.setattr(requests.Session, "request", broken)
    assert home.pull("pagerduty").error is None and len(home.clock.waits) == 3


def test_an_answer_that_trickles_ends(vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_ANSWER", -1)
    assert "was not complete after" in failure(home)


def test_a_server_that_stays_broken_ends_the_pull(vendor: Vendor, home: Home) -> None:
    vendor.fail(*[Response({"message": "oops"}, 502)] * 6)
    assert failure(home).endswith("is 502: oops, 6 times in a row. Pull again later: it goes on where it stopped")
    assert len(vendor.requests) == 6 and sum(home.clock.waits) < 60


def test_a_long_wait_is_left_to_the_user(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({}, 429, {"Retry-After": "3600"}))
    assert "It asks to wait until 2026-03-10 07:00 UTC: pull again then" in failure(home)
    assert home.clock.waits == []


def test_requests_keep_to_the_vendors_rate(
    account: PagerDuty, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = replace(pagerduty.CONNECTOR, rate=Rate(10, 60))
    monkeypatch.setattr(run, "all_connectors", lambda: {"pagerduty": slow})
    home.pull("pagerduty")
    assert len(vendor.requests) == 24 and home.clock.waits == [60.0, 60.0]


def test_a_token_that_is_wrong_or_weak_is_said_with_what_it_needs(
    vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.fail(Response({"error": {"message": "Access Denied", "errors": ["Insufficient scope"]}}, 403))
    assert "The token of PagerDuty lacks a permission. Needed: a read-only REST API key" in failure(home)
    vendor.authorized = lambda _: False
    error = failure(home)
    assert "is wrong, expired or revoked: make a new one. Needed: a read-only REST API key" in error
    assert TOKEN not in error and "•••" in error, "the server repeats the headers in its message"
    monkeypatch.delenv("TEST_PULL_TOKEN")
    assert "the environment variable TEST_PULL_TOKEN is not set or empty" in failure(home)


def test_a_page_that_repeats_the_token_is_not_written(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    account.incident(999, "2026-03-03T00:00:00Z", title=f"curl -H 'Token token={TOKEN}'")
    assert "an answer repeats the token, so it was not written" in failure(home)
    assert "2026-03-03.json" not in home.files(INCIDENTS)


def test_a_token_is_not_sent_to_another_address(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response({}, 302, {"Location": "https://elsewhere.example/incidents"}))
    assert "leads to another address, elsewhere.example" in failure(home)


def test_a_token_may_be_in_a_file(vendor: Vendor, home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("secrets") / "token"
    path.write_text(TOKEN + "\n")
    home.connect("pagerduty", vendor, token_env=None, token_file=path)
    assert home.pull("pagerduty").error is None
    path.unlink()
    assert f"the file {path} cannot be read: no such file or directory" in failure(home)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "set either `token_env` or `token_file`"),
        ({"token": "abc"}, "Extra inputs are not permitted"),
        ({"token_env": "X", "base_url": "http://api.pagerduty.com"}, "begins with https://"),
        ({"token_env": "X", "base_url": "https://me:pw@api.pagerduty.com"}, "without user, password"),
    ],
)
def test_wrong_settings_are_refused_and_not_repeated(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as error:
        PullSettings.model_validate(given)
    assert "abc" not in str(error.value) and "me:pw" not in str(error.value)


def test_two_pulls_at_once_do_not_collide(vendor: Vendor, home: Home) -> None:
    with locked(home.settings, "pagerduty"):
        assert failure(home) == (
            f"process {os.getpid()} pulls it. Wait until it has finished, or stop it; then pull again"
        )
    assert vendor.requests == [] and home.pull("pagerduty").error is None


def test_unknown_fields_pass_and_missing_ones_are_reported(account: PagerDuty, vendor: Vendor, home: Home) -> None:
    account.incident(999, "2026-03-03T00:00:00Z", brand_new={"a": 1})
    del account.incidents[0]["service"]
    result = home.pull("pagerduty")
    assert result.error is None
    assert result.warnings == ["pagerduty, incidents: 1 of 251 records have no `service`, which the source requires"]


def test_a_page_that_comes_again_and_again_ends_the_pull(
    account: PagerDuty, vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        pagerduty, "by_intervals", lambda *_: iter([Page(b"{}", [], {"page": 1}), Page(b"{}", [], {"page": 1})])
    )
    assert "gives the same page again and again" in failure(home)


def test_an_answer_nobody_foresaw_is_a_message(vendor: Vendor, home: Home) -> None:
    vendor.fail(Response([1, 2]))
    assert "expected one with a list `incidents`" in failure(home)
    vendor.fail(Response({"incidents": [], "total": "many"}))
    assert failure(home).startswith("TypeError in paging.py, line ")


def test_a_glob_that_leaves_out_what_is_pulled_is_said_before(vendor: Vendor, home: Home) -> None:
    home.settings = home.settings.model_copy(update={"sources": {"pagerduty": SourceSettings(glob=("pd/*.json",))}})
    assert 'add "pagerduty/pulled/**/*" to `glob` in [sources.pagerduty]' in failure(home)
    assert vendor.requests == []


def test_a_broken_state_is_said(vendor: Vendor, home: Home) -> None:
    home.pull("pagerduty")
    state_file(home.settings, "pagerduty").write_text("{")
    assert "is not the state of a pull. Delete it" in failure(home)


def test_doctor_shows_how_far_pulls_are_and_what_to_do(
    vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (never,) = overview(home.settings, home.clock.now())
    assert (never.reached, never.outcome, never.advice) == ("not yet", "never", "scorecard pull pagerduty.")
    home.pull("pagerduty")
    (good,) = overview(home.settings, home.clock.now() + timedelta(hours=5))
    assert (good.reached, good.lag, good.advice) == ("2026-03-10 06:00", "5 h", None)
    assert good.cursor == ""
    vendor.fail(Response({}, 403))
    home.pull("pagerduty", days=4)
    (failed,) = overview(home.settings, home.clock.now())
    assert (failed.reached, failed.lag, failed.outcome) == ("2026-03-10 06:00", "4 days", "failed, 2026-03-14 06:00")
    assert "lacks a permission" in failed.problems[0]
    assert failed.advice == "scorecard pull pagerduty, which goes on where it stopped."
    assert failed.cursor == "incidents: from 2026-03-01 on"
    monkeypatch.delenv("TEST_PULL_TOKEN")
    (without,) = overview(home.settings, home.clock.now())
    assert without.advice is not None and without.advice.startswith("put a token of PagerDuty there")


def test_doctor_shows_a_pull_that_was_killed_and_the_window_it_was_in(vendor: Vendor, home: Home) -> None:
    home.pull("pagerduty")
    state = read_state(home.settings, "pagerduty")
    state.started_at = home.clock.now() + timedelta(hours=1)
    state.stream("incidents").part = PartialFile(window="2026-03-10", start=START, end=START, begun_at=START, pages=3)
    write_state(home.settings, "pagerduty", state)
    (killed,) = overview(home.settings, home.clock.now() + timedelta(hours=2))
    assert killed.outcome == "did not end, or runs now, 2026-03-10 07:00"
    assert killed.cursor == "incidents: in 2026-03-10, after 3 pages"
    assert killed.advice == "scorecard pull pagerduty, which goes on where it stopped."


def test_the_command_pulls_and_fails_where_a_source_does(
    vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("time.sleep", lambda _: None)
    arguments = ["pull", "--home", str(home.settings.home), "--since", "2026-11-25"]
    assert "no pull is configured" in CliRunner().invoke(app, arguments).output
    own = f'[pulls.pagerduty]\ntoken_env = "TEST_PULL_TOKEN"\nbase_url = "{vendor.url}"\nsince = {BEGIN}\n'
    (folder / "scorecard.toml").write_text(own)
    good = CliRunner().invoke(app, arguments)
    assert good.exit_code == 0 and "records; up to date at" in good.output
    vendor.authorized = lambda _: False
    bad = CliRunner().invoke(app, arguments)
    assert bad.exit_code == 1 and "is wrong, expired or revoked" in bad.output
    assert "stopped before the end" in bad.output and TOKEN not in bad.output + good.output
    unknown = CliRunner().invoke(app, ["pull", "github"])
    assert unknown.exit_code == 2 and "no pull of `github` is configured; configured: pagerduty" in unknown.output


def test_a_huge_answer_ends_the_pull(vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LARGEST_ANSWER", 2 * client.CHUNK)
    vendor.fail(Response(b" " * 3 * client.CHUNK))
    assert "is longer than 131,072 bytes" in failure(home)


def test_state_and_pages_are_their_owners_alone(vendor: Vendor, home: Home) -> None:
    home.pull("pagerduty")
    assert home.file("pagerduty/pulled").stat().st_mode & 0o077 == 0
    state = json.loads(state_file(home.settings, "pagerduty").read_text())
    assert state["streams"]["incidents"]["reached"] == "2026-03-10T06:00:00Z"
    assert home.settings.pulls_dir.stat().st_mode & 0o077 == 0


def test_progress_is_told(account: PagerDuty, vendor: Vendor, home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.pull("pagerduty", since="2026-02-08")
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert "pagerduty, incidents: 2026-02-27, day 20 of 31" in said


def test_what_the_guide_shows_is_a_file_of_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    guide = (PROJECT_ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
    folder = tmp_path_factory.mktemp("guide")
    shown = guide.split("### Or pull them")[1].split("```toml\n")[1].split("```")[0]
    (folder / "scorecard.toml").write_text(shown)
    monkeypatch.chdir(folder)
    assert set(Settings().pulls.configured()) == set(all_connectors())
