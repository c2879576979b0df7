"""What web servers say in the same words everywhere. Requests are sent in `pulls.client` and `notify.http`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(text: str, now: datetime) -> float | None:
    """The seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3); None if neither."""
    # Some servers send fractions of a second, which the standard does not know.
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
