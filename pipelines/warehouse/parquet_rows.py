"""Parquet files as the relation `rows`, read where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from pipelines.sources import values
from pipelines.warehouse.connect import literal, name, path_list, quote
from pipelines.warehouse.recognise import RENAMED, RESERVED_COLUMNS, Landed, Recognised, recognise


def open_parquet(landed: Landed) -> Recognised:
    """Create the view `rows` over Parquet files of one landing file.

    A row's `_raw` is null unless the format reduces: the view `texts` (`_row`, `_raw`) has it.
    """
    connection, paths = landed.connection, path_list(landed.paths)
    reader = f"read_parquet({paths}, union_by_name = true, file_row_number = true)"
    number = "file_row_number + 1"
    described = {row[0]: row[1] for row in connection.execute(f"describe from {reader}").fetchall()}
    candidates = landed.candidates("parquet")
    spelled = {c.lower(): c for candidate in candidates for c in (*candidate.requires, *candidate.optional)}
    ours = {c: c + RENAMED if c.lower() in RESERVED_COLUMNS else spelled.get(c.lower(), c) for c in described}
    renamed = ", ".join(f"{name(logged)} as {name(own)}" for logged, own in ours.items() if logged != own)
    if renamed:
        reader = f"(select * rename ({renamed}) from {reader})"
    types = {ours[column]: kind for column, kind in described.items()}
    doubles = ", ".join(
        f"{_in_doubles(name(column), duckdb.sqltype(kind))} as {name(column)}"
        for column, kind in types.items()
        if "FLOAT" in kind
    )
    if doubles:
        reader = f"(select * replace ({doubles}) from {reader})"
    columns = set(types) - {"file_row_number"}
    found = recognise(candidates, columns, landed.path, sorted(columns), landed.formats)
    present = {column.lower() for column in columns}
    absent = [c for c in (*found.requires, *found.optional) if c.lower() not in present]
    folders = found.path_values(landed.path)
    lacking = {column: literal(folders.get(column)) for column in absent}
    others = "".join(f", {value} as {name(column)}" for column, value in lacking.items())
    constants = _constants(connection, landed.paths, types) if found.reduces else {}
    replaced = ", ".join(
        f"{value if value != 'null' else f'null::{types[column]}'} as {name(column)}"
        for column, value in constants.items()
    )
    if found.reduces:  # NaN is missing, as in every other format
        named = {column.lower() for column in (*found.requires, *found.optional)}
        numbers = [c for c, kind in types.items() if kind in ("FLOAT", "DOUBLE") and c.lower() in named]
        read = [
            f"case when not isnan({name(c)}) then {name(c)} end as {name(c)}" for c in numbers if c not in constants
        ]
        replaced = ", ".join([*([replaced] if replaced else []), *read])
    raw = "cast(to_json(r) as varchar)"
    if not found.reduces:
        # Printing ten million good rows for the sake of a bad one costs more than reading them.
        connection.execute(
            f"create or replace temp view texts as select {number} as _row, {raw} as _raw from {reader} as r"
        )
        raw = "null::varchar"
    connection.execute(
        f"create or replace temp view rows as select *{f' replace ({replaced})' if replaced else ''}{others}, "
        f"{number} as _row, {raw} as _raw, {landed.about} from {reader} as r"
    )
    (count,) = connection.execute(
        f"select coalesce(sum(num_rows), 0) from parquet_file_metadata({paths})"
    ).fetchone() or (0,)
    return Recognised(found, int(count), 0, "", types, constants | lacking)


def _in_doubles(value: str, kind: DuckDBPyType, depth: int = 0) -> str:
    """SQL of a value of type `kind` with its FLOATs, those in lists, structs and maps too, as the doubles they name."""
    if "FLOAT" not in str(kind):
        return value
    if kind.id == "float":
        return values.double(value)
    each = f"e{depth}"
    inner = {field: of for field, of in kind.children if isinstance(of, DuckDBPyType)}
    if kind.id == "struct":
        fields = ", ".join(
            f"{name(field)} := {_in_doubles(f'({value}).{name(field)}', of, depth)}" for field, of in inner.items()
        )
        return f"case when {value} is not null then struct_pack({fields}) end"
    if kind.id == "map":
        entry = ", ".join(
            f"{quote(field)}: {_in_doubles(f'{each}.{field}', of, depth + 1)}" for field, of in inner.items()
        )
        return f"map_from_entries(list_transform(map_entries({value}), lambda {each}: {{{entry}}}))"
    if kind.id in ("list", "array"):
        return f"list_transform({value}, lambda {each}: {_in_doubles(each, inner['child'], depth + 1)})"
    return value


def _constants(connection: duckdb.DuckDBPyConnection, files: list[Path], types: Mapping[str, str]) -> dict[str, str]:
    """The columns that hold one text or nothing throughout, by the Parquet files' own statistics, as SQL.

    A log file is mostly one model's, and one that is no language model counts no tokens: to read what is known to be
    constant costs a twentieth of the scan (2026-11-26), and to group by it much more.
    """
    is_empty = "bool_and(coalesce(stats_null_count = num_values, false))"
    known = connection.execute(
        f"select path_in_schema, any_value(stats_min_value), {is_empty} "
        f"from parquet_metadata({path_list(files)}) where row_group_num_rows > 0 group by path_in_schema "
        f"having count(distinct file_name) = {len(files)} and ({is_empty} "
        "or bool_and(coalesce(stats_null_count = 0 and min_is_exact and max_is_exact "
        "and stats_min_value = stats_max_value, false)) and count(distinct stats_min_value) = 1)"
    ).fetchall()
    return {
        column: "null" if empty else quote(value)
        for column, value, empty in known
        if column in types and (empty or types[column] == "VARCHAR")
    }
