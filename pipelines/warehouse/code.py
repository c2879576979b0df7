"""Code without comments, docstrings and layout: changes to those change no number."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def code_of(module: ModuleType) -> str:
    """The module's code without comments, docstrings and layout."""
    return bare(Path(inspect.getfile(module)).read_text(encoding="utf-8"))


def bare(text: str) -> str:
    """Python's `text` without comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A string as a statement does nothing: a docstring, also of a constant.
            node.body = [item for item in body if not _is_text(item)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(item: ast.AST) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)
