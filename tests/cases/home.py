"""Building cases: most in one home together, some in one of their own; and comparing what came out.

That many cases share a home is quick, and shows that one's bad file stops no other.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.catalog.load import load_catalog
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.connect import kept_open, quote, writer
from pipelines.warehouse.convert import UNEXPLAINED
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.incomplete import incomplete_sentences
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.transform import build
from tests.cases.case import Case
from tests.integration import quality
from tests.integration.conftest import failures


def land(case: Case, home: Path, paths: Sequence[Path] | None = None, shared: bool = False) -> None:
    """Put the case's files (None: all) into the landing folder, in a folder of the case where it is `shared`."""
    landing = case.folder / "landing"
    for path in sorted(p for p in landing.rglob("*") if p.is_file() or p.is_symlink()) if paths is None else paths:
        source, *rest = path.relative_to(landing).parts
        target = home.joinpath("landing", source, *([case.name] if shared else []), *rest)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)


def catalog_of(cases: Sequence[Case], home: Path) -> None:
    """Write the catalogs of the cases, together; ValueError where two have a file of one name or a model of one id."""
    folder = home / "catalog"
    folder.mkdir(parents=True)
    (folder / "company.yaml").write_text("name: Cases\n")
    for case in cases:
        mine = case.folder / "catalog"
        for path in sorted(p for p in mine.rglob("*") if p.is_file()):
            target = folder / path.relative_to(mine)
            if target.exists() and target.name != "company.yaml":
                raise ValueError(f"{case.name}: another case has {path.relative_to(mine)} in its catalog too")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def build_shared(cases: Sequence[Case], home: Path) -> Settings:
    """Build the cases in one home, all models and tests."""
    settings = Settings(home=home)
    settings.landing_dir.mkdir(parents=True)
    catalog_of(cases, home)
    for case in cases:
        land(case, home, shared=True)
    with kept_open(settings, "building the cases"):
        for source in sorted({source for case in cases for source in case.sources}):
            take_in(settings, all_sources()[source])
            replace_days(settings, all_sources()[source])
        built = build(settings, load_catalog(settings.catalog_dir))
    assert built.success, failures(built)
    return settings


def build_alone(case: Case, home: Path) -> Settings:
    """Build the case in a home of its own, delivery by delivery, and of the models only those that its queries read."""
    settings = Settings(home=home)
    settings.landing_dir.mkdir(parents=True)
    catalog_of([case], home)
    landing = case.folder / "landing"
    steps: list[list[Path] | None] = [None]
    if case.says.deliveries:
        steps = [[p for glob in globs for p in sorted(landing.glob(glob))] for globs in case.says.deliveries]
    for paths in steps:
        land(case, home, paths)
        quality.run(settings, tests=True, sources=case.sources, marts=case.models)
    return settings


def differences(case: Case, settings: Settings, together: bool = False) -> list[str]:
    """Where the home, shared by cases where `together`, does not hold what the case expects; empty where it does."""
    found: list[str] = []
    with writer(settings, f"comparing {case.name}") as connection:
        for item in case.says.expect:
            rows = connection.execute(item.sql).fetchall()
            if not _same(rows, item.rows):
                found.append(f"{item.sql.strip()}\n    gives   {_shown(rows)}\n    and not {_shown(item.rows)}")
        mine = "true" if not together else f"path like '%/' || {quote(case.name)} || '/%'"
        reported = [
            line
            for source in case.sources
            for line in incomplete_sentences(connection, settings, all_sources()[source])
            if not together or f"/{case.name}/" in line
        ]
        files = connection.execute(
            "select source, path, status, message, rows_read_count, rows_loaded_count, rows_quarantined_count, "
            f"rows_skipped_count, skip_reasons from ledger.files where status <> 'gone' and {mine}"
        ).fetchall()
    texts = case.says.incomplete
    found += [f"reported as incomplete: {line}" for line in reported if not any(text in line for text in texts)]
    found += [f"not reported as incomplete: {text}" for text in texts if not any(text in line for line in reported)]
    rejected = {
        f"{source}/{path.removeprefix(f'{source}/').removeprefix(f'{case.name}/')}": str(message)
        for source, path, status, message, *_ in files
        if status != "loaded"
    }
    expected = case.says.rejected_files
    found += [f"{path} is rejected: {why}" for path, why in rejected.items() if path not in expected]
    found += [f"{path} is not rejected" for path in expected if path not in rejected]
    found += [
        f"{path} is rejected because {rejected[path]}, and not because {why}"
        for path, why in expected.items()
        if path in rejected and why not in rejected[path]
    ]
    found += [
        f"{path}: {read} rows read, and {loaded} loaded, {quarantined} quarantined, {skipped} skipped"
        for _, path, status, _, read, loaded, quarantined, skipped, _ in files
        if status == "loaded" and (read != loaded + quarantined + skipped or min(loaded, quarantined, skipped) < 0)
    ]
    found += [
        f"{path}: rows are skipped for no stated reason" for _, path, *_, why in files if UNEXPLAINED in (why or "")
    ]
    return found


def _same(found: Sequence[Sequence[Any]], expected: Sequence[Sequence[Any]]) -> bool:
    return len(found) == len(expected) and all(
        len(row) == len(wanted) and all(map(_equal, row, wanted)) for row, wanted in zip(found, expected, strict=True)
    )


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, Decimal | float) and isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(value, date) and isinstance(wanted, str):
        return str(value) == wanted or value.isoformat() == wanted
    if isinstance(value, datetime) and isinstance(wanted, date) and not isinstance(wanted, datetime):
        return False
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _shown(rows: Sequence[Sequence[Any]]) -> str:
    return str([[str(v) if isinstance(v, date | Decimal) else v for v in row] for row in rows])
