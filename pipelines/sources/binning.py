"""Values to bins that add up: the SQL that feature logs and training snapshots are reduced with.

Bins are independent of any reference, so that a file is read once whatever it is compared with later. Few distinct
numbers are kept as they are; others fall into bins of equal width on the logarithm, `2^bin_bits` an octave, as many
bits as give some hundred bins between the smallest and the largest size in a sample: values far from zero and close
together are resolved as well as a heavy tail. A bin of fewer bits is a whole number of bins of more, so bins merge
exactly; the dbt macro `fine_bin` merges them. A file's source defines its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.sources.spec import Column, Format, Rule
from pipelines.sources.values import category, category_text, identifier, implausible_times, parquet_instant

SAMPLE, EXACT_DISTINCT = 32, 16
"""One row in `SAMPLE` (by a hash of its number, the same at every reading) determines how numbers are binned. If these
have at most `EXACT_DISTINCT` values, all are kept unchanged: some hundred at most. A number beyond the sample's
extremes has its bin as well."""
MARKS = 100
"""Quantiles of the sample, which show dense regions."""
NARROW_MARKS = MARKS // 20
"""The narrowest gaps between quantiles that are passed over, 5 %: chance makes some."""
FEWEST_BITS, MOST_BITS = 4, 40
"""Bins an octave, as powers of two: 16 of them are 4.4 % wide each; with 2^40, the number of a bin is below 2^53, exact
in a double."""
MOST_BINS, NUMBERS_A_BIN = 32_768, 8
"""Bins that are not empty are few: as many as this at most, or one in eight numbers."""
EDGE = "1e-9"
"""Less than any bin: a number on an edge falls into the same bin on every engine, and no width is 0."""
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
ENDS = (
    Column("bin_low", "DOUBLE", "The lower end of a bin that was delivered as one; null where it is open."),
    Column("bin_high", "DOUBLE", "Its upper end; null where it is open."),
    Column("category", "VARCHAR", "The text of a value that is no number; with bin_value null too, it is missing."),
    Column("value_count", "BIGINT", "Values in the bin.", True),
)
"""A bin as a monitor's histogram has it."""
BIN = (
    Column("bin_bits", "INTEGER", "Bins an octave as a power of two; null: bin_value is the value itself."),
    Column("bin_value", "DOUBLE", "The number, or the middle of its bin; null for categories and missing values."),
    *ENDS,
)
VALUE = Column("value", "VARCHAR", "The value as text; null where it is missing.", category=True)
MODEL_RULE = Rule("model_name <> ''", "model_name is empty")
COUNT_RULE = Rule("value_count >= 0", "count is negative")


def _sampled(number: str) -> str:
    """The aggregate over the sample of a feature's numbers that says how all of them are binned.

    `marks` are its quantiles on the signed logarithm, on which bins are equally wide.
    """
    placed = f"coalesce(sign({number}) * (log2(nullif(abs({number}), 0)) + {LARGEST_EXPONENT}), 0)"
    shares = ", ".join(str(mark / MARKS) for mark in range(MARKS + 1))
    return f"""struct_pack(
            lowest := min({number}), highest := max({number}), smallest := min(nullif(abs({number}), 0)),
            distinct_count := approx_count_distinct({number}), number_count := count({number}),
            marks := quantile_disc({placed}, [{shares}]) filter ({number} is not null)
        )"""


_IN_SAMPLE = f"hash(_row) % {SAMPLE} = 0"


