"""Azure Blob Storage on loopback: Azurite, from npm, where it is installed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from socket import socket

import requests

ACCOUNT = "devstoreaccount1"
KEY = base64.b64encode(b"a key that is only Azurite's, of a length that it takes").decode()
PATIENCE_SECONDS = 60


def installed() -> str | None:
    """Its command; None where it is not installed."""
    return shutil.which("azurite-blob")


class Azurite:
    """The server, by its address; accounts and keys are the test's own."""

    def __init__(self, port: int) -> None:
        """At a port."""
        self.endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"

    def new_container(self, name: str) -> None:
        """An empty container."""
        assert self._send("PUT", name, "restype=container").status_code == 201

    def put(self, container: str, key: str, body: bytes) -> None:
        """Write an object."""
        assert self._send("PUT", f"{container}/{key}", "", body).status_code == 201

    def _send(self, method: str, path: str, query: str, body: bytes = b"") -> requests.Response:
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
        headers |= {"x-ms-blob-type": "BlockBlob"} if body else {}
        named = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        length = str(len(body)) if body else ""
        resource = f"/{ACCOUNT}/{ACCOUNT}/{path}" + "".join(
            f"\n{part.replace('=', ':')}" for part in query.split("&") if part
        )
        text = f"{method}\n\n\n{length}\n\n\n\n\n\n\n\n\n{named}{resource}"
        digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
        return requests.request(method, f"{self.endpoint}/{path}?{query}", headers=headers, data=body, timeout=30)


@contextmanager
def running(command: str) -> Iterator[Azurite]:
    """Azurite, in memory, until the context ends."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - a command of this machine
        [
            command, "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry",
            "--blobHost", "127.0.0.1", "--blobPort", str(port),
        ],
        env={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}", "PATH": str(Path(shutil.which("node") or "").parent)},
    )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, "Azurite ended"
                assert time.monotonic() < until, "Azurite did not start"
        yield Azurite(port)
    finally:
        process.terminate()
        process.wait()
