"""The sample company's world: who serves what, how much, when. The planted causes, not the files.

Every writer of vendors' files takes its volumes from here, so that bills, logs, incidents and analytics
tell one story. Nothing here knows a vendor's format; the writers beside it do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Member:
    """An AI model or agent of the sample company, as the vendors' systems know it.

    `daily_requests` is the mean at scale 1; `batch` the mean predictions a request carries (1: always one);
    `tokens` the mean prompt and completion tokens of a request (0, 0 where it is no language model);
    `latency_ms` the median; `weekend` the share of a weekday's traffic; `growth` per 30 days.
    """

    id: str
    log_name: str
    cloud: str
    instance_type: str
    daily_requests: int
    batch: float
    latency_ms: float
    weekend: float
    growth: float
    tokens: tuple[int, int] = (0, 0)
    error_rate: float = 0.004
    retry_rate: float = 0.003


MEMBERS: tuple[Member, ...] = (
    Member("recommender", "recs-ranker", "aws", "ml.g5.2xlarge", 9_000, 8.0, 45.0, 1.25, 1.06),
    Member("fraud-detector", "fraud-score", "azure", "Standard_NC6s_v3", 6_000, 1.0, 18.0, 0.8, 1.03),
    Member("triage", "triage-priority", "gcp", "g2-standard-8", 1_200, 1.0, 120.0, 0.9, 1.08),
    Member("route-optimiser", "route-plan", "aws", "c7g.4xlarge", 900, 20.0, 800.0, 0.4, 1.0),
    Member("support-assistant", "gpt-support", "api", "api", 1_500, 1.0, 1_400.0, 0.5, 1.10, (900, 220)),
    Member(
        "writing-assistant", "meridian-writer-8b", "aws", "p4d.24xlarge", 1_800, 1.0, 900.0, 0.3, 1.12,
        (600, 350),
    ),
)  # fmt: skip

FIRST_DAY = date(2026, 1, 1)
INSTANCE_CHANGE_DAY = 30
"""Days after the start on which the recommender moves to `INSTANCE_AFTER`, at 30 % less per prediction."""
INSTANCE_AFTER = "ml.inf2.xlarge"
COST_FALL = 0.30
YEN_PER_USD, POUNDS_PER_USD = Decimal(150), Decimal("0.78")
"""What the other currencies are worth: only the euro moves against the dollar."""
SPIKE_DAYS = {"recommender": (20, 45), "support-assistant": (12,)}
"""Days after the start with a spike: three hours, from 18:00 UTC, at four times the traffic."""
EMPTY_DAYS = {"route-optimiser": (10,)}
"""Days after the start on which nobody asked: the log is delivered, and holds no row."""
SPIKE_HOURS = (18, 19, 20)
SPIKE_FACTOR = 4.0
DAYS_BETWEEN_RELEASES, STAGGER = 21, 3
"""Every member's versions follow each other at this distance, members that many days apart."""
ROLLBACKS = {"fraud-detector": (41, 44)}
"""Days after the start: production goes back to the version before, and a mended version follows."""
CONCEPT_DRIFT = ("fraud-detector", 45)
"""Who begins to err more, how many days after the start, while what it reads stays as it was."""
DATA_DRIFT = ("route-optimiser", "fuel_price", 38)
"""Whose feature moves away from what the model was trained on, how many days after the start."""


@dataclass(frozen=True)
class Release:
    """A version that begins to serve all production traffic, `age` days after the start, at 00:00 UTC.

    The company releases at midnight, so that a day has one version. `lead_hours` before that the version was
    registered; a rollback, which registers nothing, has none.
    """

    version: str
    age: int
    is_rollback: bool
    lead_hours: float | None


@dataclass(frozen=True)
class World:
    """The company over `days` days from `start` (UTC), deterministic by `seed`, traffic times `scale`."""

    days: int
    seed: int
    scale: float = 1.0
    start: date = FIRST_DAY

    @property
    def dates(self) -> list[date]:
        """The days, in order."""
        return [self.start + timedelta(days=i) for i in range(self.days)]

    def rng(self, *name: object) -> np.random.Generator:
        """A generator of its own for `name`: adding a writer or a day never shifts another's numbers."""
        text = "/".join(str(part) for part in (self.seed, *name))
        return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))

    def instance_type(self, member: Member, day: date) -> str:
        """What `member` runs on that day."""
        if member.id == "recommender" and (day - self.start).days >= INSTANCE_CHANGE_DAY:
            return INSTANCE_AFTER
        return member.instance_type

    def releases(self, member: Member) -> list[Release]:
        """What went into production after the first day, in order; on the first day v1 serves."""
        offset = MEMBERS.index(member) * STAGGER
        versions = {
            age: f"v{1 + (age + offset) // DAYS_BETWEEN_RELEASES}"
            for age in range(1, self.days)
            if (age + offset) % DAYS_BETWEEN_RELEASES == 0
        }
        rolled_back, mended = ROLLBACKS.get(member.id, (self.days, self.days))
        if mended < self.days:
            versions[mended] = f"{[v for age, v in sorted(versions.items()) if age < rolled_back][-1]}.1"
        releases = [
            Release(version, age, False, float(np.round(self.rng("lead", member.id, version).gamma(2.0, 36.0), 3)))
            for age, version in versions.items()
        ]
        if rolled_back < self.days:
            before = ["v1", *(v for age, v in sorted(versions.items()) if age < rolled_back)]
            releases.append(Release(before[-2], rolled_back, True, None))
        return sorted(releases, key=lambda release: release.age)

    def version(self, member: Member, day: date) -> str:
        """The version serving that day."""
        age = (day - self.start).days
        return next((r.version for r in reversed(self.releases(member)) if r.age <= age), "v1")

    def requests(self, member: Member, day: date) -> NDArray[np.int64]:
        """Successful production requests in each of the day's 24 UTC hours."""
        age = (day - self.start).days
        if age in EMPTY_DAYS.get(member.id, ()):
            return np.zeros(24, dtype=np.int64)
        level = member.daily_requests * self.scale * member.growth ** (age / 30)
        if day.weekday() >= 5:
            level *= member.weekend
        hours = np.arange(24)
        shape = 1.0 + 0.7 * np.sin((hours - 8) / 24 * 2 * np.pi)
        expected = level * shape / shape.sum()
        if age in SPIKE_DAYS.get(member.id, ()):
            expected[list(SPIKE_HOURS)] *= SPIKE_FACTOR
        requests: NDArray[np.int64] = self.rng("requests", member.id, day).poisson(expected)
        return requests

    def predictions(self, member: Member, day: date) -> NDArray[np.int64]:
        """Predictions those requests carry, per hour: exact, each request holding at least one."""
        requests = self.requests(member, day)
        if member.batch == 1.0:
            return requests
        extra = self.rng("batch", member.id, day).poisson(requests * (member.batch - 1.0))
        total: NDArray[np.int64] = requests + np.where(requests > 0, extra, 0)
        return total

    def usd_per_eur(self) -> dict[date, Decimal]:
        """Dollars for a euro by day of publication (working days), from ten days before the first month."""
        rates: dict[date, Decimal] = {}
        level = 1.08
        for age in range(-9 - self.start.day, self.days):
            day = self.start + timedelta(days=age)
            if day.weekday() < 5:
                level *= 1 + 0.002 * float(self.rng("fx", day).standard_normal())
                rates[day] = Decimal(level).quantize(Decimal("0.0001"))
        return rates

    def at(self, day: date, hour: float = 0.0) -> datetime:
        """The UTC instant `hour` hours into `day`."""
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
