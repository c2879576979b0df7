"""One SELECT of DuckDB's, as dbt compiles a model, as a SELECT of Spark's with the same rows.

SQLGlot parses, resolves and prints; `rules` rewrite what the two engines read differently, and `rejections` reject what
is not known to give the same. Which models are translated is said where they are configured, in `dbt_project/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import MappingSchema, exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from pipelines.spark.rejections import rejections
from pipelines.spark.rules import before_types, rewritten, with_own_names

Relations = Mapping[tuple[str, str], Mapping[str, str]]
"""(schema, relation) → column → its type, as DuckDB writes it. Every relation that is read has to be there."""


class UntranslatableError(ValueError):
    """A SELECT that is not known to give the same rows on Spark; the message says which parts, and why."""


def translate(sql: str, relations: Relations) -> str:
    """`sql`, a SELECT of DuckDB's over `relations`, as Spark SQL; relations are called as `spark_name` says.

    Raises:
        UntranslatableError: it is no SELECT, a name in it is unknown, or it says something that may differ.
    """
    try:
        tree = typed(sql, relations)
    except SqlglotError as error:
        raise UntranslatableError(f"SQLGlot cannot resolve it: {' '.join(str(error).split())}") from error
    if found := rejections(tree):
        raise UntranslatableError("; ".join(found))
    tree = rewritten(tree)
    for table in tree.find_all(exp.Table):
        if table.db:
            named = exp.to_identifier(spark_name(table.db, table.name), quoted=True)
            table.replace(exp.Table(this=named, alias=table.args.get("alias")))
    return tree.sql(dialect="spark", pretty=True)


def typed(sql: str, relations: Relations) -> exp.Expr:
    """The parsed `sql` with every star expanded, every column qualified and every expression typed.

    Raises:
        SqlglotError: it does not parse, or a name in it is unknown.
        UntranslatableError: it is not a SELECT.
    """
    tree = parse_one(sql, dialect="duckdb")
    if not isinstance(tree, exp.Query):
        raise UntranslatableError(f"expected a SELECT, found {tree.key.upper()}")
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)  # dbt names the database, and there is one
    nested: dict[str, object] = {
        schema: {relation: dict(columns) for (of, relation), columns in relations.items() if of == schema}
        for schema, _ in relations
    }
    known = MappingSchema(nested, dialect="duckdb")
    tree = qualify(before_types(with_own_names(tree)), dialect="duckdb", schema=known, validate_qualify_columns=True)
    return annotate_types(tree, schema=known, dialect="duckdb")


def spark_name(schema: str, relation: str) -> str:
    """What a relation of the warehouse is called in Spark: `staging__stg_segment__events`."""
    return f"{schema}__{relation}"
