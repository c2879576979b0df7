"""What dbt knows of the sources: their raw tables, and which of them have a role. `dbt_files` writes the texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, get_args

import yaml

from pipelines.catalog.tables import CATALOG_TABLES
from pipelines.sources.spec import Role, Source
from pipelines.warehouse import ledger_schema

HEAD = "# Written by `make generate` from pipelines/sources/, the catalog's tables and the ledger's.\n"
ROLES_HEAD = "{# Written by `make generate` from pipelines/sources/: the sources of each role, by precedence. #}\n"


class _Described(Protocol):
    """A table of any schema: enough of it to document."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def columns(self) -> Sequence[Any]: ...


def sources_yml(known: Iterable[Source]) -> str:
    """The text of the file for the sources `known`."""

    def table(spec: _Described, identifier: str, loaded: bool) -> dict[str, Any]:
        columns = [{"name": c.name, "data_type": c.type, "description": c.description} for c in spec.columns]
        if loaded:
            columns += [
                {"name": "_day", "data_type": "DATE", "description": "The row's UTC day."},
                {"name": "_content_id", "data_type": "VARCHAR", "description": "The content it came from."},
                {
                    "name": "_row",
                    "data_type": "BIGINT",
                    "description": "Its place among the records there that parsed, from 1.",
                },
            ]
        return {
            "name": spec.name,
            "identifier": identifier,
            "description": spec.description,
            "columns": columns,
        }

    sources: list[dict[str, Any]] = [
        {
            "name": source.name,
            "schema": "raw",
            "description": source.description,
            "meta": {"owner": source.owner},
            "tables": [table(t, f"{source.name}__{t.name}", True) for t in source.warehouse_tables],
        }
        for source in known
    ]
    sources.append(
        {
            "name": "catalog",
            "schema": "raw",
            "description": "The AI workforce as the catalog's YAML declares it; loaded whole.",
            "tables": [table(t, f"catalog__{t.name}", False) for t in CATALOG_TABLES],
        }
    )
    sources.append(
        {
            "name": "ledger",
            "schema": "ledger",
            "description": "What was loaded, covering which days, validated how, built when.",
            "tables": [table(t, t.name, False) for t in ledger_schema.TABLES],
        }
    )
    sources.append(
        {
            "name": "raw",
            "schema": "raw",
            "description": "What every source shares.",
            "tables": [table(ledger_schema.QUARANTINE, ledger_schema.QUARANTINE.name, False)],
        }
    )
    return HEAD + yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False, allow_unicode=True, width=120)


def sources_of(known: Iterable[Source], role: str) -> list[str]:
    """The names of the sources that have `role`, the one that takes precedence first.

    ValueError where some of them say their precedence and others do not.
    """
    having = [source for source in known if source.role == role]
    unsaid = [source.name for source in having if source.precedence is None]
    if 0 < len(unsaid) < len(having):
        said = ", ".join(f"{source.name} {source.precedence}" for source in having if source.precedence is not None)
        raise ValueError(
            f"{', '.join(unsaid)}: found no `precedence`, which the other sources of {role} have ({said}). "
            "Say which of two records of one thing takes precedence: the one with the lowest."
        )
    return [source.name for source in sorted(having, key=lambda source: (source.precedence or 0, source.name))]


def roles_sql(known: Iterable[Source]) -> str:
    """The macros `sources_of_<role>()`: one each, so that a new source rebuilds only what reads its role."""
    known = list(known)
    return ROLES_HEAD + "".join(
        f"{{% macro sources_of_{role}() %}}{{{{ return({sources_of(known, role)}) }}}}{{% endmacro %}}\n"
        for role in get_args(Role)
    )