def _scale(sampled: str, bins: int) -> str:
    """Bins an octave, a power of two; null where numbers are kept as they are.

    As many as give `bins` between the sample's extremes; more where much lies close together, so that a bin holds some
    half a percent, as long as the bins that are not empty are few beside the numbers in them, or few.
    """
    largest = f"greatest(abs({sampled}.lowest), abs({sampled}.highest))"
    octaves = (
        f"(log2({largest}) - log2({sampled}.smallest)) * case when {sampled}.lowest < 0 and {sampled}.highest > 0 "
        "then 2 else 1 end"
    )
    gaps = f"list_transform(range(2, {MARKS + 2}), lambda i: {sampled}.marks[i] - {sampled}.marks[i - 1])"
    sorted_gaps = f"list_sort(list_filter({gaps}, lambda gap: gap > 0))"
    narrow = f"list_extract({sorted_gaps}, 1 + {NARROW_MARKS})"
    numbers = f"{SAMPLE} * {sampled}.number_count"
    filled = f"list_sum(list_transform({gaps}, lambda gap: least(gap * pow(2, bits), {numbers} / {MARKS})))"
    dense = (
        f"list_max(list_filter(range({FEWEST_BITS}, {MOST_BITS + 1}), lambda bits: bits <= 1 + ceil(-log2({narrow})) "
        f"and {filled} <= greatest(least({numbers}, {MOST_BINS}), {numbers} / {NUMBERS_A_BIN})))"
    )
    wide = f"least(greatest(floor(log2({bins} / greatest({octaves}, {EDGE}))), {FEWEST_BITS}), {MOST_BITS})"
    return f"""case
            when coalesce({sampled}.distinct_count, 0) <= {EXACT_DISTINCT} or {largest} = {sampled}.smallest then null
            else pow(2, greatest({wide}, {dense}))
        end"""


def _key(number: str, scale: str) -> str:
    """The bin of a number, by a number of its own: the number itself where it is 0 or scale is null."""
    # A case would be twice as slow: this is what every value of a file goes through.
    return f"""coalesce(
            sign({number}) * (ceil(log2(nullif(abs({number}), 0)) * {scale} - {EDGE}) + {LARGEST_EXPONENT} * {scale}),
            {number}
        )"""


def _same(left: str, right: str, columns: tuple[str, ...]) -> str:
    return " and ".join(f"{left}.{column} is not distinct from {right}.{column}" for column in columns)


def _binned(dims: tuple[str, ...], rows: str) -> str:
    """Counts of bins, from the relations `sized`, `numbers` and `texts`.

    `sized` has a row per `dims` and feature, with a number for it, `place`, and the `scale` of its bins; `numbers` has
    a row per place and `bin_key`, `texts` per place and `text`: null for what is missing. `rows` is SQL of how many of
    the file's rows a bin represents.
    """
    return f"""
    ranked as (
        select *, row_number() over (partition by place order by text is null, value_count desc, text) as frequency
        from texts
    ),
    kept as (
        select place, bin_key, null::varchar as category, value_count from numbers
        union all
        select place, null::double,
            case when text is null or frequency <= {CATEGORIES} then text else '{OTHER}' end, sum(value_count)
        from ranked group by all
    )
    select {", ".join(dims)}, feature, case when bin_key is not null then cast(log2(scale) as integer) end as bin_bits,
        coalesce(sign(bin_key) * pow(2, (abs(bin_key) - {LARGEST_EXPONENT} * scale - 0.5) / scale), bin_key)
            as bin_value,
        null::double as bin_low, null::double as bin_high, category, value_count, {rows} as _rows
    from kept join sized using (place)"""


# What is not finite is no value: missing, and no category either. `007` is a name.
_NUMBER_IN_TEXT = "case when not regexp_matches(text, '^-?0[0-9]') then try_cast(text as double) end"


def long_bins(values: str, dims: tuple[str, ...], bins: int) -> str:
    """Bins of a relation of one row a value: `dims`, feature, value and _row."""
    key_columns = (*dims, "feature")
    keys = ", ".join(key_columns)
    return f"""
    with typed as (
        select {keys}, _row, {category("value")} as text from (
            select * replace ({category_text("cast(value as varchar)", ".")} as value) from {values}
        )
    ),
    good as (
        select * replace (
            case when number is null then text end as text, case when isfinite(number) then number end as number
        )
        from (select *, {_NUMBER_IN_TEXT} as number from typed)
    ),
    found as (select distinct {keys} from good),
    samples as (select {keys}, {_sampled("number")} as sampled from good where {_IN_SAMPLE} group by {keys}),
    sized as materialized (
        select f.*, row_number() over () as place, {_scale("sampled", bins)} as scale
        from found as f left join samples as s on {_same("f", "s", key_columns)}
    ),
    counted as materialized (
        select place, {_key("number", "scale")} as bin_key, text, count(*) as value_count
        from good as g join sized as s on {_same("g", "s", key_columns)}
        group by all
    ),
    numbers as (select place, bin_key, value_count from counted where text is null),
    texts as (select place, text, value_count from counted where text is not null),
    {_binned(dims, "value_count")}"""


