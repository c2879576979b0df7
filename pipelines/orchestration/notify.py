"""Word of a failed run: to the log always, to a webhook where one is set."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass

from pipelines.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0
TRIES_AGAIN = 3
BACKOFF_SECONDS = 0.5
BUSY = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Failed:
    """A run that failed: its job, the days it was for, the steps that failed, and why."""

    job: str
    run_id: str
    days: tuple[str, str]
    steps: tuple[str, ...]
    message: str

    @property
    def text(self) -> str:
        """One line for people; chat webhooks show the field `text`."""
        days = f" for {self.days[0]} … {self.days[1]}" if any(self.days) else ""
        steps = f" in {', '.join(self.steps)}" if self.steps else ""
        return f"scorecard: {self.job} failed{days}{steps}: {self.message}"


def notify(settings: Settings, failed: Failed) -> bool:
    """Say that a run failed; returns whether everyone who is to know was told. Raises nothing."""
    log.error(failed.text)
    if settings.webhook_url is None:
        return True
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    retry = Retry(TRIES_AGAIN, backoff_factor=BACKOFF_SECONDS, status_forcelist=BUSY, allowed_methods={"POST"})
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        try:
            answer = session.post(
                settings.webhook_url.get_secret_value(),
                json={"text": failed.text, **asdict(failed)},
                timeout=TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            # The address is a secret and stands in the error's text.
            log.error("the webhook could not be told of it: %s", type(error).__name__)
            return False
    return True
