"""Tables that lie as folders of files, of which a log says which still count: Delta, Iceberg and Hudi.

Their files hold rows that were updated, deleted or compacted since, so that none of them is read by itself.
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
    """The folder of the table whose log a file is a part of, and its kind; empty for every other file."""
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
