"""From a landing file to the relation `rows` of a recognised format, in DuckDB's own readers.

The way in: each container has a module of its own beside this one. What a format's columns mean is the source's affair;
what is done with the rows is `intake`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipelines.sources.spec import Container
from pipelines.warehouse.csv_rows import open_csv
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.json_rows import open_json
from pipelines.warehouse.parquet_rows import open_parquet
from pipelines.warehouse.recognise import Landed, Recognised, recognise
from pipelines.warehouse.sqlite_rows import open_sqlite


def open_rows(landed: Landed) -> Recognised | None:
    """Create the view `rows` over one landing file's content, in the format recognised; None where it holds no row.

    Raises LandingFileError when no format fits, naming the nearest one and what it lacks; whatever the reading of
    broken bytes raises passes through.
    """
    containers = sorted({file.container for file in landed.files})
    if not containers:
        return None
    if len(containers) > 1:
        raise LandingFileError(
            landed.path,
            f"an archive of {' and '.join(containers)} files",
            "files of one kind",
            "Deliver them apart.",
        )
    return OPENERS[containers[0]](landed)


def _open_text(landed: Landed) -> Recognised:
    found = recognise(landed.candidates("text"), {"text"}, landed.path, ["text"])
    longest = max(file.size for file in landed.files)
    if longest > landed.limits.line_bytes:
        raise LandingFileError(
            landed.path,
            f"a text of {longest:,} bytes",
            f"at most {landed.limits.line_bytes:,}",
            "If it is meant, raise the setting `limits.line_bytes`.",
            status="unreadable",
        )
    documents = [(number, path.read_text(encoding="utf-8")) for number, path in enumerate(landed.paths, 1)]
    landed.connection.execute("create or replace temp table documents (_row bigint, text varchar)")
    landed.connection.executemany("insert into documents values (?, ?)", documents)
    landed.connection.execute(
        f"create or replace temp view rows as select *, text as _raw, {landed.about} from documents"
    )
    return Recognised(found, len(documents), 0, "")


OPENERS: Mapping[Container, Callable[[Landed], Recognised | None]] = {
    "csv": open_csv,
    "json": open_json,
    "parquet": open_parquet,
    "sqlite": open_sqlite,
    "text": _open_text,
}
