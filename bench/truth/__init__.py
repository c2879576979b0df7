"""Planted truth over 40 scenario seeds: all that a company was given, beside all that its marts say.

`tests.integration.planted` defines the comparisons; the seeds were fixed before the first of them ran. A
seed is a whole company taken from files to marts; one line of JSON keeps what came of it, and its home is removed.
Recorded seeds are not run again: remove `data/truth.jsonl` to start over.
"""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.scenario.generate import generate
from pipelines.settings import PROJECT_ROOT, Settings
from tests.integration.conftest import Company, opened, run
from tests.integration.planted.register import ESTIMATES, EXACT, VERDICTS, differing

DAYS = 60
SEEDS = range(1001, 1041)
KEPT = PROJECT_ROOT / "data" / "truth.jsonl"
PAGE = PROJECT_ROOT / "docs" / "statistics" / "truth.md"
SHOWN = 3
"""Differences of one kind and seed that are kept word for word."""
EXPECTED = 0.05
HEAD = """# Planted truth

Written by `make truth`; every figure was measured by it. Each seed makes another sample company of {days} days: other
traffic, bills, incidents, users, experiments and labels, the same planted causes. It goes the whole way from the
vendors' files to the published marts, and everything that was planted is looked up there. The seeds, {first} to {last},
were fixed before the first of them ran; {measured}.

What is arithmetic must be equal: counts, decimals and instants to the last digit, doubles to 1e-9 of themselves.
What a statistical test says yes or no to errs at the rate it is set to, one way and the other.
What is an estimate has a 95 % interval, which about one time in twenty should miss; ± is one binomial standard error of
the share, as if intervals were independent of each other. Where they are not, as with both forms of one lift, the true
error is larger.
"""


def measure(seed: int) -> dict[str, Any]:
    """A company of this seed, made, taken through the pipeline and compared: what is kept of it."""
    began = time.monotonic()
    with TemporaryDirectory(prefix=f"truth-{seed}-") as folder:
        home = Path(folder)
        truth = json.loads(generate(home, days=DAYS, seed=seed).read_text())
        settings = Settings(home=home)
        run(settings)
        marts = opened(settings)
        found = compare(Company(settings, truth, marts))
        marts.close()
    return {"seed": seed, "seconds": round(time.monotonic() - began), **found}


def compare(company: Company) -> dict[str, Any]:
    """Per kind: how many facts were compared and which differ; every interval with its planted number."""
    exact: dict[str, Any] = {}
    for kind, facts in EXACT.items():
        planted, found = facts(company)
        differences = differing(planted, found)
        exact[kind] = [len({**planted, **found}), len(differences), differences[:SHOWN]]
    estimates = {
        kind: [[one.name, one.planted, one.low, one.high] for one in intervals(company)]
        for kind, intervals in ESTIMATES.items()
    }
    return {"exact": exact, "estimates": estimates}


def kept() -> dict[int, dict[str, Any]]:
    """What earlier runs kept, by seed."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    return {one["seed"]: one for one in map(json.loads, lines)}


def page(companies: Iterable[dict[str, Any]]) -> str:
    """The page on what was found in these companies."""
    some = sorted(companies, key=lambda one: one["seed"])
    run = ", ".join(str(one["seed"]) for one in some)
    measured = "all of them have run" if len(some) == len(SEEDS) else f"so far {len(some)} of {len(SEEDS)} ran: {run}"
    head = HEAD.format(days=DAYS, first=SEEDS[0], last=SEEDS[-1], measured=measured)
    arithmetic = [kind for kind in some[0]["exact"] if kind not in VERDICTS]
    verdicts = [kind for kind in some[0]["exact"] if kind in VERDICTS]
    parts = [_exact("Arithmetic", some, arithmetic)]
    parts += [_exact("Verdicts", some, verdicts)] if verdicts else []
    return "\n".join((head, *(line for part in (*parts, _estimates(some)) for line in (*part, ""))))


def _exact(title: str, companies: list[dict[str, Any]], kinds: list[str]) -> list[str]:
    rows, differences = [], []
    total = equal = 0
    for kind in kinds:
        parts = [(one["seed"], *one["exact"][kind]) for one in companies]
        count, wrong = sum(part[1] for part in parts), sum(part[2] for part in parts)
        total, equal = total + count, equal + count - wrong
        rows.append(f"| {kind} | {count:,} | {count - wrong:,} | {f'**{wrong:,}**' if wrong else ''} |")
        differences += [f"- seed {seed}, {kind}: {text}" for seed, _, _, texts in parts for text in texts]
    lines = [
        f"## {title}",
        "",
        f"{equal:,} of {total:,} planted facts are equal in the marts.",
        "",
        "| what was planted | compared | equal | not equal |",
        "| --- | --- | --- | --- |",
        *rows,
    ]
    if differences:
        lines += ["", "Not equal (the first of each kind and seed):", "", *differences]
    return lines


def _estimates(companies: list[dict[str, Any]]) -> list[str]:
    rows, parts = [], []
    total = missed = withheld = 0
    for kind in companies[0]["estimates"]:
        counts = [len(one["estimates"][kind]) for one in companies]
        withheld += max(counts) * len(counts) - sum(counts)
        of_kind: defaultdict[str, list[bool]] = defaultdict(list)
        for one in companies:
            for name, planted, low, high in one["estimates"][kind]:
                of_kind[name.split(", 20")[0]].append(low <= planted <= high)
        results = [holds for some in of_kind.values() for holds in some]
        misses = results.count(False)
        total, missed = total + len(results), missed + misses
        rows.append(f"| {kind} | {_share(misses, len(results))} |")
        parts += [f"| {kind} | {name} | {_share(some.count(False), len(some))} |" for name, some in of_kind.items()]
    return [
        "## Estimates",
        "",
        f"{missed:,} of {total:,} intervals miss what was planted: {missed / total:.1%}.",
        f"Withheld, because a test that errs once in a thousand called a sound split broken: {withheld}.",
        "",
        "| what was estimated | intervals | missed | share |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
        "One by one:",
        "",
        "| | of what | intervals | missed | share |",
        "| --- | --- | --- | --- | --- |",
        *parts,
    ]


def _share(misses: int, count: int) -> str:
    error = math.sqrt(EXPECTED * (1 - EXPECTED) / count)
    return f"{count:,} | {misses:,} | {misses / count:.1%} ± {error:.1%}"
