"""The format of a file, and the state of an opened file. No file is opened here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.settings import LimitSettings
from pipelines.sources.spec import Container, Format
from pipelines.warehouse.connect import quote
from pipelines.warehouse.errors import LandingFileError
from pipelines.warehouse.plain import Plain

RESERVED_COLUMNS = frozenset(
    {"_row", "_raw", "_path", "_latest", "_document", "_file", "_day", "_content_id", "_reason", "_rows"}
)
"""Names of the pipeline's own columns: a file's column with such a name gets another."""
RENAMED = " (file)"
"""What a file's column of a reserved name is called after that name."""


_KINDS: Mapping[Container, str] = {
    "csv": "CSV",
    "json": "JSON",
    "parquet": "Parquet",
    "sqlite": "SQLite",
    "text": "text",
}
"""Container → its name in messages."""


@dataclass(frozen=True)
class Landed:
    """The plain files of one landing file, all of one container, and what its reader needs."""

    connection: duckdb.DuckDBPyConnection
    files: Sequence[Plain]
    path: str
    latest: datetime
    formats: tuple[Format, ...]
    limits: LimitSettings

    @property
    def about(self) -> str:
        """SQL of the columns that every row has: the file it came from, and how late its time may be."""
        return f"{quote(self.path)} as _path, timestamp {quote(str(self.latest))} as _latest"

    @property
    def paths(self) -> list[Path]:
        """The paths of the plain files."""
        return [file.path for file in self.files]

    def candidates(self, container: Container) -> list[Format]:
        """The source's formats of a container; LandingFileError, naming both kinds of file, if it has none."""
        found = [form for form in self.formats if form.container == container]
        if not found:
            others = sorted({_KINDS[form.container] for form in self.formats})
            raise LandingFileError(
                self.path,
                f"a {_KINDS[container]} file",
                f"{' or '.join(others)}: {', '.join(form.name for form in self.formats)}",
                f"Export it as {' or '.join(others)} and deliver it again; "
                "if it is none of this source's, point the source's glob away from it.",
            )
        return found


@dataclass(frozen=True)
class Recognised:
    """A file opened as `rows`: its format, how many rows were read, and how many of them are `broken`.

    `broken` is a query of `_row`, `_raw` and `_reason` of records that did not parse; `columns` are those of a columnar
    file, with their types; `constants` those with one text or null in every row, or missing, as SQL.
    """

    format: Format
    rows_read: int
    broken_count: int
    broken: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def reduction(self) -> str:
        """The format's reduction of these rows."""
        reduction = self.format.reduction
        return reduction(self.columns, self.constants) if callable(reduction) else reduction or ""


def recognise(
    candidates: Sequence[Format],
    present: Collection[str],
    path: str,
    shown: Sequence[str],
    others: Sequence[Format] = (),
) -> Format:
    """The candidate with its required columns `present` or given by `path`; of several, the one that requires most.

    Raises LandingFileError with what was found (`shown`) and what the nearest candidate lacks, or which of `others`,
    formats of another container, fits.
    """
    lower = {column.lower() for column in present}

    def missing(candidate: Format) -> list[str]:
        in_path = candidate.path_values(path)
        return [c for c in candidate.requires if c.lower() not in lower and c.removeprefix("$.") not in in_path]

    fitting = [candidate for candidate in candidates if not missing(candidate)]
    if fitting:
        return max(fitting, key=lambda candidate: len(candidate.requires))
    nearest = min(candidates, key=lambda c: len(missing(c)) / max(1, len(c.requires)))
    found = f"columns {', '.join(shown[:12])}{' …' if len(shown) > 12 else ''}" if shown else "values without names"
    # Several columns, so that it is no coincidence.
    known = [form for form in others if len(form.requires) > 2]
    elsewhere = [form for form in known if lower >= {c.removeprefix("$.").lower() for c in form.requires}]
    if elsewhere:
        raise LandingFileError(
            path,
            found,
            " or ".join(f"{form.name} ({form.container})" for form in elsewhere),
            "It has the columns of such an export in another kind of file: export it as one and deliver it again.",
        )
    if len(missing(nearest)) == len(nearest.requires):  # nothing in common: no format is near
        raise LandingFileError(
            path,
            found,
            "; ".join(f"{c.name}, which needs {', '.join(c.requires)}" for c in candidates),
            "Export it in one of these formats; if it is none of this source's, point the source's glob away from it.",
        )
    raise LandingFileError(
        path,
        found,
        f"{nearest.name} (the nearest of {', '.join(c.name for c in candidates)}), "
        f"which needs {', '.join(missing(nearest))} too",
        "Export it with these columns and deliver it again.",
    )
