"""Calibrate the families named on the command line, or all; exit 1 when a share lies outside without a caveat.

The page keeps a section per family; a run writes those it has measured and leaves the others as they are.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.calibration import RUNS, SEED, Measured, families, run

PAGE = Path(__file__).parents[2] / "docs" / "statistics" / "calibration.md"
HEAD = f"""# Calibration

Written by `make calibration`; every figure was measured by it. Each estimator ran over simulated data sets with known
truth ({RUNS:,} unless the table says otherwise, seed {SEED}), at 95 % confidence. *Coverage* is the share of
intervals that contain the truth, *A/A rejection* the share of tests at 5 % that find an effect where there is none,
*false alarm* the same for a whole procedure (every daily look of one experiment, every metric of one family), *power*
the share that detect the planned effect. ± is one Monte Carlo standard error. If a share is outside the required
range, the last column gives the reason.
"""


def main(wanted: list[str]) -> int:
    """Run, print as it goes, and write the page when everything was run."""
    known = families()
    unknown = set(wanted) - set(known)
    if unknown:
        print(f"no family {', '.join(sorted(unknown))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    names = wanted or list(known)
    # A process per core: each would otherwise start threads for all of them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    began = time.monotonic()
    measured: dict[str, list[Measured]] = {name: [] for name in names}
    jobs = [(name, index) for name in names for index in range(len(known[name][1]))]
    with ProcessPoolExecutor() as pool:
        for done, ((name, _), figures) in enumerate(zip(jobs, pool.map(_one, jobs), strict=True), start=1):
            measured[name] += figures
            for figure in figures:
                print(f"[{done}/{len(jobs)}] {name}: {_row(figure)}", flush=True)
    _write(
        {known[name][0]: _table(figures) for name, figures in measured.items()}, [head for head, _ in known.values()]
    )
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if any(not one.holds and not one.caveat for figures in measured.values() for one in figures) else 0


def _write(sections: dict[str, str], order: list[str]) -> None:
    """Put the sections, heading → table, in their places on the page."""
    kept = PAGE.read_text().split("\n## ")[1:] if PAGE.exists() else []
    there = {head: body.strip() for head, _, body in (one.partition("\n") for one in kept)} | sections
    body = "".join(f"\n## {head}\n\n{there[head].strip()}\n" for head in order if head in there)
    PAGE.write_text(HEAD + body)


def _one(job: tuple[str, int]) -> list[Measured]:
    name, index = job
    return run(families()[name][1][index])


def _row(figure: Measured) -> str:
    low, high = figure.low, figure.high
    bounds = f"≤ {high:.1%}" if low == 0 else f"≥ {low:.1%}" if high == 1 else f"{low:.1%}–{high:.1%}"
    verdict = "holds" if figure.holds else f"**does not hold.** {figure.caveat}".strip()
    sets = "" if figure.runs == RUNS else f" ({figure.runs:,} sets)"
    undefined = "" if figure.defined == figure.runs else f"; undefined on {figure.runs - figure.defined:,}"
    share = f"{figure.share:.2%} ± {figure.standard_error:.2%}"
    cells = (figure.estimator, figure.data + sets, figure.quantity, share, bounds, verdict + undefined)
    return f"| {' | '.join(cells)} |"


def _table(figures: list[Measured]) -> str:
    head = "| estimator | data | quantity | measured | wanted | |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join((head, *map(_row, figures))) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
