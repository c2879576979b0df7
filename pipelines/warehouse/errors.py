"""Errors, with what a user can do about them, and which of them are transient."""

from __future__ import annotations

import duckdb

TRANSIENT: tuple[type[Exception], ...] = (duckdb.IOException, OSError)
"""Errors that may not recur when it is tried again: a full disk, a file that another program holds."""


class LandingFileError(Exception):
    """A landing file that cannot be loaded; the others load.

    `path` is relative to the landing folder, `found` is what is in the file, `remedy` what to do, and
    `status` its status in the ledger: rejected (no format fits) or unreadable (its bytes are broken).
    """

    def __init__(self, path: str, found: str, expected: str, remedy: str, status: str = "rejected") -> None:
        """Keep the parts as attributes; the message joins them."""
        super().__init__(f"`{path}`: found {found}; expected {expected}. {remedy}")
        self.path, self.found, self.expected, self.remedy = path, found, expected, remedy
        self.status = status


class WarehouseBusyError(Exception):
    """Another process is writing, and the caller does not wait; `holder` is what it is doing."""

    def __init__(self, holder: str) -> None:
        """Keep the holder as an attribute."""
        super().__init__(f"the warehouse is held by {holder}")
        self.holder = holder


class NoLocksError(Exception):
    """The home's file system has no locks that the operating system releases; names it, and says what to do."""

    def __init__(self, folder: object, reason: str) -> None:
        """Say which folder is on it, and what the system said."""
        super().__init__(
            f"the file system of {folder} has no file locks ({reason}), so that two processes could write at once. Put "
            "the home on a local disk or a block volume (ext4, xfs), or on NFS 4 mounted with locks: docs/deploy.md."
        )


class LockLostError(Exception):
    """The lock between machines was lost while it was held: another machine may have written meanwhile."""

    def __init__(self, where: str) -> None:
        """Name the server."""
        super().__init__(
            f"the connection to Postgres at {where} broke while the warehouse was being written, and with it the lock "
            "between machines. If another machine wrote meanwhile, the warehouse may be broken: `scorecard doctor` "
            "shows whether it opens. Then run again."
        )


class WarehouseBrokenError(Exception):
    """The warehouse's file is not a database; names it, and says what to do."""

    def __init__(self, path: object) -> None:
        """Say what the file at `path` is not."""
        super().__init__(
            f"the warehouse {path} is not a DuckDB database, or its beginning is broken. Put back a copy of it; or "
            "move it away and run again: all it holds is made from the landing folder and the catalog."
        )


class PostgresError(Exception):
    """The marts could not be published to Postgres; says what failed and what to do, never the URL."""


class PostgresBusyError(PostgresError, OSError):
    """The same for transient errors: a server that does not answer, a lock that another session holds."""


EXPLAINED: tuple[type[Exception], ...] = (WarehouseBrokenError, NoLocksError, LockLostError, PostgresError)
"""Errors that any command may meet; their text is all that a user needs."""
