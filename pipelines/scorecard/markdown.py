"""Markdown by Jinja2: the templates in `assets/`, and how text enters them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import jinja2

from pipelines.scorecard import words

ASSETS: Final = Path(__file__).parent / "assets"
_MARKS: Final = re.compile(r"([\\`*_\[\]<>#|~&$])")
_STARTS: Final = re.compile(r"^( ?)(\d*)([-+=.)])(?=[-=\s]|$)")
"""What would begin a list or underline a title: `- `, `1. `, `---`."""


def literal(value: object) -> str:
    """`value` as Markdown that shows it as it is, on one line, in a table too: what has a meaning there is escaped."""
    text = _MARKS.sub(r"\\\1", re.sub(r"\s+", " ", str(value)))
    return _STARTS.sub(r"\1\2\\\3", text)


def environment() -> jinja2.Environment:
    """Where Markdown templates are found; every value in them goes through `literal`, as `finalize` has it."""
    found = jinja2.Environment(  # noqa: S701 - Markdown: escaped by `finalize`, not as HTML
        loader=jinja2.FileSystemLoader(ASSETS),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=_escaped,
    )
    found.globals |= {"words": words, "raw": Raw}
    return found


class Raw(str):
    """Text that is Markdown already."""


def _escaped(value: Any) -> str:
    return value if isinstance(value, Raw) else literal(value)
