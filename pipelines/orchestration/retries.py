"""Trying again what may pass by itself, and only that."""

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

    A rejection or a fault of ours is none: it would be the same the next time. Dagster's RetryPolicy cannot tell
    them apart.
    """
    try:
        yield
    except TRANSIENT as error:
        context.log.warning(f"trying again at most {TRIES_AGAIN} times: {error}")
        raise dg.RetryRequested(
            max_retries=TRIES_AGAIN, seconds_to_wait=FIRST_WAIT_SECONDS * 2**context.retry_number
        ) from error
