"""The packages depend on each other one way: which may import which, and which owns a library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "pipelines"

MAY_READ: dict[str, set[str]] = {
    "settings": set(),
    "files": set(),
    "web": set(),
    "kpis": {"settings"},
    "catalog": {"kpis", "sources"},
    "sources": set(),
    "scenario": {"catalog", "settings"},
    "estimates": set(),
    "warehouse": {"catalog", "estimates", "files", "kpis", "settings", "sources"},
    "spark": set(),
    "scorecard": {"catalog", "estimates", "files", "kpis", "settings", "sources"},
    "notify": {"settings", "warehouse", "web"},
    "pulls": {"files", "settings", "sources", "warehouse", "web"},
    "connect": {"catalog", "files", "pulls", "settings", "sources", "warehouse"},
    "console": {"scorecard", "settings", "warehouse"},
    "orchestration": {
        "catalog",
        "estimates",
        "files",
        "notify",
        "pulls",
        "scorecard",
        "settings",
        "sources",
        "warehouse",
    },
    "definitions": {"orchestration", "settings"},
    "cli": {
        "catalog",
        "connect",
        "console",
        "notify",
        "orchestration",
        "pulls",
        "scenario",
        "scorecard",
        "settings",
        "sources",
        "warehouse",
    },
}
"""Package → the packages it may import, itself aside. A new package declares itself here."""

OWNERS: dict[str, tuple[str, ...]] = {
    "dagster": ("orchestration", "definitions"),
    "dagster_dbt": ("orchestration",),
    "duckdb": ("warehouse", "scenario"),
    "adbc_driver_postgresql": ("warehouse/postgres_server.py",),
    "dbt": ("warehouse/transform.py",),
    "sqlglot": ("spark", "orchestration/lineage.py"),
    "pyspark": ("spark",),
    "great_expectations": ("warehouse/validation.py",),
    "typer": ("cli",),
    "rich": ("console.py",),
    "requests": ("notify/http.py", "pulls/client.py"),
    "tomlkit": ("connect/config.py",),
    "tenacity": ("pulls/client.py",),
    "obstore": ("warehouse/buckets.py",),
    "boto3": ("warehouse/buckets.py",),
    "smtplib": ("notify/mail.py",),
    "scipy": ("estimates",),
    "statsmodels": ("estimates",),
    "numpy_financial": ("estimates",),
}
"""Library → the packages or modules it is imported in, and nowhere else."""
LATE = {"great_expectations", "dbt", "obstore", "boto3", "pyspark"}
"""Libraries that take seconds to import: inside functions only."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(module imported, whether at the top level), imports under TYPE_CHECKING left out."""
    tree = ast.parse(path.read_text())
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        top = node in tree.body
        if isinstance(node, ast.Import):
            yield from ((alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            if module == "pipelines":
                yield from ((f"pipelines.{alias.name}", top) for alias in node.names)
            else:
                yield module, top


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_package_imports_only_those_declared_for_it(path: Path) -> None:
    here = package_of(path)
    if here == "__init__":
        return
    read = {name.split(".")[1] for name, _ in imports(path) if name.startswith("pipelines.")}
    assert read - {here} <= MAY_READ[here]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_is_imported_by_its_owner_alone(path: Path) -> None:
    here = str(path.relative_to(PACKAGE))
    for name, top in imports(path):
        library = name.split(".")[0]
        owners = OWNERS.get(library)
        assert owners is None or {here, package_of(path)} & {*owners}, (
            f"{here} imports {library}, which belongs to {', '.join(owners or ())}"
        )
        assert not (top and library in LATE), f"{here} imports {library} at its top; it takes seconds"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_dagster_is_used_by_what_it_documents(path: Path) -> None:
    read = {name for name, _ in imports(path) if name.startswith("dagster")}
    assert read <= {"dagster", "dagster_dbt"}, "their modules, and dagster_shared, may change with any release"


def test_only_settings_reads_the_environment() -> None:
    readers = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr == "getenv")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ.get")
        or (
            isinstance(node, ast.Subscript)
            and ast.unparse(node.value) == "os.environ"
            and isinstance(node.ctx, ast.Load)
        )
    }
    # transform puts variables there for dbt and sets them back afterwards.
    assert readers <= {"settings/__init__.py", "settings/pulls.py", "warehouse/transform.py"}


@pytest.mark.parametrize("path", ["__init__.py", "references/__init__.py", "references/__main__.py"])
def test_the_comparison_with_other_libraries_reads_estimates_alone(path: str) -> None:
    # It runs in an environment of theirs, where nothing else of the project's own is installed.
    read = {name for name, _ in imports(PROJECT_ROOT / "bench" / path) if name.startswith(("pipelines", "bench."))}
    assert all(name.startswith("pipelines.estimates.") for name in read), read
