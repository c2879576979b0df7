"""What a source is: its tables, their columns and rules, and the formats its vendor exports.

Plain values only. How they are read and validated lives in `pipelines.warehouse`; which vendor's column means
what lives in the source's own module beside this one. The repr of a source says what reading its files depends on: when
it changes, they are read again. What people read, and what is asked of a day later, is left out of it (`repr=False`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import unquote

Container = Literal["csv", "json", "parquet", "sqlite", "text"]
"""How a file's bytes hold rows. Compression (`.gz`, `.zst`) and `.zip` are the reader's affair."""


Role = Literal[
    "bills",
    "campaigns",
    "deployments",
    "experiments",
    "exchange_rates",
    "features",
    "feedback",
    "finance",
    "incidents",
    "notes",
    "predictions",
    "requests",
    "surveys",
    "tickets",
    "training",
    "usage",
    "versions",
]
"""The kind of data a source has. Sources of one role are read as one: a KPI names roles, and not vendors."""

DecimalMark = Literal["", ".", ","]
DateOrder = Literal["", "dmy", "mdy"]


@dataclass(frozen=True)
class Notation:
    """How a file writes ambiguous numbers and dates; empty where that is not known.

    `decimal`: whether `1.250` is one and a quarter (`.`) or a thousand two hundred and fifty (`,`). `date_order`:
    whether 05/01/2026 begins with its day (`dmy`) or its month (`mdy`).
    """

    decimal: DecimalMark = ""
    date_order: DateOrder = ""


@dataclass(frozen=True)
class Column:
    """A column of a raw table.

    `type` is a DuckDB type; `values` defines how each is parsed. `TIMESTAMP` means an instant in UTC: text with an
    offset is converted, text without one is in UTC. A row without a value in a `required` column, or with one that is
    not of `type`, is quarantined. `free`: free text, or a choice from a list: `None` and `null` are words there, no
    missing values. `category`: it may hold a value of any kind, a class, a number or a boolean, which is the same value
    however a file writes it (`values.category`). `incidental`: it is not what the row is about, for example when a
    program sent it. A value that cannot be read there is dropped and counted, and the row loads.
    """

    name: str
    type: str
    description: str = field(repr=False)
    required: bool = False
    free: bool = False
    category: bool = False
    incidental: bool = False


@dataclass(frozen=True)
class Rule:
    """A predicate every good row satisfies; a row that fails it is quarantined with `reason`.

    `holds` is SQL over the table's typed columns. Null counts as holding: absence is `Column.required`'s. `value` is
    SQL of what the reason names, where the rule is about one word.
    """

    holds: str
    reason: str
    value: str = ""


@dataclass(frozen=True)
class Expectation:
    """Something true of a healthy day, checked by Great Expectations before the day is replaced.

    `measure` is a SQL aggregate over the day's rows, giving one number; the day is rejected when it lies
    outside `[low, high]`. A null measure (an empty day) passes. A `measure` that is a share says in `share_of`, a SQL
    aggregate too, of how many: then the day is rejected only where its Wilson bound lies outside too (99.9 %,
    one-sided), so that no small day is rejected by chance.
    """

    name: str
    measure: str
    reason: str = field(repr=False)
    low: float | None = None
    high: float | None = None
    share_of: str | None = None

    @property
    def validated(self) -> str:
        """SQL of the number that is compared with the bounds: `measure`, or the end of its interval nearest to them."""
        if self.share_of is None:
            return self.measure
        lower, upper = (wilson_end(self.measure, self.share_of, sign) for sign in ("-", "+"))
        ends = [] if self.high is None else [f"when {self.measure} > {self.high} then {lower}"]
        ends += [] if self.low is None else [f"when {self.measure} < {self.low} then {upper}"]
        return f"case {' '.join(ends)} else {self.measure} end"


CERTAIN = 3.09
"""Standard errors that a share exceeds once in a thousand times by chance."""


def wilson_end(share: str, count: str, sign: str) -> str:
    """SQL of the lower (`-`) or upper (`+`) end of the Wilson interval of `share` of `count` (both SQL).

    Wider than the 95 % interval of marts (the dbt macro `wilson`): a day is rejected only where chance hardly explains
    it. Sources are read without dbt.
    """
    n, z2 = f"nullif({count}, 0)::double", CERTAIN**2
    root = f"sqrt({share} * (1 - {share}) / {n} + {z2 / 4} / ({n} * {n}))"
    return f"(({share}) + {z2 / 2} / {n} {sign} {CERTAIN} * {root}) / (1 + {z2} / {n})"


@dataclass(frozen=True)
class Table:
    """A raw table, `raw.<source>__<name>`, replaced a day at a time.

    Every row also has `_day` (DATE, its UTC day), `_content_id` (its file version) and `_row` (its place among the
    records there that parsed, from 1). `day` is the column that determines a row's day.
    `covers_range`: a file version covers every day between its first and last row (a restated bill that dropped a day's
    charges must empty that day), separately for each value of `parts`, SQL over the columns.
    `row_count`: how many records its rows represent, where a row represents many.
    `touched`: columns with the time at which a row's subject last changed. A change filed in May and closed in June
    counts in June: the newest of them, or of the days, is how far the source's data reaches.
    """

    name: str
    description: str = field(repr=False)
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    day: str
    rules: tuple[Rule, ...] = ()
    expectations: tuple[Expectation, ...] = field(default=(), repr=False)
    covers_range: bool = False
    parts: tuple[str, ...] = ()
    row_count: str = "count(*)"
    touched: tuple[str, ...] = field(default=(), repr=False)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Paging:
    """What a page of an API says of the pages after it, as SQL over `page`; null where it does not say.

    `is_last`: whether it is the last one. `total`: how many records all pages of the query have. `query`: which of the
    queries that lie in one folder it answers.
    """

    is_last: str = "null"
    total: str = "null"
    query: str = "''"


_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Format:
    """One export format of a vendor, and the SQL that maps it onto the source's tables.

    `select` holds, per table name, a query over the relation `rows`. Beside the format's own columns every
    row of `rows` has `_row` (BIGINT), `_raw` (its text, for quarantine), `_path` (the file, relative to the
    landing folder) and `_latest` (the latest time an event in it may plausibly have); the query must pass on
    `_row` and `_raw`. It may drop rows and make several of one. Rows that are in no query's result are skipped:
    `skips`, SQL over `rows`, gives the reason for each (`_row`, `_reason`).

    csv, parquet: `rows` has the file's columns; those in `optional` that a file lacks are null. CSV columns
    are text, with `null_text` read as null. A file is of this format when it has all of `requires`.
    json: `rows` has a column `doc` (JSON), a record each: a document's `records` path unnested where the
    document has it, the document itself otherwise; and `page`, the document it came from, for what an API
    states once per page. The format is recognised by `requires`, JSON paths (`$.event`) all present in the first
    records. Pages that hold no record at all are a quiet day, not an unknown format. The query must take each row by
    itself: small files are read together.
    sqlite: `rows` has a column `doc` (JSON), a row of one of the tables in `records` each, keyed by its columns,
    and `_table`, the table it came from. A database is of this format when it has every column in `requires`,
    written `table.column`. It is meant for small tables.

    text: `rows` has one row a file, with its content in the column `text`.

    A column of csv, parquet or json, required or optional (json: `$.column`), that a file lacks may be in the name
    of a folder instead, `environment=shadow/`, as Spark and Hive partition tables (`path_values`).

    `deliveries`: how those of a stream relate, where the source has streams. `replace a day`: the newest that covers a
    day has it. `replace a period`: likewise, and one that begins no later than an older one replaces all of that.
    `append`: rows are only ever added; one that several deliveries hold counts once.

    `reduction` (bulk logs): SQL over `rows`, run once a file as the relation `reduced`, so that one scan serves every
    table; or, where it depends on what columns there are, a function that gives the SQL for the file's columns (name
    to type) and those that are constant by its own statistics (name to the value as SQL, `null` where all are). The
    function's repr must change with that SQL: files are read again when their source's repr has changed. `select` then
    reads `reduced`; its rows are not the file's, and a column `_rows` has how many of the file's rows each represents:
    those of the first table sum to the rows loaded, the others are other views of the same rows. `quarantine[t]`, over
    `rows`, gives (`_row`, `_raw`, `_day`, `_reason`) of the dropped ones, `_day` null where it is not known; it costs a
    second scan, so it runs only when rows are missing.

    `renames` (bulk logs needed row by row): the table that a Parquet file holds, and the file's columns → the table's.
    Where they have the table's types and every row is good, the file is kept byte for byte and read under the table's
    names: writing ten million rows again takes ten times as long as validating them. `select` reads every other file.

    `named_by`: everything that the mapping reads from the path, as SQL over `_path`. It is part of the file version's
    identity: the same bytes under a path with other values are another file version.

    `paging` (json): what its API pages state about further ones, so that missing pages are reported.

    `writing`: the vendor's documentation of decimals and dates. It resolves what is ambiguous in a CSV file; a file
    with `1.250,50` in it has a decimal comma whatever its vendor documents.
    """

    name: str
    container: Container
    requires: tuple[str, ...]
    select: Mapping[str, str]
    optional: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    null_text: tuple[str, ...] = ("",)
    reduction: str | Callable[[Mapping[str, str], Mapping[str, str]], str] | None = None
    quarantine: Mapping[str, str] = field(default_factory=dict)
    skips: str = ""
    renames: tuple[str, Mapping[str, str]] | None = None
    deliveries: Literal["replace a period", "replace a day", "append"] = "replace a day"
    named_by: str = ""
    writing: Notation = Notation()
    paging: Paging | None = None

    def path_values(self, path: str) -> dict[str, str | None]:
        """Column → value of those of the format's columns that a folder of `path` names, `column=value`; null is None.

        A column in capitals has to be written so: `date=…` is the day a bill was delivered, and `Date` a charge's.
        """
        parts = [part.partition("=") for part in path.split("/")[:-1] if "=" in part]
        if not parts or self.container not in ("csv", "json", "parquet"):
            return {}
        columns = [column.removeprefix("$.") for column in (*self.requires, *self.optional)]
        return {
            column: None if value == _NULL_PARTITION else unquote(value)
            for key, _, value in parts
            for column in columns
            if column in (key, key.lower())
        }

    @property
    def reduces(self) -> bool:
        """Whether a row of `select` represents many of the file's."""
        return self.reduction is not None


