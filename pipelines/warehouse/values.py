"""From the mapped columns of a file to a table's types, with the reason why a row is bad.

How a value is written is said in `pipelines.sources.values`; here it is applied to every column by its declared type.
"""

from __future__ import annotations

from datetime import date, datetime

from pipelines.sources.spec import Column, Format, Table
from pipelines.warehouse.connect import name, quote

FIRST_PLAUSIBLE = date(1990, 1, 1)
"""The first day on which something may have happened."""


def typed(table: Table, form: Format, select: str, latest: datetime) -> str:
    """The mapping `select` with every column cast, its day, and why a row is bad (`_reason`, null if it is not)."""
    if form.reduces:  # what is bad in the file's rows, `quarantine` has said; its instants are UTC already
        casts = ", ".join(f"try_cast(m.{name(c.name)} as {c.type}) as {name(c.name)}" for c in table.columns)
        return (
            f"select {casts}, cast(m.{name(table.day)} as date) as _day, null::bigint as _row, "
            f"null::varchar as _reason, null::varchar as _raw, _rows from ({select}) as m"
        )
    casts = ", ".join(f"{_cast(column)} as {name(column.name)}" for column in table.columns)
    # As text in the message alone: a bulk file's columns are not printed to find that all is well.
    texts = ", ".join(f"m.{name(column.name)} as {name('_was_' + column.name)}" for column in table.columns)
    reasons = [
        f"case when {name('_was_' + c.name)} is not null and {name(c.name)} is null "
        f"then {quote(f'{c.name}: ')} || cast({name('_was_' + c.name)} as varchar) "
        f"|| {quote(f' is not a {c.type}')} end"
        for c in table.columns
    ]
    reasons += [
        f"case when {name('_was_' + c.name)} is null then {quote(f'{c.name} is missing')} end"
        for c in table.columns
        if c.required or c.name == table.day
    ]
    reasons += [f"case when not ({rule.holds}) then {quote(rule.reason)} end" for rule in table.rules]
    day = name(table.day)
    reasons.append(
        f"case when {day} > {quote(str(latest))}::timestamp or {day} < {quote(str(FIRST_PLAUSIBLE))}::date "
        f"then {quote(f'{table.day}: ')} || cast({day} as varchar) || "
        f"{quote(f' is not between {FIRST_PLAUSIBLE} and {latest:%Y-%m-%d}, a day after the file was written')} end"
    )
    kept = ", ".join(name(column.name) for column in table.columns)
    return (
        f"with m as ({select}), "
        f"typed as (select {casts}, {texts}, m._row, m._raw from m), "
        f"judged as (select *, nullif(concat_ws('; ', {', '.join(reasons)}), '') as _reason from typed) "
        f"select {kept}, cast({day} as date) as _day, _row, _reason, "
        "case when _reason is not null then _raw end as _raw from judged"
    )


def _cast(column: Column) -> str:
    value = f"m.{name(column.name)}"
    if column.type == "TIMESTAMP":
        return f"(try_cast({value} as timestamptz) at time zone 'UTC')"
    return f"try_cast({value} as {column.type})"
