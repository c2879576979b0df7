"""What DuckDB and Spark read differently, one rule each: a rewrite of an expression so that Spark gives DuckDB's value.

`tests/spark/test_rules.py` runs each on both engines over the same rows. What no rule covers is in `rejections`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

Kind = exp.DType
DOUBLES = {Kind.DOUBLE, Kind.FLOAT}
INTEGERS = {Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT, Kind.INT128}
TEXTS = {Kind.TEXT, Kind.VARCHAR}
NUMBER = r"^\\s*[+-]?([0-9]+(_[0-9]+)*([.]([0-9]+(_[0-9]+)*)?)?|[.][0-9]+(_[0-9]+)*)([eE][+-]?[0-9]+)?\\s*$"
"""Text that DuckDB casts to a number; Java would also read `1d` and hexadecimals. As a literal in Spark's SQL."""
SPECIAL_NUMBER = r"^\\s*[+-]?(inf|infinity|nan)\\s*$"


def before_types(tree: exp.Expr) -> exp.Expr:
    """`tree` with what SQLGlot reads otherwise than DuckDB.

    Each literal such as 0.001 is cast to the decimal that it is, not a double; `list[:count]`, which SQLGlot takes for
    a named parameter, becomes the call of a function.
    """
    for bracket in list(tree.find_all(exp.Bracket)):
        if len(bracket.expressions) == 1 and isinstance(count := bracket.expressions[0], exp.Placeholder):
            bracket.replace(_call("slice", bracket.this, 1, exp.column(count.name)))
    for literal in list(tree.find_all(exp.Literal)):
        text = literal.name
        if literal.is_number and "." in text and "e" not in text.lower():
            whole, fraction = text.split(".")
            kind = exp.DataType.build(f"decimal({len(whole) + len(fraction)}, {len(fraction)})")
            literal.replace(exp.Cast(this=literal.copy(), to=kind))
    return tree


def with_own_names(tree: exp.Expr) -> exp.Expr:
    """`tree` with the names of nested CTEs made distinct: SQLGlot prints them all in the outermost WITH for Spark.

    An outer CTE is renamed before what is in it, so an inner name hides an outer one as in DuckDB.
    """
    for outer in list(tree.find_all(exp.CTE)):
        outer.set("materialized", None)  # a hint for DuckDB's optimizer, which Spark cannot read
        for inner in outer.this.ctes:
            own = f"{outer.alias}__{inner.alias}"
            for table in list(outer.this.find_all(exp.Table)):
                if not table.db and table.name == inner.alias:
                    table.set("alias", table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(inner.alias)))
                    table.set("this", exp.to_identifier(own))
            inner.args["alias"].set("this", exp.to_identifier(own))
    return tree


def rewritten(tree: exp.Expr) -> exp.Expr:
    """The typed `tree` with every rule applied, the innermost expressions first."""
    for node in reversed(list(tree.walk())):
        rule = RULES_OF_FUNCTIONS.get(node.name.lower()) if isinstance(node, exp.Anonymous) else RULES.get(type(node))
        if rule is not None and (replacement := rule(node)) is not node:
            replacement.type = node.type
            if node is tree:
                return replacement
            node.replace(replacement)
    return tree


def is_kind(node: exp.Expr | None, kinds: set[Kind]) -> bool:
    """Whether the type of `node` is one of `kinds`."""
    return node is not None and node.type is not None and node.type.this in kinds


def _call(function: str, *arguments: exp.Expr | str | int) -> exp.Anonymous:
    return exp.Anonymous(this=function, expressions=[_part(argument) for argument in arguments])


def _part(argument: exp.Expr | str | int) -> exp.Expr:
    return argument if isinstance(argument, exp.Expr) else exp.convert(argument)


def _cast(node: exp.Expr, kind: str) -> exp.Cast:
    return exp.Cast(this=node, to=exp.DataType.build(kind))


