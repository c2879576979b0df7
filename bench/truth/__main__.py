"""Run the seeds named on the command line, or all of them; what is kept already is not run again."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.truth import KEPT, PAGE, SEEDS, kept, measure, page


def main(wanted: list[str]) -> int:
    """A process per seed, one after the other; then the page, of all fixed seeds that are kept."""
    if wanted[:1] == ["--one"]:
        line = json.dumps(measure(int(wanted[1])))
        with KEPT.open("a") as lines:
            lines.write(line + "\n")
        return 0
    for seed in [int(one) for one in wanted] or SEEDS:
        if seed not in kept():
            alone = [sys.executable, "-m", "bench.truth", "--one", str(seed)]
            subprocess.run(alone, check=True)  # noqa: S603 -- this very module
            print(f"seed {seed}: {kept()[seed]['seconds']} s", flush=True)
    PAGE.write_text(page(one for seed, one in kept().items() if seed in SEEDS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