_NUMERIC = re.compile(r"U?(TINY|SMALL|BIG)INT|U?INTEGER|HUGEINT|FLOAT|DOUBLE|DECIMAL.*")


@dataclass(frozen=True, repr=False)
class WideBins:
    """The reduction of files of one column a feature: `dims`, _row, the columns `other`, and whatever else there is.

    The columns are never made rows: each is counted by itself, by two numbers, and its counts, which are few, get their
    names afterwards. What the file holds is read once and kept, numbers instead of names, while that is done.
    """

    good: str
    dims: tuple[str, ...]
    other: frozenset[str]
    bins: int

    def __repr__(self) -> str:
        """The SQL for a number and a text: files are read again where it has changed."""
        return self({"number": "DOUBLE", "text": "VARCHAR"}, {})

    def __call__(self, columns: Mapping[str, str], _: Mapping[str, str]) -> str:
        """The SQL for files of these columns, name to type."""
        features = {name: kind for name, kind in columns.items() if name.lower() not in self.other}
        keys = ", ".join(self.dims)
        if not features:
            empty = ", ".join(f"null as {column.name}" for column in (FEATURE, *BIN))
            return f"select {keys}, {empty}, 0 as _rows from ({self.good}) limit 0"
        each = [_Feature(place, name, kind) for place, (name, kind) in enumerate(features.items())]
        count = len(each)
        amounts = ", ".join(f"{category_text(f.column, '.')} as {f.column}" for f in each if f.type == "VARCHAR")
        good = f"select * replace ({amounts}) from ({self.good})" if amounts else self.good
        names, scales = (", ".join(parts) for parts in ((f.literal for f in each), (f"scale_{f.place}" for f in each)))
        scaled = (_scale(f"sampled_{f.place}", self.bins) for f in each)
        return f"""
    with good as materialized (
        select {keys}, {_IN_SAMPLE} as is_sampled, {_listed("value", (f.read for f in each))} from ({good})
    ),
    found as (select distinct {keys} from good),
    samples as (
        select {keys}, {_listed("sampled", (_sampled(f.number) for f in each))}
        from good where is_sampled group by {keys}
    ),
    scaled as materialized (
        select {", ".join(f"f.{dim}" for dim in self.dims)}, (row_number() over () - 1) * {count} as base,
            {_listed("scale", scaled)}
        from found as f left join samples as s on {_same("f", "s", self.dims)}
    ),
    sized as (
        select {keys}, base + unnest(range({count})) as place, unnest([{names}]) as feature,
            unnest([{scales}]) as scale
        from scaled
    ),
    keyed as materialized (
        select base, {_listed("key", (f.key for f in each))}
        from good as g join scaled as s on {_same("g", "s", self.dims)}
    ),
    numbers as (
        {_counted("bin_key double", [f.place for f in each if f.is_number])}
    ),
    texts as (
        {_counted("text varchar", [f.place for f in each if not f.is_number])}
    ),
    {_binned(self.dims, f"case when place % {count} = 0 then value_count else 0 end")}"""


def _listed(name: str, expressions: Iterable[str]) -> str:
    return ", ".join(f"{expression} as {name}_{place}" for place, expression in enumerate(expressions))


def _counted(column: str, places: Iterable[int]) -> str:
    """How often each key comes, a query a feature; without a feature, no row."""
    name, kind = column.split()
    return " union all ".join(
        (
            f"select null::bigint as place, null::{kind} as {name}, 0::bigint as value_count where false",
            *(f"select base + {i}, key_{i}, count(*) from keyed group by base, key_{i}" for i in places),
        )
    )


