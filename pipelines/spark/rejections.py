"""What is not translated, because Spark would give something else and say nothing, or because nobody has compared it.

Functions and operators are allowed one by one: what is on no list here is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pipelines.spark.rules import DOUBLES, RULES_OF_FUNCTIONS, TEXTS, Kind, is_kind, json_key

ALLOWED = frozenset({
    "Abs", "Add", "And", "AnyValue", "ArgMin", "Array", "ArrayAgg", "ArrayContains", "ArrayOverlaps", "Between",
    "Case", "Cast", "Ceil", "Chr", "Coalesce", "Count", "DPipe", "DateDiff", "Div", "EQ", "EndsWith", "Exists",
    "Explode", "FirstValue", "Floor", "GT", "GTE", "GenerateSeries", "Glob", "Greatest", "If", "In", "IntDiv", "Is",
    "JSONExtractScalar", "JSONKeys", "LT", "LTE", "Lag", "LastValue", "Lead", "Least", "Length", "Like", "Ln", "Log",
    "LogicalAnd", "LogicalOr", "Lower", "MapFromEntries", "Max", "Min", "Mul", "NEQ", "Not", "NullSafeEQ",
    "NullSafeNEQ", "Nullif", "Or", "Pow", "PropertyEQ", "Replace", "RowNumber", "Sign", "SplitPart", "Struct", "Sub",
    "Substring", "Sum", "ToDays", "Transform", "TryCast",
})  # fmt: skip
"""SQLGlot's expressions of functions and operators that were compared on both engines, after `rules`."""
ALLOWED_FUNCTIONS = frozenset({*RULES_OF_FUNCTIONS, "slice", "to_json"})
"""Functions that SQLGlot has no expression for."""


def rejections(tree: exp.Expr) -> list[str]:
    """What in the typed `tree` is not known to give the same on both engines, a sentence each, without repetitions."""
    return list(dict.fromkeys(_found(tree)))


def _found(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in ALLOWED_FUNCTIONS:
                yield f"{node.name}() was not compared on both engines: {_text(node)}"
        elif isinstance(node, exp.Func | exp.Binary | exp.Predicate) and type(node).__name__ not in ALLOWED:
            yield f"{type(node).__name__} was not compared on both engines: {_text(node)}"
        yield from _of_kind(node)
        if any(is_kind(one, DOUBLES) for one in _compared(node)):
            yield f"doubles are compared, whose last digits differ; round them or compare integers: {_text(node)}"


def _of_kind(node: exp.Expr) -> Iterator[str]:
    match node:
        case exp.Cast() if is_kind(node.this, TEXTS) and not _is_read(node.to):
            yield f"text is cast to {node.to.sql()}, which the engines read differently: {_text(node)}"
        case exp.Cast() if node.to.this in TEXTS and is_kind(node.this, {*DOUBLES, *_WRITTEN_DIFFERENTLY}):
            yield f"{node.this.type.sql()} is written as text, which the engines do differently: {_text(node)}"
        case exp.Cast() if node.to.this is Kind.JSON and not (
            isinstance(node.this, exp.Null) or isinstance(node.parent, exp.Cast)
        ):
            yield f"a text that is no JSON stays one on Spark, unless it is cast on to a list: {_text(node)}"
        case exp.DateDiff() if node.text("unit").upper() != "MILLISECOND":
            yield f"date_diff is compared for milliseconds alone: {_text(node)}"
        case exp.Log() if node.expression is None or node.this.name not in ("2", "10"):
            yield f"logarithms are to the base 2, 10 or e: {_text(node)}"
        case exp.JSONExtractScalar() if json_key(node.expression) is None:
            yield f"a JSON path is one key, '$.\"key\"': {_text(node)}"
        case exp.ArrayAgg() if not (
            isinstance(node.this, exp.Order)
            and [one.sql() for one in node.this.expressions] == [exp.Ordered(this=node.this.this).sql()]
        ):
            yield f"a list has no order on Spark, but `list(x order by x)`: {_text(node)}"
        case exp.Substring() if not _is_from_one(node.args.get("start")):
            yield f"substr counts from 1: {_text(node)}"
        case exp.Bracket() if not (isinstance(one := node.expressions[0], exp.Column | exp.Identifier) or one.is_int):
            yield f"a place in a list is a column or a number: {_text(node)}"
        case exp.With() if node.args.get("recursive"):
            yield "a recursive CTE is not translated"
        case exp.Limit() | exp.Offset() | exp.TableSample() | exp.Lateral() | exp.Pivot():
            yield f"{type(node).__name__} was not compared on both engines: {_text(node)}"
        case exp.Join() if node.method or node.kind.upper() not in ("", "INNER", "CROSS", "SEMI", "ANTI", "OUTER"):
            yield f"a join of this kind was not compared on both engines: {_text(node)}"


_WRITTEN_DIFFERENTLY = {Kind.TIMESTAMP, Kind.TIMESTAMPNTZ, Kind.TIMESTAMPTZ, Kind.INTERVAL, Kind.ARRAY, Kind.STRUCT}


def _is_read(kind: exp.DataType) -> bool:
    return kind.this in {*TEXTS, *DOUBLES, Kind.JSON} or kind.sql() == "ARRAY<TEXT>"


def _is_from_one(start: exp.Expr | None) -> bool:
    """Whether a place in a text is 1 or more: a literal, or a length and something."""
    return isinstance(start, exp.Add) or (start is not None and start.is_int and int(start.name) > 0)


def _compared(node: exp.Expr) -> list[exp.Expr]:
    """What `node` compares for equality: operands, keys of a group or a window, and what is distinct."""
    match node:
        case exp.EQ() | exp.NEQ() | exp.NullSafeEQ() | exp.NullSafeNEQ():
            return [node.args["this"], node.args["expression"]]
        case exp.In():
            return [node.args["this"]]
        case exp.Group():
            return node.expressions or [one for one in _selects(node) if not one.find(exp.AggFunc)]
        case exp.Window():
            return node.args.get("partition_by") or []
        case exp.Distinct():
            return node.expressions or _selects(node)
    return []


def _selects(node: exp.Expr) -> list[exp.Expr]:
    select = node.find_ancestor(exp.Select)
    return list(select.selects) if select else []


def _text(node: exp.Expr) -> str:
    text = node.sql(dialect="duckdb", comments=False)
    return text if len(text) < 120 else f"{text[:117]}..."
