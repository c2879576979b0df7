"""What can go wrong, said so that a user can mend it; and what may pass by itself."""

from __future__ import annotations

import duckdb

TRANSIENT: tuple[type[Exception], ...] = (duckdb.IOException, OSError)
"""What may pass when it is tried again: a disk that was full, a file that another program held."""


class LandingFileError(Exception):
    """A landing file that cannot be loaded; the others go on.

    `path` is relative to the landing folder, `found` and `expected` say what stood there, `remedy` what to do;
    `status` is how the ledger calls it: rejected (no format fits) or unreadable (its bytes are broken).
    """

    def __init__(self, path: str, found: str, expected: str, remedy: str, status: str = "rejected") -> None:
        """Keep the parts as attributes; the message joins them."""
        super().__init__(f"`{path}`: found {found}; expected {expected}. {remedy}")
        self.path, self.found, self.expected, self.remedy = path, found, expected, remedy
        self.status = status


class WarehouseBusyError(Exception):
    """Another process is writing, and the caller would rather not wait; `holder` says what it does."""

    def __init__(self, holder: str) -> None:
        """Keep the holder as an attribute."""
        super().__init__(f"the warehouse is held by {holder}")
        self.holder = holder


class WarehouseBrokenError(Exception):
    """The warehouse's file is no database; says which, and what to do."""

    def __init__(self, path: object) -> None:
        """Say what the file at `path` is not."""
        super().__init__(
            f"the warehouse {path} is not a DuckDB database, or its beginning is broken. Put back a copy of it; or "
            "move it away and run again: all it holds is made from the landing folder and the catalog."
        )


class PostgresError(Exception):
    """The marts could not be published to Postgres; says what failed and what to do, never the URL."""


class PostgresBusyError(PostgresError, OSError):
    """The same for what may pass by itself: a server that does not answer, a lock that somebody holds."""
