"""Run the benchmarks named on the command line, or all; exit 1 when a bound does not hold."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench import Figure


def main(wanted: list[str]) -> int:
    """Print each figure as it comes; the exit code says whether all bounds hold."""
    names = [one.name for one in pkgutil.iter_modules(bench.__path__) if not one.ispkg and one.name != "__main__"]
    unknown = set(wanted) - set(names)
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in wanted or names:
        for figure in importlib.import_module(f"bench.{name}").run():
            verdict = "holds" if figure.holds else "DOES NOT HOLD"
            measured = f"{figure.value:.2f} {figure.unit}, at most {figure.bound:g}"
            print(f"{figure.name}: {measured}: {verdict} ({figure.detail})", flush=True)
            figures.append(figure)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
