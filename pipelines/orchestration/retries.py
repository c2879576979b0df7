"""Retries of transient errors only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.warehouse.errors import TRANSIENT

TRIES_AGAIN = 3
FIRST_WAIT_SECONDS = 1.0


@contextmanager
def retried(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Have Dagster run the step again, after 1, 2 and 4 seconds, when its body meets a transient error.

    Validation failures and bugs are not retried. Dagster's RetryPolicy cannot distinguish
    them.
    """
    try:
        yield
    except TRANSIENT as error:
        context.log.warning(f"retrying at most {TRIES_AGAIN} times: {error}")
        raise dg.RetryRequested(
            max_retries=TRIES_AGAIN, seconds_to_wait=FIRST_WAIT_SECONDS * 2**context.retry_number
        ) from error
