"""Files that readers see whole: what was there before, or all of the new content.

What is written piece by piece, or as a folder, has its own way: pulled pages in `pulls.files`, publications in
`warehouse.publish`.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def replace(path: Path, content: str | bytes) -> None:
    """Replace the content of `path`, text as UTF-8, atomically; it is on disk when this returns.

    Two processes may do so at once: each writes a file of its own beside it and renames it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with fresh.open("xb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
