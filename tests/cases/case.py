"""Reading a case's folder: what it holds, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from pipelines.sources import all_sources

FOLDER = Path(__file__).parent
BUILT = re.compile(r"\b(?:staging|intermediate|marts|seeds)\.(\w+)", re.IGNORECASE)
"""What a query reads that dbt builds."""


class Expected(BaseModel):
    """A query over the warehouse, and the rows it must give, in order."""

    model_config = ConfigDict(extra="forbid")

    sql: str
    rows: list[list[Any]]


class Expectations(BaseModel):
    """A case's `expect.yml`."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(description="The source that the export is of.")
    vendor: str = Field(description="Who writes the export.")
    surprise: str = Field(description="What the export does that surprises people, in a sentence.")
    treatment: str = Field(description="How it is treated, in a sentence.")
    reference: str = Field(pattern=r"^https://\S+$", description="The public thread or document that reports it.")
    alone: str | None = Field(None, description="Why it needs a home of its own.")
    deliveries: list[list[str]] = Field(
        default_factory=list, description="Globs below `landing/` of what lands before each of several runs."
    )
    rejected_files: dict[str, str] = Field(
        default_factory=dict, description="Files below `landing/` that are rejected → text in the reason."
    )
    incomplete: list[str] = Field(
        default_factory=list, description="Texts in the warnings about exports of which a part is missing."
    )
    expect: list[Expected] = Field(min_length=1)


@dataclass(frozen=True)
class Case:
    """A folder below this one."""

    name: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return FOLDER / self.name

    @cached_property
    def says(self) -> Expectations:
        """Its `expect.yml`; a pydantic error where that is wrong."""
        return Expectations.model_validate(yaml.safe_load((self.folder / "expect.yml").read_text()))

    @property
    def is_alone(self) -> bool:
        """Whether it has a home of its own: because it says so, or because its catalog has settings for a company."""
        says = self.says
        return bool(says.alone or says.deliveries or (self.folder / "catalog" / "company.yaml").exists())

    @property
    def models(self) -> list[str]:
        """The dbt models that its queries read."""
        return sorted({model for item in self.says.expect for model in BUILT.findall(item.sql)})

    @property
    def sources(self) -> list[str]:
        """The sources it has files of."""
        return sorted(path.name for path in (self.folder / "landing").iterdir() if path.is_dir())

    def faults(self) -> list[str]:
        """What is wrong with the folder, besides `expect.yml` being read."""
        found = [f"{source} is no source" for source in self.sources if source not in all_sources()]
        if self.says.source not in all_sources():
            found.append(f"{self.says.source} is no source")
        known = {"expect.yml", "landing", "catalog"}
        found += [f"{path.name} does not belong there" for path in self.folder.iterdir() if path.name not in known]
        for path in self.says.rejected_files:
            if not (self.folder / "landing" / path).exists():
                found.append(f"{path}, to be rejected, is not there")
        return found


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [Case(path.parent.name) for path in sorted(FOLDER.glob("*/expect.yml"))]
