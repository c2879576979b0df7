"""From the mapped columns of a file to a table's types, with the reason why a row is bad.

`pipelines.sources.values` defines how a value is parsed; here that is applied to every column by its declared type, and
ambiguous values (`1.250`, 05/01/2026) are resolved once per file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from pipelines.settings import Settings
from pipelines.sources import values
from pipelines.sources.spec import Column, DateOrder, DecimalMark, Format, Notation, Rule, Source, Table
from pipelines.warehouse.connect import name, quote

_EARLIEST, _LATEST = "1970-01-01", "2200-01-01"
"""The range of times that a row may have, with plans and expiries."""
_NO_TIME, _OPEN_END = "0001-01-01", "9999-12-31"
"""Placeholders for a time that is not set and one that never comes: both are missing."""
_TIMES = ("TIMESTAMP", "DATE")
_NUMBER = "number"
CUT_OFF_BY_POWERSHELL = (
    "the export was cut off by ConvertTo-Json: an object in it is text like @{id=…}; export it with -Depth 100"
)
"""Why a record of JSON that PowerShell wrote is bad."""
_NOTHING = '"NULL"'
"""The type of a column that the file lacks."""
_TEXTS = ("VARCHAR", "JSON", "BLOB")
_MARKS: tuple[DecimalMark, ...] = (".", ",")
_ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")

_kinds: dict[tuple[str, tuple[tuple[str, str], ...]], Mapping[str, str]] = {}
"""The types of a mapping's columns, by the mapping and the columns of `rows`: finding them takes as long as reading a
small file."""


@dataclass(frozen=True)
class Written:
    """How a file writes its values: the mapped columns' own types by table, and its numbers and dates.

    `tolerant`: whether text is parsed tolerantly; at first only as programs write it, which is enough for most files
    and costs a fraction. `any_decimal`: the decimal mark of numbers in a CSV's columns that may hold anything; null
    where these are read unchanged, as in JSON and Parquet.
    """

    source: str
    kinds: Mapping[str, Mapping[str, str]]
    writing: Notation
    tolerant: bool = False
    any_decimal: DecimalMark | None = None

    def texts(self, table: Table, types: Sequence[str]) -> list[Column]:
        """The table's columns of these types that the file has as text."""
        kinds = self.kinds.get(table.name, {})
        return [c for c in table.columns if _base(c.type) in types and kinds.get(c.name) in _TEXTS]

    def any_texts(self, table: Table) -> list[Column]:
        """The table's columns that may hold anything, numbers too, where the file is a CSV."""
        kinds = self.kinds.get(table.name, {})
        return [c for c in table.columns if c.category and self.any_decimal is not None and kinds[c.name] in _TEXTS]


def configured(sources: Mapping[str, Source], settings: Settings) -> dict[str, Source]:
    """The sources with their numbers and dates written as the user's settings declare."""
    declared = {key: Notation(chosen.decimal, chosen.date_order) for key, chosen in settings.sources.items()}
    return {key: replace(source, declared=declared.get(key, source.declared)) for key, source in sources.items()}


def written_in(
    connection: duckdb.DuckDBPyConnection, source: Source, form: Format, selects: Mapping[str, str]
) -> Written:
    """How the opened file writes its values, for `selects`, the queries per table, as far as settings and format say.

    JSON and Parquet have numbers of their own, with a point.
    """
    kinds = {}
    if not form.reduces:  # its own SQL gives every value its type
        shape = tuple(_described(connection, "from rows").items())
        for table, select in selects.items():
            if (select, shape) not in _kinds:
                _kinds[select, shape] = _described(connection, select)
            kinds[table] = _kinds[select, shape]
    mark = source.declared.decimal or form.writing.decimal or ("" if form.container == "csv" else ".")
    writing = Notation(mark, source.declared.date_order or form.writing.date_order)
    return Written(source.name, kinds, writing, any_decimal=mark if form.container == "csv" else None)


