"""The catalog's JSON schemas, next to it, for completion and validation in editors.

`python -m pipelines.catalog.schema` writes them from the types in `domains/`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from pipelines.catalog.domains.company import Company
from pipelines.catalog.domains.costs import SharedPool
from pipelines.catalog.domains.experiments import Experiment
from pipelines.catalog.domains.members import Member
from pipelines.catalog.domains.projects import Project

SCHEMA_FOLDER: Final = Path(__file__).parents[1] / "scenario" / "catalog" / "schema"

_DOCUMENTS: Final[dict[str, tuple[str, TypeAdapter[Any]]]] = {
    "member": ("A member of the AI workforce", TypeAdapter(Member)),
    "shared_cost": ("A pool of shared costs", TypeAdapter(SharedPool)),
    "project": ("An investment in AI members", TypeAdapter(Project)),
    "experiment": ("An experiment", TypeAdapter(Experiment)),
    "company": ("The company", TypeAdapter(Company)),
}


def schema_texts() -> dict[str, str]:
    """The text of every schema file, by file name."""
    return {
        f"{name}.schema.json": json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema"}
            | adapter.json_schema(by_alias=True)
            | {"title": title},
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
        for name, (title, adapter) in _DOCUMENTS.items()
    }


def write_schemas(folder: Path = SCHEMA_FOLDER) -> list[Path]:
    """The files written: every schema, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in schema_texts().items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


if __name__ == "__main__":
    write_schemas()