@dataclass(frozen=True)
class Derived:
    """How a day of a table is made from intake tables when it is more than their union.

    `select` is SQL over relations named like the `inputs` (intake tables of the same source, already
    restricted to the days being replaced, each with `_day`), giving the table's columns and `_day`.
    """

    inputs: tuple[str, ...]
    select: str


@dataclass(frozen=True)
class Names:
    """Where a table's rows name the member they are about, by the system's identifiers, for the catalog to map.

    `Source.identifiers` lists the kinds that the catalog may use, such as `service_id`; a `Names` says where one table
    has names of one kind: `Names("incidents", "service_id", "service_id", label="service_name")`.
    `kind` is the kind of name there, as the catalog knows it. `value` is SQL over the columns, null where a row has no
    such name; with `is_list` a list of names; with `is_keyed` a JSON object of key and value. `label` is SQL for what
    people call it. `is_lower`: upper and lower case do not count.
    """

    table: str
    kind: str
    value: str
    label: str = "null"
    is_list: bool = False
    is_keyed: bool = False
    is_lower: bool = False


@dataclass(frozen=True)
class Delivery:
    """The stream and delivery of a path, and how new it is by its dates, as text to order by; None without any."""

    stream: str
    delivery: str
    path_order: str | None


@dataclass(frozen=True)
class Deliveries:
    """Which of a source's files add up and which replace one another, as their paths show.

    A *delivery* is a path less its part number: its parts add up. A *stream* is a path less dates, run ids and GUIDs
    too: its deliveries replace one another. `steps` are regular expressions with their replacements, for the path in
    lower case: what distinguishes deliveries is put into angle brackets, what distinguishes parts is removed.
    """

    steps: tuple[tuple[str, str], ...]

    def of(self, path: str) -> Delivery:
        """The stream and the delivery of `path`, and how new it is by its dates."""
        delivery = path.lower()
        for pattern, replacement in self.steps:
            delivery = re.sub(pattern, replacement, delivery)
        marks = [mark for mark in re.findall("<([^>]*)>", delivery) if not re.fullmatch("[0-9a-f]{8}-[0-9a-f-]+", mark)]
        digits = [re.sub("[^0-9]", "", mark) for mark in marks]
        # `year=2026/month=01/day=05` is one date.
        split = "".join(
            number.rjust(2, "0")
            for mark, number in zip(marks, digits, strict=True)
            if re.match("(year|month|day|hour)=[0-9]{1,4}$", mark)
        )
        dates = [d.ljust(14, "0") for d in (split, *digits) if re.match("(19|20)[0-9]{6}", d)]
        runs = [d.rjust(14, "0") for m, d in zip(marks, digits, strict=True) if "run" in m and d and len(d) < 8]
        path_order = ".".join((*dates[-1:], *runs)) or None
        return Delivery(re.sub("<[^>]*>", "", delivery), delivery, path_order)


