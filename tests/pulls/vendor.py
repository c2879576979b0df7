"""A vendor's server on loopback: it keeps what it was asked, checks the token, and can fail in the ways servers do."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "s3cr3t-t0ken-of-the-test"  # noqa: S105 - the test's own


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any

    def one(self, name: str, default: str = "") -> str:
        """A parameter's value."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Response:
    """An answer; `cut`: bytes left out of its end, though its header counts them; `slow`: nothing comes at all."""

    body: Any = None
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Clock:
    """A time that a test sets; waiting moves it."""

    time: datetime
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """The time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move it."""
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass
class Vendor:
    """The server: `answer` gives a response, `faults` come first, `authorized` says whether a token is good."""

    answer: Callable[[Request], Response]
    authorized: Callable[[Request], bool]
    requests: list[Request] = field(default_factory=list)
    faults: deque[Response | None] = field(default_factory=deque)
    port: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, *faults: Response | None) -> None:
        """Give these first; None: as usual."""
        self.faults.extend(faults)

    def asked(self, path: str) -> list[Request]:
        """The requests for this path."""
        return [request for request in self.requests if request.path == path]

    @contextmanager
    def up(self) -> Iterator[Vendor]:
        """Listening."""
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes

            def _do(self) -> None:
                parts = urlsplit(self.path)
                content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(
                    self.command,
                    parts.path,
                    parse_qs(parts.query, keep_blank_values=True),
                    {key.lower(): value for key, value in self.headers.items()},
                    json.loads(content) if content else None,
                )
                vendor.requests.append(request)
                fault = vendor.faults.popleft() if vendor.faults else None
                if fault is None and not vendor.authorized(request):
                    fault = Response({"error": {"message": f"no access: {request.headers}"}}, 401)
                response = fault or vendor.answer(request)
                body = response.content
                self.send_response(response.code)
                kind = "application/octet-stream" if isinstance(response.body, bytes) else "application/json"
                for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **response.headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body[: len(body) - response.cut])
                if response.cut:
                    self.close_connection = True

            do_GET = do_POST = _do  # noqa: N815 - http.server's names

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
