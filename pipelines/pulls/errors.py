"""Why a pull stops: what failed, on what, and what to do. No message holds a secret."""

from __future__ import annotations


class PullError(Exception):
    """A source cannot be pulled further; what is in landing stays, and the next pull goes on from there."""


class SetupError(PullError):
    """Its settings are wrong or incomplete: says which, and what to write."""


class BusyError(PullError):
    """Another process pulls the source."""


class StatusError(PullError):
    """The answer has a status that is no success: `code`; 0 where no answer came."""

    def __init__(self, message: str, code: int = 0) -> None:
        """Keep the status as an attribute."""
        super().__init__(message)
        self.code = code


class TransientError(StatusError):
    """May pass by itself: a connection that broke, a server that is busy. `wait`: the seconds the server asked for."""

    def __init__(self, message: str, wait: float | None = None, code: int = 0) -> None:
        """Keep the wait as an attribute."""
        super().__init__(message, code)
        self.wait = wait