@dataclass(frozen=True)
class Source:
    """A system with exports that we ingest.

    `glob` is the default landing layout, relative to the landing folder; settings override it.
    `late`: how long after a day its rows may still arrive or change. The daily schedule looks back as far as the
    longest of all sources, and rebuilds the stale days among these.
    `fresh_within`: how old the newest day may be before the source counts as stale.
    `intake_only` tables live in the intake (Parquet) and never in the warehouse; `derived` says how a
    warehouse table is made from them. `external` tables can be too large to copy and are needed row by row: the rows
    of large files stay in the intake, and the warehouse's table is a view over the days accepted.
    `day_by`: what must change for a day to be rebuilt. `file_versions`: which file versions have its rows; right for
    every source. `rows`: the rows alone, so that an export that is delivered daily, each time with one more day, costs
    that day and not all its days. Right where no incremental model depends on the file version of a row, its number
    there, or how often it was delivered; models rebuilt in full may depend on these. With `deliveries`, the rows that
    count are those of the newest delivery of a stream, for each of the table's `parts`.
    `role`: the kind of data it has; dbt reads the sources of a role by `macros/roles.sql`, a file that `make generate`
    writes.
    `precedence`: of sources of one role with records of the same thing, the one with the lowest wins. Said by all of a
    role's sources or, where they have no record in common, by none.
    `identifiers`: the kinds of name that the catalog may map to members, such as `service_id`, the most specific first.
    `names`: in which column of which table the rows have a name of such a kind. One that the catalog knows maps a row.
    `declared`: how numbers and dates are written, by the user's settings; it overrides the evidence in a file.
    """

    name: str
    title: str = field(repr=False)
    description: str = field(repr=False)
    owner: str = field(repr=False)
    glob: tuple[str, ...] = field(repr=False)
    tables: tuple[Table, ...]
    formats: tuple[Format, ...]
    late: timedelta = field(repr=False)
    fresh_within: timedelta = field(default=timedelta(hours=36), repr=False)
    intake_only: tuple[str, ...] = ()
    derived: Mapping[str, Derived] = field(default_factory=dict, repr=False)
    external: tuple[str, ...] = ()
    day_by: Literal["file_versions", "rows"] = "file_versions"
    deliveries: Deliveries | None = None
    role: Role | None = field(default=None, repr=False)
    precedence: int | None = field(default=None, repr=False)
    identifiers: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[Names, ...] = field(default=(), repr=False)
    declared: Notation = Notation()

    def table(self, name: str) -> Table:
        """The table called `name`; KeyError names the ones there are."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"{self.name} has no table {name!r}; it has {[t.name for t in self.tables]}")

    @property
    def warehouse_tables(self) -> tuple[Table, ...]:
        """The tables and views of the warehouse, `raw.<source>__<table>`."""
        return tuple(t for t in self.tables if t.name not in self.intake_only)
