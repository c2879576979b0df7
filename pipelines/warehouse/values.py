"""From the mapped columns of a file to a table's types, with the reason why a row is bad.

How a value is written is said in `pipelines.sources.values`; here it is applied to every column by its declared type,
and what can be read two ways (`1.250`, 05/01/2026) is settled once a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import duckdb

from pipelines.settings import Settings
from pipelines.sources import values
from pipelines.sources.spec import Column, DateOrder, DecimalMark, Format, Source, Table, Writing
from pipelines.warehouse.connect import name, quote

FIRST_PLAUSIBLE = date(1990, 1, 1)
"""The first day on which something may have happened."""
_EARLIEST, _LATEST = "1970-01-01", "2200-01-01"
"""Between these lies every time that a row may name, plans and expiries too."""
_TIMES = ("TIMESTAMP", "DATE")
_MARKS: tuple[DecimalMark, ...] = (".", ",")
_ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")


@dataclass(frozen=True)
class Written:
    """How a file writes its values: the mapped columns' own types by table, and its numbers and dates."""

    kinds: Mapping[str, Mapping[str, str]]
    writing: Writing
    source: str


def configured(sources: Mapping[str, Source], settings: Settings) -> dict[str, Source]:
    """The sources with their numbers and dates written as the user's settings declare."""
    declared = {key: Writing(chosen.decimal, chosen.date_order) for key, chosen in settings.sources.items()}
    return {key: replace(source, declared=declared.get(key, source.declared)) for key, source in sources.items()}


def written_in(
    connection: duckdb.DuckDBPyConnection, source: Source, form: Format, selects: Mapping[str, str]
) -> Written:
    """How the opened file writes its values, for `selects`, the queries per table.

    What the user declares holds; else what the file itself proves, be it by one value; else what the vendor documents.
    """
    if form.reduces:  # its own SQL gives every value its type
        return Written({}, form.writing, source.name)
    kinds = {
        table: {row[0]: row[1] for row in connection.execute(f"describe {select}").fetchall()}
        for table, select in selects.items()
    }
    marks: set[DecimalMark] = set()
    orders: set[DateOrder] = set()
    if form.container == "csv":  # JSON and Parquet have numbers of their own
        for table, select in selects.items():
            texts = [c for c in source.table(table).columns if kinds[table].get(c.name) == "VARCHAR"]
            amounts = [name(c.name) for c in texts if _is_number(c.type)]
            days = [name(c.name) for c in texts if c.type in _TIMES]
            # A look first: hardly any file has what takes the closer one, which costs as much as loading it.
            if not form.writing.decimal or _any(connection, select, [f"contains({a}, ',')" for a in amounts]):
                marks |= {m for m in _MARKS if _any(connection, select, [values.proves_mark(a, m) for a in amounts])}
            if _any(connection, select, [f"regexp_matches({d}, '^ *[0-9]{{1,2}}[/-]')" for d in days]):
                orders |= {o for o in _ORDERS if _any(connection, select, [values.proves_order(d, o) for d in days])}
    mark = source.declared.decimal or (min(marks) if len(marks) == 1 else form.writing.decimal)
    order = source.declared.date_order or (min(orders) if len(orders) == 1 else form.writing.date_order)
    return Written(kinds, Writing(mark if form.container == "csv" else mark or ".", order), source.name)


def _any(connection: duckdb.DuckDBPyConnection, select: str, conditions: Sequence[str]) -> bool:
    """Whether a row of `select` satisfies one of the conditions."""
    if not conditions:
        return False
    found = connection.execute(f"select 1 from ({select}) where {' or '.join(conditions)} limit 1").fetchone()
    return found is not None


def typed(table: Table, form: Format, select: str, latest: datetime, how: Written) -> str:
    """The mapping `select` with every column typed, its day, and why a row is bad (`_reason`, null if it is not).

    A bad row's `_day` is null where the time that places it is not plausible.
    """
    day = name(table.day)
    if form.reduces:  # what is bad in the file's rows, `quarantine` has said; its instants are UTC already
        casts = ", ".join(f"try_cast(m.{name(c.name)} as {c.type}) as {name(c.name)}" for c in table.columns)
        return (
            f"select {casts}, cast(m.{day} as date) as _day, null::bigint as _row, "
            f"null::varchar as _reason, null::varchar as _raw, _rows from ({select}) as m"
        )
    kinds = how.kinds[table.name]
    read = ", ".join(
        f"{_read(column, f'm.{name(column.name)}', kinds[column.name], how.writing)} as {name(column.name)}"
        for column in table.columns
    )
    # As text in the message alone: a bulk file's columns are not printed to find that all is well.
    texts = ", ".join(f"m.{name(column.name)} as {_was(column)}" for column in table.columns)
    times = [name(column.name) for column in table.columns if column.type in _TIMES]
    set_times = ", ".join(f"case when {_is_set(time)} then {time} end as {time}" for time in times)
    reasons = [_reason(column, table, kinds[column.name], how) for column in table.columns]
    reasons += [f"case when not ({rule.holds}) then {quote(rule.reason)} end" for rule in table.rules]
    reasons += [
        f"case when not ({_named(time)}) then {quote(f'{time[1:-1]}: ')} || cast({time} as varchar) || "
        f"{quote(f' is not between {_EARLIEST} and {_LATEST}')} end"
        for time in times
        if time != day
    ]
    plausible = f"{day} between {quote(str(FIRST_PLAUSIBLE))}::timestamp and {quote(str(latest))}::timestamp"
    reasons.append(
        f"case when not ({plausible}) then {quote(f'{table.day}: ')} || cast({day} as varchar) || "
        f"{quote(f' is not between {FIRST_PLAUSIBLE} and {latest:%Y-%m-%d}, a day after the file was written')} end"
    )
    kept = ", ".join(name(column.name) for column in table.columns)
    return (
        f"with m as ({select}), "
        f"read as (select {read}, {texts}, m._row, m._raw from m), "
        f"typed as (select * replace ({set_times}) from read), "
        f"judged as (select *, nullif(concat_ws('; ', {', '.join(reasons)}), '') as _reason from typed) "
        f"select {kept}, case when {plausible} then cast({day} as date) end as _day, _row, _reason, "
        "case when _reason is not null then _raw end as _raw from judged"
    )


