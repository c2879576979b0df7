"""Real receivers on loopback: a web server and a mail server that can be down, reject, and keep what they took."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PATH = "/services/secret-token"


@dataclass(frozen=True)
class Request:
    """What was posted."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body, read."""
        return json.loads(self.body)


@dataclass
class WebServer:
    """A web server that gives `answers` (a code, headers, a text) in turn, then 200."""

    port: int = 0
    taken: list[Request] = field(default_factory=list)
    tried: int = 0
    answers: deque[tuple[int, dict[str, str], str]] = field(default_factory=deque)

    @property
    def url(self) -> str:
        """An address that is a secret, like Slack's."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def answer(self, *codes: int, headers: dict[str, str] | None = None, text: str = "") -> None:
        """Give these answers first."""
        self.answers.extend((code, headers or {}, text) for code in codes)

    @contextmanager
    def up(self) -> Iterator[WebServer]:
        """Listening, on the same port each time; outside of it connections are rejected."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code, headers, text = outer.answers.popleft() if outer.answers else (200, {}, "ok")
                outer.tried += 1
                if code < 300:
                    outer.taken.append(Request({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(code)
                for key, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@dataclass
class MailServer:
    """A mail server that wants STARTTLS and a login, and keeps messages."""

    user: str = "scorecard"
    password: str = "mail-secret"  # noqa: S105 - the test's own
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    replies: deque[str] = field(default_factory=deque)

    @contextmanager
    def up(self, context: ssl.SSLContext | None) -> Iterator[int]:
        """Listening; gives its port. Without a `context` it knows neither TLS nor logins."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        secured = {"tls_context": context, "require_starttls": True, "auth_required": True} if context else {}
        controller = Controller(self, "127.0.0.1", port, authenticator=self._authenticate, **secured)
        controller.start()
        try:
            yield port
        finally:
            controller.stop()

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=data == right, handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take a message, or give the next of `replies`."""
        if self.replies:
            return self.replies.popleft()
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"
