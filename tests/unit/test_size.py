"""A file and a function are small enough to be read at a sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import DBT_PROJECT, PROJECT_ROOT

FILE_LINES, FUNCTION_LINES, MODEL_LINES = 500, 60, 200

LONG_FILES = {
    "pipelines/estimates/experiments.py",
}
"""Files yet to be split. Nothing is added here."""

LONG_FUNCTIONS = {
    "dbt_project/models/kpis/drift/int_drift_windows__estimated.py: model",
    "dbt_project/models/kpis/value/int_experiments__estimated.py: model",
    "dbt_project/models/kpis/value/int_project_scenarios__estimated.py: model",
    "pipelines/estimates/causal/instruments.py: two_stage",
    "pipelines/estimates/causal/matching.py: match",
    "pipelines/estimates/causal/series.py: interrupted",
    "pipelines/warehouse/convert.py: _write_tables",
}
"""Functions yet to be split. Nothing is added here.

The code of `estimates` and of Python models is in the models' fingerprints: to move it rebuilds them in every home, so
they are split when they change for a better reason.
"""


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


@pytest.mark.parametrize(
    ("found", "known"),
    [(long_files(FILE_LINES), LONG_FILES), (long_functions(FUNCTION_LINES), LONG_FUNCTIONS)],
    ids=["files", "functions"],
)
def test_nothing_is_too_long_but_what_is_known_to_be(found: set[str], known: set[str]) -> None:
    assert sorted(found - known) == [], "split it by what it is about"
    assert sorted(known - found) == [], "is short by now: take it off the list"


def test_a_long_sql_model_says_in_its_first_line_why_it_is_not_split() -> None:
    models = {path: path.read_text(encoding="utf-8").splitlines() for path in DBT_PROJECT.glob("models/**/*.sql")}
    long = {path.stem for path, lines in models.items() if len(lines) > MODEL_LINES}
    explained = {path.stem for path, lines in models.items() if lines[0].startswith("{#- Long: ")}
    assert sorted(long - explained) == [], "split it by its steps, or say why not"
    assert sorted(explained - long) == [], "is short by now: take the reason out"