def _case(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def _hash(node: exp.Expr) -> exp.Expr:
    """`hash`, whose value is opaque: equal for equal arguments, nulls counted."""
    return _call("xxhash64", _call("to_json", _call("array", *(_cast(one, "text") for one in node.expressions))))


def _casted(node: exp.Expr) -> exp.Expr:
    """Casts of doubles: DuckDB rounds to the nearest whole number, half to even, where Spark truncates."""
    to = node.args["to"]
    if is_kind(node.this, DOUBLES) and to.this in INTEGERS:
        return exp.Cast(this=_call("rint", node.this), to=to)
    if is_kind(node.this, DOUBLES) and to.this is Kind.DECIMAL:
        return _decimal_of_double(node.this, to)
    if is_kind(node.this, {Kind.DECIMAL}) and to.this in INTEGERS:
        return exp.Cast(this=_call("round", node.this, 0), to=to)
    if to.this in DOUBLES and (is_kind(node.this, TEXTS) or is_kind(node.this, {Kind.JSON})):
        return _number_of_text(node)
    if to.this is Kind.JSON:
        document: exp.Expr = node.args["this"]  # text on Spark, whose functions give null for what is no JSON
        return document
    if to.this is Kind.ARRAY:
        return _call("from_json", node.this, "array<string>")
    return node


def _decimal_of_double(value: exp.Expr, to: exp.DataType) -> exp.Expr:
    """A double as DuckDB makes it a decimal: times the power of ten as a double, rounded, then taken exactly.

    Spark rounds the shortest decimal text of a double instead, another number where a double is beyond 2^53 units.
    """
    scale = int(to.expressions[1].name) if len(to.expressions) > 1 else 0
    units = _call("round", exp.Mul(this=exp.Paren(this=value), expression=exp.Literal.number(f"1e{scale}")), 0)
    y = exp.column("y")
    upper = _call("floor", exp.Div(this=y.copy(), expression=exp.Literal.number("281474976710656e0")))
    lower = exp.Sub(
        this=y.copy(),
        expression=exp.Mul(this=_cast(upper.copy(), "double"), expression=exp.Literal.number("281474976710656e0")),
    )
    whole: exp.Expr = exp.Add(
        this=exp.Mul(
            this=_cast(_cast(upper, "bigint"), "decimal(19, 0)"),
            expression=_cast(exp.Literal.number("281474976710656"), "decimal(15, 0)"),
        ),
        expression=_cast(_cast(lower, "bigint"), "decimal(15, 0)"),
    )
    if scale:
        unit = _cast(exp.Literal.string("0." + "0" * (scale - 1) + "1"), f"decimal({scale}, {scale})")
        whole = exp.Mul(this=exp.Paren(this=whole), expression=unit)
    each = exp.Lambda(this=whole, expressions=[exp.to_identifier("y")])
    return exp.Cast(this=_call("element_at", _call("transform", _call("array", units), each), 1), to=to)


def _number_of_text(node: exp.Expr) -> exp.Expr:
    """Text as a double: what Java reads beyond what DuckDB does is no number, and `_` between digits is nothing."""
    text = node.this
    plain = _call("replace", text.copy(), "_", "")
    return _case(
        (_call("rlike", text.copy(), exp.Var(this=f"'{NUMBER}'")), type(node)(this=plain, to=node.args["to"])),
        (
            _call("rlike", _call("lower", text.copy()), exp.Var(this=f"'{SPECIAL_NUMBER}'")),
            type(node)(this=_call("trim", text.copy()), to=node.args["to"]),
        ),
        default=None if isinstance(node, exp.TryCast) else _call("raise_error", _not_a_number(text)),
    )


def _not_a_number(text: exp.Expr) -> exp.Expr:
    return _call("concat", "Expected a number, found: ", text.copy())


def _divided(node: exp.Expr) -> exp.Expr:
    """`/` divides doubles, whatever its operands are."""
    node.set("this", _cast(node.this, "double"))
    node.set("expression", _cast(node.expression, "double"))
    return node


def _whole_double(node: exp.Expr) -> exp.Expr:
    """`floor` and `ceil` of a double are doubles, on Spark 64-bit integers."""
    return _cast(node.copy(), "double") if is_kind(node.this, DOUBLES) else node


def _logarithm(node: exp.Expr) -> exp.Expr:
    """Logarithms: of zero minus infinity and of less no number, on Spark null."""
    if isinstance(node, exp.Ln):
        function, value = "ln", node.this
    else:
        function, value = f"log{node.this.name}", node.expression
    return _case(
        (exp.EQ(this=value.copy(), expression=exp.Literal.number(0)), _cast(exp.convert("-Infinity"), "double")),
        (exp.LT(this=value.copy(), expression=exp.Literal.number(0)), _cast(exp.convert("NaN"), "double")),
        default=_call(function, value),
    )


def _milliseconds(node: exp.Expr) -> exp.Expr:
    """`date_diff('millisecond', …)` counts the boundaries between two instants."""
    after, before = (_floored_milliseconds(one) for one in (node.this, node.expression))
    return exp.Paren(this=exp.Sub(this=after, expression=before))


def _floored_milliseconds(instant: exp.Expr) -> exp.Expr:
    micros = _micros(instant)
    apart = exp.Sub(this=micros, expression=_call("pmod", micros.copy(), 1000))
    return exp.IntDiv(this=exp.Paren(this=apart), expression=exp.Literal.number(1000))


def _micros(instant: exp.Expr) -> exp.Expr:
    # A timestamp without a zone is one of UTC, which is the session's zone.
    return _call("unix_micros", exp.Cast(this=instant.copy(), to=exp.DataType.build("timestampltz")))


def _list(node: exp.Expr) -> exp.Expr:
    """`list(x order by x)`: Spark's has no order of its own."""
    return _call("array_sort", _call("collect_list", node.this.this)) if isinstance(node.this, exp.Order) else node


def _property(node: exp.Expr) -> exp.Expr:
    """`json_extract_string(document, '$."key"')`, also of a computed key: Spark's takes only a constant path."""
    key = json_key(node.expression)
    if key is None:
        return node
    return _call("try_element_at", _call("from_json", node.this, "map<string,string>"), key)


def json_key(path: exp.Expr) -> exp.Expr | None:
    """The key of a path `$."key"` or `'$."' || key || '"'`; None where the path is another."""
    inner = path.this if isinstance(path, exp.DPipe) else None
    if isinstance(inner, exp.DPipe) and inner.this.name == '$."' and path.expression.name == '"':
        key: exp.Expr = inner.args["expression"]
        return key
    parts = [part.name for part in path.expressions] if isinstance(path, exp.JSONPath) else []
    return exp.convert(parts[1]) if len(parts) == 2 else None


def _series(node: exp.Expr) -> exp.Expr:
    """`generate_series` and `range`: Spark's `sequence` counts down where the end is before the start."""
    start, end = node.args["start"], node.args["end"]
    if node.args.get("is_end_exclusive"):
        end = exp.Sub(this=exp.Paren(this=end), expression=exp.Literal.number(1))
    counted = _call("sequence", start.copy(), end.copy())
    if start.is_int and end.is_int and int(start.to_py()) <= int(end.to_py()):
        return counted
    empty = exp.Cast(this=_call("array"), to=exp.DataType.build("array<int>", dialect="spark"))
    return _case((exp.GTE(this=end, expression=start), counted), default=empty)


def _element(node: exp.Expr) -> exp.Expr:
    """`list[place]`: null at a place that is not there."""
    (place,) = node.expressions
    if place.is_int:
        place = exp.Literal.number(int(place.name) + 1)  # SQLGlot counts literal places from 0
    return _call("try_element_at", node.this, place)


def _place(node: exp.Expr) -> exp.Expr:
    """`list_position`: null where it is not there, on Spark 0."""
    items, item = node.expressions
    return exp.Nullif(this=_cast(_call("array_position", items, item), "int"), expression=exp.Literal.number(0))


def _extract(node: exp.Expr) -> exp.Expr:
    """`list_extract`: null for what is not there; Spark rejects the place 0."""
    items, place = node.expressions
    return _call("try_element_at", items, exp.Nullif(this=place, expression=exp.Literal.number(0)))


def _list_sum(node: exp.Expr) -> exp.Expr:
    """`list_sum`, null of an empty list."""
    (items,) = node.expressions
    zero = exp.Cast(this=exp.Literal.number(0), to=exp.DataType.build("double"))
    added = exp.Add(this=exp.column("acc"), expression=_call("coalesce", _cast(exp.column("x"), "double"), zero.copy()))
    adding = exp.Lambda(this=added, expressions=[exp.to_identifier("acc"), exp.to_identifier("x")])
    is_some = exp.GT(this=_call("size", items.copy()), expression=exp.Literal.number(0))
    return _case((is_some, _call("aggregate", items, zero, adding)))


def _length(node: exp.Expr) -> exp.Expr:
    """`len` of a list."""
    return node if is_kind(node.this, TEXTS) else _call("size", node.this)


def _glob(node: exp.Expr) -> exp.Expr:
    """`glob` as a regular expression: `*` any text, `?` any character, sets as they are, everything else itself."""
    escaped = _call("regexp_replace", node.expression, exp.Var(this=r"'([\\\\.^$|(){}+])'"), exp.Var(this=r"'\\\\$1'"))
    several = _call("replace", _call("replace", escaped, "*", ".*"), "?", ".")
    sets = _call("replace", several, "[!", "[^")
    return _call("rlike", node.this, _call("concat", "(?s)^", sets, "$"))


def _overlap(node: exp.Expr) -> exp.Expr:
    """`list_has_any`: false where only nulls might be in both, on Spark null."""
    left, right = node.this, node.expression
    known = exp.and_(
        exp.Is(this=left.copy(), expression=exp.null()).not_(), exp.Is(this=right.copy(), expression=exp.null()).not_()
    )
    return _call("coalesce", _call("arrays_overlap", left, right), _case((known, exp.false())))


def _finite(node: exp.Expr) -> exp.Expr:
    """`isfinite`: NaN is more than infinity on both engines."""
    return exp.Paren(
        this=exp.LT(this=exp.Abs(this=node.expressions[0]), expression=_cast(exp.convert("Infinity"), "double"))
    )


def _by_name(node: exp.Expr) -> exp.Expr:
    """`union … by name` in the order of the left side's columns, and null where a side has none of a name."""
    if not node.args.get("by_name"):
        return node
    sides: list[exp.Query] = [node.args["this"], node.args["expression"]]
    names = list(dict.fromkeys(name for side in sides for name in side.named_selects))
    for key, side in zip(("this", "expression"), sides, strict=True):
        has = set(side.named_selects)
        columns = [
            exp.alias_(exp.column(name, quoted=True) if name in has else exp.null(), name, quoted=True)
            for name in names
        ]
        node.set(key, exp.select(*columns).from_(side.subquery("side")))
    node.set("by_name", False)
    return node


def _qualified(node: exp.Expr) -> exp.Expr:
    """`qualify`, which SQLGlot makes a filter around the SELECT: there its columns are called as they are selected."""
    select = node.find_ancestor(exp.Select)
    selected = {one.unalias(): one.alias_or_name for one in select.selects} if select else {}
    for column in list(node.find_all(exp.Column)):
        if column.find_ancestor(exp.Window, exp.Qualify) is node and column in selected:
            column.replace(exp.column(selected[column], quoted=True))
    return node


def _hours(node: exp.Expr) -> exp.Expr:
    return _call("make_dt_interval", 0, node.expressions[0])


def _days(node: exp.Expr) -> exp.Expr:
    return _call("make_dt_interval", node.this)


def _epoch_us(node: exp.Expr) -> exp.Expr:
    return _micros(node.expressions[0])


def _least_by(node: exp.Expr) -> exp.Expr:
    """`arg_min(value, (a, b))`: a tuple is a struct."""
    if isinstance(node.expression, exp.Tuple):
        node.set("expression", _call("struct", *node.expression.expressions))
    return node


def _date_and_interval(node: exp.Expr) -> exp.Expr:
    """`date + interval` is a timestamp, on Spark a date."""
    if is_kind(node.this, {Kind.DATE}) and isinstance(node.expression, exp.Interval):
        node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("timestampntz")))
    return node


