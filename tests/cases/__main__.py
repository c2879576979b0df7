"""`python -m tests.cases NAME...` builds these cases (none named: all) and says what is not as expected."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cases.case import Case, all_cases
from tests.cases.home import build_alone, differences


def main(names: list[str]) -> int:
    """Build each case in a home of its own; returns 1 where any is not as expected."""
    failed = 0
    for case in [Case(name) for name in names] or all_cases():
        with TemporaryDirectory() as folder:
            found = case.faults() or differences(case, build_alone(case, Path(folder) / "home"))
        print(f"{'✗' if found else '✓'} {case.name}", *found, sep="\n  ")
        failed += bool(found)
    print(f"{failed} not as expected" if failed else "All as expected.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