@dataclass(frozen=True)
class _Feature:
    """A feature's column, as SQL: how it is read into `value_<place>`, and that as a number and as a bin's key."""

    place: int
    name: str
    type: str

    @property
    def is_number(self) -> bool:
        return _NUMERIC.fullmatch(self.type) is not None

    @property
    def literal(self) -> str:
        return "'" + self.name.replace("'", "''") + "'"

    @property
    def column(self) -> str:
        return '"' + self.name.replace('"', '""') + '"'

    @property
    def read(self) -> str:
        if self.is_number:
            return f"case when isfinite({self.column}::double) then {self.column}::double end"
        return category(self.column)

    @property
    def number(self) -> str:
        return f"value_{self.place}" if self.is_number else "null::double"

    @property
    def key(self) -> str:
        return _key(f"value_{self.place}", f"scale_{self.place}") if self.is_number else f"value_{self.place}"


def parquet_format(
    name: str, table: str, dims: dict[str, str], time: str, extra: tuple[str, ...], long: bool, bins: int
) -> Format:
    """A Parquet format: `dims` are logged column → our column, `time` the logged one that holds the instant.

    `extra` are logged columns that are no feature and of no use here; `long` files have a row a value.
    """
    ours = {f'"{logged}"': column for logged, column in dims.items()}
    model, instant = next(of for of, column in ours.items() if column == "model_name"), parquet_instant(f'"{time}"')
    at = f"date_trunc('hour', {instant})" if table == "bins_hourly" else instant
    named = ", ".join(
        f"{at if column == dims[time] else identifier(logged)} as {column}" for logged, column in ours.items()
    )
    # Of a version and an environment there need be no value; of a version, a column.
    required = tuple(logged for logged, column in dims.items() if column not in ("environment", "model_version"))
    faults = {f"{dims[logged]} is missing": f'"{logged}" is null' for logged in required}
    faults |= {
        "model_name is empty": f"cast({model} as varchar) = ''",
        f"{dims[time]} is not a TIMESTAMP": f'"{time}" is not null and {instant} is null',
        **implausible_times(dims[time], instant),
    }
    if long:
        faults["feature is missing"] = "feature is null"
    clear = " and ".join(f"({fault}) is not true" for fault in faults.values())
    good = f"select {named}, * exclude ({', '.join(ours)}) from rows where {clear}"
    reasons = ", ".join(f"case when {fault} then '{reason}' end" for reason, fault in faults.items())
    columns = tuple(dims.values())
    kept = ", ".join((*columns, "feature", *(column.name for column in BIN)))
    return Format(
        name=name,
        container="parquet",
        requires=(*required, "version", *(("feature", "value") if long else ())),
        optional=tuple(logged for logged in (*dims, *extra) if logged not in (*required, "version")),
        reduction=long_bins(f"({good})", columns, bins)
        if long
        else WideBins(good, columns, frozenset((*dims, *columns, *extra, "file_row_number")), bins),
        select={table: f"select {kept}, _rows from reduced"},
        quarantine={
            table: f"select _row, _raw, cast({instant} as date) as _day, concat_ws('; ', {reasons}) as _reason "
            f"from rows where {' or '.join(faults.values())}"
        },
    )


def ends() -> str:
    """The ends of a histogram's bin, as SQL of `bin_low` and `bin_high`: an infinite one is open."""
    return ", ".join(
        f"case when not regexp_full_match(lower(trim({end})), '[+-]?inf(inity)?') then {end} end as {end}"
        for end in ("bin_low", "bin_high")
    )


def middles(bins: str, dims: tuple[str, ...]) -> str:
    """A histogram's bins, each with the number in its middle; with its other end where one is open."""
    return (
        f"select {', '.join(dims)}, feature, null::integer as bin_bits, "
        "coalesce((bin_low + bin_high) / 2, bin_low, bin_high) as bin_value, bin_low, bin_high, category, value_count "
        f"from {bins}"
    )


def unpivoted(own: tuple[str, ...], names: str) -> str:
    """A CSV file of one column a feature, a row a value."""
    columns = ", ".join(f'"{column}"' for column in own)
    return f"""
    select {names}, feature, value
    from (select * exclude (_path, _latest), null::varchar as _none from rows)
        unpivot include nulls (value for feature in (columns(* exclude ({columns}, _row, _raw))))
    where feature <> '_none'"""
