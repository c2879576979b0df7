"""A file and a function are small enough to be read at a sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import DBT_PROJECT, PROJECT_ROOT

FILE_LINES, FUNCTION_LINES, MODEL_LINES = 500, 60, 200


def python_files() -> list[Path]:
    folders = ("bench", "dbt_project", "pipelines", "tests")
    found = [path for folder in folders for path in (PROJECT_ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "target" not in path.relative_to(PROJECT_ROOT).parts)


def long_files(limit: int) -> set[str]:
    return {
        str(path.relative_to(PROJECT_ROOT))
        for path in python_files()
        if len(path.read_text(encoding="utf-8").splitlines()) > limit
    }


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function in the file, decorators left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def long_functions(limit: int) -> set[str]:
    return {
        f"{path.relative_to(PROJECT_ROOT)}: {name}"
        for path in python_files()
        for name, lines in functions(path)
        if lines > limit
    }


@pytest.mark.parametrize("found", [long_files(FILE_LINES), long_functions(FUNCTION_LINES)], ids=["files", "functions"])
def test_nothing_is_too_long(found: set[str]) -> None:
    assert sorted(found) == [], "split it by what it is about"


def test_a_long_sql_model_says_in_its_first_line_why_it_is_not_split() -> None:
    models = {path: path.read_text(encoding="utf-8").splitlines() for path in DBT_PROJECT.glob("models/**/*.sql")}
    long = {path.stem for path, lines in models.items() if len(lines) > MODEL_LINES}
    explained = {path.stem for path, lines in models.items() if lines[0].startswith("{#- Long: ")}
    assert sorted(long - explained) == [], "split it by its steps, or say why not"
    assert sorted(explained - long) == [], "is short by now: take the reason out"