def _described(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """Column → type of the query's result."""
    return {column: kind for column, kind, *_ in connection.execute(f"describe {query}").fetchall()}


def unread(how: Written, table: Table) -> str:
    """Whether a typed row has a number or a time that tolerant parsing may read. SQL over the row; '' if none may."""
    texts = how.texts(table, (_NUMBER, *_TIMES))
    names = "|".join(column.name for column in texts)
    doubts = [f"regexp_matches(_reason, '(?s)(^|; )({names}): .* is not a ')"] if texts else []
    doubts += [values.unread_category(name(column.name)) for column in how.any_texts(table)]
    return " or ".join(doubts) if not how.tolerant else ""


def with_evidence(
    connection: duckdb.DuckDBPyConnection, source: Source, form: Format, selects: Mapping[str, str], how: Written
) -> Written:
    """`how`, for tolerant parsing: evidence in the file, even one value, overrides the vendor's documentation.

    The user's settings override both. A file with evidence for both marks, or both orders, has none for either.
    """
    marks: set[DecimalMark] = set()
    any_marks: set[DecimalMark] = set()
    orders: set[DateOrder] = set()
    for table, select in selects.items() if form.container == "csv" else ():

        def proved(columns: Sequence[Column], condition: str, table: str = table, select: str = select) -> bool:
            texts = _listed(columns, how.kinds[table])
            proof = f"len(list_filter({texts}, lambda written: {condition})) > 0"
            return connection.execute(f"select 1 from ({select}) as m where {proof} limit 1").fetchone() is not None

        numbers, times = (how.texts(source.table(table), types) for types in ((_NUMBER,), _TIMES))
        anything = how.any_texts(source.table(table))
        for mark in _MARKS:
            proof = values.proves_mark("written", mark)
            marks |= {mark} if proved(numbers, proof) else set()
            any_marks |= {mark} if proved(anything, proof) else set()
        orders |= {order for order in _ORDERS if proved(times, values.proves_order("written", order))}
    writing = Notation(
        source.declared.decimal or (min(marks) if len(marks) == 1 else how.writing.decimal),
        source.declared.date_order or (min(orders) if len(orders) == 1 else how.writing.date_order),
    )
    if how.any_decimal is not None:
        how = replace(how, any_decimal=source.declared.decimal or _mark_of_anything(marks | any_marks, how.any_decimal))
    return replace(how, writing=writing, tolerant=True)


def _mark_of_anything(proved: set[DecimalMark], documented: DecimalMark) -> DecimalMark:
    """The decimal mark of columns that may hold anything: if there are both `1,2` and `1.2`, a point."""
    return min(proved) if len(proved) == 1 else documented or ("." if proved else "")


def _listed(columns: Sequence[Column], kinds: Mapping[str, str]) -> str:
    """The columns' texts as a list, so that the expression for each is planned once."""
    return f"[{', '.join(_text(column, kinds[column.name]) for column in columns)}]::varchar[]"


def _faults(
    table: Table, form: Format, how: Written, places: Mapping[str, tuple[str, str]], plausible: str, latest: datetime
) -> tuple[str, str]:
    """SQL of why a typed row is bad, null if it is not, and of why a good one lacks values of incidental columns."""
    kinds, day, first = how.kinds[table.name], name(table.day), values.FIRST_PLAUSIBLE
    times = [name(column.name) for column in table.columns if column.type in _TIMES]
    incidental = {name(column.name) for column in table.columns if column.incidental}
    settled = [c for c in table.columns if c.incidental and (how.tolerant or kinds[c.name] not in _TEXTS)]
    left_out = [
        f"case when {name(column.name)} is null and not ({_is_lacking(column)}) "
        f"then {quote(f'{column.name} is not a {column.type}')} end"
        for column in settled
    ]
    reasons = [
        _reason(column, table, kinds[column.name], how, places.get(column.name))
        for column in table.columns
        if column not in settled
    ]
    reasons += [f"case when not ({rule.holds}) then {_broken(rule)} end" for rule in table.rules]
    reasons += [
        f"case when not ({_named(time)}) then {quote(f'{time[1:-1]}: ')} || cast({time} as varchar) || "
        f"{quote(f' is not between {_EARLIEST} and {_LATEST}')} end"
        for time in times
        if time != day and time not in incidental
    ]
    reasons.append(
        f"case when not ({plausible}) then {quote(f'{table.day}: ')} || cast({day} as varchar) || "
        f"{quote(f' is not between {first} and {latest:%Y-%m-%d}, a day after the file was written')} end"
    )
    reason = _joined(reasons)
    if form.container == "json":  # any other fault follows from that
        reason = f"case when {values.is_cut('_raw')} then {quote(CUT_OFF_BY_POWERSHELL)} else {reason} end"
    return reason, _joined(left_out or ["null"])


def _broken(rule: Rule) -> str:
    """SQL of the reason for which a row that breaks the rule is bad."""
    return f"concat_ws(': ', {quote(rule.reason)}, {rule.value})" if rule.value else quote(rule.reason)


def _joined(reasons: Sequence[str]) -> str:
    return f"nullif(concat_ws('; ', {', '.join(reasons)}), '')"


def typed(table: Table, form: Format, select: str, latest: datetime, how: Written) -> str:
    """The mapping `select` with every column typed, its day, and why a row is bad (`_reason`, null if it is not).

    A bad row's `_day` is null if its time is not plausible. `_left_out` says why a good row lacks values of incidental
    columns. Before tolerant parsing these are reasons as any other, since it may read them.
    """
    day = name(table.day)
    if form.reduces:  # `quarantine` has the file's bad rows; its instants are UTC already
        casts = ", ".join(f"try_cast(m.{name(c.name)} as {c.type}) as {name(c.name)}" for c in table.columns)
        return (
            f"select {casts}, cast(m.{day} as date) as _day, null::bigint as _row, "
            f"null::varchar as _reason, null::varchar as _raw, _rows from ({select}) as m"
        )
    kinds = how.kinds[table.name]
    tolerant, places = _tolerant_columns(table, how) if how.tolerant else ([], {})
    read = ", ".join(
        f"{_read(column, kinds[column.name], how, places.get(column.name))} as {name(column.name)}"
        for column in table.columns
    )
    # As text in the message only: a bulk file's columns are not printed if all are good.
    texts = ", ".join(f"m.{name(column.name)} as {_was(column)}" for column in table.columns)
    times = [name(column.name) for column in table.columns if column.type in _TIMES]
    incidental = {name(column.name) for column in table.columns if column.incidental}
    set_times = ", ".join(
        f"case when {_is_set(time)}{f' and {_named(time)}' if time in incidental else ''} then {time} end as {time}"
        for time in times
    )
    plausible = f"{day} between {quote(str(values.FIRST_PLAUSIBLE))}::timestamp and {quote(str(latest))}::timestamp"
    kept = ", ".join(name(column.name) for column in table.columns)
    reason, left_out = _faults(table, form, how, places, plausible, latest)
    return (
        f"with mapped as ({select}), "
        f"m as (select {', '.join(['m.*', *tolerant])} from mapped as m), "
        f"read as (select {', '.join([read, texts, *_TOLERANT[: len(tolerant)], 'm._row', 'm._raw'])} from m), "
        f"typed as (select * replace ({set_times}) from read), "
        f"validated as (select *, {reason} as _reason, "
        f"{left_out} as _left_out from typed) "
        f"select {kept}, case when {plausible} then cast({day} as date) end as _day, _row, _reason, _left_out, "
        "case when _reason is not null then _raw end as _raw from validated"
    )


_TOLERANT = ("_numbers", "_numbers_open", "_times", "_times_open")
"""What tolerant parsing finds in a row's texts: each one's number or time, and whether it is ambiguous."""


def _tolerant_columns(table: Table, how: Written) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """SQL of `_TOLERANT`, and by column where its value is in them and whether it is ambiguous."""
    tolerant: list[str] = []
    places: dict[str, tuple[str, str]] = {}
    number = values.number_text("written", how.writing.decimal)
    time = values.instant("written", order=how.writing.date_order)
    for types, found, sql, doubt in (
        ((_NUMBER,), "_numbers", number, values.ambiguous_number("written")),
        (_TIMES, "_times", time, values.ambiguous_date("written")),
    ):
        columns = how.texts(table, types)
        texts = _listed(columns, how.kinds[table.name])
        tolerant.append(f"list_transform({texts}, lambda written: {sql}) as {found}")
        tolerant.append(f"list_transform({texts}, lambda written: {doubt}) as {found}_open")
        places |= {c.name: (f"{found}[{place}]", f"{found}_open[{place}]") for place, c in enumerate(columns, 1)}
    return tolerant, places


def is_unaltered(table: Table) -> list[str]:
    """SQL conditions under which rows that have the table's types already are read unchanged."""
    conditions = []
    for column in table.columns:
        value = name(column.name)
        if column.type in _TIMES and column.name != table.day:
            conditions.append(f"({_named(value)} or {value} is null)")
        elif column.type in values.FLOATS:
            conditions.append(f"isfinite({value}) is not false")
        elif column.category:
            conditions.append(f"{values.altered_category(value)} is not true")
        elif column.type == "VARCHAR" and not column.free:
            conditions.append(f"{values.altered(value, _is_id(column))} is not true")
    return conditions


def _was(column: Column) -> str:
    return name("_was_" + column.name)


def _is_id(column: Column) -> bool:
    return re.search("(_id|[a-z]Id)$", column.name) is not None


def _base(kind: str) -> str:
    """The kind of type it is, decimals, integers and floats all being `_NUMBER`."""
    is_number = kind.startswith("DECIMAL") or kind in (*values.FLOATS, *values.INTEGERS)
    return _NUMBER if is_number else kind


def _is_set(time: str) -> str:
    """Whether it is a time and no placeholder for one that is not set or never comes."""
    never = f"{time} >= timestamp '{_OPEN_END}' and {time} < timestamp '10000-01-01'"
    return f"{time} <> timestamp '{_NO_TIME}' and not ({never})"


def _named(time: str) -> str:
    """Whether it is a time that a row may name."""
    return f"{time} >= timestamp '{_EARLIEST}' and {time} < timestamp '{_LATEST}'"


def _text(column: Column, kind: str) -> str:
    """SQL of a mapped column's value as text, where it is text in some way."""
    value = f"m.{name(column.name)}"
    if kind == "JSON":
        return f"json_extract_string({value}, '$')"
    return f"try(decode({value}))" if kind == "BLOB" else value  # by a writer that did not say that it is text


def _read(column: Column, kind: str, how: Written, place: tuple[str, str] | None) -> str:
    """SQL of a mapped column's value, of type `kind`, as the column's type; null where it is none or missing."""
    into = column.type.replace(" ", "")
    value = f"m.{name(column.name)}"
    if kind == _NOTHING:
        return f"null::{into}"
    if column.category:
        return values.category(
            values.category_text(value, how.any_decimal) if how.tolerant and how.any_decimal else value
        )
    if kind in _TEXTS and not (kind == "JSON" and into in ("VARCHAR", "JSON")):
        value, kind = _text(column, kind), "VARCHAR"
    if into == "BOOLEAN":
        return values.boolean(value, kind)
    if _base(into) in (_NUMBER, *_TIMES) and kind == "VARCHAR":
        quick = values.quick(value, into, how.writing.decimal)
        if place is None:
            return quick
        tolerant = values.whole(place[0], into) if into in values.INTEGERS else f"try_cast({place[0]} as {into})"
        return f"coalesce({quick}, {tolerant})"
    if into in values.INTEGERS:
        return values.integer(value, into, kind)
    if _base(into) == _NUMBER:
        return values.decimal(value, into, kind)
    if into in _TIMES:
        return values.day(value, kind) if into == "DATE" else values.instant(value, kind)
    if into == "VARCHAR":
        is_text = kind == "VARCHAR" and not _is_id(column)
        return values.text(value, column.free) if is_text else values.identifier(value, kind)
    return f"try_cast({value} as {into})"


def _is_lacking(column: Column) -> str:
    """Whether the file says that there is no value. SQL of a boolean."""
    lacking = values.missing(_was(column))
    if column.type in _TIMES:
        lacking += f" or cast({_was(column)} as varchar)[:10] in ('{_NO_TIME}', '{_OPEN_END}')"
    return lacking


def _reason(column: Column, table: Table, kind: str, how: Written, place: tuple[str, str] | None) -> str:
    """SQL of what is wrong with the column's value in a row, null where nothing is."""
    was, kept = _was(column), name(column.name)
    missing = quote(f"{column.name} is missing") if column.required or column.name == table.day else "null"
    if how.tolerant and column in how.any_texts(table) and how.any_decimal == "":
        return (
            f"case when {kept} is null then {missing} "
            f"when {values.ambiguous_number(was)} then {quote(f'{column.name}: ')} || {was} || "
            f"{quote(_two_ways('decimal', how))} end"
        )
    if column.type == "VARCHAR" or kind == _NOTHING or (kind == column.type and kind not in values.FLOATS):
        return "null" if missing == "null" else f"case when {kept} is null then {missing} end"
    printed = f"{quote(f'{column.name}: ')} || cast({was} as varchar)"
    cases = [f"when {_is_lacking(column)} then {missing}"]
    if place is not None:
        setting = "date_order" if column.type in _TIMES else "decimal"
        cases.append(f"when {place[1]} then {printed} || {quote(_two_ways(setting, how))}")
    cases.append(f"else {printed} || {quote(f' is not a {column.type}')}")
    # Nested cases: the inner one is computed only for the rows that need it.
    return f"case when {kept} is null then case {' '.join(cases)} end end"


def _two_ways(setting: str, how: Written) -> str:
    return f" can be read two ways and nothing else in the file says which: set `{setting}` of source {how.source}"
