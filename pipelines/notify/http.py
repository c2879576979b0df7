"""One POST, and the meaning of its response for delivery."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

import requests

from pipelines.notify.notification import TIMEOUT_SECONDS, RejectedError, UnfitError, UnreachableError
from pipelines.web import retry_after

LATER = {408, 425, 429}
UNFIT = {400, 413, 415, 422}
ONE_WORD = re.compile(r"[a-z_]{1,60}")

_posting: ContextVar[bool] = ContextVar("posting", default=False)
# The address is a secret, and urllib3 logs its path.
logging.getLogger("urllib3.connectionpool").addFilter(lambda _: not _posting.get())


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Post JSON to `url`; returns when it was accepted (2xx).

    Redirects are not followed, so that secrets are not sent to another address; the log reports them.
    """
    with _unlogged():
        try:
            answer = requests.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", "User-Agent": "ai-workforce-scorecard", **(headers or {})},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            raise RejectedError("its address is not a valid URL") from None
        except requests.RequestException as error:
            raise UnreachableError(f"cannot be reached ({type(error).__name__})") from None
    code = answer.status_code
    word = f" {answer.text}" if ONE_WORD.fullmatch(answer.text) else ""
    found = f"answered {code}{word}"
    if code in LATER or code >= 500:
        raise UnreachableError(found, retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC)))
    if code in UNFIT:
        raise UnfitError(found)
    if not answer.ok or code >= 300:
        raise RejectedError(found)


@contextmanager
def _unlogged() -> Iterator[None]:
    token = _posting.set(True)
    try:
        yield
    finally:
        _posting.reset(token)
