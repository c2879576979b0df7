"""A bucket on loopback, served by moto's S3, that counts what it is asked for and fails where a test asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from pipelines.settings import Settings
from pipelines.settings.places import BucketSettings

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "no-secret-of-the-test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Credentials that are only the test's own."""
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy")
START_RESPONSE = Callable[..., Any]


@dataclass
class Request:
    """What was asked for, and how many bytes of an object's body were sent."""

    method: str
    path: str
    query: str
    status: int
    body_bytes: int
    signed: str
    """The signature, or empty."""


@dataclass
class Fault:
    """The answer to the next `times` requests with `part` in their path and query."""

    part: str
    status: int = 503
    code: str = "SlowDown"
    times: int = 10_000
    cut: bool = False
    before: Callable[[], object] | None = None
    """Called before the request is answered as usual; `cut`: only half of the answer is sent."""
    is_unconditional: bool = False
    """The server does not know `If-Match`."""


@dataclass
class Watched:
    """A WSGI application, with the requests it was asked and the faults it has."""

    app: Callable[..., Iterable[bytes]]
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start: START_RESPONSE) -> Iterable[bytes]:
        """Answer a request."""
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        fault = self._fault(asked)
        if fault and fault.before:
            fault.before()
            if fault.is_unconditional:
                del environ["HTTP_IF_MATCH"]
        elif fault and not fault.cut:
            self._note(environ, fault.status, 0)
            text = f"<?xml version='1.0'?><Error><Code>{fault.code}</Code><Message>no</Message></Error>".encode()
            start(f"{fault.status} Fault", [("Content-Type", "application/xml"), ("Content-Length", str(len(text)))])
            return [text]
        seen: list[Any] = []

        def started(status: str, headers: Any, *more: Any) -> Any:
            seen.append(int(status.split()[0]))
            return start(status, headers, *more)

        body = b"".join(self.app(environ, started))
        self._note(environ, seen[0], len(body))
        return [body[: len(body) // 2]] if fault and fault.cut else [body]

    def _fault(self, asked: str) -> Fault | None:
        with self.lock:
            found = next((fault for fault in self.faults if fault.part in asked and fault.times > 0), None)
            if found:
                found.times -= 1
            return found

    def _note(self, environ: dict[str, Any], status: int, size: int) -> None:
        with self.lock:
            self.requests.append(
                Request(
                    environ["REQUEST_METHOD"],
                    environ["PATH_INFO"],
                    environ["QUERY_STRING"],
                    status,
                    size,
                    environ.get("HTTP_AUTHORIZATION", ""),
                )
            )


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: object, **__: object) -> None:
        """Say nothing."""


class S3:
    """The server, and one bucket of it."""

    def __init__(self) -> None:
        """Start it."""
        self.watched = Watched(DomainDispatcherApplication(create_backend_app))
        self._server = make_server("127.0.0.1", 0, self.watched, threaded=True, request_handler=_Quiet)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self._client: Any = None
        self.bucket = ""

    def new_bucket(self, name: str) -> None:
        """An empty bucket, no faults, and nothing asked so far."""
        self._client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")
        self._client.create_bucket(Bucket=name)
        self.bucket = name
        self.forget()

    def forget(self) -> None:
        """Forget what was asked, and the faults."""
        self.watched.requests.clear()
        self.watched.faults.clear()

    def put(self, key: str, body: bytes, public: bool = False) -> None:
        """Write an object; a public one is read without credentials."""
        self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ACL="public-read" if public else "private")
        if public:
            self._client.put_bucket_acl(Bucket=self.bucket, ACL="public-read")

    def get(self, key: str) -> bytes:
        """Read an object."""
        body: bytes = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def listed_keys(self) -> list[str]:
        """The keys of all objects."""
        return [found["Key"] for found in self._client.list_objects_v2(Bucket=self.bucket)["Contents"]]

    def delete(self, key: str) -> None:
        """Delete an object."""
        self._client.delete_object(Bucket=self.bucket, Key=key)

    def put_folder(self, folder: Path, prefix: str = "") -> None:
        """Write every file below a folder, the oldest first."""
        for path in sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: (p.stat().st_mtime, p)):
            self.put(prefix + path.relative_to(folder).as_posix(), path.read_bytes())

    def fail(self, part: str, status: int = 503, code: str = "SlowDown", **more: Any) -> Fault:
        """Answer the requests with `part` in their path or query by an error, until it is called again."""
        fault = Fault(part, status, code, **more)
        self.watched.faults.append(fault)
        return fault

    def listings(self) -> list[Request]:
        """The listings asked for."""
        return [asked for asked in self.watched.requests if "list-type=2" in asked.query]

    def fetched(self) -> list[str]:
        """The keys of the objects asked for, also in vain."""
        return [
            asked.path.removeprefix(f"/{self.bucket}/")
            for asked in self.watched.requests
            if asked.method == "GET" and "list-type=2" not in asked.query
        ]

    def body_bytes(self) -> int:
        """How many bytes of objects were sent."""
        return sum(
            asked.body_bytes
            for asked in self.watched.requests
            if asked.method == "GET" and "list-type=2" not in asked.query and asked.status == 200
        )

    def settings(
        self,
        home: Path,
        prefix: str = "",
        scheme: str = "s3",
        retry_seconds: int = 60,
        anonymous: bool = False,
        **more: Any,
    ) -> Settings:
        """A home with its exports in the bucket, below the prefix."""
        how = BucketSettings(endpoint=self.endpoint, retry_seconds=retry_seconds, anonymous=anonymous)
        landing = f"{scheme}://{self.bucket}/{prefix}"
        return Settings(home=home, landing=landing, buckets={f"{scheme}://{self.bucket}": how}, **more)

    def stop(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def running() -> Iterator[S3]:
    """A server while the generator is open."""
    server = S3()
    yield server
    server.stop()