def as_it_stands(table: Table) -> list[str]:
    """SQL conditions under which rows that have the table's types already are read as they stand."""
    conditions = []
    for column in table.columns:
        value = name(column.name)
        if column.type in _TIMES and column.name != table.day:
            conditions.append(f"({_named(value)} or {value} is null)")
        elif column.type in values.FLOATS:
            conditions.append(f"isfinite({value}) is not false")
        elif column.type == "VARCHAR" and not column.free:
            conditions.append(f"{values.altered(value, _is_id(column))} is not true")
    return conditions


def _was(column: Column) -> str:
    return name("_was_" + column.name)


def _is_id(column: Column) -> bool:
    return re.search("(_id|[a-z]Id)$", column.name) is not None


def _is_number(kind: str) -> bool:
    return kind.startswith("DECIMAL") or kind in (*values.FLOATS, *values.INTEGERS)


def _is_set(time: str) -> str:
    """Whether it is a time, not a program's way to write that none is set or that one never comes."""
    return (
        f"{time} <> timestamp '0001-01-01' and ({time} < timestamp '9999-12-31' or {time} >= timestamp '10000-01-01')"
    )


def _named(time: str) -> str:
    """Whether it is a time that a row may name."""
    return f"{time} >= timestamp '{_EARLIEST}' and {time} < timestamp '{_LATEST}'"


def _read(column: Column, value: str, kind: str, writing: Writing) -> str:
    """SQL of `value`, of type `kind`, as the column's type; null where it is missing or none of that type."""
    into = column.type.replace(" ", "")
    if kind == "JSON" and into not in ("VARCHAR", "JSON"):
        value, kind = f"json_extract_string({value}, '$')", "VARCHAR"
    if kind == "BLOB":  # text, by a writer that did not say so
        value, kind = f"try(decode({value}))", "VARCHAR"
    if into == "BOOLEAN":
        return values.boolean(value, kind)
    if into in values.INTEGERS:
        return values.integer(value, into, kind, writing.decimal)
    if _is_number(into):
        return values.decimal(value, into, kind, writing.decimal)
    if into == "DATE":
        return values.day(value, kind, writing.date_order)
    if into == "TIMESTAMP":
        return values.instant(value, kind, writing.date_order)
    if into == "VARCHAR" and (kind != "VARCHAR" or _is_id(column)):
        return values.identifier(value, kind)
    if into == "VARCHAR":
        return values.text(value, column.free)
    return f"try_cast({value} as {into})"


def _reason(column: Column, table: Table, kind: str, how: Written) -> str:
    """SQL of what is wrong with the column's value in a row, null where nothing is."""
    was, kept = _was(column), name(column.name)
    printed = f"{quote(f'{column.name}: ')} || cast({was} as varchar)"
    into = column.type
    is_time, is_text = into in _TIMES, into == "VARCHAR"
    cases = []
    lacking = f"{was} is null" if is_text and column.free else values.missing(was)
    if is_time:
        lacking += f" or regexp_matches(cast({was} as varchar), '^(0001-01-01|9999-12-31)')"
    missing = quote(f"{column.name} is missing") if column.required or column.name == table.day else "null"
    if (kind == into and into not in values.FLOATS) or is_text:
        return f"case when {kept} is null then {missing} end" if missing != "null" else "null"
    cases.append(f"when {lacking} then {missing}")
    if kind == "VARCHAR" and _is_number(into):
        two = f" can be read two ways and nothing else in the file says which: set `decimal` of source {how.source}"
        cases.append(f"when {values.ambiguous_number(was)} then {printed} || {quote(two)}")
    if kind == "VARCHAR" and is_time:
        two = f" can be read two ways and nothing else in the file says which: set `date_order` of source {how.source}"
        cases.append(f"when {values.ambiguous_date(was)} then {printed} || {quote(two)}")
    cases.append(f"else {printed} || {quote(f' is not a {into}')}")
    # One case in the other: what it takes to tell is worked out for the rows that need it.
    return f"case when {kept} is null then case {' '.join(cases)} end end"
