"""What goes live, and which system tells of it.

When it does is `World.releases`; what the pipeline makes of the reports is not known here.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pipelines.scenario.world import MEMBERS, World

REPOSITORIES = {"recommender": "ml-platform", "route-optimiser": "route-optimiser", "writing-assistant": "writing"}
"""Who is deployed by GitHub deployments, and from which repository."""
BY_COMMIT = "writing-assistant"
"""Its deployments name a branch and a commit; the registry knows which version was made from it."""
WORKFLOW = "support-assistant"
"""A workflow that makes no deployments puts it live; it is in no registry, so its lead time begins with a commit."""
SAGEMAKER, KSERVE, CHANGE_RECORDS = "recommender", "triage", "fraud-detector"
MLFLOW_PAGES = {"route-optimiser": "route-plan", "writing-assistant": "meridian-writer-8b"}
MLFLOW_DATABASE = {"fraud-detector": "fraud-score"}
MLFLOW_WEBHOOKS = {"triage": "triage-priority"}
CANARY = ("recommender", "v2", timedelta(days=2))
"""A tenth of the traffic goes to the version so long before all of it does."""
REDEPLOY = ("triage", "v2", timedelta(days=4, hours=10))
"""The same version is pushed again so long after it went live."""
FAILED = ("route-optimiser", "v3", timedelta(days=1))
"""An attempt fails so long before the version goes live."""
UNMAPPED_AGES = (9, 30)
"""Days after the start on which a repository goes live that no member of the catalog is known by."""
ALIAS_AGE = 25
"""Days after the start on which the registry's champion is moved, and nothing is deployed."""
BROKEN_AGE = 3
FIRST_REGISTERED = timedelta(days=12)
"""Every v1 was registered so long before the first day."""
HORIZON = 45
"""Days that are planned beyond the last one: what goes live then is in the registries already."""


@dataclass(frozen=True)
class Deployment:
    """A version that begins to serve all production traffic; `first_served_at` is earlier where it had a canary."""

    model_id: str
    log_name: str
    version: str
    is_rollback: bool
    registered_at: datetime
    first_served_at: datetime
    deployed_at: datetime

    @property
    def sha(self) -> str:
        """The commit the version was made from."""
        return digits_of(self.model_id, self.version, "commit", length=40)


class Exports:
    """What each system tells, by the folder of its exports and the day."""

    def __init__(self) -> None:
        """Nothing told yet."""
        self.told: defaultdict[tuple[str, date], list[dict[str, object]]] = defaultdict(list)

    def tell(self, folder: str, at: datetime, document: dict[str, object]) -> None:
        """Keep `document` for the file that `folder` has for the day of `at`."""
        self.told[folder, at.date()].append(document)

    def of(self, folder: str, day: date) -> list[dict[str, object]]:
        """What that file holds."""
        return self.told.get((folder, day), [])


def plan_of(world: World) -> list[Deployment]:
    """What goes live in the world, and soon after its last day."""
    planned = []
    for member in MEMBERS:
        registered: dict[str, datetime] = {}
        for release in replace(world, days=world.days + HORIZON).releases(member):
            live = world.at(world.start + timedelta(days=release.age))
            if release.lead_hours is not None:
                registered[release.version] = (live - timedelta(hours=release.lead_hours)).replace(microsecond=0)
            since, served = registered[release.version], live
            if (member.id, release.version) == CANARY[:2]:
                # One that was registered later than that has its canary halfway.
                served = live - CANARY[2]
                served = served if served > since else since + timedelta(seconds=(live - since).seconds // 2)
            planned.append(
                Deployment(member.id, member.log_name, release.version, release.is_rollback, since, served, live)
            )
    return planned


def planted_at(
    deployments: list[Deployment], what: tuple[str, str, timedelta], sign: int
) -> list[tuple[Deployment, datetime]]:
    """The deployment that `what` speaks of, if there is one yet, and the moment it plants before or after it."""
    return [(d, d.deployed_at + sign * what[2]) for d in deployments if (d.model_id, d.version) == what[:2]]


def digits_of(*parts: object, length: int) -> str:
    """Hexadecimal digits that say nothing and are always the same for `parts`."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()[:length]
