"""Folders of the home that only their owner can enter, so that nobody else reads the files in them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Create the folder at `path` if it is missing, with access only for its owner."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        with suppress(PermissionError):  # of another owner, who gave us access
            path.chmod(0o700)
    return path
