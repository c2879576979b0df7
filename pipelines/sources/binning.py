"""Values to bins that add up: the SQL that feature logs and training snapshots are reduced with.

Bins are independent of any reference, so that a file is read once whatever it is compared with later. Few distinct
numbers are kept as they are; others fall into bins of equal width on the logarithm, `2^bin_bits` an octave, as many
bits as give some hundred bins between the smallest and the largest size: values far from zero and close together are
told apart as well as a heavy tail is. A bin of fewer bits is a whole number of bins of more, so bins merge exactly;
the dbt macro `fine_bin` merges them. Which columns a file has and what they mean is its source's to say.
"""

from __future__ import annotations

from pipelines.sources.spec import Column, Derived, Format, Rule, Table

EXACT_SAMPLE, EXACT_DISTINCT = 32, 16
"""Numbers are kept as they are where one row in `EXACT_SAMPLE` shows at most `EXACT_DISTINCT` values: some hundred
at most. The sample is a hash of the row's number, the same at every reading."""
CATEGORIES = 500
"""Categories kept an hour and feature, the most frequent; the rest are `OTHER` together."""
OTHER = "(other)"
LARGEST_EXPONENT = 1100
"""Above the exponent of any double: keeps the bins of small numbers apart from zero and the signs apart."""

MODEL = (
    Column("model_name", "VARCHAR", "The model as the log calls it.", required=True),
    Column("model_version", "VARCHAR", "Its version, as logged."),
)
FEATURE = Column("feature", "VARCHAR", "The feature, prediction or error, by its column's name.", required=True)
BIN = (
    Column("bin_bits", "INTEGER", "Bins an octave as a power of two; null: bin_value is the value itself."),
    Column("bin_value", "DOUBLE", "The number, or the middle of its bin; null for categories and missing values."),
    Column("category", "VARCHAR", "The text of a value that is no number; with bin_value null too, it is missing."),
    Column("value_count", "BIGINT", "Values in the bin.", True),
)
VALUE = Column("value", "VARCHAR", "The value as text; null where it is missing.")
MODEL_RULE = Rule("model_name <> ''", "model_name is empty")
COUNT_RULE = Rule("value_count >= 0", "count is negative")


def _plan(number: str) -> dict[str, str]:
    """Aggregates over a feature's numbers that say how they are binned, by name."""
    return {
        "row_count": "count(*)",
        "largest": f"max(abs({number}))",
        "smallest": f"min(nullif(abs({number}), 0))",
        "lowest": f"min({number})",
        "highest": f"max({number})",
        "sampled_count": f"approx_count_distinct(case when hash(_row) % {EXACT_SAMPLE} = 0 then {number} end)",
    }


def _bits(bins: int) -> str:
    octaves = "(log2(largest) - log2(smallest)) * case when lowest < 0 and highest > 0 then 2 else 1 end"
    return f"""case
            when sampled_count <= {EXACT_DISTINCT} or largest = smallest then null
            else cast(least(greatest(floor(log2({bins} / greatest({octaves}, 1e-9))), 4), 40) as integer)
        end"""


