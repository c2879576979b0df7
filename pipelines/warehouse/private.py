"""Folders of the home that are nobody's but their owner's: what lies in them can be read through them alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Make the folder at `path` if there is none, and let nobody but its owner in."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        with suppress(PermissionError):  # somebody else's, who let us in
            path.chmod(0o700)
    return path
