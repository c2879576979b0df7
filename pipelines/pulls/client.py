"""HTTP: one request, its retries, and what its answer means for a pull.

The only module that sends anything. Tokens are in headers, never in an address; no log record, error or file holds one.
"""

from __future__ import annotations

import json
import random
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from pipelines.pulls.errors import PullError, StatusError, TransientError
from pipelines.pulls.spec import Answer, Clock, Connector, Download, Json
from pipelines.web import retry_after

T = TypeVar("T")

TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before the second try, doubled for each further one, and at most; a random half of it is left out."""
LONGEST_ASKED = 15 * 60.0
"""The longest wait a server may ask for; beyond it, the pull ends and says until when to wait."""
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""
LONGEST_ANSWER = 600.0
"""Seconds in which a JSON answer must be complete, so that a connection that trickles does not hold a pull."""
CHUNK, SEEN = 65_536, 4_096
LARGEST_ANSWER = 256 * 2**20
"""Bytes of a JSON answer, which is held in memory."""
HOPS = 3
SHORTEST_SECRET = 8
"""Characters below which a word is in a page by chance."""
LATER = {408, 425, 429}
MESSAGE_KEYS = ("message", "error", "description", "detail", "title", "code", "errorMessages", "errors")
MESSAGE_LENGTH = 300


class Client:
    """A vendor's API, with a token. One request at a time."""

    def __init__(
        self,
        connector: Connector,
        base_url: str,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        clock: Clock,
        tries: int = TRIES,
    ) -> None:
        """Open no connection yet; `secrets` are what no message may repeat, `tries` how often a request is made."""
        self._connector, self._base, self._clock = connector, base_url.rstrip("/"), clock
        self._tries = tries
        # With a user's name, the token is in the header in another form.
        words = headers.get("Authorization", "").split()[-1:]
        self._secrets = tuple(secret for secret in (*secrets, *words) if len(secret) >= SHORTEST_SECRET)
        self._session = requests.Session()
        self._session.trust_env = True
        self._session.headers.update({"User-Agent": "ai-workforce-scorecard", **headers})
        # Credentials of ~/.netrc are not meant for this host.
        self._session.auth = _as_it_is
        self._sent: deque[datetime] = deque()
        self.requests = 0

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The JSON answer to a GET."""
        return self._json("GET", path, params, None)

    def post(self, path: str, body: Json) -> Answer:
        """The JSON answer to a POST that changes nothing at the vendor's."""
        return self._json("POST", path, None, body)

    def download(self, wanted: Download, into: BinaryIO) -> None:
        """Copy an answer to `into`, from where that is; each try starts there again."""
        start = into.tell()

        def once() -> None:
            into.seek(start)
            into.truncate()
            with self._sent_request("GET", wanted.path, wanted.params, None) as response:
                first, last = b"", b""
                for chunk in self._chunks(response, None, self._said("GET", wanted.path)):
                    if self.holds_secret(last + chunk):  # a token may lie across two chunks
                        into.seek(start)
                        into.truncate()
                        raise PullError(f"{self._said('GET', wanted.path)} repeats the token, so it was not written")
                    into.write(chunk)
                    first = (first + chunk)[:SEEN]
                    last = (last + chunk)[-SEEN:]
            try:
                wanted.check(first, last)
            except ValueError as error:
                raise TransientError(f"{self._said('GET', wanted.path)} {self.scrubbed(str(error))}") from None

        self._tried(once)

    def holds_secret(self, body: bytes) -> bool:
        """Whether an answer repeats a token: it must not be written."""
        return any(secret.encode() in body for secret in self._secrets)

    def scrubbed(self, text: str) -> str:
        """`text` without the tokens."""
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def _json(self, method: str, path: str, params: Mapping[str, Any] | None, body: Json) -> Answer:
        def once() -> Answer:
            ends_at = self._clock.now().timestamp() + LONGEST_ANSWER
            with self._sent_request(method, path, params, body) as response:
                pieces: list[bytes] = []
                for piece in self._chunks(response, ends_at, self._said(method, path)):
                    pieces.append(piece)
                    if len(pieces) * CHUNK > LARGEST_ANSWER:
                        raise PullError(f"{self._said(method, path)} is longer than {LARGEST_ANSWER:,} bytes")
                content = b"".join(pieces)
                kind = response.headers.get("Content-Type", "no content type")
                headers = {key.lower(): value for key, value in response.headers.items()}
            try:
                return Answer(content, json.loads(content), headers)
            except ValueError:
                is_page = content.lstrip().startswith(b"<")
                raise TransientError(
                    f"{self._said(method, path)} is not JSON ({kind}, {len(content):,} bytes): found "
                    f"`{self.scrubbed(content[:60].decode(errors='replace'))}`"
                    f"{f', a web page. Where that stays so, check {self._address}' if is_page else ''}"
                ) from None

        return self._tried(once)

    def _tried(self, once: Callable[[], T]) -> T:
        from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait if isinstance(error, TransientError) else None
            longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
            # Several pulls that failed together must not come back together.
            jitter: float = random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it
            return (asked or 0.0) + longest * jitter

        retrying = Retrying(
            sleep=self._clock.sleep,
            wait=wait,
            stop=stop_after_attempt(self._tries),
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )
        try:
            return retrying(once)
        except TransientError as error:
            if self._tries == 1:
                raise StatusError(str(error), error.code) from None
            raise StatusError(
                f"{error}, {self._tries} times in a row. Pull again later: it goes on where it stopped", error.code
            ) from None

    def _sent_request(self, method: str, path: str, params: Mapping[str, Any] | None, body: Json) -> requests.Response:
        self._keep_rate()
        url = f"{self._base}/{path.lstrip('/')}"
        for _ in range(HOPS):
            try:
                response = self._session.request(
                    method, url, params=params, json=body, timeout=TIMEOUT, stream=True, allow_redirects=False
                )
            except requests.RequestException as error:
                raise TransientError(f"{self._said(method, path)} did not come: {self._reason(error)}") from None
            self.requests += 1
            if not response.is_redirect:
                break
            to = urljoin(url, response.headers["Location"])
            response.close()
            # A token goes to the address it was meant for and to no other.
            if urlsplit(to)[:2] != urlsplit(url)[:2]:
                raise PullError(
                    f"{self._said(method, path)} leads to another address, {urlsplit(to).netloc}. "
                    "If that is the vendor's, set it as `base_url`"
                )
            url, params = to, None
        if not response.ok:
            with response:
                raise self._failure(method, path, response)
        return response

    def _keep_rate(self) -> None:
        rate = self._connector.rate
        if rate is None:
            return
        if len(self._sent) == rate.count:
            waited = (self._clock.now() - self._sent.popleft()).total_seconds()
            if waited < rate.seconds:
                self._clock.sleep(rate.seconds - waited)
        self._sent.append(self._clock.now())

    def _chunks(self, response: requests.Response, ends_at: float | None, said: str) -> Iterator[bytes]:
        try:
            for chunk in response.iter_content(CHUNK):
                yield chunk
                if ends_at is not None and self._clock.now().timestamp() > ends_at:
                    raise TransientError(f"{said} was not complete after {LONGEST_ANSWER:.0f} seconds")
        except requests.RequestException as error:
            raise TransientError(f"{said} broke off: {self._reason(error)}") from None

    def _failure(self, method: str, path: str, response: requests.Response) -> PullError:
        """What the answer means: to be tried again, or for somebody to see to."""
        code = response.status_code
        try:
            text = self.scrubbed(_message(response))
        except requests.RequestException:
            text = ""
        said = f"{self._said(method, path)} is {code}{f': {text}' if text else ''}"
        wait = _asked_wait(response.headers, self._clock.now())
        is_limited = code in LATER or (code == 403 and wait is not None)  # 403 is GitHub's way to say 429
        if is_limited or code >= 500:
            if wait is not None and wait > LONGEST_ASKED:
                until = datetime.fromtimestamp(self._clock.now().timestamp() + wait, UTC)
                return PullError(
                    f"{said}. It asks to wait until {until:%Y-%m-%d %H:%M} UTC: pull again then, it goes on where it "
                    "stopped"
                )
            return TransientError(said, wait, code)
        token = f"token of {self._connector.title}"
        needed = f"Needed: {self._connector.permission}"
        if code == 401:
            fault = "has expired" if "expired" in text.lower() else "is wrong, expired or revoked"
            return PullError(f"{said}. The {token} {fault}: make a new one. {needed}")
        if code == 403:
            return PullError(f"{said}. The {token} lacks a permission. {needed}")
        if code == 404:
            seen = (
                f"It does not exist, or the {token} may not see it: check {self._address} and the other settings there"
            )
            return StatusError(f"{said}. {seen}. {needed}", code)
        return StatusError(f"{said}. The vendor did not understand the request", code)

    def _said(self, method: str, path: str) -> str:
        return f"the answer to {method} {urlsplit(self._base).netloc}/{path.lstrip('/')}"

    @property
    def _address(self) -> str:
        return f"`base_url` in [pulls.{self._connector.name}]"

    def _reason(self, error: requests.RequestException) -> str:
        """The kind of a failure: its text may hold an address with a query."""
        causes = list(_causes(error))
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            host = urlsplit(self._base).hostname
            return f"there is no host `{host}` by the name service. Check {self._address}, and this machine's network"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            return f"nothing listens at that address. Check {self._address}"
        return {
            "ConnectTimeout": f"no connection within {TIMEOUT[0]:.0f} seconds",
            "ReadTimeout": f"nothing came for {TIMEOUT[1]:.0f} seconds",
            "SSLError": "the certificate is not trusted",
            "ProxyError": "the proxy does not answer",
            "ConnectionError": "the connection failed",
            "ChunkedEncodingError": "the connection was cut",
        }.get(type(error).__name__, type(error).__name__)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was raised from or while handling."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a server asks to wait: `Retry-After` (RFC 9110), or when a spent limit is renewed."""
    asked = retry_after(headers.get("Retry-After", ""), now)
    if asked is not None:
        return asked
    # GitHub gives a moment, PagerDuty and others seconds.
    left = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining", ""))
    reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
    if left.strip() != "0" or not reset.strip().isdecimal():
        return None
    seconds = float(reset)
    return max(0.0, seconds - now.timestamp() if seconds > 1e9 else seconds)


def _message(response: requests.Response) -> str:
    """What the vendor says of an error, in a line."""
    content = response.raw.read(CHUNK, decode_content=True)
    try:
        said = json.loads(content)
    except ValueError:
        return "" if b"<" in content[:200] else " ".join(content.decode(errors="replace").split())[:MESSAGE_LENGTH]
    found: list[str] = []

    def look(item: Any) -> None:
        if isinstance(item, str | int):
            found.append(str(item))
        elif isinstance(item, list):
            for part in item:
                look(part)
        elif isinstance(item, Mapping):
            for key in MESSAGE_KEYS:
                look(item.get(key))

    look(said)
    return ", ".join(dict.fromkeys(found))[:MESSAGE_LENGTH]