def binned(dims: tuple[str, ...], bins: int, rows: str) -> str:
    """Counts of bins, from the relations `plans` (what `_plan` gives, per `dims` and feature), `numbers` and `texts`.

    `rows` sums the plans' row_count to the rows of `dims`: `_rows` says so on one bin of them.
    """
    keys = ", ".join(dims)
    of_plan = ", ".join(f"p.{dim}" for dim in dims)
    on = " and ".join(f"n.{dim} is not distinct from p.{dim}" for dim in dims)
    scale = "pow(2, bin_bits)"
    offset = f"{LARGEST_EXPONENT} * {scale}"
    return f"""
    sized as (
        select {keys}, feature, row_count, {_bits(bins)} as bin_bits from plans
    ),
    keyed as (
        select {of_plan}, p.feature, bin_bits,
            case
                when bin_bits is null or number = 0 then number
                else sign(number) * (ceil(log2(abs(number)) * {scale} - 1e-9) + {offset})
            end as bin_key
        from numbers as n join sized as p on n.feature = p.feature and {on}
    ),
    numbered as (
        select {keys}, feature, bin_bits,
            case
                when bin_bits is null or bin_key = 0 then bin_key
                else sign(bin_key) * pow(2, (abs(bin_key) - {offset} - 0.5) / {scale})
            end as bin_value,
            null::varchar as category, count(*) as value_count
        from keyed group by {keys}, feature, bin_bits, bin_key
    ),
    named as (
        select {keys}, feature, text, count(*) as value_count,
            row_number() over (partition by {keys}, feature order by count(*) desc, text) as place
        from texts group by {keys}, feature, text
    ),
    present as (
        select * from numbered
        union all
        select {keys}, feature, null::integer, null::double,
            case when place <= {CATEGORIES} then text else '{OTHER}' end, sum(value_count)
        from named group by all
    ),
    missing as (
        select {of_plan}, p.feature, null::integer as bin_bits, null::double as bin_value, null::varchar as category,
            any_value(p.row_count) - coalesce(sum(n.value_count), 0) as value_count
        from sized as p left join present as n on n.feature = p.feature and {on}
        group by {of_plan}, p.feature
    ),
    counted as (
        select * from present
        union all
        select * from missing where value_count > 0
    )
    select n.*, case
            when row_number() over (partition by {of_plan} order by n.feature, n.bin_value, n.category) = 1
            then p.row_count else 0
        end as _rows
    from counted as n
    join (select {keys}, {rows}(row_count) as row_count from sized group by {keys}) as p on {on}"""


def long_bins(values: str, dims: tuple[str, ...], bins: int) -> str:
    """Bins of a relation of one row a value: `dims`, feature, value and _row."""
    keys = ", ".join(dims)
    plan = ", ".join(f"{aggregate} as {name}" for name, aggregate in _plan("number").items())
    return f"""
    with typed as (
        select {keys}, feature, _row, try_cast(value as double) as number,
            nullif(trim(cast(value as varchar)), '') as text
        from {values}
    ),
    finite as (
        select * replace (case when isfinite(number) then number end as number, case when number is null then text end
            as text)
        from typed
    ),
    plans as (select {keys}, feature, {plan} from finite group by {keys}, feature),
    numbers as (select * from finite where number is not null),
    texts as (select * from finite where text is not null),
    {binned(dims, bins, "sum")}"""


_NUMERIC = (
    "('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', "
    "'FLOAT', 'DOUBLE')"
)


def wide_bins(good: str, dims: tuple[str, ...], bins: int) -> str:
    """Bins of a relation of one column a feature: `dims`, _row and the features.

    Numbers and texts are unpivoted apart: one column for both would turn every number into text. `typeof` is folded
    before the scan. The column `_none` keeps a file without a feature from being an error.
    """
    keys = ", ".join(dims)
    star = f"columns(* exclude ({keys}, _row))"
    is_number = f"(typeof({star}) in {_NUMERIC} or typeof({star}) like 'DECIMAL%')"
    number = f"case when {is_number} and isfinite(try_cast({star} as double)) then try_cast({star} as double) end"
    text = f"case when not {is_number} then nullif(trim(cast({star} as varchar)), '') end"
    plan = ", ".join(f"{name} := {aggregate}" for name, aggregate in _plan(number).items())
    features = f"feature in (columns(* exclude ({keys})))"
    return f"""
    with good as (select *, null::double as _none from ({good})),
    plans as (
        select {keys}, feature, unnest(plan)
        from (select {keys}, struct_pack({plan}) from good group by {keys}) unpivot (plan for {features})
        where feature <> '_none'
    ),
    numbers as (from (select {keys}, {number} from good) unpivot (number for {features})),
    texts as (from (select {keys}, {text} from good) unpivot (text for {features})),
    {binned(dims, bins, "max")}"""


