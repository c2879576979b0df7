"""Tables that are folders of files with a log of which files are current: Delta, Iceberg and Hudi.

Their files have rows that were since updated, deleted or compacted, so that none of them is read by itself.
"""

from __future__ import annotations

import re

from pipelines.warehouse.errors import LandingFileError

_KINDS = (
    ("Delta", re.compile(r"(.*)/_delta_log/.*")),
    ("Iceberg", re.compile(r"(.*)/metadata/[^/]*\.metadata\.json")),
    ("Hudi", re.compile(r"(.*)/\.hoodie/.*")),
)


def table_of(path: str) -> dict[str, str]:
    """For a file of a table's log: the table's folder → its kind; empty for every other file."""
    return {match[1]: kind for kind, log in _KINDS if (match := log.fullmatch(path))}


def part_of_a_table(path: str, kind: str, folder: str) -> LandingFileError:
    """Why a file of such a table is rejected."""
    return LandingFileError(
        path,
        f"a file of the {kind} table `{folder}`, which keeps the files it no longer counts",
        "files that all count",
        "Export a snapshot of the table as plain files (in Spark: "
        f"spark.read.format('{kind.lower()}').load(…).write.parquet(…)) and land that in its place.",
    )
