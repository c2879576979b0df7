"""How a value is written: the one place that says what text or number is a boolean, a number, an id, a time or nothing.

Every function takes SQL for a value of any type, text included, and returns SQL. The same value gives the same result
whatever container held it: `True`, `true`, `1` and a Parquet boolean are one boolean, `123`, `123.0` and a double
of 123 one identifier. `kind` is the value's DuckDB type where it is known: what has the right type already is then
returned as it stands, which costs a bulk file nothing. No source lives here.
"""

from __future__ import annotations

BLANKS = " \t\r\n\u00a0"
MISSING_TEXT = ("", "null", "none", "nan", "\\n", "#n/a")
"""What stands for no value in a column of text, in any case. `NA` is none of them: it is a name and a region too."""
MISSING_VALUE = (*MISSING_TEXT, "na", "n/a", "undefined", "nil", "-", "<na>", "nat")
"""What stands for no value in a column of numbers, times or booleans, in any case."""
TRUE = ("true", "t", "yes", "y", "1", "1.0", "1.00")
FALSE = ("false", "f", "no", "n", "0", "0.0", "0.00")
_FLOATS = ("DOUBLE", "FLOAT")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def _listed(texts: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{text}'" for text in texts) + ")"


def _trimmed(value: str) -> str:
    return f"trim(cast({value} as varchar), '{BLANKS}')"


def missing(value: str) -> str:
    """Whether `value`, meant as a number, a time or a boolean, says that there is none. SQL of a boolean."""
    return f"coalesce(lower({_trimmed(value)}) in {_listed(MISSING_VALUE)}, true)"


def text(value: str, free: bool = False) -> str:
    """`value` as text without the blanks around it; null where it says that there is none.

    `free` text is what somebody wrote or a label somebody chose: only blank text is none, and blanks around it stay.
    """
    trimmed = _trimmed(value)
    if free:
        return f"case when {trimmed} <> '' then cast({value} as varchar) end"
    return f"case when lower({trimmed}) not in {_listed(MISSING_TEXT)} then {trimmed} end"


def boolean(value: str, kind: str = "") -> str:
    """`value` as a boolean; null where it is neither a form of true nor of false, or missing."""
    if kind == "BOOLEAN":
        return value
    written = f"lower({_trimmed(value)})"
    return f"case when {written} in {_listed(TRUE)} then true when {written} in {_listed(FALSE)} then false end"


def number(value: str, kind: str = "") -> str:
    """`value` as a finite double; null where it is no number, NaN, infinite or missing. `.` is the decimal mark."""
    if kind in _INTEGERS or kind.startswith("DECIMAL"):
        return f"cast({value} as double)"
    double = f"try_cast({value} as double)"
    return f"case when isfinite({double}) then {double} end"


def _double_text(double: str) -> str:
    """A double as text: no exponent and no decimals where it is whole."""
    whole = f"{double} = trunc({double}) and abs({double}) < 1e38"
    return (
        f"case when isnan({double}) then null when {whole} then cast(cast({double} as hugeint) as varchar) "
        f"else cast({double} as varchar) end"
    )


def _shortened(decimal: str) -> str:
    """The text of a decimal without the zeros at its end."""
    return f"case when contains({decimal}, '.') then rtrim(rtrim({decimal}, '0'), '.') else {decimal} end"


def identifier(value: str, kind: str = "") -> str:
    r"""`value` as the text of an id: a number stored as double or decimal has no decimals and no exponent.

    Text keeps its leading zeros and loses the blanks around it. `123.0` is what a table library makes of the id 123
    when another row has none, and reads as `123`.
    """
    if kind in _INTEGERS:
        return f"cast({value} as varchar)"
    written = _trimmed(value)
    float_text = (
        f"case when not isfinite(try_cast({value} as double)) then null "
        f"when regexp_full_match({written}, '-?[0-9.]+') then {_shortened(written)} "
        f"else {_double_text(f'try_cast({value} as double)')} end"
    )
    if kind in _FLOATS:
        return float_text
    return (
        f"case when typeof({value}) in {_listed(_FLOATS)} then {float_text} "
        f"when starts_with(typeof({value}), 'DECIMAL') then {_shortened(written)} "
        f"when regexp_full_match({written}, '[0-9]+\\.0+') then {_shortened(written)} else {text(value)} end"
    )


def category(value: str) -> str:
    """`value` of a column that may hold anything (a label, a prediction, a feature) as one text a value.

    Booleans are `true` and `false`, numbers are written without needless zeros and exponents (`1.0`, `1` and a double
    of 1 are `1`); other text is trimmed, and null where it says that there is none. Leading zeros stay: `007` is text.
    """
    written = _trimmed(value)
    double = f"try_cast({written} as double)"
    return (
        f"case when lower({written}) in ('true', 'false') then lower({written}) "
        f"when regexp_full_match({written}, '0|-?[1-9][0-9]*') then {written} "
        f"when regexp_full_match({written}, '-?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?') "
        f"then {_double_text(double)} else {text(value)} end"
    )