def _instant(column: str) -> str:
    # A Parquet timestamp without a zone is taken as it stands; text needs the detour over zones.
    return f"""case
            when typeof({column}) in ('TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_MS', 'TIMESTAMP_S')
            then try_cast({column} as timestamp)
            else try_cast({column} as timestamptz) at time zone 'UTC'
        end"""


def parquet_format(
    name: str, table: str, dims: dict[str, str], time: str, extra: tuple[str, ...], long: bool, bins: int
) -> Format:
    """A Parquet format: `dims` are logged column → our column, `time` the logged one that holds the instant.

    `extra` are logged columns that are no feature and of no use here; `long` files have a row a value.
    """
    ours = {f'"{logged}"': column for logged, column in dims.items()}
    instant = _instant(f'"{time}"')
    told = f"date_trunc('hour', {instant})" if table == "bins_hourly" else instant
    named = ", ".join(
        f"{told if column == dims[time] else f'cast({logged} as varchar)'} as {column}"
        for logged, column in ours.items()
    )
    required = tuple(logged for logged, column in dims.items() if column not in ("environment", "model_version"))
    faults = {f"{dims[logged]} is missing": f'"{logged}" is null' for logged in required}
    faults |= {
        "model_name is empty": "cast(model as varchar) = ''",
        f"{dims[time]} is not a TIMESTAMP": f'"{time}" is not null and {instant} is null',
        f"{dims[time]} is before 1990": f"{instant} < timestamp '1990-01-01'",
        f"{dims[time]} is later than a day after the file was written": f"{instant} > _latest",
    }
    if long:
        faults["feature is missing"] = "feature is null"
    others = ", ".join((*ours, *(f'"{column}"' for column in extra), "file_row_number", "_raw", "_path", "_latest"))
    clear = " and ".join(f"({fault}) is not true" for fault in faults.values())
    good = f"select * exclude ({others}), {named} from rows where {clear}"
    reasons = ", ".join(f"case when {fault} then '{reason}' end" for reason, fault in faults.items())
    columns = tuple(dims.values())
    kept = ", ".join((*columns, "feature", *(column.name for column in BIN)))
    return Format(
        name=name,
        container="parquet",
        requires=(*required, "version", *(("feature", "value") if long else ())),
        optional=tuple(logged for logged in (*dims, *extra) if logged not in (*required, "version")),
        reduction=long_bins(f"({good})", columns, bins) if long else wide_bins(good, columns, bins),
        select={table: f"select {kept}, _rows from reduced"},
        quarantine={
            table: f"select _row, _raw, concat_ws('; ', {reasons}) as _reason from rows "
            f"where {' or '.join(faults.values())}"
        },
    )


# The middle of a bin stands for it; a bin that is open at one end, for its other end.
MIDDLE = """coalesce(
            (try_cast(bin_low as double) + try_cast(bin_high as double)) / 2,
            try_cast(bin_low as double), try_cast(bin_high as double)
        )"""


def unpivoted(own: tuple[str, ...], names: str) -> str:
    """A CSV file of one column a feature, a row a value."""
    columns = ", ".join(f'"{column}"' for column in own)
    return f"""
    select {names}, feature, value
    from (select * exclude (_path, _latest), null::varchar as _none from rows)
        unpivot include nulls (value for feature in (columns(* exclude ({columns}, _row, _raw))))
    where feature <> '_none'"""


def derived(table: Table, values: str, rows: str, dims: tuple[str, ...], bins: int) -> Derived:
    """The day's reduced files and the day's row-wise values, added up."""
    columns = ", ".join(table.column_names)
    keys = ", ".join(column for column in table.column_names if column != "value_count")
    return Derived(
        inputs=(table.name, values),
        select=f"""
    with every as (
        select {columns} from {table.name}
        union all
        select {columns} from ({long_bins(rows, dims, bins)})
    )
    select {keys}, sum(value_count) as value_count, cast({table.day} as date) as _day from every group by all""",
    )
