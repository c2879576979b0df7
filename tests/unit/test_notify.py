"""Word of a failed run reaches the webhook, or it is said that it did not. A real server on loopback listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.orchestration import notify as module
from pipelines.orchestration.notify import Failed, notify
from pipelines.settings import Settings

FAILED = Failed("daily", "run-1", ("2026-01-02", "2026-01-03"), ("raw_sales",), "a day was refused")


@contextmanager
def server(*answers: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server that gives `answers` in turn and keeps what was posted."""
    posted: list[dict[str, Any]] = []
    codes = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(codes.pop(0) if codes else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/secret-token", posted
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 1.0)


def with_webhook(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"webhook_url": SecretStr(url)})


def test_the_webhook_gets_the_run_the_days_the_steps_and_the_reason(settings: Settings) -> None:
    with server() as (url, posted):
        assert notify(with_webhook(settings, url), FAILED)
    assert posted == [
        {
            "text": "scorecard: daily failed for 2026-01-02 … 2026-01-03 in raw_sales: a day was refused",
            "job": "daily",
            "run_id": "run-1",
            "days": ["2026-01-02", "2026-01-03"],
            "steps": ["raw_sales"],
            "message": "a day was refused",
        }
    ]


def test_a_busy_webhook_is_tried_again(settings: Settings) -> None:
    with server(503, 429) as (url, posted):
        assert notify(with_webhook(settings, url), FAILED)
    assert len(posted) == 3


@pytest.mark.parametrize("answer", [404, 500], ids=["unknown there", "broken there"])
def test_a_webhook_that_does_not_take_it_is_reported_without_its_address(
    settings: Settings, answer: int, caplog: pytest.LogCaptureFixture
) -> None:
    with server(*[answer] * 9) as (url, _):
        assert not notify(with_webhook(settings, url), FAILED)
    assert "could not be told" in caplog.text
    assert "secret-token" not in "".join(
        record.getMessage() for record in caplog.records if record.name == module.__name__
    )


def test_without_a_webhook_the_log_says_it(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    assert notify(settings, FAILED)
    assert "daily failed" in caplog.text