def _dates_apart(node: exp.Expr) -> exp.Expr:
    """`date - date` is a number of days, on Spark an interval."""
    if is_kind(node.this, {Kind.DATE}) and is_kind(node.expression, {Kind.DATE}):
        return _call("datediff", node.this, node.expression)
    return _date_and_interval(node)


def _first_value_known(node: exp.Expr) -> exp.Expr:
    """`any_value` is of the values that are known."""
    return _call("any_value", node.this.this, exp.true()) if isinstance(node.this, exp.AnyValue) else node


RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Cast: _casted,
    exp.TryCast: _casted,
    exp.Div: _divided,
    exp.Floor: _whole_double,
    exp.Ceil: _whole_double,
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.DateDiff: _milliseconds,
    exp.ArrayAgg: _list,
    exp.JSONExtractScalar: _property,
    exp.GenerateSeries: _series,
    exp.Bracket: _element,
    exp.Length: _length,
    exp.Glob: _glob,
    exp.ToDays: _days,
    exp.ArgMin: _least_by,
    exp.Add: _date_and_interval,
    exp.Sub: _dates_apart,
    exp.IgnoreNulls: _first_value_known,
    exp.ArrayOverlaps: _overlap,
    exp.Union: _by_name,
    exp.Qualify: _qualified,
}
RULES_OF_FUNCTIONS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "hash": _hash,
    "list_position": _place,
    "list_extract": _extract,
    "list_sum": _list_sum,
    "to_hours": _hours,
    "epoch_us": _epoch_us,
    "isfinite": _finite,
}
"""The rules of functions that SQLGlot has no expression for."""
