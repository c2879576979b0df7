"""What can go wrong with a user's data, said so that they can mend it."""

from __future__ import annotations


class LandingFileError(Exception):
    """A landing file that cannot be loaded; the others go on.

    `path` is relative to the landing folder, `found` and `expected` say what stood there, `remedy` what to do;
    `status` is how the ledger calls it: refused (no format fits) or unreadable (its bytes are broken).
    """

    def __init__(self, path: str, found: str, expected: str, remedy: str, status: str = "refused") -> None:
        """Keep the parts as attributes; the message joins them."""
        super().__init__(f"`{path}`: found {found}; expected {expected}. {remedy}")
        self.path, self.found, self.expected, self.remedy = path, found, expected, remedy
        self.status = status
