"""The loaded and checked catalog: returned by `load`, used by everything else."""

from __future__ import annotations

import hashlib
import json

from pipelines.catalog.domains.company import Company
from pipelines.catalog.domains.costs import SharedPool
from pipelines.catalog.domains.experiments import Experiment
from pipelines.catalog.domains.members import AiMember, Team
from pipelines.catalog.domains.projects import Project
from pipelines.catalog.parts import Part


class Catalog(Part):
    """The whole catalog, checked; everything that has an id is in the order of it."""

    company: Company
    members: tuple[AiMember, ...]
    teams: tuple[Team, ...]
    pools: tuple[SharedPool, ...]
    projects: tuple[Project, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change if and only if the catalog's data changes."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
